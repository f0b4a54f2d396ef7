/*
 * package/purl.h - package URLs (ECMA-427): reads any type, knows the rules of pypi and npm. Ring
 * 0.
 */
#ifndef PACKAGE_PURL_H
#define PACKAGE_PURL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "package/package.h"

enum { PURL_QUALIFIERS = 32, PURL_MAX = 8 << 10 };

struct purl {
	struct str type;    /* lower case */
	struct str space;   /* namespace, decoded: "@angular"; "": none */
	struct str name;    /* decoded */
	struct str version; /* decoded; "": none */
	struct {
		struct str key, value;
	} qualifiers[PURL_QUALIFIERS]; /* keys in lower case, in their order; values decoded */
	unsigned n_qualifiers;
	struct str subpath; /* decoded, without empty, "." and ".." segments */
};

/* purl_parse reads s; the strings of *out live in a. ERR_SYNTAX (d says which part),
 * ERR_LIMIT. */
MUST_USE enum err purl_parse(struct arena *a, struct str s, struct purl *out, struct diag *d);

/* purl_build appends the canonical text of p. ERR_SYNTAX: no such package URL can be. */
MUST_USE enum err purl_build(const struct purl *p, struct buf *out);

/* purl_write appends "pkg:pypi/litellm@1.82.8" for a release; nothing for ECO_OTHER. An empty
 * version is left out. */
void purl_write(const struct package *p, struct buf *out);

/* purl_release is purl_write for a name and a version alone. */
void purl_release(enum ecosystem eco, struct str name, struct str version, struct buf *out);

/* purl_package fills eco, the normalised name (npm: with its scope) and version of *out from p and
 * leaves the rest of it alone. Types we have no ecosystem for become ECO_OTHER, "type/space/name".
 * The strings live in a. */
MUST_USE enum err purl_package(struct arena *a, const struct purl *p, struct package *out);

#endif
