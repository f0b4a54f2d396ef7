/* tests/unit/verify/inclusion_test.c - every leaf of every small tree, against the definition of RFC 6962. */
#include "kit.h"

#include "tlog/tlog.h"

enum { TREE_MAX = 70 };

static struct sha256 sha;
static uint8_t leaves[TREE_MAX][TLOG_HASH];

/* RFC 6962, 2.1: MTH, by its own words; the depth is that of a tree of 70. */
static void mth(unsigned from, unsigned n, uint8_t out[TLOG_HASH])
{
	uint8_t left[TLOG_HASH], right[TLOG_HASH];
	unsigned k = 1;

	if (n == 1) {
		memcpy(out, leaves[from], TLOG_HASH);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	mth(from, k, left);
	mth(from + k, n - k, right);
	tlog_node(&sha, left, right, out);
}

/* PATH(m, D[n]), which ends with the sibling nearest to the root. */
static void path(unsigned m, unsigned from, unsigned n, uint8_t out[64][TLOG_HASH], unsigned *count)
{
	unsigned k = 1;

	if (n == 1)
		return;
	while (k * 2 < n)
		k *= 2;
	if (m < k) {
		path(m, from, k, out, count);
		mth(from + k, n - k, out[(*count)++]);
	} else {
		path(m - k, from + k, n - k, out, count);
		mth(from, k, out[(*count)++]);
	}
}

static void entry_of(struct log_entry *e, char *body, unsigned m, unsigned n, uint8_t store[65][TLOG_HASH])
{
	unsigned count = 0;

	*e = (struct log_entry){ .body = { body, 1 }, .has_proof = true };
	path(m, 0, n, store, &count);
	mth(0, n, store[64]);
	e->proof = (struct inclusion_proof){ .index = m, .size = n, .n_hashes = count,
					     .root = { (const char *)store[64], TLOG_HASH } };
	for (unsigned i = 0; i < count; i++)
		e->proof.hashes[i] = (struct str){ (const char *)store[i], TLOG_HASH };
}

CASE(every_leaf_of_every_tree)
{
	static uint8_t store[65][TLOG_HASH];
	struct log_entry e;
	struct diag d;

	CHECK(sha256_init(&sha) == OK);
	for (unsigned i = 0; i < TREE_MAX; i++) {
		char room[2] = { 0, (char)i };
		tlog_leaf(&sha, room, 1, leaves[i]);
	}
	for (unsigned n = 1; n <= TREE_MAX; n++) {
		for (unsigned m = 0; m < n; m++) {
			char body = (char)m;
			entry_of(&e, &body, m, n, store);
			CHECK(inclusion_check(&e, &d) == OK);
			e.proof.index = (m + 1) % (n + 1);
			CHECK(inclusion_check(&e, &d) != OK);
			e.proof.index = m;
			e.proof.n_hashes++;
			e.proof.hashes[e.proof.n_hashes - 1] = e.proof.root;
			CHECK(inclusion_check(&e, &d) == ERR_AUTH);
			e.proof.n_hashes--;
			if (e.proof.n_hashes != 0) {
				e.proof.n_hashes--;
				CHECK(inclusion_check(&e, &d) == ERR_AUTH);
				e.proof.n_hashes++;
				store[m % e.proof.n_hashes][0] ^= 1;
				CHECK(inclusion_check(&e, &d) == ERR_AUTH);
			}
		}
	}
	sha256_done(&sha);
}

CASE(numbers_at_the_edge)
{
	uint8_t root[TLOG_HASH] = { 0 };
	struct log_entry e = { .body = S("x"), .proof = { .root = { (const char *)root, TLOG_HASH } } };
	struct diag d;

	CHECK(inclusion_check(&e, &d) == ERR_SYNTAX); /* an empty tree has no leaf */
	e.proof.size = UINT64_MAX;
	e.proof.index = UINT64_MAX - 1;
	CHECK(inclusion_check(&e, &d) == ERR_AUTH);
	e.proof.index = UINT64_MAX;
	CHECK(inclusion_check(&e, &d) == ERR_SYNTAX);
	for (unsigned i = 0; i < LIMIT_PROOF_HASHES; i++)
		e.proof.hashes[i] = e.proof.root;
	e.proof.n_hashes = LIMIT_PROOF_HASHES;
	e.proof.index = 0;
	CHECK(inclusion_check(&e, &d) == ERR_AUTH);
	e.proof.size = 1;
	e.proof.root.n = 31;
	CHECK(inclusion_check(&e, &d) == ERR_SYNTAX);
}

/* Whatever the hashes lead to is called the root: how many there must be follows from the numbers alone. */
CASE(proofs_of_another_length)
{
	uint8_t one[TLOG_HASH] = { 1 }, leaf[TLOG_HASH], two[TLOG_HASH];
	char room[2] = { 0, 'x' };
	struct log_entry e = { .body = S("x") };
	struct diag d;

	CHECK(sha256_init(&sha) == OK);
	tlog_leaf(&sha, room, 1, leaf);
	tlog_node(&sha, one, leaf, two);
	sha256_done(&sha);
	e.proof.size = 2; /* one hash is missing */
	e.proof.root = (struct str){ (const char *)leaf, TLOG_HASH };
	CHECK(inclusion_check(&e, &d) == ERR_AUTH);
	e.proof.size = 1;
	CHECK(inclusion_check(&e, &d) == OK);
	e.proof.hashes[0] = (struct str){ (const char *)one, TLOG_HASH }; /* one is too many */
	e.proof.n_hashes = 1;
	e.proof.root = (struct str){ (const char *)two, TLOG_HASH };
	CHECK(inclusion_check(&e, &d) == ERR_AUTH);
	e.proof.size = 2;
	e.proof.index = 1;
	CHECK(inclusion_check(&e, &d) == OK);
}

TESTS(CASE_ROW(proofs_of_another_length), CASE_ROW(every_leaf_of_every_tree), CASE_ROW(numbers_at_the_edge))
