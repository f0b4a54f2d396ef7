/*
 * fuzz/notebook_fuzz.c - any bytes as a notebook. Oracles: cells are no longer than the input that
 * they come from, lines exist, no finding shows a secret as a whole, and two readings agree.
 */
#include "fuzz/fuzz.h"

#include "package/notebook.h"

static enum err read_once(struct str in, struct arena *a, struct notebook *out, struct findings *f)
{
	struct diag d = { 0 };

	findings_init(f, a);
	enum err e = notebook_read(S("pkg:pypi/x"), S("n.ipynb"), in, a, out, f, &d);
	CHECK(e == OK || d.text[0] != 0);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct findings f, g;
	struct str in = { (const char *)bytes, n };
	struct arena a, b;
	struct notebook one, two;
	size_t total = 0, lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += bytes[i] == '\n';
	arena_init(&a, 64 << 20);
	arena_init(&b, 64 << 20);
	enum err e = read_once(in, &a, &one, &f);
	CHECK(e == read_once(in, &b, &two, &g) && f.n == g.n);
	if (e == OK) {
		CHECK(one.n == two.n);
		for (size_t i = 0; i < one.n; i++) {
			total += one.cells[i].source.n;
			CHECK(one.cells[i].line >= 1 && one.cells[i].line <= lines);
			CHECK(str_eq(one.cells[i].source, two.cells[i].source));
		}
		CHECK(total <= n);
	}
	for (size_t i = 0; i < f.n; i++) {
		CHECK(f.items[i].line <= lines);
		CHECK(f.items[i].rule != RULE_NOTEBOOK_SECRET || f.items[i].excerpt.n < 16);
	}
	arena_done(&a);
	arena_done(&b);
	return 0;
}
