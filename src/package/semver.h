/*
 * package/semver.h - versions of npm packages and their ranges, as node-semver reads them strictly.
 * Ring 0.
 */
#ifndef PACKAGE_SEMVER_H
#define PACKAGE_SEMVER_H

#include "package/version.h"

enum { SEMVER_MAX = 256, SEMVER_RANGE_MAX = 4096 };

struct semver {
	uint64_t major, minor, patch; /* 2^53 - 1 at most */
	struct str pre;		      /* "rc.1"; "": none */
	struct str build;
};

/* semver_parse reads a version, "v" and white space before it allowed. ERR_SYNTAX. */
MUST_USE enum err semver_parse(struct str s, struct semver *out);

/* semver_cmp orders: <0, 0 or >0. The build does not count. */
int semver_cmp(const struct semver *a, const struct semver *b);

/* semver_write appends the version without its build. */
void semver_write(const struct semver *v, struct buf *out);

/* semver_in_range: "^1.2 || ~2.3.1", "1.2.3 - 2", ">=1 <2.x", "*". ERR_SYNTAX: no range. */
MUST_USE enum err semver_in_range(struct str range, const struct semver *v, enum version_pre pre,
				  bool *out_in);

#endif
