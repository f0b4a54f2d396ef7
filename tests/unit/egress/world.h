/*
 * tests/unit/egress/world.h - a whole egress in a child process, in its jail but without keeper: two rings,
 * an arena, and the part of ingress that makes calls.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "egress/egress.h"

#include "../check.h"
#include "egress/jail.h"
#include "provider.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>

static struct ring_tx tx;
static struct ring_rx rx;
static char *arena;
static uint32_t next_id = 7;
static struct buf body, what;
static struct call_head head;
static char head_bytes[20000];

enum { ARENA = 4 << 20, GENERATION = 3 };

/* ---- the world -------------------------------------------------------------------------------- */

static struct upstream row_of(uint16_t port, bool https)
{
	return (struct upstream){
		.id = SC("test"), .https = https, .host = SC("127.0.0.1"), .port = port, .path_prefix = SC("/v1"),
		.query = SC(""), .auth = AUTH_BEARER, .secret = 0, .allow_private = true, .paths = UINT32_MAX,
		.connect_timeout_ms = 1000, .ca_pem = SC(""),
	};
}

/* What the test asks of egress in keeper's place: 'n' a next table, 's' that the newest is settled. */
static int poke[2];
static struct egress *poked;
static const char *poke_resolv = ""; /* the resolv.conf that comes with it */
static struct str poke_blob, poke_secrets, poke_ca;

static void poke_one(char c)
{
	struct diag d = { .err = OK };
	struct table *t;
	uint64_t now = poked->table->ups.generation;

	if (c == 's') {
		egress_settle(poked, now);
		return;
	}
	if (table_make(poke_blob, poke_secrets, poke_ca, &poked->linker, &t, &d) != OK)
		_exit(1);
	t->ups.generation = now + 1;
	egress_use(poked, t);
}

static void on_poke(struct watch *w, uint32_t ready)
{
	ssize_t n;
	char c;

	(void)ready;
	while ((n = read(w->fd, &c, 1)) == 1) /* all of them: what is left is not told of again */
		poke_one(c);
	if (n == 0)
		_exit(1);
}

__attribute__((unused)) static void poke_with(char c)
{
	if (write(poke[1], &c, 1) != 1)
		abort();
}

/* run_egress is the child. The rows' strings stay where they are. */
_Noreturn static void run_egress(const int fds[EGRESS_FDS], struct upstream *rows, uint32_t n, struct str ca,
				  const char *resolv)
{
	static struct egress e;
	static const struct str secrets[] = { SC("sk-test"), SC("extra value") };
	struct upstreams ups = { .generation = GENERATION, .rows = rows, .n = n, .n_secrets = 2,
				 .hosts = S("192.0.2.1 other.test # x\n10.0.0.1 hosts.test\n"), .resolv = str_z(resolv) };
	struct diag d = { .err = OK };
	const struct jail jail = {
		.role = "egress", .rules = egress_jail_rules, .n_rules = egress_jail_n, .tcp_connect = true,
	};
	int landlock;
	struct buf blob;
	struct table *t;
	struct buf next;
	uint8_t *map;
	struct watch pokes = { .fd = poke[0], .on_ready = on_poke };
	int keep[EGRESS_FDS + 3], *table_fd = &keep[EGRESS_FDS], *secret_fd = &keep[EGRESS_FDS + 1];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_open("egress", LOG_ERROR);
	buf_init(&blob, 1 << 20);
	upstreams_encode(&ups, &blob);
	memcpy(keep, fds, EGRESS_FDS * sizeof *fds);
	if (fs_memfd("table", buf_str(&blob), table_fd, &d) != OK ||
	    secret_memfd(secrets_size(secrets, 2), secret_fd, &map, &d) != OK)
		abort();
	secrets_put(secrets, 2, map);
	keep[EGRESS_FDS + 2] = poke[0];
	if (jail_begin(&jail, keep, EGRESS_FDS + 3, &d) != OK || tls_prepare(&d) != OK ||
	    egress_init(&e, 200, &d) != OK ||
	    egress_pair(&e, fds, &d) != OK || jail_lock(&jail, &landlock, &d) != OK ||
	    table_load(*table_fd, *secret_fd, ca, &e.linker, &t, &d) != OK) {
		fprintf(stderr, "egress: %s\n", diag_text(&d));
		_exit(1);
	}
	egress_use(&e, t);
	/* The tables after it, after somebody has edited the hosts file and resolv.conf. */
	ups.hosts = S("127.0.0.1 moved.test\n");
	ups.resolv = str_z(poke_resolv);
	buf_init(&next, 1 << 20);
	upstreams_encode(&ups, &next);
	/* The first table takes its own memory with it. */
	char *kept = malloc(t->secrets.n);
	if (kept == NULL)
		abort();
	memcpy(kept, t->secrets.p, t->secrets.n);
	poke_secrets = (struct str){ kept, t->secrets.n };
	poked = &e, poke_blob = buf_str(&next), poke_ca = ca;
	if (loop_watch(e.loop, &pokes, EPOLLIN) != OK)
		abort();
	loop_run(e.loop);
	_exit(0);
}

static pid_t egress_pid;

