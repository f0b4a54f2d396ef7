/*
 * fuzz/verify_inclusion_fuzz.c - inclusion proofs: of a tree that the input makes, and as the input has them.
 * Oracle: the right path of the right leaf is accepted, with any one bit changed it is not; and the RFC's own
 * algorithm, which goes the other way, says the same of hashes that come from nowhere.
 */
#include "fuzz/verify.h"

#include "tlog/tlog.h"

enum { LEAVES = 64 };

static uint8_t leaves[LEAVES][TLOG_HASH];

static void mth(struct sha256 *sha, unsigned from, unsigned n, uint8_t out[TLOG_HASH])
{
	uint8_t left[TLOG_HASH], right[TLOG_HASH];
	unsigned k = 1;

	if (n == 1) {
		memcpy(out, leaves[from], TLOG_HASH);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	mth(sha, from, k, left);
	mth(sha, from + k, n - k, right);
	tlog_node(sha, left, right, out);
}

/* The path from the root down, put in from the end. */
static unsigned path(struct sha256 *sha, unsigned m, unsigned n, uint8_t out[8][TLOG_HASH])
{
	uint8_t down[8][TLOG_HASH];
	unsigned from = 0, count = 0;

	while (n > 1) {
		unsigned k = 1;
		while (k * 2 < n)
			k *= 2;
		if (m < k) {
			mth(sha, from + k, n - k, down[count++]);
			n = k;
		} else {
			mth(sha, from, k, down[count++]);
			from += k;
			m -= k;
			n -= k;
		}
	}
	for (unsigned i = 0; i < count; i++)
		memcpy(out[i], down[count - 1 - i], TLOG_HASH);
	return count;
}

static void right_and_wrong(const uint8_t *p, size_t n)
{
	unsigned size = p[0] % LEAVES + 1, index = p[1] % size;
	uint8_t hashes[8][TLOG_HASH], root[TLOG_HASH];
	struct log_entry e = { .body = { (const char *)p, n }, .has_proof = true };
	struct sha256 sha;
	struct diag d;

	CHECK(sha256_init(&sha) == OK);
	for (unsigned i = 0; i < size; i++)
		sha256_with(&sha, (struct str){ (const char *)p, (i + p[0]) % (n + 1) }, leaves[i]);
	sha256_update(&sha, (struct str){ "\0", 1 });
	sha256_with(&sha, e.body, leaves[index]);
	e.proof = (struct inclusion_proof){ .index = index, .size = size, .n_hashes = path(&sha, index, size, hashes) };
	mth(&sha, 0, size, root);
	e.proof.root = (struct str){ (const char *)root, TLOG_HASH };
	for (unsigned i = 0; i < e.proof.n_hashes; i++)
		e.proof.hashes[i] = (struct str){ (const char *)hashes[i], TLOG_HASH };
	CHECK(inclusion_check(&e, &d) == OK);
	if (e.proof.n_hashes != 0) {
		hashes[p[2] % e.proof.n_hashes][p[2] % TLOG_HASH] ^= (uint8_t)(1 << p[1] % 8);
		CHECK(inclusion_check(&e, &d) == ERR_AUTH);
	}
	sha256_done(&sha);
}

/* RFC 9162, 2.1.3.2, step by step from the leaf up. */
static bool leads_to_root(const struct inclusion_proof *proof, struct str leaf)
{
	uint64_t fn = proof->index, sn = proof->size - 1;
	uint8_t r[TLOG_HASH];
	bool whole = proof->index < proof->size;
	struct sha256 sha;

	CHECK(sha256_init(&sha) == OK);
	sha256_update(&sha, (struct str){ "\0", 1 });
	sha256_update(&sha, leaf);
	sha256_final(&sha, r);
	for (unsigned i = 0; i < proof->n_hashes; i++) {
		const uint8_t *p = (const uint8_t *)proof->hashes[i].p;
		bool left = (fn & 1) != 0 || fn == sn;
		whole = whole && sn != 0;
		tlog_node(&sha, left ? p : r, left ? r : p, r);
		for (; left && (fn & 1) == 0 && fn != 0; fn >>= 1)
			sn >>= 1;
		fn >>= 1;
		sn >>= 1;
	}
	sha256_done(&sha);
	return whole && sn == 0 && memcmp(r, proof->root.p, TLOG_HASH) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct log_entry e = { .body = S("leaf"), .has_proof = true };
	struct diag d;

	if (n < 16 + TLOG_HASH)
		return 0;
	right_and_wrong(p, n);
	memcpy(&e.proof.index, p, 8);
	memcpy(&e.proof.size, p + 8, 8);
	e.proof.root = (struct str){ (const char *)p + 16, TLOG_HASH };
	for (size_t at = 16 + TLOG_HASH; at + TLOG_HASH <= n && e.proof.n_hashes < LIMIT_PROOF_HASHES; at += TLOG_HASH)
		e.proof.hashes[e.proof.n_hashes++] = (struct str){ (const char *)p + at, TLOG_HASH };
	CHECK((inclusion_check(&e, &d) == OK) == leads_to_root(&e.proof, e.body));
	return 0;
}
