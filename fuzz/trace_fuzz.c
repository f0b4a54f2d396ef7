/*
 * fuzz/trace_fuzz.c - logs of installations. Oracles: what is found lies in its line, lines are
 * counted, a line alone gives what it gives in the text, and the number of results is bounded.
 */
#include "inspect/trace.h"

#include "fuzz/fuzz.h"

static bool inside(struct str part, struct str whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct trace_scan s = trace_begin(in), alone = { .number = 0 };
	struct trace t, again;
	uint32_t line = 0;
	size_t found = 0;

	while (trace_next(&s, &t)) {
		CHECK(t.name.n > 0 && t.version.n > 0 && inside(t.name, t.text) &&
		      inside(t.version, t.text) && inside(t.time, t.text) && inside(t.text, in));
		CHECK(t.line >= line && ++found <= n);
		if (t.line != line)
			alone = trace_begin(s.line);
		line = t.line;
		CHECK(trace_next(&alone, &again) && again.line == 1 && again.eco == t.eco);
		CHECK(str_eq(again.name, t.name) && str_eq(again.version, t.version));
	}
	(void)trace_url(in, &t);
	(void)trace_file(in, &t);
	(void)trace_likely(in, in);
	return 0;
}
