/*
 * keeper/control.c - control sockets: those of the children, and the one that `yett` speaks to.
 * Input: hostile (a subverted child).   Runs in: keeper.   Fuzz: fuzz/control_fuzz.c for the bodies
 */
#include "keeper/supervise.h"

#include "base/rd.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	UNSENT_MAX = 4 << 20,  /* one peer's; more waiting means that it does not read */
	TURN_MESSAGES = 64,    /* of one peer, before others get their turn */
	UNSENT_HEAD = 10,      /* u16 type, u32 sequence, u32 length */
	ACCEPT_PAUSE_MS = 100, /* when descriptors are used up */
};

/* ---- sending ---- */

static void broken(struct peer *p, const char *why)
{
	if (p->dead)
		return;
	p->dead = true;
	if (p->role == R_CLI)
		return; /* reaped by its receiver */
	child_kill(child_of(p), why);
}

bool peer_flush(struct peer *p)
{
	size_t at = 0;

	while (!p->dead && at < p->unsent.n) {
		struct rd r = rd_from(str_tail(buf_str(&p->unsent), at));
		uint16_t type = rd_u16(&r);
		uint32_t seq = rd_u32(&r);
		struct str body = rd_str(&r, LIMIT_CONTROL);
		assert(r.err == OK);
		enum err e = ipc_send(p->watch.fd, type, seq, body, NULL, 0);
		if (e == ERR_AGAIN)
			break;
		if (e != OK) {
			broken(p, "its control socket fails");
			break;
		}
		at += UNSENT_HEAD + body.n;
	}
	buf_cut(&p->unsent, at);
	return p->unsent.n == 0;
}

void peer_send(struct peer *p, uint16_t type, uint32_t seq, struct str body)
{
	if (p->dead || p->watch.fd < 0)
		return;
	if (p->unsent.n == 0) {
		enum err e = ipc_send(p->watch.fd, type, seq, body, NULL, 0);
		if (e == OK)
			return;
		if (e != ERR_AGAIN) {
			broken(p, "its control socket fails");
			return;
		}
	}
	wr_u16(&p->unsent, type);
	wr_u32(&p->unsent, seq);
	wr_str(&p->unsent, body);
	if (p->unsent.err != OK)
		broken(p, "it does not read its control socket");
}

void peer_reply(struct peer *p, uint32_t seq, enum err e, const struct diag *d, struct str rest)
{
	struct buf b;

	buf_init(&b, LIMIT_CONTROL - IPC_HEAD);
	control_reply_encode(e, str_z(d != NULL && e != OK ? diag_text(d) : ""), &b);
	if (e == OK)
		wr_bytes(&b, rest);
	if (b.err != OK) { /* a reply that does not fit is an outcome, too */
		buf_reset(&b);
		control_reply_encode(ERR_LIMIT, S("the answer is too large"), &b);
	}
	peer_send(p, MSG_REPLY, seq, buf_str(&b));
	buf_free(&b);
}

void keeper_to_ingress(struct keeper *k, uint16_t type, struct str body)
{
	for (unsigned i = 0; i < k->workers; i++)
		if (child_runs(&k->ingress[i]))
			peer_send(&k->ingress[i].peer, type, 0, body);
}

/* ---- receiving ---- */

static void client_drop(struct peer *p)
{
	p->dead = true;
	peer_close(p);
}

static void violation(struct peer *p, unsigned type, const char *why)
{
	if (p->role == R_CLI) {
		log_msg(LOG_WARN, "a client of the control socket is dropped: message %u %s", type,
			why);
		client_drop(p);
		return;
	}
	struct child *c = child_of(p);
	log_msg(LOG_ERROR, "%s %u sent message %u, which %s", c->name, c->worker, type, why);
	child_kill(c, "violation of the rules");
}

/* receive handles what has come. False: the peer is finished. */
static bool receive(struct peer *p)
{
	struct keeper *k = p->keeper;
	struct ipc_msg m;
	const char *why = NULL;

	for (unsigned n = 0; n < TURN_MESSAGES; n++) {
		enum err e = ipc_recv(p->watch.fd, &k->in, &m);
		if (e == ERR_AGAIN)
			return true;
		if (e == ERR_SYNTAX)
			violation(p, 0, "has no valid form");
		if (e != OK)
			return false;
		bool fine = rules_handle(k, p, &m, &why);
		ipc_close_fds(&m);
		if (!fine)
			violation(p, m.type, why);
		if (!fine || p->dead || p->watch.fd < 0)
			return false;
	}
	/* More may be there: arming again brings the event back in the next turn. */
	return loop_watch(k->loop, &p->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP) == OK;
}

