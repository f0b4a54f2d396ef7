/*
 * package/sdist_requires.h - what a source archive needs to be built: build-system.requires of its
 * pyproject.toml. Ring 0.
 */
#ifndef PACKAGE_SDIST_REQUIRES_H
#define PACKAGE_SDIST_REQUIRES_H

#include "base/arena.h"
#include "base/diag.h"

enum { SDIST_REQUIRES = 64 };

struct sdist_requires {
	const char *items[SDIST_REQUIRES]; /* each one argument for pip */
	size_t n;
};

/* sdist_requires_read reads map, an archive; where there is no pyproject.toml, or nothing in it of
 * building, it needs what pip takes then: setuptools and wheel. ERR_DENIED: a requirement is a URL
 * or none at all, d says which; ERR_SYNTAX, ERR_UNSUPPORTED: the archive or the file cannot be
 * read; ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err sdist_requires_read(struct arena *a, struct str map, struct sdist_requires *out,
				      struct diag *d);

/* sdist_requires_add adds one more, unless it is there. *out_new: it was not. */
MUST_USE enum err sdist_requires_add(struct arena *a, struct sdist_requires *r, struct str wish,
				     bool *out_new, struct diag *d);

#endif
