/*
 * detonator/report.h - facts of all variants to one JSON document: docs/detonation.md.
 */
#ifndef DETONATOR_REPORT_H
#define DETONATOR_REPORT_H

#include "base/arena.h"
#include "inspect/finding.h"
#include "proto/detonation.h"

enum { REPORT_FACTS = 600 /* of one variant in the document; findings have their own bound */ };

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
	uint32_t honey_read, opaque; /* sets of phases */
};

struct report {
	struct arena *arena;
	struct findings findings;
	struct run runs[DETONATION_VARIANTS];
	unsigned n_runs;
	struct str package, kind, broken; /* broken: the first reason not to conclude anything */
	uint32_t phases;		  /* that were asked for */
	struct kept_fact *coverage,
		**coverage_last; /* of the variant that reached most: the first */
	unsigned n_coverage;
};

/* report_init begins an empty report. */
void report_init(struct report *r, struct arena *a);

/* report_run begins the next variant. */
struct run *report_run(struct report *r, const char *name);

/* report_fact keeps a fact of the running variant and judges it. */
void report_fact(struct report *r, struct run *run, const struct fact *f);

/* report_break notes why nothing can be concluded; the first reason stays. */
void report_break(struct report *r, struct str why);

/* report_end judges what only a whole variant tells. */
void report_end(struct report *r, struct run *run);

/* report_write writes the document. */
void report_write(struct report *r, struct buf *out);

#endif