static void on_peer(struct watch *w, uint32_t ready)
{
	struct peer *p = OWNER(w, struct peer, watch);

	if (p->dead) {
		if (p->role == R_CLI)
			client_drop(p);
		return;
	}
	if (ready & EPOLLOUT) {
		if (p->role == R_CLI)
			(void)peer_flush(p);
		else
			child_flush(child_of(p));
	}
	if ((ready & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) == 0 || p->dead)
		return;
	if (receive(p) || p->watch.fd < 0)
		return;
	if (p->role == R_CLI)
		client_drop(p);
	else if (!p->dead)
		child_lost(child_of(p));
}

enum err peer_open(struct keeper *k, struct peer *p, int fd, enum role role, enum phase phase)
{
	*p = (struct peer){ .watch = { .fd = fd, .on_ready = on_peer },
			    .keeper = k,
			    .role = role,
			    .phase = phase };
	buf_init(&p->unsent, UNSENT_MAX);
	return loop_watch(k->loop, &p->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

void peer_close(struct peer *p)
{
	if (p->watch.fd < 0)
		return;
	loop_unwatch(p->keeper->loop, &p->watch);
	fd_closep(&p->watch.fd);
	p->phase = P_NONE;
	p->waits_reload = false;
	buf_free(&p->unsent);
}

/* ---- the control socket ---- */

static struct client *client_free(struct keeper *k)
{
	for (unsigned i = 0; i < KEEPER_CLIENTS; i++)
		if (k->clients[i].peer.watch.fd < 0)
			return &k->clients[i];
	return NULL;
}

static void on_accept_again(struct timer *t);

static void on_control(struct watch *w, uint32_t ready)
{
	struct keeper *k = OWNER(w, struct keeper, control);
	unsigned uid;
	enum err e;
	int fd;

	(void)ready;
	while ((e = ipc_accept(w->fd, &fd)) == OK) {
		struct client *c = client_free(k);
		/* The file's mode says it already; a descriptor that was passed on does not know
		 * it. */
		bool ours = ipc_peer_uid(fd, &uid) == OK && (uid == geteuid() || uid == 0);
		if (!ours || c == NULL) {
			log_msg(LOG_WARN, "a client of the control socket is refused: %s",
				ours ? "too many at once" : "another user");
			(void)close(fd);
		} else if (peer_open(k, &c->peer, fd, R_CLI, P_RUN) != OK) {
			peer_close(&c->peer);
		}
	}
	if (e == ERR_LIMIT) { /* nobody tells when there is a descriptor again */
		k->accept_again.on_expire = on_accept_again;
		timer_set(k->loop, &k->accept_again, ACCEPT_PAUSE_MS);
	}
}

static void on_accept_again(struct timer *t)
{
	struct keeper *k = OWNER(t, struct keeper, accept_again);

	on_control(&k->control, EPOLLIN);
}

enum err control_open(struct keeper *k, struct diag *d)
{
	char path[KEEPER_PATH + 32];
	int fd;

	(void)snprintf(path, sizeof path, "%s/control.sock", k->data);
	TRY(ipc_listen(path, &fd, d));
	k->control = (struct watch){ .fd = fd, .on_ready = on_control };
	if (loop_watch(k->loop, &k->control, EPOLLIN) != OK)
		return diag_set(d, ERR_SYS, "cannot watch '%s': %s", path, strerror(errno));
	return OK;
}

void control_close(struct keeper *k)
{
	char path[KEEPER_PATH + 32];

	for (unsigned i = 0; i < KEEPER_CLIENTS; i++)
		peer_close(&k->clients[i].peer);
	if (k->control.fd < 0)
		return;
	loop_unwatch(k->loop, &k->control);
	fd_closep(&k->control.fd);
	(void)snprintf(path, sizeof path, "%s/control.sock", k->data);
	(void)unlink(path);
}
