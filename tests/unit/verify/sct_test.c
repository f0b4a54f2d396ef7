/* tests/unit/verify/sct_test.c - lists of SCTs, byte by byte. */
#include "kit.h"

enum { ONE = 1 + 32 + 8 + 2 + 2 + 2 + 3 };

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (char)(v >> (8 * bytes) & 0xff));
}

/* n SCTs of a version, the i-th of time i. */
static struct str list(struct buf *b, unsigned n, unsigned version)
{
	buf_reset(b);
	put(b, n * (ONE + 2), 2);
	for (unsigned i = 0; i < n; i++) {
		put(b, ONE, 2);
		put(b, version, 1);
		for (unsigned k = 0; k < 32; k++)
			put(b, k, 1);
		put(b, i, 8);
		put(b, 0, 2);
		put(b, 0x0403, 2);
		put(b, 3, 2);
		buf_add(b, S("sig"));
	}
	return buf_str(b);
}

CASE(reads)
{
	struct sct scts[LIMIT_SCTS];
	struct diag d;
	struct buf b;
	unsigned n;

	buf_init(&b, 1 << 16);
	CHECK(sct_list_read(list(&b, 1, 0), scts, &n, &d) == OK && n == 1);
	CHECK(scts[0].ms == 0 && scts[0].log_id.n == 32 && scts[0].hash == 4 && scts[0].sig == 3);
	CHECK_STR(scts[0].signature, S("sig"));
	CHECK(sct_list_read(list(&b, LIMIT_SCTS, 0), scts, &n, &d) == OK && n == LIMIT_SCTS);
	CHECK(scts[LIMIT_SCTS - 1].ms == LIMIT_SCTS - 1);
	CHECK(sct_list_read(list(&b, LIMIT_SCTS + 1, 0), scts, &n, &d) == ERR_SYNTAX);
	/* Another version is another form. */
	CHECK(sct_list_read(list(&b, 2, 1), scts, &n, &d) == OK && n == 0);
	CHECK(sct_list_read(list(&b, 0, 0), scts, &n, &d) == ERR_SYNTAX);
	struct str whole = list(&b, 2, 0);
	for (size_t i = 0; i < whole.n; i++) {
		struct str in = check_guard(str_head(whole, i));
		CHECK(sct_list_read(in, scts, &n, &d) == ERR_SYNTAX);
		check_unguard(in);
	}
	/* Each length is exact: of the list, of an SCT, of its parts. */
	static const size_t lengths[] = { 1, 3, 4 + 42, 4 + 46 };
	for (size_t i = 0; i < 4; i++) {
		for (int by = -1; by <= 1; by += 2) {
			(void)list(&b, 2, 0);
			b.p[lengths[i]] = (char)(b.p[lengths[i]] + by);
			CHECK(sct_list_read(buf_str(&b), scts, &n, &d) == ERR_SYNTAX);
		}
	}
	buf_free(&b);
}

TESTS(CASE_ROW(reads))
