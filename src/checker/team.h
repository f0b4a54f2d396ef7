/*
 * checker/team.h - the threads of one check: they list directories and read files side by side, and
 * do nothing else side by side. Ring 2. Every thread locks the jail for itself before any of them
 * sees a byte of the target, and none is made after that.
 */
#ifndef CHECKER_TEAM_H
#define CHECKER_TEAM_H

#include "base/arena.h"
#include "base/diag.h"
#include "crypto/sha256.h"

#include <pthread.h>
#include <stdbool.h>

enum { TEAM_MAX = 4 };

/* What one thread works with; nobody else touches it meanwhile. */
struct worker {
	struct team *team;
	struct arena arena;   /* lives as long as the check */
	struct arena scratch; /* lives as long as one file */
	struct sha256 sha;
	char *text; /* CHECKER_TEXT bytes, reserved */
};

struct team {
	unsigned n; /* the caller is number 0 */
	struct worker workers[TEAM_MAX];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned entered, left; /* helpers that are in the jail; that have yet to end the job */
	uint64_t job;		/* number of the job that is under way */
	void (*work)(void *ctx, struct worker *w);
	void *ctx;
	enum err (*enter)(void *ctx, struct diag *d);
	struct diag diag; /* why one could not enter */
};

/* team_start makes as many helpers as there are other CPUs. Each calls enter, and so does the
 * caller meanwhile; it returns when all have, and fails when it fails for one. */
MUST_USE enum err team_start(struct team *t, enum err (*enter)(void *ctx, struct diag *d),
			     void *ctx, struct diag *d);

/* team_run lets all of them call work, each with its own worker, and returns when all have
 * returned. */
void team_run(struct team *t, void (*work)(void *ctx, struct worker *w), void *ctx);

#endif
