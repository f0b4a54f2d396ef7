/*
 * fuzz/clock_fuzz.c - RFC 3339 text.
 * Oracle: what parses formats to a text that parses to the same second, and the length decides nothing else.
 */
#include "sys/clock.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[CLOCK_TEXT];
	int64_t t, again;

	if (clock_parse((struct str){ (const char *)p, n }, &t) != OK)
		return 0;
	CHECK(n >= 10);
	if (t < -62167219200 || t > 253402300799)
		return 0; /* an offset moved it out of the years that have a text */
	struct str s = clock_format(t, text);
	CHECK(s.n == 20 && clock_parse(s, &again) == OK && again == t);
	return 0;
}
