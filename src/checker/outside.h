/*
 * checker/outside.h - what a package puts outside of itself: programs under the names of others,
 * files among the environment's own, dependencies from outside of the index. Ring 2.
 */
#ifndef CHECKER_OUTSIDE_H
#define CHECKER_OUTSIDE_H

#include "package/artifact.h"
#include "package/manifest.h"

/* outside_check judges an artifact that was read to its end. purl is its label. */
void outside_check(const struct artifact *a, struct str purl, struct arena *scratch,
		   struct findings *f);

/* outside_manifest tells which dependencies a manifest inside the package takes from a repository
 * or a URL. */
void outside_manifest(enum manifest kind, struct str place, struct str text, struct str purl,
		      struct arena *scratch, struct findings *f);

#endif
