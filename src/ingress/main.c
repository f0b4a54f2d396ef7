/*
 * ingress/main.c - the process that faces the clients: authenticates, limits, routes, translates,
 * relays. It is born with a listener, its usage file, shared counters, a ring to its egress and a
 * line to keeper, and can reach nothing else. Runs in: ingress.
 */
#include "ingress/ingress.h"

#include "base/num.h"
#include "base/rd.h"
#include "crypto/sha256.h"
#include "ingress/bodies.h"
#include "ingress/conn.h"
#include "ingress/jail.h"
#include "ingress/keys.h"
#include "ingress/link.h"
#include "proto/start.h"
#include "sys/ipc.h"
#include "sys/log.h"
#include "sys/secret.h"
#include "tls/tls.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN_BLOCK = 2 << 20 };

static bool on_idle(void *arg)
{
	struct ingress *in = arg;
	bool more = link_drain(in->link);

	ingress_flush(in);
	if (more || in->dead_conns != NULL || in->dirty != NULL)
		return true;
	return link_sleep(in->link);
}

/* ---- messages from keeper ----------------------------------------------------------------------
 */

static void say(struct ingress *in, enum control_msg type, uint32_t value)
{
	char room[4];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	wr_u32(&b, value);
	if (ipc_send(in->control_fd, (uint16_t)type, 0, buf_str(&b), NULL, 0) != OK)
		ingress_fatal("keeper does not listen");
}

static void on_policy(struct ingress *in, struct ipc_msg *m)
{
	struct diag d = { 0 };
	struct generation *g = m->n_fds == 1 ? generation_open(m->fds[0], &d) : NULL;

	if (g == NULL) {
		log_msg(LOG_ERROR, "policy refused: %s", d.text);
		say(in, MSG_READY, 0);
		return;
	}
	if (in->gen != NULL)
		generation_drop(in->gen);
	in->gen = g;
	/* After our word egress takes no call of the policy before: what was sent goes first. */
	link_publish(in->link);
	say(in, MSG_READY, 1);
}

static void on_pair(struct ingress *in, struct ipc_msg *m)
{
	struct diag d = { 0 };

	if (m->n_fds != START_PAIR_FDS)
		ingress_fatal("keeper sent no pair");
	struct link_opts o = { .tx_fd = m->fds[0],
			       .tx_wake_fd = ipc_take_fd(m, 1),
			       .rx_fd = m->fds[2],
			       .rx_wake_fd = ipc_take_fd(m, 3) };
	if (link_replace(in->link, &o, &d) != OK)
		ingress_fatal(d.text);
	log_msg(LOG_WARN, "egress was started anew; calls in flight are tried again");
}

static void on_key_set(struct ingress *in, struct ipc_msg *m)
{
	struct control_key key;

	if (control_key_decode(&key, m->body) != OK || keys_set(in->keys, &key) != OK)
		ingress_fatal("keeper sent a key that cannot be kept");
}

static void on_key_drop(struct ingress *in, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	uint32_t slot = rd_u32(&r);

	if (rd_end(&r) != OK)
		ingress_fatal("keeper broke the protocol");
	keys_drop(in->keys, slot);
}

static void on_keys_done(struct ingress *in, struct ipc_msg *m)
{
	(void)m;
	if (in->gen == NULL)
		ingress_fatal("keeper sent keys before a policy");
	in->keys_ready = true;
	if (in->listener.on_ready == NULL) {
		in->listener = (struct watch){ .fd = START_LISTEN, .on_ready = conn_accept_ready };
		if (loop_watch(in->loop, &in->listener, EPOLLIN) != OK)
			ingress_fatal("cannot watch the listener");
		conn_accept_ready(&in->listener, EPOLLIN);
	}
}

static void on_tls(struct ingress *in, struct ipc_msg *m)
{
	struct diag d = { 0 };
	struct rd r = rd_from(m->body);
	struct str chain = rd_str(&r, LIMIT_CONTROL), key = rd_str(&r, LIMIT_CONTROL);

	if (rd_end(&r) != OK)
		ingress_fatal("keeper broke the protocol");
	struct tls_server *s = tls_server_new(chain, key, &d);
	secret_wipe((char *)(uintptr_t)m->body.p, m->body.n);
	if (s == NULL && in->tls == NULL)
		ingress_fatal(
			"the certificate is not usable, and plain text is not what was asked for");
	if (s == NULL)
		log_msg(LOG_ERROR, "the certificate is not usable: %s", d.text);
	else
		in->tls = s; /* an earlier one stays: open connections still use it */
	say(in, MSG_READY, s != NULL);
}

static void on_drain_check(struct timer *t)
{
	struct ingress *in = (struct ingress *)((char *)t - offsetof(struct ingress, drain_timer));

	if (in->n_conns == 0) {
		if (ipc_send(in->control_fd, MSG_DRAINED, 0, S(""), NULL, 0) != OK)
			ingress_fatal("keeper does not listen");
		return;
	}
	conn_drain_all(in);
	timer_set(in->loop, t, 50);
}

