/*
 * advisory/answer.h - all that the records know of one release: what names it, where it is safe
 * again, and which versions of the package are known to be bad. Pure. Ring 0.
 */
#ifndef ADVISORY_ANSWER_H
#define ADVISORY_ANSWER_H

#include "advisory/index.h"
#include "base/arena.h"

enum { ANSWER_HITS = 256, ANSWER_BAD = 4096, ANSWER_RANGES = 64 };

/* Where the safe floor is known from. */
enum floor_from {
	FLOOR_NONE,	/* no safe version is known to the records */
	FLOOR_SELF,	/* no record names the release itself */
	FLOOR_FIXED,	/* the version at which a record says that the fault is fixed */
	FLOOR_RELEASED, /* the lowest of the releases that the caller knows */
};

struct advisory_answer {
	struct advisory_hit *hits; /* malware first, then by id */
	size_t n_hits;		   /* ANSWER_HITS at most */
	size_t n_malware;	   /* of them */
	size_t n_records;	   /* in force that speak of the package at all */

	struct str floor; /* the lowest version >= the one asked for that no record names */
	enum floor_from floor_from;
	struct str floor_record; /* FLOOR_FIXED: the record that gives it */
	bool no_good;		 /* a record says that all versions from here on are bad */

	struct str *bad; /* versions that malware records list, in order; ANSWER_BAD at most */
	size_t n_bad;
	struct str *bad_ranges; /* and ranges of them, as text: ">=16.0.0", "every version" */
	size_t n_bad_ranges;
};

/* advisory_answer asks for one release. An empty version asks for the package alone: no hits, the
 * floor is the lowest of all. releases (n may be 0) are all versions that the index of packages
 * has, in any order; without them the floor comes from the records. Everything in *out lives in a
 * or in the map. ERR_SYNTAX: the index is corrupt; ERR_NOMEM. */
MUST_USE enum err advisory_answer(const struct advisory_index *ix, struct arena *a,
				  enum ecosystem eco, struct str name, struct str version,
				  const struct str *releases, size_t n_releases,
				  struct advisory_answer *out);

/* floor_text says in words where a floor is known from. */
const char *floor_text(enum floor_from from);

#endif
