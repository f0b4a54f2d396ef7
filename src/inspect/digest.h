/*
 * inspect/digest.h - the digest that names an environment: SHA-256 over a list of its files.
 * Ring 0. Canonical, so that any program can compute it (docs/check-report.md has a vector):
 *
 *	"yett-environment-1" LF, then for each file, in the order of the bytes of its path:
 *	path NUL mode NUL sha256 LF
 *
 * path is relative to the environment; mode is "100644", "100755" (somebody may execute it) or
 * "120000" (a symbolic link, whose sha256 is that of its text); sha256 is 64 lower-case hex digits.
 */
#ifndef INSPECT_DIGEST_H
#define INSPECT_DIGEST_H

#include "crypto/sha256.h"

struct env_digest {
	struct sha256 *h; /* the caller's, fresh */
	struct str last;  /* path of the file before: borrowed */
	uint64_t files;
};

/* env_digest_begin starts a list with h, which must stay untouched until env_digest_end. The lists
 * of an interpreter and of one package have other first lines: "yett-interpreter-1",
 * "yett-package-1". */
void env_digest_begin(struct env_digest *d, struct sha256 *h);
void interpreter_digest_begin(struct env_digest *d, struct sha256 *h);
void package_digest_begin(struct env_digest *d, struct sha256 *h);

/* env_digest_add takes the next file. path must stay valid until the next call. ERR_SYNTAX: it does
 * not come after the one before. */
MUST_USE enum err env_digest_add(struct env_digest *d, struct str path, unsigned mode,
				 const uint8_t sha256[SHA256_BYTES]);

/* env_digest_end gives the digest. */
void env_digest_end(struct env_digest *d, uint8_t out[SHA256_BYTES]);

#endif
