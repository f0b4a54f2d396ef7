/* fuzz/advisories_fuzz.c - oracle: an accepted report is within its bounds and, but for a code that
 * nobody knows, encodes to the same bytes. */
#include "fuzz/fuzz.h"

#include "proto/advisories.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct advisories_report r;
	char room[ADVISORIES_REPORT_MAX];
	struct buf b;

	if (advisories_report_decode(&r, in) != OK)
		return 0;
	CHECK(r.err < ERR_COUNT && r.why.n <= ADVISORIES_WHY);
	buf_fixed(&b, room, sizeof room);
	advisories_report_encode(&r, &b);
	CHECK(b.err == OK && b.n == n && memcmp(b.p + 4, p + 4, n - 4) == 0);
	return 0;
}
