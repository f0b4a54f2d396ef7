/*
 * admin/main.c - the process of the admin API. It is born with a listener and a line to keeper, and
 * can reach nothing else.
 * Input: keeper, which is trusted; what clients say is read in conn.c. Runs
 * in: admin.
 */
#include "admin/admin.h"

#include "admin/jail.h"
#include "proto/start.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DRAIN_STEP_MS = 50 };

static void fatal(const char *why)
{
	log_msg(LOG_ERROR, "%s", why);
	_exit(71);
}

static void say(struct admin *a, enum control_msg type, struct str body)
{
	if (ipc_send(a->control.fd, (uint16_t)type, 0, body, NULL, 0) != OK)
		fatal("keeper does not listen");
}

/* ---- messages from keeper ---- */

static enum err take_policy(struct admin *a, int fd, struct diag *d)
{
	struct arena arena;
	struct policy p;
	struct str map;

	TRY(fs_map(fd, ADMIN_POLICY, &map, d));
	arena_init(&arena, ADMIN_POLICY);
	if (policy_decode(&p, map, &arena) != OK) {
		arena_done(&arena);
		fs_unmap(map);
		return diag_set(d, ERR_SYNTAX, "the policy is malformed");
	}
	if (a->have_policy) {
		arena_done(&a->policy_arena);
		fs_unmap(a->policy_map);
	}
	a->policy = p;
	a->policy_arena = arena;
	a->policy_map = map;
	a->have_policy = true;
	return OK;
}

static void on_policy(struct admin *a, struct ipc_msg *m)
{
	struct diag d = { 0 };
	enum err e = m->n_fds == 1 ? take_policy(a, m->fds[0], &d)
				   : diag_set(&d, ERR_SYNTAX, "no policy was sent");

	if (e != OK)
		log_msg(LOG_ERROR, "policy refused: %s", diag_text(&d));
	say(a, MSG_READY, e == OK ? S("\1\0\0\0") : S("\0\0\0\0"));
	if (e == OK && a->listener.on_ready == NULL) {
		a->listener.on_ready = conn_accept;
		if (loop_watch(a->loop, &a->listener, EPOLLIN) != OK)
			fatal("cannot watch the listener");
		conn_accept(&a->listener, EPOLLIN);
	}
}

static void on_handoff(struct admin *a, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	struct str bytes = rd_str(&r, LIMIT_CONTROL);

	if (rd_end(&r) != OK || m->n_fds != 1)
		fatal("keeper broke the protocol");
	if (a->have_policy)
		conn_adopt(a, ipc_take_fd(m, 0), bytes);
}

static void on_drain_check(struct timer *t)
{
	struct admin *a = (struct admin *)(void *)((char *)t - offsetof(struct admin, drain));
	unsigned busy = 0;

	for (unsigned i = 0; i < ADMIN_CONNS; i++)
		busy += a->conns[i].watch.fd >= 0 &&
			(a->conns[i].seq != 0 || a->conns[i].out.n != 0);
	if (busy == 0) {
		say(a, MSG_DRAINED, S(""));
		return;
	}
	timer_set(a->loop, t, DRAIN_STEP_MS);
}

static void on_drain(struct admin *a)
{
	if (a->draining)
		return;
	a->draining = true;
	if (a->listener.on_ready)
		loop_unwatch(a->loop, &a->listener);
	a->drain.on_expire = on_drain_check;
	on_drain_check(&a->drain);
}

static void on_message(struct admin *a, struct ipc_msg *m)
{
	switch ((int)m->type) {
	case MSG_POLICY:
		on_policy(a, m);
		break;
	case MSG_HANDOFF:
		on_handoff(a, m);
		break;
	case MSG_REPLY:
		conn_answered(a, m->seq, m->body);
		break;
	case MSG_DRAIN:
		on_drain(a);
		break;
	default:
		fatal("keeper said something unknown");
	}
}

static void on_control(struct watch *w, uint32_t ready)
{
	struct admin *a = (struct admin *)(void *)((char *)w - offsetof(struct admin, control));
	struct ipc_msg m;
	enum err e;

	(void)ready;
	while ((e = ipc_recv(w->fd, &a->store, &m)) == OK) {
		on_message(a, &m);
		ipc_close_fds(&m);
	}
	if (e != ERR_AGAIN)
		_exit(0); /* keeper is gone */
}

/* ---- start ---- */

static bool is_local(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;

	return getsockname(fd, (struct sockaddr *)&at, &n) == 0 && at.ss_family == AF_UNIX;
}

static enum err start(struct admin *a, struct diag *d)
{
	const int keep[] = { START_CONTROL, START_ADMIN_LISTEN, START_ADMIN_COUNTERS };
	int landlock;

	for (unsigned i = 0; i < ADMIN_CONNS; i++)
		a->conns[i].watch.fd = -1;
	TRY(jail_begin(&admin_jail, keep, 3, d));
	a->loop = loop_new(ADMIN_CONNS + 8, d);
	if (a->loop == NULL)
		return ERR_SYS;
	buf_init(&a->store, LIMIT_CONTROL);
	if (buf_room(&a->store, LIMIT_CONTROL) == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	a->control = (struct watch){ .fd = START_CONTROL, .on_ready = on_control };
	a->listener.fd = START_ADMIN_LISTEN;
	a->listener_local = is_local(START_ADMIN_LISTEN);
	TRY(loop_watch(a->loop, &a->control, EPOLLIN));
	return jail_lock(&admin_jail, &landlock, d);
}

int main(int argc, char **argv)
{
	struct admin *admin = calloc(1, sizeof *admin);
	struct diag d = { 0 };
	int status;

	log_open("admin", LOG_INFO);
	if (jail_debug(&admin_jail, argc, argv, &status))
		return status;
	if (admin == NULL || start(admin, &d) != OK)
		fatal(diag_text(&d));
	loop_run(admin->loop);
	return 0;
}
