/*
 * package/version.h - versions and ranges of versions, by ecosystem: PEP 440 for PyPI, node-semver
 * for npm. Ring 0. Nothing is allocated or rounded: numbers of any length compare exactly.
 */
#ifndef PACKAGE_VERSION_H
#define PACKAGE_VERSION_H

#include "base/buf.h"
#include "package/package.h"

/* Which pre-releases a range takes in. */
enum version_pre {
	VERSION_PRE_NAMED, /* those that the range names: what pip and npm do unless told */
	VERSION_PRE_ALL,   /* all that lie in it */
};

enum { VERSION_MAX = 1024 /* bytes of a version; a longer one is none */ };

/* version_valid: s is a version of this ecosystem (for ECO_OTHER: not empty). */
bool version_valid(enum ecosystem eco, struct str s);

/* version_cmp orders two versions: <0, 0 or >0. What is no version comes after all that are, and
 * among themselves by bytes, so this is a total order of any strings. out_valid (may be NULL): both
 * are versions. 0 is equality of the ecosystem ("1.0" and "1.0.0" of PyPI), not of bytes. */
int version_cmp(enum ecosystem eco, struct str a, struct str b, bool *out_valid);

/* version_is_pre: a valid version that is a pre-release (for PyPI also a development release). */
bool version_is_pre(enum ecosystem eco, struct str s);

/* version_canonical appends the form in which equal versions are equal bytes ("1.0.0" of PyPI
 * becomes "1"); what is no version as it is. */
void version_canonical(enum ecosystem eco, struct str s, struct buf *out);

/* version_in_range: range as its ecosystem writes one ("~=1.2,!=1.2.5"; "^1.2 || 2.x"). ERR_SYNTAX:
 * range or version is none. An empty range takes in everything that pre lets in. */
MUST_USE enum err version_in_range(enum ecosystem eco, struct str range, struct str version,
				   enum version_pre pre, bool *out_in);

/* version_exact: range pins exactly one version ("==1.2.3", "1.2.3"), which *out then borrows. */
bool version_exact(enum ecosystem eco, struct str range, struct str *out);

/* package_name_valid: a name that the ecosystem's index takes (npm: with its scope, also the
 * spellings that were legal once). */
bool package_name_valid(enum ecosystem eco, struct str name);

/* package_name_normalise appends the spelling by which names are compared: PEP 503 for PyPI; npm's
 * are compared as they are. */
void package_name_normalise(enum ecosystem eco, struct str name, struct buf *out);

#endif
