/*
 * tests/unit/inspect/typosquat_test.c - slips that are held, names that are left alone, and how many
 * of all slips of the table's first names are found.
 */
#include "inspect/typosquat.h"

#include "tests/unit/check.h"

static struct arena arena;
static struct typosquats squats;

static void begin(void)
{
	arena_init(&arena, 8 << 20);
	typosquats_init(&squats, &arena);
}

static enum near near_to(enum ecosystem eco, const char *name, const char *want, bool held)
{
	struct slip s = typosquat_slip(&squats, eco, str_z(name));

	CHECK_STR(s.known, str_z(want));
	CHECK(s.held == held);
	return s.near;
}

CASE(slips)
{
	begin();
	CHECK(near_to(ECO_PYPI, "reqeusts", "requests", true) == NEAR_SWAP);
	CHECK(near_to(ECO_PYPI, "requestss", "requests", true) == NEAR_DOUBLE);
	CHECK(near_to(ECO_PYPI, "urlib3", "urllib3", true) == NEAR_DOUBLE);
	CHECK(near_to(ECO_PYPI, "reqests", "requests", true) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "r3quests", "requests", true) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "tequests", "requests", true) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "numoy", "numpy", false) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "python-dateuti", "python-dateutil", false) == NEAR_END);
	CHECK(near_to(ECO_PYPI, "pythondateutil", "python-dateutil", false) == NEAR_SEPARATOR);
	CHECK(near_to(ECO_PYPI, "1ite11m", "litellm", true) == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "1ite1lm", "litellm", true) == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "lite1lm", "litellm", true) == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "lit3llm", "litellm", false) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "c0lorama", "colorama", true) == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "nurnpy", "numpy", true) == NEAR_GLYPH);
	CHECK(near_to(ECO_NPM, "types-node", "@types/node", false) == NEAR_SCOPE);
	CHECK(near_to(ECO_NPM, "expresss", "express", true) == NEAR_DOUBLE);
	CHECK(near_to(ECO_NPM, "@bable/core", "@babel/core", true) == NEAR_SWAP);
	arena_done(&arena);
}

CASE(left_alone)
{
	begin();
	CHECK(near_to(ECO_PYPI, "requests", "", false) == NEAR_NONE);
	/* Known, though only a name of the first thousands is what others are compared with. */
	CHECK(near_to(ECO_PYPI, "grequests", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "retworkx", "", false) == NEAR_NONE);
	/* Wheels have their own spelling of their name. */
	CHECK(near_to(ECO_PYPI, "PyYAML", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "Typing_Extensions", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "urllib4", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "httpx2", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "s4transfer", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "yett", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "types-reqests", "types-requests", true) == NEAR_LETTER);
	/* Another member of a family, for all that one can tell. */
	CHECK(near_to(ECO_PYPI, "google-cloud-kns", "google-cloud-kms", false) == NEAR_LETTER);
	CHECK(near_to(ECO_PYPI, "types-yett", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "requests-py", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_NPM, "@types/requests", "", false) == NEAR_NONE);
	/* Only its owner publishes in a scope. */
	CHECK(near_to(ECO_NPM, "@types/noed", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_OTHER, "reqeusts", "", false) == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "", "", false) == NEAR_NONE);
	CHECK(typosquat_slip(&squats, ECO_PYPI, (struct str){ "requ\0ests", 9 }).held);
	arena_done(&arena);
}

CASE(findings)
{
	struct package p = { .eco = ECO_PYPI, .name = S("reqeusts"), .where = S("r.txt"), .line = 3 };
	struct findings f;

	begin();
	findings_init(&f, &arena);
	typosquat_check(&squats, &p, S("p"), &f);
	p.name = S("python-dateuti");
	typosquat_check(&squats, &p, S("p"), &f);
	p.name = S("requests");
	typosquat_check(&squats, &p, S("p"), &f);
	p = (struct package){ .eco = ECO_PYPI, .name = S("reqeusts"), .origin = ORIGIN_PATH };
	typosquat_check(&squats, &p, S("p"), &f);
	CHECK(f.n == 2 && f.items[0].rule == RULE_TYPOSQUAT && f.items[1].rule == RULE_NAME_NEAR);
	CHECK_STR(f.items[0].detail, S("swaps two letters of 'requests'"));
	arena_done(&arena);
}

/* ---- slips of every kind of the first names of the table ---- */

enum { FROM_FIRST = 1000, BYTES = 256, KINDS = 6 };

static size_t slip_swap(struct str s, size_t i, char *out)
{
	memcpy(out, s.p, s.n);
	out[i] = s.p[i + 1];
	out[i + 1] = s.p[i];
	return s.n;
}

static size_t slip_drop(struct str s, size_t i, char *out)
{
	memcpy(out, s.p, i);
	memcpy(out + i, s.p + i + 1, s.n - i - 1);
	return s.n - 1;
}