/* world_start forks an egress with these rows. */
static void world_start(struct upstream *rows, uint32_t n, struct str ca, const char *resolv)
{
	struct diag d = { .err = OK };
	int mem[2], wake[2], store = memfd_create("arena", MFD_ALLOW_SEALING);

	buf_init(&body, 64 << 20);
	buf_init(&what, 64 << 20);
	for (int i = 0; i < 2; i++)
		if (ring_make(1 << 20, &mem[i], &wake[i], &d) != OK)
			abort();
	if (ftruncate(store, ARENA) != 0 || fcntl(store, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		abort();
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_SHARED, store, 0);
	if (pipe2(poke, O_NONBLOCK | O_CLOEXEC) != 0)
		abort();
	egress_pid = fork();
	if (egress_pid == 0)
		run_egress((int[]){ mem[1], wake[1], mem[0], wake[0], store }, rows, n, ca, resolv);
	if (ring_tx_open(&tx, mem[0], wake[0], &d) != OK || ring_rx_open(&rx, mem[1], wake[1], &d) != OK)
		abort();
}

/* world_end frees what world_start made. */
static void world_end(void)
{
	if (egress_pid > 0) {
		(void)kill(egress_pid, SIGKILL);
		(void)waitpid(egress_pid, NULL, 0);
	}
	buf_free(&body);
	buf_free(&what);
	(void)close(poke[0]);
	(void)close(poke[1]);
	ring_tx_close(&tx);
	ring_rx_close(&rx);
}

/* ---- ingress' side ---------------------------------------------------------------------------- */

struct ask {
	unsigned row;
	const char *model;
	struct str body;
	uint64_t arena_bytes;     /* instead of body: that many bytes of the arena */
	uint32_t credit, more;    /* more: granted whenever data has come */
	uint32_t head_ms, idle_ms;
	bool other_path;
	uint32_t generation;
	int cancel_after_ms;      /* 0: never */
};

static void put_frame(enum call_frame type, uint32_t id, uint32_t n)
{
	struct frame f = { .type = type, .id = id, .n = n };

	ring_commit(&tx, frame_encode(&f, ring_reserve(&tx, FRAME_HEADER)));
	ring_publish(&tx);
}

static uint32_t put_call(const struct ask *a)
{
	struct call c = {
		.id = next_id++, .upstream = (uint16_t)a->row, .path = a->other_path ? PATH_CHAT : PATH_GENERATE,
		.generation = a->generation ? a->generation : GENERATION,
		.head_timeout_ms = a->head_ms ? a->head_ms : 10000,
		.idle_timeout_ms = a->idle_ms ? a->idle_ms : 10000,
		.credit = a->credit ? a->credit : 8 << 20, .model = str_z(a->model), .n_segments = 2,
	};
	struct str text = a->body.p ? a->body : S("{\"a\":1}");

	c.fields[FIELD_CONTENT_TYPE] = S("application/json");
	c.segments[0] = (struct call_segment){ .n = (uint32_t)text.n / 2, .bytes = str_head(text, text.n / 2) };
	c.segments[1] = (struct call_segment){ .n = (uint32_t)(text.n - text.n / 2), .bytes = str_tail(text, text.n / 2) };
	if (a->arena_bytes) {
		c.n_segments = 1;
		c.segments[0] = (struct call_segment){ .at = 64, .n = (uint32_t)a->arena_bytes };
	}
	void *p = ring_reserve(&tx, call_size(&c));
	ring_commit(&tx, call_encode(&c, p));
	ring_publish(&tx);
	return c.id;
}

/* wait_for reads frames until the END of id; other calls' frames are passed over. UINT_MAX: none came. */
static unsigned wait_for(uint32_t id, const struct ask *a, int cancel_after_ms)
{
	uint64_t begin = clock_mono_ns() / 1000000;
	bool cancelled = false;
	struct str bytes;
	struct frame f;

	buf_reset(&body);
	memset(&head, 0, sizeof head);
	while (clock_mono_ns() / 1000000 - begin < 15000) {
		enum err e = ring_next(&rx, &bytes);
		if (e == ERR_AGAIN) {
			if (ring_release(&rx))
				ring_wake(&tx);
			if (cancel_after_ms && !cancelled &&
			    clock_mono_ns() / 1000000 - begin >= (uint64_t)cancel_after_ms) {
				put_frame(FRAME_CANCEL, id, 0);
				cancelled = true;
			}
			if (!ring_sleep(&rx)) {
				struct pollfd p = { rx.wake_fd, POLLIN, 0 };
				(void)poll(&p, 1, 2);
				ring_awake(&rx);
			}
			continue;
		}
		CHECK(e == OK);
		if (frame_type(bytes) == FRAME_HEAD) {
			memcpy(head_bytes, bytes.p, bytes.n);
			CHECK(call_head_decode(&head, (struct str){ head_bytes, bytes.n }) == OK && head.id == id);
			continue;
		}
		CHECK(frame_decode(&f, bytes) == OK && f.id == id);
		if (f.type == FRAME_DATA) {
			buf_add(&body, f.data);
			if (a->more)
				put_frame(FRAME_CREDIT, id, a->more);
		}
		if (f.type == FRAME_END) {
			ring_release(&rx);
			return f.how;
		}
	}
	return UINT32_MAX;
}

static unsigned ask(struct ask a)
{
	unsigned how = wait_for(put_call(&a), &a, a.cancel_after_ms);

	if (how < CALL_END_COUNT)
		return how;
	fprintf(stderr, "no END for '%s'\n", a.model);
	return how;
}

#define ASK(...) ask((struct ask){ __VA_ARGS__ })

static void check_chunks(int n)
{
	buf_reset(&what);
	for (int i = 0; i < n; i++)
		buf_addf(&what, "data: %04d\n\n", i);
	CHECK_STR(buf_str(&body), buf_str(&what));
}

#endif
