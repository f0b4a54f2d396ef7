/*
 * package/version_key.h - a version that was read once, to be compared often. Ring 0.
 */
#ifndef PACKAGE_VERSION_KEY_H
#define PACKAGE_VERSION_KEY_H

#include "package/pep440.h"
#include "package/semver.h"

struct version_key {
	struct str text;
	enum ecosystem eco;
	bool valid;
	union {
		struct pep440 pypi;
		struct semver npm;
	};
};

/* version_key reads text, which must outlive the key. */
struct version_key version_key(enum ecosystem eco, struct str text);

/* version_key_cmp orders as version_cmp does. Both are of the same ecosystem. */
int version_key_cmp(const struct version_key *a, const struct version_key *b);

/* version_key_pre: a pre-release. */
bool version_key_pre(const struct version_key *k);

#endif
