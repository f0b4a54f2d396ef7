/*
 * keeper/supervise.c - the children: started, given what they are owed, watched, started again.
 * Runs in: keeper.
 */
#include "keeper/supervise.h"

#include "base/rd.h"
#include "proto/start.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/spawn.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BOOT_MS = 30000,     /* to become ready */
	DELAY_FIRST_MS = 50, /* before a child is started again; doubled each time */
	DELAY_MAX_MS = 10000,
	LIFE_MS = 30000,       /* a child that lived so long starts with the first delay again */
	LOST_MS = 1000,	       /* between the end of its control socket and its own */
	LOOP_ENDS = 5,	       /* so many early ends in a row are a crash loop */
	DRAIN_GRACE_MS = 1000, /* beyond what the children were told */
};

static void on_end(struct watch *w, uint32_t ready);
static void on_timer(struct timer *t);

static void child_init(struct keeper *k, struct child *c, enum forker_role role, unsigned worker)
{
	static const enum role roles[FORK_ROLES] = { R_INGRESS, R_EGRESS, R_ADMIN };

	*c = (struct child){ .name = forker_role_name[role], .keeper = k, .worker = worker };
	c->peer = (struct peer){ .watch = { .fd = -1 }, .keeper = k, .role = roles[role] };
	c->exit.fd = c->voice.watch.fd = -1;
	c->timer.on_expire = on_timer;
}

void children_init(struct keeper *k)
{
	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		child_init(k, &k->ingress[i], FORK_INGRESS, i);
		child_init(k, &k->egress[i], FORK_EGRESS, i);
		pair_init(&k->pairs[i]);
		k->listen_fds[i] = k->usage_fds[i] = -1;
	}
	child_init(k, &k->admin, FORK_ADMIN, 0);
}

void children_each(struct keeper *k, void (*on_child)(struct child *))
{
	for (unsigned i = 0; i < k->workers; i++) {
		on_child(&k->egress[i]);
		on_child(&k->ingress[i]);
	}
	on_child(&k->admin);
}

struct child *child_of(struct peer *p)
{
	assert(p->role != R_CLI);
	return OWNER(p, struct child, peer);
}

bool child_runs(const struct child *c)
{
	return c->pid != 0 && !c->peer.dead;
}

bool child_loops(const struct child *c)
{
	return c->quick_ends >= LOOP_ENDS;
}

/* ---- what they are owed ---- */

static enum err send_pair(struct child *c)
{
	int fds[START_PAIR_FDS];

	pair_fds(&c->keeper->pairs[c->worker], c->peer.role, fds);
	return ipc_send(c->peer.watch.fd, MSG_PAIR, 0, S(""), fds, START_PAIR_FDS);
}

static enum err send_tables(struct child *c)
{
	const struct snapshot *s = reload_tables(c->keeper, c->peer.role);
	const int table[] = { s->table_fd, s->secrets_fd };
	enum err e = c->peer.role == R_EGRESS
			     ? ipc_send(c->peer.watch.fd, MSG_UPSTREAMS, 0, S(""), table, 2)
			     : ipc_send(c->peer.watch.fd, MSG_POLICY, 0, S(""), &s->policy_fd, 1);

	if (e == OK)
		c->awaiting++;
	return e;
}

/* send_keys sends all keys in force; it goes on where the socket was full. Changes that happen
 * meanwhile have gone out before, so a key is never followed by an older state of it. */
static enum err send_keys(struct child *c)
{
	struct buf b;
	enum err e = peer_flush(&c->peer) ? OK : ERR_AGAIN;

	buf_init(&b, LIMIT_CONTROL);
	while (e == OK) {
		uint32_t cursor = c->key_cursor;
		buf_reset(&b);
		e = parts_next_key(c->keeper, &cursor, &b);
		if (e == OK)
			e = ipc_send(c->peer.watch.fd, MSG_KEY_SET, 0, buf_str(&b), NULL, 0);
		if (e == OK)
			c->key_cursor = cursor;
	}
	buf_free(&b);
	return e == ERR_NOT_FOUND ? ipc_send(c->peer.watch.fd, MSG_KEYS_DONE, 0, S(""), NULL, 0)
				  : e;
}

