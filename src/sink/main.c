/*
 * sink/main.c - the other end of a box's network: every name leads here, every connection is
 * accepted, everything that comes is read, and looked at for canaries.
 *
 * Take canaries and the box from the supervisor, join the box's network, make keys, give up power,
 * serve. The process knows no secret but canaries, and there is nothing in that network but the
 * box. Input: orders of the supervisor; what the box sends goes to sink.c and flow.c.   Runs in:
 * sink.
 */
#include "base/limits.h"
#include "base/rd.h"
#include "sink/jail.h"
#include "sink/sink.h"
#include "sys/ipc.h"
#include "sys/log.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { CONTROL = 3, BOX_UID = 1000, START_MS = 60000 };

static struct sink self;

_Noreturn static void die(const char *what)
{
	struct fact f = { .kind = FACT_BROKEN, .text = str_z(what) };

	buf_reset(&self.out);
	fact_write(&self.out, &f);
	(void)!ipc_send(CONTROL, DMSG_FACT, 0, buf_str(&self.out), NULL, 0);
	log_msg(LOG_ERROR, "%s", what);
	exit(EXIT_FAILURE);
}

static void answer(uint16_t type, struct str body)
{
	if (ipc_send(CONTROL, type, 0, body, NULL, 0) != OK)
		exit(EXIT_FAILURE);
}

static void on_control(struct watch *w, uint32_t ready)
{
	struct ipc_msg m;
	enum err e;

	(void)ready;
	while ((e = ipc_recv(w->fd, &self.message, &m)) == OK) {
		struct rd r = rd_from(m.body);
		ipc_close_fds(&m);
		if (m.type == DMSG_LISTEN) {
			sink_listen(&self, rd_u16(&r));
			answer(DMSG_LISTEN, S(""));
		} else if (m.type == DMSG_FLUSH) {
			sink_flush(&self);
			answer(DMSG_FLUSH, S(""));
		} else {
			exit(EXIT_FAILURE);
		}
	}
	if (e != ERR_AGAIN)
		exit(e == ERR_NOT_FOUND ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Into the user and the network namespace of the box in one call, and to its user there: two calls
 * would fail, since after the first the process would not be allowed the second. */
static void join(int box)
{
	if (setns(box, CLONE_NEWUSER | CLONE_NEWNET) != 0)
		die("the sink cannot join the box's network");
	if (setresgid(BOX_UID, BOX_UID, BOX_UID) != 0 || setresuid(BOX_UID, BOX_UID, BOX_UID) != 0)
		die("the sink cannot become the box's user");
	(void)close(box);
}

static int take_order(void)
{
	struct pollfd p = { CONTROL, POLLIN, 0 };
	struct ipc_msg m;

	if (poll(&p, 1, START_MS) <= 0 || ipc_recv(CONTROL, &self.message, &m) != OK ||
	    m.type != DMSG_SETUP || m.n_fds != 1 || canaries_read(&self.canaries, m.body) != OK)
		exit(EXIT_FAILURE);
	return ipc_take_fd(&m, 0);
}

static void prepare(struct diag *d)
{
	static const uint16_t ports[] = { 53, 80, 443 };

	self.mint = mint_new(d);
	self.loop = loop_new(FLOWS_MAX + LISTENERS_MAX, d);
	if (self.mint == NULL || self.loop == NULL)
		die("the sink has no memory");
	self.control = (struct watch){ .fd = CONTROL, .on_ready = on_control };
	if (loop_watch(self.loop, &self.control, EPOLLIN) != OK)
		die("the sink cannot watch its supervisor");
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		sink_listen(&self, ports[i]);
	if (self.n_listeners != 2 * sizeof ports / sizeof ports[0])
		die("the sink cannot listen in the box's network");
}

int main(int argc, char **argv)
{
	static const int keep[] = { CONTROL };
	struct jail jail = {
		.role = "sink",
		.rules = sink_jail_rules,
		.n_rules = sink_jail_n,
		.tcp_bind = true,
	};
	struct diag d = { .err = OK };
	struct buf ca;
	int landlock, status;

	log_open("sink", LOG_INFO);
	if (jail_debug(&jail, argc, argv, &status))
		return status;
	if (jail_begin(&jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		return EXIT_FAILURE;
	buf_init(&self.message, LIMIT_CONTROL);
	buf_init(&self.out, LIMIT_CONTROL);
	buf_init(&self.scratch, 64 << 10);
	buf_init(&ca, 16 << 10);
	join(take_order());
	/* The change of user took both of these back. */
	if (jail_begin(&jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		die("the sink cannot enter its jail");
	prepare(&d);
	mint_ca(self.mint, &ca);
	if (ca.err != OK || jail_lock(&jail, &landlock, &d) != OK)
		die("the sink cannot lock its jail");
	answer(DMSG_SINK_READY, buf_str(&ca));
	buf_free(&ca);
	loop_run(self.loop);
	return EXIT_SUCCESS;
}
