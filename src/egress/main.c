/*
 * egress/main.c - the process that holds provider keys and speaks to providers, and to nobody else.
 *
 * Read what needs files (the resolver), give up power, take the table of
 * upstreams from keeper, serve. After the jail is locked there is no way to a file, a program or a
 * listening socket. Input: control messages of keeper; frames of ingress go to egress.c.   Runs in:
 * egress.
 */
#include "egress/egress.h"
#include "egress/jail.h"
#include "base/rd.h"
#include "proto/control.h"
#include "proto/start.h"
#include "sys/fs.h"
#include "sys/ipc.h"
#include "sys/log.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FILES_OWN = 24, /* rings, control, names: what is no connection to a provider */
	FILES_MAX = LIMIT_UPSTREAM_CONNS + 256,
};

static struct process {
	struct egress egress;
	struct watch control;
	struct timer drain;
	struct buf message;
	bool draining;
} self;

_Noreturn static void die(const char *what, const struct diag *d)
{
	log_msg(LOG_ERROR, "%s: %s", what, diag_text(d));
	exit(EXIT_FAILURE);
}

static void tell(uint16_t type, struct str body)
{
	if (ipc_send(self.control.fd, type, 0, body, NULL, 0) != OK) {
		log_msg(LOG_ERROR, "cannot tell keeper");
		exit(EXIT_FAILURE);
	}
}

static void tell_ready(bool ok)
{
	char word[4];
	struct buf b;

	buf_fixed(&b, word, sizeof word);
	wr_u32(&b, ok);
	tell(MSG_READY, buf_str(&b));
}

/* on_upstreams puts a new table in force, or keeps the old one and says so. */
static enum err on_upstreams(struct ipc_msg *m)
{
	struct diag d = { .err = OK };
	struct table *t = NULL;

	if (m->n_fds != 2 || m->body.n != 0)
		return ERR_SYNTAX;
	enum err e = table_load(m->fds[0], m->fds[1], S(""), &self.egress.linker, &t, &d);
	if (e == OK)
		egress_use(&self.egress, t);
	else
		log_msg(LOG_ERROR, "new upstreams refused: %s", diag_text(&d));
	tell_ready(e == OK);
	return OK;
}

static enum err on_settled(struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	uint64_t generation = rd_u64(&r);

	TRY(rd_end(&r));
	egress_settle(&self.egress, generation);
	return OK;
}

static enum err on_pair(struct ipc_msg *m)
{
	struct diag d = { .err = OK };
	int fds[EGRESS_FDS];

	static_assert((int)EGRESS_FDS == (int)START_PAIR_FDS, "keeper sends as many as we take");
	if (m->n_fds != EGRESS_FDS || m->body.n != 0)
		return ERR_SYNTAX;
	for (unsigned i = 0; i < EGRESS_FDS; i++)
		fds[i] = ipc_take_fd(m, i);
	if (egress_pair(&self.egress, fds, &d) != OK)
		die("cannot join the new ingress", &d);
	return OK;
}

static void drained(void)
{
	tell(MSG_DRAINED, S(""));
	loop_stop(self.egress.loop);
}

static void on_flights_gone(struct flights *all)
{
	(void)all;
	if (self.draining) {
		self.draining = false;
		drained();
	}
}

static void on_drain_timeout(struct timer *t)
{
	(void)t;
	if (self.draining) {
		self.draining = false;
		drained();
	}
}

/* on_drain: ingress sends no new calls any more; what runs may finish. */
static enum err on_drain(struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	uint32_t ms = rd_u32(&r);

	TRY(rd_end(&r));
	self.draining = true;
	timer_set(self.egress.loop, &self.drain, ms);
	if (self.egress.flights.n == 0)
		on_flights_gone(&self.egress.flights);
	return OK;
}

static const struct {
	enum control_msg type;
	enum err (*handle)(struct ipc_msg *);
} rules[] = {
	{ MSG_UPSTREAMS, on_upstreams },
	{ MSG_SETTLED, on_settled },
	{ MSG_PAIR, on_pair },
	{ MSG_DRAIN, on_drain },
};

static enum err dispatch(struct ipc_msg *m)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].type == m->type)
			return rules[i].handle(m);
	return ERR_SYNTAX;
}

static void on_control(struct watch *w, uint32_t ready)
{
	struct ipc_msg m;
	enum err e;

	(void)ready;
	while ((e = ipc_recv(w->fd, &self.message, &m)) == OK) {
		e = dispatch(&m);
		ipc_close_fds(&m);
		if (e != OK)
			break;
	}
	if (e == ERR_AGAIN)
		return;
	if (e != ERR_NOT_FOUND)
		log_msg(LOG_ERROR, "keeper's message is not understood: %s", err_text(e));
	exit(EXIT_FAILURE);
}

/* links_max leaves what this process needs for itself of the descriptors it may have. At the limit
 * an idle connection makes room and calls wait; a socket() that fails would fail them. */
static unsigned links_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur >= LIMIT_UPSTREAM_CONNS + FILES_OWN)
		return LIMIT_UPSTREAM_CONNS;
	if (files.rlim_cur < 2 * FILES_OWN)
		return FILES_OWN / 2;
	return (unsigned)files.rlim_cur - FILES_OWN;
}

/* read_files reads all that will be out of reach later. */
static void read_files(void)
{
	struct diag d = { .err = OK };

	buf_init(&self.message, LIMIT_CONTROL);
	if (tls_prepare(&d) != OK)
		die("cannot start TLS", &d);
	if (egress_init(&self.egress, links_max(), &d) != OK)
		die("cannot start", &d);
}

static void join(void)
{
	static const int fds[EGRESS_FDS] = {
		START_TX, START_TX_WAKE, START_RX, START_RX_WAKE, START_ARENA,
	};
	struct diag d = { .err = OK };

	self.egress.flights.on_idle = on_flights_gone;
	self.drain.on_expire = on_drain_timeout;
	self.control = (struct watch){ .fd = START_CONTROL, .on_ready = on_control };
	if (egress_pair(&self.egress, fds, &d) != OK)
		die("cannot join ingress", &d);
	if (loop_watch(self.egress.loop, &self.control, EPOLLIN) != OK)
		die("cannot watch keeper's socket", &d);
}

int main(int argc, char **argv)
{
	static const int keep[] = {
		START_CONTROL, START_TX, START_TX_WAKE, START_RX, START_RX_WAKE, START_ARENA,
	};
	struct jail jail = {
		.role = "egress",
		.rules = egress_jail_rules,
		.n_rules = egress_jail_n,
		.tcp_connect = true,
		.files_max = FILES_MAX,
	};
	struct diag d = { .err = OK };
	int landlock, status;

	/* Giving memory back to the kernel and taking it again: page faults at every burst. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	log_open("egress", LOG_INFO);
	if (jail_debug(&jail, argc, argv, &status))
		return status;
	if (jail_begin(&jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		die("cannot enter the jail", &d);
	read_files();
	join();
	if (jail_lock(&jail, &landlock, &d) != OK)
		die("cannot lock the jail", &d);
	loop_run(self.egress.loop);
	return EXIT_SUCCESS;
}
