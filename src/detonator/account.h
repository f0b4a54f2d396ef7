/*
 * detonator/account.h - facts of all variants to one JSON document: docs/detonation.md.
 */
#ifndef DETONATOR_ACCOUNT_H
#define DETONATOR_ACCOUNT_H

#include "base/arena.h"
#include "inspect/finding.h"
#include "proto/detonation.h"

enum { ACCOUNT_FACTS = 600 /* of one variant in the document; findings have their own bound */ };

struct kept_fact {
	struct kept_fact *next;
	struct fact fact; /* in the arena */
};

/* One variant. */
struct run {
	const char *name;
	struct kept_fact *first, **last;
	unsigned n_facts;
	bool over, capped;	     /* it came to its end; not everything was kept */
	bool broken;		     /* something of ours was not as it should be */
	uint32_t honey_read, opaque; /* sets of phases */
};

struct account {
	struct arena *arena;
	struct findings findings;
	struct run runs[DETONATION_VARIANTS];
	unsigned n_runs;
	struct str package, kind, broken; /* broken: the first reason not to conclude anything */
	bool cannot;			  /* and it is that this system cannot run it */
	bool started;			  /* something of the target ran */
	uint32_t phases;		  /* that were asked for */
	struct kept_fact *coverage,
		**coverage_last; /* of the variant that reached most: the first */
	unsigned n_coverage;
};

/* account_init begins an empty report. */
void account_init(struct account *r, struct arena *a);

/* account_run begins the next variant. */
struct run *account_run(struct account *r, const char *name);

/* account_fact keeps a fact of the running variant and judges it. */
void account_fact(struct account *r, struct run *run, const struct fact *f);

/* account_break notes why nothing can be concluded; the first reason stays. */
void account_break(struct account *r, struct str why);

/* account_cannot notes that this system has not what it needs to run anything. */
void account_cannot(struct account *r, struct str why);

/* account_end judges what only a whole variant tells. */
void account_end(struct account *r, struct run *run);

/* account_write writes the document. */
void account_write(struct account *r, struct buf *out);

#endif
