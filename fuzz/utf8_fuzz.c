/*
 * fuzz/utf8_fuzz.c - oracle: a reader that works by arithmetic instead of by ranges stops at the
 * same byte, and what is valid is what utf8_put writes.
 */
#include "fuzz/fuzz.h"

#include "codec/utf8.h"

/* Decodes one code point at p and writes it again; valid when that gives the same bytes. */
static size_t one(const uint8_t *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;
	uint32_t cp = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	char room[4];
	struct buf b;

	if (p[0] >= 0xf8 || (p[0] & 0xc0) == 0x80 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp > 0x10ffff || (cp & 0xfffff800) == 0xd800)
		return 0;
	buf_fixed(&b, room, sizeof room);
	utf8_put(&b, cp);
	return b.n == len && str_eq(buf_str(&b), (struct str){ (const char *)p, len }) ? len : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t at = 0, step = 1;

	while (at < n && (step = one(p + at, n - at)) != 0)
		at += step;
	CHECK(utf8_valid((struct str){ (const char *)p, n }) == at);
	return 0;
}
