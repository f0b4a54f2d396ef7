/*
 * package/direct_url.h - direct_url.json of an installed package (PEP 610): where it came from when
 * that was no index. Ring 0.
 */
#ifndef PACKAGE_DIRECT_URL_H
#define PACKAGE_DIRECT_URL_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "package/package.h"

enum { DIRECT_URL_HASHES = 8 };

struct direct_url {
	struct str url;
	enum origin origin; /* ORIGIN_GIT (any version control), _URL, _PATH or _EDITABLE */
	struct str vcs;	    /* "git", "hg", "bzr", "svn" */
	struct str commit;  /* the commit that was installed */
	struct str wanted;  /* what was asked for: a branch or tag; "" */
	struct str subdirectory;
	struct package_hash hashes[DIRECT_URL_HASHES];
	unsigned n_hashes;
};

/* direct_url_read reads text. Strings point into it or live in a. ERR_SYNTAX with a sentence. */
MUST_USE enum err direct_url_read(struct str text, struct arena *a, struct direct_url *out,
				  struct diag *d);

#endif
