/*
 * fuzz/record_fuzz.c - blobs of finished calls.
 * Oracle: what unpacks packs to the same bytes again.
 */
#include "fuzz/fuzz.h"

#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct usage_record r = { .end_ms = 1763900000000 };
	struct str in = { (const char *)p, n };
	char out[RECORD_MAX];

	if (record_unpack(&r, in) == OK)
		CHECK(str_eq((struct str){ out, record_pack(&r, out) }, in));
	return 0;
}
