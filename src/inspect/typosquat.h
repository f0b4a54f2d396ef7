/*
 * inspect/typosquat.h - names that are one slip away from a much-used one. data/popular-names.tsv,
 * built in, has the names: all of them are known, the first of each ecosystem are what others are
 * mistaken for. Ring 0. docs/false-alarms.md says how the bounds were chosen.
 */
#ifndef INSPECT_TYPOSQUAT_H
#define INSPECT_TYPOSQUAT_H

#include "inspect/finding.h"
#include "package/package.h"

enum near {
	NEAR_NONE,	/* known itself, or like nothing known */
	NEAR_SEPARATOR, /* the same without separators: python-dateutil, pythondateutil */
	NEAR_GLYPH,	/* looks the same: 0 for o, rn for m */
	NEAR_SWAP,	/* two letters swapped */
	NEAR_DOUBLE,	/* a letter doubled or no longer */
	NEAR_LETTER,	/* one letter other, or more or fewer inside */
	NEAR_END,	/* one letter more or fewer at an end: plurals, families */
	NEAR_SCOPE,	/* a scope turned into a part of the name, or the other way round */
};

/* What a name is near to. */
struct slip {
	enum near near;
	struct str known; /* lives as long as the program */
	bool held;	  /* of the kind that is made or overlooked, and known to many */
};

struct known_name;

/* The names of an ecosystem as they are compared, made when the first one is asked for. */
struct typosquats {
	struct arena *arena;
	struct known_name *known[ECO_OTHER];
	size_t n[ECO_OTHER];
};

/* typosquats_init makes the names be kept in a. */
void typosquats_init(struct typosquats *t, struct arena *a);

/* typosquat_slip compares name, however it is spelt, with those of its ecosystem; of several it
 * gives the first that is held, else the first. */
struct slip typosquat_slip(struct typosquats *t, enum ecosystem eco, struct str name);

/* typosquat_check makes a finding of it: of a release that has its name by an index, which anybody
 * can put another name beside. */
void typosquat_check(struct typosquats *t, const struct package *p, struct str package,
		     struct findings *f);

#endif
