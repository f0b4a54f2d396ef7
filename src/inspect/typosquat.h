/*
 * inspect/typosquat.h - names that are one slip away from a much-used one (data/popular-names.tsv,
 * built in). Ring 0.
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
	NEAR_EDIT,	/* one letter more, fewer or other */
	NEAR_SCOPE,	/* a scope turned into a part of the name, or the other way round */
};

/* typosquat_near compares name (normalised) with the known ones of its ecosystem; *out_known is the
 * one it is near to, *out_rank its place among them, from 0. */
enum near typosquat_near(enum ecosystem eco, struct str name, struct str *out_known,
			 size_t *out_rank);

/* typosquat_check makes a finding of it: to be held where the slip is of the kind that is made or
 * overlooked and the known name is among the first, else information. */
void typosquat_check(enum ecosystem eco, struct str name, struct str package, struct str path,
		     uint32_t line, struct findings *f);

#endif
