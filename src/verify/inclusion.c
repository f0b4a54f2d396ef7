/*
 * verify/inclusion.c - an audit path from a leaf to a root (RFC 6962, 2.1.1; RFC 9162, 2.1.3.2).
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_inclusion_fuzz.c
 */
#include "tlog/tlog.h"
#include "verify/part.h"

#include <string.h>

/* RFC 9162, 2.1.3.2, with its names. */
static bool walk(struct sha256 *sha, const struct inclusion_proof *p, uint8_t r[TLOG_HASH])
{
	uint64_t fn = p->index, sn = p->size - 1;

	for (unsigned i = 0; i < p->n_hashes; i++) {
		const uint8_t *hash = (const uint8_t *)p->hashes[i].p;
		if (sn == 0 || p->hashes[i].n != TLOG_HASH)
			return false;
		if ((fn & 1) == 0 && fn != sn) {
			tlog_node(sha, r, hash, r);
		} else {
			tlog_node(sha, hash, r, r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

/* RFC 6962, 2.1: MTH({d(0)}) = SHA-256(0x00 || d(0)) */
static void leaf(struct sha256 *sha, struct str body, uint8_t out[TLOG_HASH])
{
	sha256_update(sha, (struct str){ "\0", 1 });
	sha256_update(sha, body);
	sha256_final(sha, out);
}

enum err inclusion_check(const struct log_entry *e, struct diag *d)
{
	const struct inclusion_proof *p = &e->proof;
	uint8_t hash[TLOG_HASH];
	struct sha256 sha;

	if (p->size == 0 || p->index >= p->size || p->root.n != TLOG_HASH)
		return diag_set(
			d, ERR_SYNTAX,
			"the inclusion proof's index is not below its tree's size, or its root is "
			"no SHA-256 (RFC 9162, 2.1.3.2: \"If leaf_index is greater than or equal "
			"to tree_size, then fail the proof verification\")");
	TRY(sha256_init(&sha));
	leaf(&sha, e->body, hash);
	bool ok = walk(&sha, p, hash) && memcmp(hash, p->root.p, TLOG_HASH) == 0;
	sha256_done(&sha);
	if (!ok)
		return diag_set(d, ERR_AUTH,
				"the inclusion proof does not lead from the entry to its root "
				"(RFC 6962, 2.1.1)");
	return OK;
}
