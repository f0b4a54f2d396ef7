/* fuzz/fetch_fuzz.c - oracle: an accepted request or report is within its bounds and encodes to the
 * same bytes (but for an error code that nobody knows). */
#include "fuzz/fuzz.h"

#include "proto/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct fetch_request q;
	struct fetch_report r;
	struct buf b;

	buf_init(&b, n + 64);
	if (fetch_request_decode(&q, in) == OK) {
		CHECK(q.mode < FETCH_MODES && q.eco < ECO_COUNT);
		fetch_request_encode(&q, &b);
		CHECK(str_eq(buf_str(&b), in));
	}
	buf_reset(&b);
	if (fetch_report_decode(&r, in) == OK) {
		CHECK(r.err < ERR_COUNT && r.why.n <= FETCH_WHY);
		fetch_report_encode(&r, &b);
		CHECK(b.n == n && memcmp(b.p + 4, p + 4, n - 4) == 0);
	}
	buf_free(&b);
	return 0;
}
