/*
 * fuzz/voice_fuzz.c - a line that a child wrote to its standard error. Oracle: one printable line comes
 * out, and it begins in the child's own name, or in keeper's saying whose it is. Proves T-33.
 */
#include "fuzz/fuzz.h"

#include "keeper/voice.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct voice v = { .role = "ingress", .worker = 3, .pid = 42 };
	struct str line = { (const char *)p, n < VOICE_LINE ? n : VOICE_LINE };
	struct str mine[] = { S("error ingress[42]: "), S("warning ingress[42]: "), S("info ingress[42]: "),
			      S("debug ingress[42]: ") };
	bool named = false;
	char room[8 << 10];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	voice_show(&v, line, &b);
	CHECK(b.err == OK && b.n > 0 && b.p[b.n - 1] == '\n');
	for (size_t i = 0; i + 1 < b.n; i++)
		CHECK(b.p[i] >= 0x20 && b.p[i] < 0x7f);
	for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
		named = named || str_has_prefix(buf_str(&b), mine[i]);
	CHECK(named == voice_genuine(line, "ingress", 42));
	if (!named)
		CHECK(str_has_prefix(buf_str(&b), S("warning keeper[")) &&
		      str_find(buf_str(&b), S("]: ingress 3 says: ")) < 40);
	return 0;
}
