/*
 * checker/team.c - helpers that wait for a job, and the caller that does it with them.
 * Input: own.   Runs in: checker.
 */
#include "checker/team.h"

#include "checker/checker.h"

#include <assert.h>
#include <sched.h>
#include <sys/mman.h>

enum { STACK = 8 << 20 };

static unsigned cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > TEAM_MAX ? (unsigned)TEAM_MAX : (unsigned)n;
}

static enum err equip(struct worker *w)
{
	arena_init(&w->arena, CHECKER_ARENA);
	arena_init(&w->scratch, CHECKER_SCRATCH);
	void *text = mmap(NULL, CHECKER_TEXT, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (text == MAP_FAILED || sha256_init(&w->sha) != OK)
		return ERR_NOMEM;
	w->text = text;
	return OK;
}

static void *serve(void *arg)
{
	struct worker *w = arg;
	struct team *t = w->team;
	struct diag d = { 0 };
	uint64_t done = 0;

	enum err e = t->enter(t->ctx, &d);
	(void)pthread_mutex_lock(&t->lock);
	if (e != OK)
		t->diag = d;
	t->entered++;
	(void)pthread_cond_broadcast(&t->changed);
	/* The end of the process ends this. */
	for (;;) {
		while (t->job == done)
			(void)pthread_cond_wait(&t->changed, &t->lock);
		done = t->job;
		(void)pthread_mutex_unlock(&t->lock);
		t->work(t->ctx, w);
		(void)pthread_mutex_lock(&t->lock);
		if (--t->left == 0)
			(void)pthread_cond_broadcast(&t->changed);
	}
	return NULL;
}

enum err team_start(struct team *t, enum err (*enter)(void *ctx, struct diag *d), void *ctx,
		    struct diag *d)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	t->n = cpus();
	t->enter = enter;
	t->ctx = ctx;
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_cond_init(&t->changed, NULL);
	for (unsigned i = 0; i < t->n; i++)
		if (equip(&t->workers[i]) != OK)
			return diag_set(d, ERR_NOMEM, "no memory to check with");
	unsigned made = 1;
	for (; made < t->n; made++) {
		t->workers[made].team = t;
		if (pthread_create(&thread, &attr, serve, &t->workers[made]) != 0)
			break; /* then fewer must do */
	}
	t->n = made;
	TRY(enter(ctx, d));
	(void)pthread_mutex_lock(&t->lock);
	while (t->entered + 1 < t->n)
		(void)pthread_cond_wait(&t->changed, &t->lock);
	(void)pthread_mutex_unlock(&t->lock);
	if (t->diag.err != OK)
		*d = t->diag;
	return t->diag.err;
}

void team_run(struct team *t, void (*work)(void *ctx, struct worker *w), void *ctx)
{
	(void)pthread_mutex_lock(&t->lock);
	assert(t->left == 0);
	t->work = work;
	t->ctx = ctx;
	t->left = t->n - 1;
	t->job++;
	(void)pthread_cond_broadcast(&t->changed);
	(void)pthread_mutex_unlock(&t->lock);
	work(ctx, &t->workers[0]);
	(void)pthread_mutex_lock(&t->lock);
	while (t->left > 0)
		(void)pthread_cond_wait(&t->changed, &t->lock);
	(void)pthread_mutex_unlock(&t->lock);
}
