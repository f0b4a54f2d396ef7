/*
 * inspect/publishers.h - what is remembered of who published which release: one line of JSON for
 * each thing that was learned, in a file that only grows. Ring 0: the file is cli/publishers.h's.
 *
 * A signature that holds says who signed, and not that it is good: hijacked workflows sign, too.
 * What can be seen is a change. Releases are held against those of lower versions, so the answer
 * does not depend on the order in which they were looked at, nor on how often.
 */
#ifndef INSPECT_PUBLISHERS_H
#define INSPECT_PUBLISHERS_H

#include "inspect/finding.h"
#include "package/package.h"

enum {
	PUBLISHER_MAX = 64 << 20, /* bytes of the file */
	PUBLISHER_LINE = 32 << 10,
	PUBLISHER_TEXT = 2048, /* bytes of one value */
};

/* X(code, word). What was learned of a release. */
#define PUBLISHER_LIST(X)                                                                          \
	X(PUBLISHER_VALID, "valid")	/* an attestation that holds */                            \
	X(PUBLISHER_INVALID, "invalid") /* one that does not */                                    \
	X(PUBLISHER_NONE, "none")	/* its index has none, and would have told */

#define X(code, word) code,
enum publisher_state { PUBLISHER_LIST(X) PUBLISHER_STATES };
#undef X

/* X(member, name in the file). The values that are strings. */
#define PUBLISHER_TEXTS(X)                                                                         \
	X(name, "name") /* normalised */                                                           \
	X(version, "version")                                                                      \
	X(file, "file")                                                                            \
	X(sha256, "sha256")                                                                        \
	X(issuer, "issuer") /* who knows the signer */                                             \
	X(signer, "signer") /* a workflow's URI or an e-mail address */                            \
	X(repository, "repository")                                                                \
	X(repository_id, "repository_id") /* numbers survive a change of name, and catch who       \
					     takes over a name */                                  \
	X(owner_id, "owner_id")                                                                    \
	X(workflow, "workflow") /* URI */                                                          \
	X(ref, "ref")                                                                              \
	X(commit, "commit")                                                                        \
	X(trigger, "trigger")                                                                      \
	X(runner, "runner")                                                                        \
	X(failed, "failed") /* the check that did not hold */

struct publisher_entry {
	enum ecosystem eco;
	enum publisher_state state;
	int64_t at_s; /* when it was learned */
#define X(member, word) struct str member;
	PUBLISHER_TEXTS(X)
#undef X
	uint32_t n; /* its line's number */
};

struct publishers {
	struct publisher_entry *items; /* by project, then by line */
	size_t n;
	size_t torn; /* lines that are none: of a writer that was killed */
};

/* publishers_write appends an entry's line. ERR_LIMIT in out->err: a value is too long to keep. */
void publishers_write(const struct publisher_entry *e, struct buf *out);

/* publishers_read reads a whole file; strings live in a or point into text. Lines that are none are
 * counted and passed over. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err publishers_read(struct publishers *l, struct str text, struct arena *a);

/* publishers_project gives the entries of one package, *out_n of them. */
const struct publisher_entry *publishers_project(const struct publishers *l, enum ecosystem eco,
						 struct str name, size_t *out_n);

/* publishers_knows: the newest entry of that file says the same already. */
bool publishers_knows(const struct publishers *l, const struct publisher_entry *e);

/* publishers_signed gives the newest attestation of a release that holds; NULL: none is known. */
const struct publisher_entry *publishers_signed(const struct publishers *l,
						const struct package *p);

/* publishers_judge adds what the ledger says of a release to f: what is invalid, gone or changed,
 * and whether it is of whom p->identity names. */
void publishers_judge(const struct publishers *l, const struct package *p, struct str purl,
		      struct findings *f);

#endif
