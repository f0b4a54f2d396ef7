/*
 * keeper/pair.c - the memory that processes share: rings and arena of a pair, and the counters.
 * Runs in: keeper.
 */
#include "keeper/supervise.h"

#include "proto/start.h"
#include "sys/fs.h"
#include "sys/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void pair_init(struct pair *p)
{
	*p = (struct pair){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
}

void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		fd_closep(&p->memfd[i]);
		fd_closep(&p->wake[i]);
		fd_closep(&p->arena[i]);
	}
}

/* shared_memory makes a memory file of a size that nobody can change any more: a shorter one would
 * kill who has it mapped. */
static enum err shared_memory(const char *name, size_t size, int *out_fd, struct diag *d)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		*out_fd = fd;
		return OK;
	}
	int saved = errno;
	fd_closep(&fd);
	return diag_set(d, ERR_SYS, "cannot make shared memory '%s': %s", name, strerror(saved));
}

/* make_arena makes memory that ingress may write, and opens it once more for egress, which could
 * map whatever was opened for writing writable: bodies would change while ingress reads them. */
static enum err make_arena(int out[2], struct diag *d)
{
	char path[32];

	TRY(shared_memory("yett-arena", LIMIT_ARENA, &out[0], d));
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", out[0]);
	out[1] = open(path, O_RDONLY | O_CLOEXEC);
	if (out[1] < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	return OK;
}

enum err pair_renew(struct pair *p, enum role ended, struct diag *d)
{
	struct pair fresh;

	pair_init(&fresh);
	enum err e = ring_make(LIMIT_RING, &fresh.memfd[0], &fresh.wake[0], d);
	if (e == OK)
		e = ring_make(LIMIT_RING, &fresh.memfd[1], &fresh.wake[1], d);
	if (e == OK && ended == R_INGRESS)
		e = make_arena(fresh.arena, d);
	if (e != OK) {
		pair_close(&fresh);
		return e;
	}
	for (int i = 0; i < 2 && ended != R_INGRESS; i++) {
		fresh.arena[i] = p->arena[i];
		p->arena[i] = -1;
	}
	pair_close(p);
	*p = fresh;
	return OK;
}

void pair_fds(const struct pair *p, enum role role, int out[START_PAIR_FDS])
{
	int tx = role == R_INGRESS ? 0 : 1, rx = 1 - tx;
	const int fds[START_PAIR_FDS] = { p->memfd[tx], p->wake[tx], p->memfd[rx], p->wake[rx],
					  p->arena[tx] };

	memcpy(out, fds, sizeof fds);
}

enum err shared_open(struct keeper *k, struct diag *d)
{
	TRY(shared_memory("yett-counters", sizeof *k->counters, &k->counters_fd, d));
	k->counters = mmap(NULL, sizeof *k->counters, PROT_READ | PROT_WRITE, MAP_SHARED,
			   k->counters_fd, 0);
	if (k->counters == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the counters: %s", strerror(errno));
	k->counters->n_workers = k->workers;
	for (unsigned i = 0; i < k->workers; i++)
		TRY(pair_renew(&k->pairs[i], R_INGRESS, d));
	return OK;
}

void shared_clear(struct keeper *k, unsigned worker)
{
	struct counters *c = k->counters;

	c->n_workers = k->workers; /* whoever just died could write here */
	for (unsigned i = 0; i < LIMIT_KEYS; i++) {
		if (atomic_load_explicit(&c->key_parallel[worker][i], memory_order_relaxed))
			atomic_store_explicit(&c->key_parallel[worker][i], 0, memory_order_relaxed);
		struct counter_pending *p = &c->key_pending[worker][i];
		if (atomic_load_explicit(&p->pico, memory_order_relaxed))
			atomic_store_explicit(&p->pico, 0, memory_order_relaxed);
		if (atomic_load_explicit(&p->tokens, memory_order_relaxed))
			atomic_store_explicit(&p->tokens, 0, memory_order_relaxed);
	}
	for (unsigned i = 0; i < LIMIT_DEPLOYMENTS; i++)
		if (atomic_load_explicit(&c->deployment_parallel[worker][i], memory_order_relaxed))
			atomic_store_explicit(&c->deployment_parallel[worker][i], 0,
					      memory_order_relaxed);
	atomic_store_explicit(&c->parallel[worker], 0, memory_order_relaxed);
}
