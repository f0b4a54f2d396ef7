/*
 * package/package.h - one release of a package, as a manifest, an archive or a directory names it.
 * Ring 0. All strings are borrowed from the input or live in the list's arena.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* X(code, name as in OSV records, purl type). */
#define ECOSYSTEM_LIST(X)                                                                          \
	X(ECO_PYPI, "PyPI", "pypi")                                                                \
	X(ECO_NPM, "npm", "npm")                                                                   \
	X(ECO_OTHER, "", "")

#define X(code, osv, purl) code,
enum ecosystem { ECOSYSTEM_LIST(X) ECO_COUNT };
#undef X

/* Where its bytes come from, as far as is said. */
enum origin {
	ORIGIN_UNKNOWN,
	ORIGIN_INDEX, /* a package registry; url may name which */
	ORIGIN_GIT,
	ORIGIN_URL,	 /* an archive elsewhere */
	ORIGIN_PATH,	 /* a directory or file of this machine */
	ORIGIN_EDITABLE, /* a directory that is used in place */
};

/* One digest that a manifest demands. */
struct package_hash {
	struct str algorithm; /* "sha256", "sha512", "sha1", "md5" */
	uint8_t bytes[64];
	uint8_t n; /* bytes in use */
};

/* Who must have published it, as PEP 751 has it: "kind" is "GitHub", "GitLab" and so on, the rest
 * is that kind's own. For the verifier. */
struct package_identity {
	struct str key, value; /* "repository", "org/name" */
	const struct package_identity *next;
};

struct package {
	enum ecosystem eco;
	struct str name;    /* normalised: PEP 503, or npm's with its scope */
	struct str version; /* exact, as written; "": not pinned */
	struct str wanted;  /* the specifier where it is not pinned: ">=1.2,<2" */
	enum origin origin;
	struct str url;	  /* registry, repository or file; "": not said */
	struct str where; /* the file or directory that says all this */
	uint32_t line;	  /* in it, from 1; 0: unknown */
	bool direct;	  /* asked for by name, not only by another package */
	bool dev;	  /* for development or optional only */
	bool scripts;	  /* has install scripts, as far as the manifest tells */
	bool bundled;	  /* its bytes are within the artifact of another package */
	bool elsewhere;	  /* optional, and by its own words not for this kind of machine */
	struct package_hash *hashes; /* of all its artifacts; in the list's arena */
	size_t n_hashes, cap_hashes;
	struct str hashes_from; /* of an installed package: the file that gives them; or "" */
	bool has_contents;    /* it is installed, and all of its files could be read: */
	uint8_t contents[32]; /* their digest (docs/check-report.md) */
	bool hashes_cut;			 /* there are more than LIMIT_PACKAGE_HASHES */
	const struct package_identity *identity; /* NULL: anybody; each begins with its "kind" */
};

struct package_list {
	struct arena *arena; /* the items and what their strings need */
	struct package *items;
	size_t n, cap, max; /* max: ERR_LIMIT past it */
};

/* package_list_init makes an empty list of at most max packages in a. */
void package_list_init(struct package_list *l, struct arena *a, size_t max);

/* package_list_add appends p as it is (its strings are not copied). ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err package_list_add(struct package_list *l, const struct package *p);

/* package_hash_sri takes the first sha512 of npm's "sha512-BASE64 sha1-...". False: there is none.
 */
bool package_hash_sri(struct package_hash *h, struct str sri);

/* ecosystem_osv and ecosystem_purl give an ecosystem's name in OSV records ("PyPI") and in package
 * URLs ("pypi"); "" for ECO_OTHER. */
struct str ecosystem_osv(enum ecosystem eco);
struct str ecosystem_purl(enum ecosystem eco);

#endif