static void on_drain(struct ingress *in, struct ipc_msg *m)
{
	(void)m;
	if (in->draining)
		return;
	in->draining = true;
	if (in->listener.on_ready != NULL)
		loop_unwatch(in->loop, &in->listener);
	in->drain_timer.on_expire = on_drain_check;
	timer_set(in->loop, &in->drain_timer, 1);
}

static const struct {
	enum control_msg type;
	void (*handle)(struct ingress *, struct ipc_msg *);
} messages[] = {
	{ MSG_POLICY, on_policy },     { MSG_PAIR, on_pair },		{ MSG_KEY_SET, on_key_set },
	{ MSG_KEY_DROP, on_key_drop }, { MSG_KEYS_DONE, on_keys_done }, { MSG_TLS, on_tls },
	{ MSG_DRAIN, on_drain },
};

static void on_control(struct watch *w, uint32_t ready)
{
	struct ingress *in = (struct ingress *)((char *)w - offsetof(struct ingress, control));
	struct ipc_msg m;
	enum err e;

	(void)ready;
	while ((e = ipc_recv(in->control_fd, &in->control_buf, &m)) == OK) {
		bool known = false;
		for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
			if (messages[i].type != (enum control_msg)m.type)
				continue;
			messages[i].handle(in, &m);
			known = true;
		}
		ipc_close_fds(&m);
		if (!known)
			ingress_fatal("keeper broke the protocol");
	}
	if (e != ERR_AGAIN)
		ingress_fatal("keeper is gone");
}

/* ---- the story ---------------------------------------------------------------------------------
 */

static void *map_shared(int fd, size_t n)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || (size_t)st.st_size < n)
		ingress_fatal("a shared file is too short");
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		ingress_fatal("cannot map a shared file");
	(void)close(fd); /* who takes this process over shall not make the file grow */
	return p;
}

static void setup(struct ingress *in, struct diag *d)
{
	struct link_opts o = { .tx_fd = START_TX,
			       .tx_wake_fd = START_TX_WAKE,
			       .rx_fd = START_RX,
			       .rx_wake_fd = START_RX_WAKE };

	/* Giving memory back to the kernel and taking it again: 50 page faults a large body. */
	(void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	in->control_fd = START_CONTROL;
	in->loop = loop_new(LIMIT_CONNS, d);
	in->keys = keys_new();
	in->digest = calloc(1, sizeof *in->digest);
	in->scratch = malloc(INGRESS_SCRATCH);
	if (in->loop == NULL || in->keys == NULL || in->digest == NULL || in->scratch == NULL ||
	    sha256_init(in->digest) != OK || secret_random(&in->rng, sizeof in->rng) != OK ||
	    conn_pool(in, LIMIT_CONNS) != OK || tls_prepare(d) != OK)
		ingress_fatal("cannot start");
	in->rng |= 1;
	arena_init_small(&in->turn, LIMIT_TURN, TURN_BLOCK);
	buf_init(&in->encoded, 2 * (size_t)LIMIT_RESPONSE);
	buf_init(&in->control_buf, LIMIT_CONTROL + IPC_HEAD);
	in->counters = map_shared(START_COUNTERS, sizeof *in->counters);
	in->n_workers = in->counters->n_workers;
	if (in->n_workers == 0 || in->n_workers > LIMIT_WORKERS || in->worker >= in->n_workers)
		ingress_fatal("keeper counts its workers wrongly");
	in->usage = map_shared(START_USAGE, sizeof *in->usage);
	in->usage_seq = atomic_load(&in->usage->head);
	in->bodies = bodies_new(START_ARENA, d);
	in->link = in->bodies ? link_new(in, &o, d) : NULL;
	if (in->link == NULL)
		ingress_fatal(d->text);
	in->control = (struct watch){ .fd = in->control_fd, .on_ready = on_control };
	if (loop_watch(in->loop, &in->control, EPOLLIN) != OK)
		ingress_fatal("cannot watch keeper's socket");
	loop_on_idle(in->loop, on_idle, in);
}

int main(int argc, char **argv)
{
	static const int keep[] = { START_CONTROL, START_TX,	  START_TX_WAKE,
				    START_RX,	   START_RX_WAKE, START_ARENA,
				    START_LISTEN,  START_USAGE,	  START_COUNTERS };
	static struct ingress in; /* large: not on the stack */
	struct diag d = { 0 };
	uint64_t worker;
	int landlock, status;

	log_open("ingress", LOG_INFO);
	if (jail_debug(&ingress_jail, argc, argv, &status))
		return status;
	if (argc != 2 || num_u64(str_z(argv[1]), LIMIT_WORKERS - 1, &worker) != OK)
		ingress_fatal("started by hand; it is keeper who starts this program");
	in.worker = (unsigned)worker;
	if (jail_begin(&ingress_jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		ingress_fatal(d.text);
	setup(&in, &d);
	if (jail_lock(&ingress_jail, &landlock, &d) != OK)
		ingress_fatal(d.text);
	on_control(&in.control, EPOLLIN);
	loop_run(in.loop);
	return 0;
}