static enum err send_tls(struct child *c)
{
	int fd = reload_tables(c->keeper, c->peer.role)->tls_fd;
	enum err e = fd >= 0 ? tls_send(c->peer.watch.fd, fd) : OK;

	if (e == OK && fd >= 0)
		c->awaiting++; /* it answers as for tables */
	return e;
}

static enum err send_drain(struct child *c)
{
	char body[4];
	struct buf b;

	buf_fixed(&b, body, sizeof body);
	wr_u32(&b, c->keeper->drain_ms);
	return ipc_send(c->peer.watch.fd, MSG_DRAIN, 0, buf_str(&b), NULL, 0);
}

/* send_settled ends what egress keeps of older tables: nobody who is honest names them now. */
static enum err send_settled(struct child *c)
{
	char body[8];
	struct buf b;

	buf_fixed(&b, body, sizeof body);
	wr_u64(&b, c->keeper->now.generation);
	return ipc_send(c->peer.watch.fd, MSG_SETTLED, 0, buf_str(&b), NULL, 0);
}

void child_flush(struct child *c)
{
	static const struct {
		enum due due;
		enum err (*send)(struct child *);
	} debts[] = {
		{ DUE_PAIR, send_pair },       { DUE_TLS, send_tls },	{ DUE_TABLES, send_tables },
		{ DUE_SETTLED, send_settled }, { DUE_KEYS, send_keys }, { DUE_DRAIN, send_drain },
	};

	if (!child_runs(c))
		return;
	for (size_t i = 0; i < sizeof debts / sizeof debts[0]; i++) {
		if ((c->due & debts[i].due) == 0)
			continue;
		enum err e = debts[i].send(c);
		if (e == ERR_AGAIN)
			return; /* the socket will tell when there is room */
		if (e != OK) {
			child_kill(c, "its control socket fails");
			return;
		}
		c->due &= ~(unsigned)debts[i].due;
	}
	(void)peer_flush(&c->peer);
}

void child_owe(struct child *c, unsigned due)
{
	if (!child_runs(c))
		return; /* it gets everything when it is born */
	c->due |= due;
	child_flush(c);
}

/* ---- birth ---- */

/* birth_fds lists what proto/start.h promises, in its order. */
static unsigned birth_fds(struct child *c, int control, int *out)
{
	struct keeper *k = c->keeper;

	out[0] = control;
	if (c->peer.role == R_ADMIN) {
		out[START_ADMIN_LISTEN - START_CONTROL] = k->admin_fd;
		out[START_ADMIN_COUNTERS - START_CONTROL] = k->counters_fd;
		return 3;
	}
	pair_fds(&k->pairs[c->worker], c->peer.role, out + START_TX - START_CONTROL);
	if (c->peer.role == R_EGRESS)
		return 1 + START_PAIR_FDS;
	out[START_LISTEN - START_CONTROL] = k->listen_fds[c->worker];
	out[START_USAGE - START_CONTROL] = k->usage_fds[c->worker];
	out[START_COUNTERS - START_CONTROL] = k->counters_fd;
	return 4 + START_PAIR_FDS;
}

static unsigned birth_due(const struct child *c)
{
	if (c->peer.role == R_INGRESS)
		return DUE_TABLES | DUE_KEYS | (c->keeper->now.tls_fd >= 0 ? DUE_TLS : 0);
	return DUE_TABLES;
}

static enum forker_role fork_role(const struct child *c)
{
	return c->peer.role == R_INGRESS  ? FORK_INGRESS
	       : c->peer.role == R_EGRESS ? FORK_EGRESS
					  : FORK_ADMIN;
}

static enum err child_start(struct child *c, struct diag *d)
{
	struct keeper *k = c->keeper;
	int control[2], fds[IPC_FDS];
	struct born born;