static size_t slip_double(struct str s, size_t i, char *out)
{
	memcpy(out, s.p, i + 1);
	memcpy(out + i + 1, s.p + i, s.n - i);
	return s.n + 1;
}

static size_t slip_other(struct str s, size_t i, char *out)
{
	memcpy(out, s.p, s.n);
	out[i] = s.p[i] == 'q' ? 'k' : 'q';
	return s.n;
}

static size_t slip_look(struct str s, size_t i, char *out)
{
	char c = s.p[i];

	memcpy(out, s.p, s.n);
	out[i] = c == 'o' ? '0' : c == 'l' ? '1' : c == 's' ? '5' : c == 'i' ? 'l' : c;
	return s.n;
}

static size_t slip_separator(struct str s, size_t i, char *out)
{
	memcpy(out, s.p, i + 1);
	out[i + 1] = '-';
	memcpy(out + i + 2, s.p + i + 1, s.n - i - 1);
	return s.n + 1;
}

static size_t (*const slip_makers[KINDS])(struct str s, size_t i, char *out) = {
	slip_swap, slip_drop, slip_double, slip_other, slip_look, slip_separator
};

struct tally {
	size_t made, found, held;
};

/* A slip inside of a name, which is neither the name nor another one's. */
static void count(enum ecosystem eco, struct str name, unsigned kind, struct tally *t)
{
	char text[BYTES];
	size_t i = name.n / 2;

	while (i + 2 < name.n && (name.p[i] == name.p[i + 1] || name.p[i] == '-' ||
				  name.p[i + 1] == '-' || name.p[i - 1] == name.p[i]))
		i++;
	struct str slip = { text, slip_makers[kind](name, i, text) };
	if (str_eq(slip, name))
		return;
	struct slip s = typosquat_slip(&squats, eco, slip);
	t->made++;
	t->found += s.near != NEAR_NONE;
	t->held += s.held;
}

/* Of how many per mille: found at all, and held; separators are left to a person. */
static void expect(const struct tally *t, size_t found, size_t held)
{
	CHECK(t->made > 300);
	CHECK(t->found * 1000 >= t->made * found);
	CHECK(t->held * 1000 >= t->made * held);
}

static void tally_file(struct tally tally[KINDS])
{
	FILE *in = fopen("data/popular-names.tsv", "re");
	size_t n[ECO_OTHER] = { 0 };
	char line[BYTES];

	CHECK(in != NULL);
	while (in != NULL && fgets(line, sizeof line, in) != NULL) {
		struct str name, type = str_cut(str_z(line), '\t', &name);
		enum ecosystem eco = str_eq(type, S("npm")) ? ECO_NPM : ECO_PYPI;
		name = str_head(name, name.n - (name.n > 0));
		if (type.p[0] == '#' || name.n < 8 || n[eco] == FROM_FIRST || name.p[0] == '@')
			continue;
		n[eco]++;
		CHECK(typosquat_slip(&squats, eco, name).near == NEAR_NONE);
		for (unsigned k = 0; k < KINDS; k++)
			count(eco, name, k, &tally[k]);
	}
	if (in != NULL)
		(void)fclose(in);
}

CASE(recall)
{
	struct tally tally[KINDS] = { { 0 } };

	begin();
	tally_file(tally);
	for (unsigned k = 0; k < KINDS; k++)
		printf("# slips of kind %u: %zu made, %zu found, %zu held\n", k, tally[k].made,
		       tally[k].found, tally[k].held);
	expect(&tally[0], 990, 980);
	expect(&tally[1], 990, 550);
	expect(&tally[2], 990, 990);
	expect(&tally[3], 990, 550);
	expect(&tally[4], 990, 900);
	expect(&tally[5], 990, 0);
	arena_done(&arena);
}

/* Those that nothing is said of are two slips away, add a word, or are near to a name of few. */
CASE(recorded)
{
	FILE *in = fopen("tests/golden/squats.txt", "re");
	struct tally all = { 0 };
	char line[BYTES];

	begin();
	CHECK(in != NULL);
	while (in != NULL && fgets(line, sizeof line, in) != NULL) {
		struct str name = str_head(str_z(line), str_chr(str_z(line), '\n'));
		if (name.p[0] == '#')
			continue;
		struct slip s = typosquat_slip(&squats, ECO_PYPI, name);
		all.made++;
		all.found += s.near != NEAR_NONE;
		all.held += s.held;
	}
	if (in != NULL)
		(void)fclose(in);
	CHECK(all.made == 131 && all.found >= 92 && all.held >= 70);
	CHECK(near_to(ECO_NPM, "crossenv", "cross-env", false) == NEAR_SEPARATOR);
	CHECK(near_to(ECO_NPM, "mongose", "mongoose", true) == NEAR_DOUBLE);
	CHECK(near_to(ECO_NPM, "electorn", "electron", true) == NEAR_SWAP);
	arena_done(&arena);
}

TESTS(CASE_ROW(slips), CASE_ROW(left_alone), CASE_ROW(findings), CASE_ROW(recall), CASE_ROW(recorded))
