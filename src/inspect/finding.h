/*
 * inspect/finding.h - what was seen: a rule, where, and the evidence. Ring 0.
 */
#ifndef INSPECT_FINDING_H
#define INSPECT_FINDING_H

#include "base/arena.h"
#include "base/err.h"
#include "inspect/rules.h"

enum {
	FINDING_EXCERPT = 400, /* bytes of evidence kept of one finding */
	FINDING_DETAIL = 400,
	FINDINGS_MAX = 4096, /* of one target; what is past it is counted */
	FINDINGS_FILE = 64,  /* of one rule in one file */
};

struct finding {
	enum rule rule;
	struct str package; /* "pkg:pypi/litellm@1.82.8", or "" when no package owns it */
	struct str path;    /* within the target; may hold any byte but NUL */
	uint32_t line;	    /* from 1; 0: the file as a whole */
	struct str excerpt; /* the evidence, decoded where it was encoded; any bytes */
	struct str detail;  /* a sentence beside the rule's title, or "" */
	bool has_sha256;    /* the checker knows the file: policies may allow it by its hash */
	uint8_t sha256[32];
	enum severity severity; /* of a report: how it counts after the policy */
	bool allowed;		/* and whether the policy excuses it */
};

struct findings {
	struct arena *arena;
	struct finding *items;
	size_t n, cap;
	size_t dropped; /* not kept, for one of the bounds above */
	struct {
		size_t n, in_file; /* of this rule, and in the file it was last seen in */
		struct str path;   /* that file, in the arena */
	} seen[RULE_COUNT];
};

/* findings_init makes an empty list in a. */
void findings_init(struct findings *f, struct arena *a);

/* finding_add notes one. Everything is copied and cut to its bound; path is not cut. The same rule,
 * path, line and excerpt twice in a row is kept once. A list that is full counts in dropped: a
 * verdict never gets better by that, since the first finding of each rule is always kept. */
void finding_add(struct findings *f, enum rule r, struct str package, struct str path,
		 uint32_t line, struct str excerpt, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* findings_merge adds what more has and f does not. */
void findings_merge(struct findings *f, const struct findings *more);

/* findings_has: one of this rule is among those from number first on. */
bool findings_has(const struct findings *f, size_t first, enum rule r);

#endif
