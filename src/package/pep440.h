/*
 * package/pep440.h - versions of Python packages and their specifiers (PEP 440, as `packaging`
 * reads them). Ring 0. Parts point into the text; numbers are digits without leading zeros ("" is
 * 0), so that no length is too large.
 */
#ifndef PACKAGE_PEP440_H
#define PACKAGE_PEP440_H

#include "package/version.h"

enum pep440_pre { PEP440_ALPHA, PEP440_BETA, PEP440_RC, PEP440_FINAL };

struct pep440 {
	struct str epoch;
	struct str release;  /* "1.2.03": as written */
	struct str public;   /* as written, all but the local part */
	enum pep440_pre pre; /* PEP440_FINAL: no pre-release part */
	struct str pre_n, post_n, dev_n;
	bool post, dev;
	struct str local; /* "ubuntu.1", as written; "": none */
};

/* pep440_parse reads a version, white space around it allowed. ERR_SYNTAX. */
MUST_USE enum err pep440_parse(struct str s, struct pep440 *out);

/* pep440_cmp orders: <0, 0 or >0. */
int pep440_cmp(const struct pep440 *a, const struct pep440 *b);

/* pep440_is_pre: a pre-release or development release. */
bool pep440_is_pre(const struct pep440 *v);

/* pep440_write appends the normal form; trim: without the zeros at the end of the release that do
 * not count in a comparison. */
void pep440_write(const struct pep440 *v, bool trim, struct buf *out);

/* pep440_in_set: the version satisfies every specifier of a list such as ">=1.2,!=1.3.*,<2".
 * ERR_SYNTAX: the list is none. */
MUST_USE enum err pep440_in_set(struct str set, const struct pep440 *v, enum version_pre pre,
				bool *out_in);

/* pep440_set_valid: a list of specifiers as a requirement may have it: none of them is empty. */
bool pep440_set_valid(struct str set);

/* pep440_pinned: the list is one "==" without a star, or one "===", and *out borrows its version.
 */
bool pep440_pinned(struct str set, struct str *out);

#endif
