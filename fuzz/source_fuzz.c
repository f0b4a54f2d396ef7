/*
 * fuzz/source_fuzz.c - oracle: any text in any language and role is judged within the scratch
 * given, the same twice, with findings inside of their bounds. The first byte chooses language and
 * role.
 */
#include "fuzz/fuzz.h"

#include "inspect/source.h"

static struct arena scratch, kept, tables;
static struct lexicon *lexicon;

static size_t judge(enum language lang, enum role role, struct str text, uint32_t *caps)
{
	struct findings f;
	struct caps c = { 0 };

	arena_reset(&scratch);
	arena_reset(&kept);
	findings_init(&f, &kept);
	source_inspect(lexicon, lang, role, S("pkg:pypi/fuzz@1"), S("fuzz/file.py"), text, &scratch,
		       &f, &c);
	CHECK(scratch.used <= scratch.budget);
	for (size_t i = 0; i < f.n; i++)
		CHECK(f.items[i].excerpt.n <= FINDING_EXCERPT && f.items[i].line <= text.n + 1 &&
		      f.items[i].rule < RULE_COUNT);
	*caps = c.bits;
	return f.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint32_t a, b;

	if (n == 0 || n > 1 << 16)
		return 0;
	if (scratch.budget == 0) {
		arena_init(&scratch, 48 << 20);
		arena_init(&kept, 8 << 20);
		arena_init(&tables, 1 << 20);
		lexicon = lexicon_new(&tables);
	}
	enum language lang = (enum language)(p[0] % 4);
	enum role role = (enum role)(p[0] / 4 % 4);
	struct str text = { (const char *)p + 1, n - 1 };
	size_t first = judge(lang, role, text, &a);
	CHECK(judge(lang, role, text, &b) == first && a == b);
	CHECK(a >> CAP_COUNT == 0);
	return 0;
}
