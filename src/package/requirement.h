/*
 * package/requirement.h - one dependency specifier of Python (PEP 508): name, extras, versions or
 * URL, marker; and what people type for one release ("litellm==1.82.7", "axios@1.14.1", a package
 * URL). Ring 0. Strings point into the input unless said otherwise.
 */
#ifndef PACKAGE_REQUIREMENT_H
#define PACKAGE_REQUIREMENT_H

#include "base/arena.h"
#include "base/diag.h"
#include "package/package.h"

enum { REQUIREMENT_MAX = 16 << 10, REQUIREMENT_EXTRAS = 32 };

struct requirement {
	struct str name;		       /* as written */
	struct str extras[REQUIREMENT_EXTRAS]; /* as written */
	unsigned n_extras;
	struct str specifier; /* ">=1.2,<2" without parentheses; "": any version */
	struct str url;	      /* of "name @ URL"; "": none */
	struct str marker;    /* what follows ';', quotes and parentheses balanced, not judged */
	struct str pinned;    /* the version of a sole "==" without a star or of "==="; else "" */
};

/* requirement_parse reads one specifier, all of s. ERR_SYNTAX with a sentence, ERR_LIMIT for more
 * than REQUIREMENT_MAX bytes or REQUIREMENT_EXTRAS extras. */
MUST_USE enum err requirement_parse(struct str s, struct requirement *out, struct diag *d);

/* requirement_package fills eco, name (normalised, in a), version or wanted, origin and url of *out
 * from r and leaves the rest of it alone. */
MUST_USE enum err requirement_package(struct arena *a, const struct requirement *r,
				      struct package *out);

/* release_parse reads what a person types for a release or a package: "name==1.2" and "name"
 * (PyPI), "npm:name@1.2", "@scope/name@1.2", "name@1.2" (npm), "pypi:name==1.2", "pkg:...".
 * ERR_SYNTAX: none of these. The strings live in a. */
MUST_USE enum err release_parse(struct arena *a, struct str s, struct package *out, struct diag *d);

#endif
