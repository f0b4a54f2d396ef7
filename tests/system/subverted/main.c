/*
 * tests/system/subverted/main.c - the birth of a subverted ingress, and how it hears what came of its act.
 *
 * Worker N performs one act in its first life; worker 0, and everybody in a later life, becomes the real ingress
 * (ingress.real beside this file), so that the gate must heal. The number of the first act is in the file
 * "offset": there are more acts than a gate may have workers. Without a worker's number it lists the acts.
 */
#include "subverted.h"

#include "ingress/jail.h"
#include "base/arena.h"
#include "base/num.h"
#include "base/rd.h"
#include "proto/counters.h"
#include "proto/policy.h"
#include "proto/usage.h"
#include "sys/fs.h"
#include "sys/jail.h"
#include "sys/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { POLICY_ARENA = 64 << 20, RING_BYTES = RING_DATA_AT + LIMIT_RING };

static const char *act_name = "none";
static int control_ready; /* an epoll descriptor: the jail has no poll and no sleep */

void said(const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_msg(LOG_WARN, "act %s: %s", act_name, text);
}

_Noreturn static void fail(const char *what)
{
	said("the test itself failed: %s", what);
	_exit(1);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void await_control(int ms)
{
	struct epoll_event ev;

	(void)epoll_wait(control_ready, &ev, 1, ms);
}

/* ---- what it can say and hear ---- */

struct call world_call(const struct world *w)
{
	static const char body[] = "{\"model\":\"good\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
	struct call c = { .id = 1, .generation = w->generation, .upstream = w->upstream,
			  .path = PATH_CHAT, .head_timeout_ms = 3000, .idle_timeout_ms = 3000,
			  .credit = 1 << 20, .n_segments = 1 };

	memcpy(w->arena, body, sizeof body - 1);
	c.segments[0] = (struct call_segment){ .at = 0, .n = sizeof body - 1 };
	c.fields[FIELD_CONTENT_TYPE] = S("application/json");
	return c;
}

void world_send(struct world *w, const struct call *c)
{
	void *at = ring_reserve(&w->tx, call_size(c));

	if (at == NULL)
		return;
	ring_commit(&w->tx, call_encode(c, at));
	ring_publish(&w->tx);
}

void world_put(struct world *w, const void *p, uint32_t n)
{
	void *at = ring_reserve(&w->tx, n);

	if (at == NULL)
		return;
	memcpy(at, p, n);
	ring_commit(&w->tx, n);
	ring_publish(&w->tx);
}

bool world_listen(struct world *w, unsigned ms)
{
	int64_t end = now_ms() + ms;
	struct ipc_msg m;

	while (!w->keeper_gone) {
		enum err e = ipc_recv(START_CONTROL, &w->message, &m);
		if (e == OK) {
			w->new_pair = w->new_pair || m.type == MSG_PAIR;
			bool reply = m.type == MSG_REPLY;
			ipc_close_fds(&m);
			if (reply)
				return true;
			continue;
		}
		w->keeper_gone = e != ERR_AGAIN;
		int64_t left = end - now_ms();
		if (left <= 0)
			break;
		await_control((int)left);
	}
	return false;
}

const char *world_end(struct world *w, uint32_t id, unsigned ms)
{
	int64_t end = now_ms() + ms;
	struct str bytes;
	struct frame f;

	while (now_ms() < end) {
		while (ring_next(&w->rx, &bytes) == OK)
			if (frame_type(bytes) == FRAME_END && frame_decode(&f, bytes) == OK && f.id == id)
				return call_end_text[f.how];
		(void)ring_release(&w->rx);
		(void)world_listen(w, 10);
		if (w->new_pair || w->keeper_gone)
			return w->new_pair ? "new pair" : "keeper gone";
	}
	return "nothing";
}

/* ---- birth ---- */

static void *map(int fd, size_t n, int prot)
{
	void *p = mmap(NULL, n, prot, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void open_world(struct world *w)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct diag d = { 0 };

	control_ready = epoll_create1(EPOLL_CLOEXEC);
	if (control_ready < 0 || epoll_ctl(control_ready, EPOLL_CTL_ADD, START_CONTROL, &ev) != 0)
		fail("epoll");
	if (ring_tx_open(&w->tx, START_TX, START_TX_WAKE, &d) != OK ||
	    ring_rx_open(&w->rx, START_RX, START_RX_WAKE, &d) != OK)
		fail("rings");
	w->tx_raw = map(START_TX, RING_BYTES, PROT_READ | PROT_WRITE);
	w->rx_raw = map(START_RX, RING_BYTES, PROT_READ | PROT_WRITE);
	w->arena = map(START_ARENA, LIMIT_ARENA, PROT_READ | PROT_WRITE);
	w->usage = map(START_USAGE, sizeof *w->usage, PROT_READ | PROT_WRITE);
	w->counters = map(START_COUNTERS, sizeof *w->counters, PROT_READ | PROT_WRITE);
	if (w->tx_raw == NULL || w->rx_raw == NULL || w->arena == NULL || w->usage == NULL || w->counters == NULL)
		fail("shared memory");
	buf_init(&w->message, LIMIT_CONTROL + IPC_HEAD);
}

/* await_policy says READY as an ingress does, and learns the table's number from the policy. */
static void await_policy(struct world *w)
{
	static struct policy p;
	struct arena a;
	struct ipc_msg m;
	const uint32_t yes = 1;

	for (int i = 0; i < 1000; i++) {
		await_control(10);
		while (ipc_recv(START_CONTROL, &w->message, &m) == OK) {
			if (m.type != MSG_POLICY || m.n_fds != 1) {
				ipc_close_fds(&m);
				continue;
			}
			w->policy_fd = ipc_take_fd(&m, 0);
			w->policy_bytes = (size_t)fd_size(w->policy_fd);
			w->policy = map(w->policy_fd, w->policy_bytes, PROT_READ);
			arena_init(&a, POLICY_ARENA);
			if (w->policy == NULL ||
			    policy_decode(&p, (struct str){ w->policy, w->policy_bytes }, &a) != OK)
				fail("policy");
			w->generation = (uint32_t)p.generation;
			w->upstreams = (uint16_t)p.n_deployments;
			for (uint32_t k = 0; k < p.n_deployments; k++)
				if (p.deployments[k].serves == SERVES_OPENAI)
					w->upstream = p.deployments[k].upstream;
			if (ipc_send(START_CONTROL, MSG_READY, 0, (struct str){ (const char *)&yes, 4 }, NULL, 0) != OK)
				fail("ready");
			return;
		}
	}
	fail("no policy came");
}

static const struct act *act_of(unsigned n)
{
	const struct {
		const struct act *acts;
		unsigned n;
	} all[] = { { ring_acts, ring_acts_n }, { call_acts, call_acts_n }, { keeper_acts, keeper_acts_n },
		    { jail_acts, jail_acts_n } };

	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (n < all[i].n)
			return &all[i].acts[n];
		n -= all[i].n;
	}
	return NULL;
}

static void list(bool egress)
{
	const struct act *a;

	for (unsigned i = 0; egress && i < egress_acts_n; i++)
		(void)printf("%s\n", egress_acts[i].name);
	for (unsigned i = 0; !egress && (a = act_of(i)) != NULL; i++)
		(void)printf("%s\n", a->name);
}

/* beside gives a path in the directory of this executable. */
static void beside(const char *name, char *out, size_t cap)
{
	char self[2048];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		fail("where am I");
	*slash = '\0';
	(void)snprintf(out, cap, "%s/%s", self, name);
}

/* number_in reads a number from a file beside this one. */
static unsigned number_in(const char *name)
{
	char path[2200], text[16] = "";
	uint64_t n = 0;

	beside(name, path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t got = read(fd, text, sizeof text - 1);
		(void)got;
		(void)close(fd);
	}
	return num_u64(str_z(text), 10000, &n) == OK ? (unsigned)n : 0;
}

/* needle_read takes what the last act looks for: hidden, so that it does not find itself. */
static void needle_read(void)
{
	char path[2200];

	beside("needle", path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, hidden_needle, NEEDLE_MAX) : 0;
	hidden_needle_n = n > 0 ? (unsigned)n : 0;
	if (fd >= 0)
		(void)close(fd);
}

static bool first_life(const char *worker)
{
	char name[64], path[2200];

	(void)snprintf(name, sizeof name, "lives/%s", worker);
	beside(name, path, sizeof path);
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

_Noreturn static void become_real(const char *name, char **argv)
{
	char path[2200];

	beside(name, path, sizeof path);
	(void)execv(path, argv);
	_exit(127);
}

/* Where there is a file "descriptors" (test_upstreams.py) it is not subverted, but poor. */
_Noreturn static void be_egress(char **argv)
{
	unsigned few = number_in("descriptors");
	const struct rlimit files = { few, few };
	uint64_t worker = egress_acts_n;

	if (few != 0)
		(void)setrlimit(RLIMIT_NOFILE, &files);
	else if (num_u64(str_z(argv[1]), LIMIT_WORKERS, &worker) == OK && worker < egress_acts_n &&
		 first_life(argv[1])) {
		log_open("egress", LOG_INFO);
		act_name = egress_acts[worker].name;
		egress_subverted(&egress_acts[worker]);
	}
	become_real("egress.real", argv);
}

int main(int argc, char **argv)
{
	static const int keep[] = { START_CONTROL, START_TX,     START_TX_WAKE, START_RX,      START_RX_WAKE,
				    START_ARENA,   START_LISTEN, START_USAGE,   START_COUNTERS };
	static struct world w;
	struct diag d = { 0 };
	uint64_t worker;
	int landlock;

	if (argc == 2 && strcmp(argv[0], "egress") == 0)
		be_egress(argv);
	if (argc != 2 || num_u64(str_z(argv[1]), LIMIT_WORKERS, &worker) != OK) {
		list(argc == 2 && strcmp(argv[1], "egress") == 0);
		return 0;
	}
	const struct act *act = worker ? act_of(number_in("offset") + (unsigned)worker - 1) : NULL;
	if (act == NULL || !first_life(argv[1]))
		become_real("ingress.real", argv);
	log_open("ingress", LOG_INFO);
	act_name = act->name;
	if (jail_begin(&ingress_jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		fail(d.text);
	open_world(&w);
	needle_read();
	if (jail_lock(&ingress_jail, &landlock, &d) != OK)
		fail(d.text);
	await_policy(&w);
	act->run(&w);
	said("over");
	_exit(0);
}