	assert(c->pid == 0);
	TRY(ipc_pair(control, d));
	unsigned n = birth_fds(c, control[1], fds);
	enum err e = forker_spawn(k->forker, fork_role(c), c->worker, fds, n, &born, d);
	(void)close(control[1]);
	if (e != OK) {
		(void)close(control[0]);
		c->pid = 0;
		return e;
	}
	c->pid = born.pid;
	c->exit = (struct watch){ .fd = born.pidfd, .on_ready = on_end };
	c->started_ms = loop_now_ms(k->loop);
	c->awaiting = 0;
	c->key_cursor = 0;
	timer_set(k->loop, &c->timer, BOOT_MS);
	e = voice_open(&c->voice, k->loop, born.stderr_fd, c->name, c->worker, c->pid);
	if (e == OK)
		e = peer_open(k, &c->peer, control[0], c->peer.role, P_BOOT);
	if (e != OK || loop_watch(k->loop, &c->exit, EPOLLIN) != OK)
		return diag_set(d, ERR_SYS,
				"cannot watch a child"); /* keeper itself is out of means */
	child_owe(c, birth_due(c));
	return OK;
}

enum err children_start(struct keeper *k, struct diag *d)
{
	for (unsigned i = 0; i < k->workers; i++) {
		TRY(child_start(&k->egress[i], d));
		TRY(child_start(&k->ingress[i], d));
	}
	return child_start(&k->admin, d);
}

void child_running(struct child *c)
{
	struct keeper *k = c->keeper;
	char listen[LISTEN_TEXT], admin[LISTEN_TEXT];

	c->peer.phase = P_RUN;
	timer_cancel(&c->timer);
	for (unsigned i = 0; i < k->workers; i++)
		if (k->ingress[i].peer.phase != P_RUN || k->egress[i].peer.phase != P_RUN)
			return;
	if (k->ready_said)
		return;
	k->ready_said = true;
	log_msg(LOG_INFO, "ready on %s, admin on %s, with %u worker%s",
		listen_format(&k->listen_at, listen), listen_format(&k->admin_at, admin),
		k->workers, k->workers == 1 ? "" : "s");
}

/* ---- death ---- */

void child_kill(struct child *c, const char *why)
{
	if (c->pid == 0)
		return;
	if (why != NULL)
		log_msg(LOG_ERROR, "%s %u is killed: %s", c->name, c->worker, why);
	c->peer.dead = true;
	forker_signal(c->keeper->forker, c->exit.fd, SIGKILL);
}

void child_lost(struct child *c)
{
	c->peer.dead = true;
	timer_set(c->keeper->loop, &c->timer, LOST_MS);
}

static void check_drained(struct keeper *k)
{
	unsigned serving = k->admin.pid != 0, others = 0;

	for (unsigned i = 0; i < k->workers; i++) {
		serving += k->ingress[i].pid != 0;
		others += k->egress[i].pid != 0;
	}
	if (serving == 0 && others == 0)
		loop_stop(k->loop);
	for (unsigned i = 0; serving == 0 && i < k->workers; i++)
		if (child_runs(&k->egress[i]))
			child_kill(&k->egress[i], NULL);
}

/* start_later plans the next start, later each time unless the last life was long. */
static void start_later(struct child *c, uint64_t lived_ms)
{
	struct keeper *k = c->keeper;

	if (lived_ms >= LIFE_MS)
		c->delay_ms = c->quick_ends = 0;
	c->delay_ms = c->delay_ms == 0 ? DELAY_FIRST_MS : c->delay_ms * 2;
	if (c->delay_ms > DELAY_MAX_MS)
		c->delay_ms = DELAY_MAX_MS;
	c->quick_ends++;
	c->restarts++;
	log_msg(child_loops(c) ? LOG_ERROR : LOG_WARN, "%s %u ended (%s)%s; started again in %u ms",
		c->name, c->worker, c->last_end,
		child_loops(c) ? " as often before: a crash loop" : "", c->delay_ms);
	timer_set(k->loop, &c->timer, c->delay_ms);
}

/* mourn takes a dead half's rings away from the other at once: what it still sends there is
 * lost. */
static void mourn(struct child *c)
{
	struct keeper *k = c->keeper;
	struct diag d = { 0 };

	if (c->peer.role == R_INGRESS) {
		shared_clear(k, c->worker);
		parts_recount(k);
	}
	if (c->peer.role == R_ADMIN)
		return;
	struct child *other = c->peer.role == R_INGRESS ? &k->egress[c->worker]
							: &k->ingress[c->worker];
	if (pair_renew(&k->pairs[c->worker], c->peer.role, &d) != OK) {
		/* Both ends of the old rings must go then: a new process would read an old one's
		 * place. */
		log_msg(LOG_ERROR, "%s", diag_text(&d));
		child_kill(other, "its pair has no new rings");
		return;
	}
	child_owe(other, DUE_PAIR);
}

