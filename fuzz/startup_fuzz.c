/*
 * fuzz/startup_fuzz.c - .pth and .start files. Oracles: a version that is known sees nothing that
 * the union of all does not see; lines lie in the text, in order, and are counted as an editor
 * does; a known hook is a line that executes.
 */
#include "inspect/startup.h"

#include "fuzz/fuzz.h"

static bool found(enum startup_kind kind, struct str text, const struct startup_line *want)
{
	struct startup_scan s = startup_begin(kind, PYTHON_UNKNOWN, text);
	struct startup_line l;

	while (startup_next(&s, &l))
		if (l.act == want->act && l.text.p == want->text.p && l.text.n == want->text.n &&
		    l.line == want->line)
			return true;
	return false;
}

static uint32_t editor_line(struct str text, const char *at)
{
	uint32_t n = 1;

	for (const char *p = text.p; p < at; p++)
		n += *p == '\n' || (*p == '\r' && !(p + 1 < text.p + text.n && p[1] == '\n'));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct python_version versions[] = {
		{ 6, -1 }, { 8, 18 }, { 11, 7 }, { 12, 1 }, { 12, 8 }, { 13, 0 }, { 14, -1 },
		{ 15, 0 },
	};

	if (n < 1 || n > 4096)
		return 0;
	struct str text = { (const char *)p + 1, n - 1 };
	struct python_version v = versions[p[0] % 8];
	enum startup_kind kind = p[0] & 0x80 ? STARTUP_START : STARTUP_PTH;
	struct startup_scan s = startup_begin(kind, v, text);
	struct startup_line l;
	const char *last = text.p;
	unsigned modes = 0, steps = 0;

	while (startup_next(&s, &l)) {
		CHECK(l.text.n > 0 && l.text.p >= text.p && l.text.p + l.text.n <= text.p + text.n);
		if (s.gone != modes) {
			modes = s.gone;
			last = text.p;
		}
		CHECK(l.text.p >= last);
		last = l.text.p;
		CHECK(l.line == editor_line(text, l.text.p));
		CHECK(steps > 64 || found(kind, text, &l));
		CHECK(l.act == STARTUP_EXEC || kind != STARTUP_PTH || startup_known(l.text) == NULL);
		CHECK(startup_module(l.text).n <= l.text.n);
		CHECK(++steps <= 2 * n + 2);
	}
	(void)python_version_read(text);
	return 0;
}