/* blame ends the other half of a pair when this one says that it broke the protocol between them.
 */
static void blame(struct child *c, int status)
{
	struct keeper *k = c->keeper;

	if (c->peer.role == R_ADMIN || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != START_EXIT_BLAMES_PEER)
		return;
	bool is_ingress = c->peer.role == R_INGRESS;
	child_kill(is_ingress ? &k->egress[c->worker] : &k->ingress[c->worker],
		   is_ingress ? "ingress says that it broke the protocol"
			      : "egress says that it broke the protocol");
}

static void on_end(struct watch *w, uint32_t ready)
{
	struct child *c = OWNER(w, struct child, exit);
	struct keeper *k = c->keeper;
	int status = 0;

	(void)ready;
	if (spawn_reap(c->pid, &status) == ERR_AGAIN)
		return;
	(void)spawn_ending(status, c->last_end, sizeof c->last_end);
	loop_unwatch(k->loop, w);
	fd_closep(&w->fd);
	voice_close(&c->voice);
	peer_close(&c->peer);
	c->peer.dead = false;
	c->pid = 0;
	c->due = 0;
	timer_cancel(&c->timer);
	if (k->draining) {
		check_drained(k);
		return;
	}
	blame(c, status);
	mourn(c);
	reload_gone(k, c);
	start_later(c, loop_now_ms(k->loop) - c->started_ms);
}

static void on_timer(struct timer *t)
{
	struct child *c = OWNER(t, struct child, timer);
	struct diag d = { 0 };

	if (c->pid != 0) {
		child_kill(c, c->peer.dead ? "it closed its control socket"
					   : "it did not become ready in time");
		return;
	}
	if (child_start(c, &d) == OK)
		return;
	log_msg(LOG_ERROR, "%s", diag_text(&d));
	if (c->pid == 0)
		start_later(c, 0);
	else
		keeper_stop(c->keeper, 71);
}

/* ---- the end ---- */

static void drain_child(struct child *c)
{
	timer_cancel(&c->timer); /* nobody is started again */
	if (c->pid != 0 && c->peer.dead)
		child_kill(c, "it closed its control socket");
	if (!child_runs(c) || c->peer.role == R_EGRESS)
		return;
	c->peer.phase = P_DRAIN;
	child_owe(c, DUE_DRAIN);
}

static void kill_child(struct child *c)
{
	if (c->pid != 0)
		child_kill(c, "it did not finish in time");
}

static void on_deadline(struct timer *t)
{
	children_each(OWNER(t, struct keeper, deadline), kill_child);
}

void keeper_drain(struct keeper *k)
{
	if (k->draining)
		return;
	log_msg(LOG_INFO, "draining: no new clients, %u s for those that are served",
		(k->drain_ms + 999) / 1000);
	k->draining = true;
	/* A copy that stayed open here would go on to queue clients nobody accepts. */
	for (unsigned i = 0; i < k->workers; i++)
		fd_closep(&k->listen_fds[i]);
	fd_closep(&k->admin_fd);
	k->deadline.on_expire = on_deadline;
	timer_set(k->loop, &k->deadline, (uint64_t)k->drain_ms + DRAIN_GRACE_MS);
	children_each(k, drain_child);
	check_drained(k);
}

void keeper_stop(struct keeper *k, int status)
{
	k->exit_status = status;
	loop_stop(k->loop);
}

static void end_child(struct child *c)
{
	struct pollfd p = { c->exit.fd, POLLIN, 0 };
	int status;

	if (c->pid == 0)
		return;
	child_kill(c, NULL);
	/* Without the forker no signal gets there; then the kernel ends it together with keeper. */
	(void)poll(&p, 1, forker_alive(c->keeper->forker) ? BOOT_MS : 0);
	if (spawn_reap(c->pid, &status) == OK)
		c->pid = 0;
	voice_close(&c->voice);
	peer_close(&c->peer);
}

void children_end(struct keeper *k)
{
	children_each(k, end_child);
}
