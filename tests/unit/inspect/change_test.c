/* tests/unit/inspect/change_test.c - releases beside those before: what is told, and what is not. */
#include "inspect/change.h"

#include "../check.h"

static struct arena arena;

static struct profile profile(enum ecosystem eco, const char *name, const char *version)
{
	struct profile p;

	profile_init(&p, &arena);
	p.package = (struct package){ .eco = eco, .name = str_z(name), .version = str_z(version), .where = str_z(name) };
	p.label = str_z(name);
	p.layout = LAYOUT_INSTALLED;
	return p;
}

static void file(struct profile *p, const char *name, uint8_t content)
{
	const uint8_t sha[32] = { content };

	profile_content(p, str_z(name), str_z(name), sha);
}

static size_t count(const struct findings *f, enum rule r)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->items[i].rule == r;
	return n;
}

static struct findings compare(struct profile *old, size_t n_old, struct profile *new, size_t n_new)
{
	struct profile_set a = { .items = old, .n = n_old }, b = { .items = new, .n = n_new };
	struct findings f;

	findings_init(&f, &arena);
	CHECK(change_compare_sets(&a, &b, &arena, &f) == OK);
	return f;
}

CASE(pairs)
{
	arena_init(&arena, 8 << 20);
	/* npm keeps a package in several versions: each has its own partner, whatever their order */
	struct profile old[] = { profile(ECO_NPM, "b", "1"), profile(ECO_NPM, "a", "2"), profile(ECO_NPM, "a", "1"),
				 profile(ECO_NPM, "gone", "1") };
	struct profile new[] = { profile(ECO_NPM, "a", "3"), profile(ECO_NPM, "new", "1"), profile(ECO_PYPI, "b", "1"),
				 profile(ECO_NPM, "a", "1"), profile(ECO_NPM, "a", "4") };

	file(&old[2], "x.js", 1);
	file(&new[3], "x.js", 2);
	struct findings f = compare(old, 4, new, 5);
	CHECK(count(&f, RULE_PACKAGE_ADDED) == 3); /* new, PyPI's b, and one a more than before */
	CHECK(count(&f, RULE_PACKAGE_GONE) == 2);  /* gone, npm's b */
	CHECK(count(&f, RULE_PACKAGE_VERSION) == 1);
	CHECK(count(&f, RULE_SAME_VERSION) == 1 && count(&f, RULE_FILES_DIFFER) == 1);
	arena_done(&arena);
}

CASE(files)
{
	arena_init(&arena, 8 << 20);
	struct profile old = profile(ECO_PYPI, "a", "1"), new = profile(ECO_PYPI, "a", "1");

	file(&old, "b.py", 1);
	file(&old, "a.py", 1);
	file(&old, "gone.py", 1);
	file(&new, "a.py", 1);
	file(&new, "b.py", 2);
	file(&new, "new.so", 2);
	file(&new, "new.txt", 2); /* no code */
	struct findings f = compare(&old, 1, &new, 1);
	CHECK(f.n == 2 && f.items[0].rule == RULE_SAME_VERSION);
	CHECK_STR(f.items[0].path, S("b.py"));
	CHECK_STR(f.items[1].detail, S("of code: 1 changed, 1 new, 1 gone"));

	/* another version, or another layout, has other files */
	new.package.version = S("2");
	f = compare(&old, 1, &new, 1);
	CHECK(f.n == 1 && f.items[0].rule == RULE_PACKAGE_VERSION);
	new.package.version = S("1");
	new.layout = LAYOUT_SOURCE;
	f = compare(&old, 1, &new, 1);
	CHECK(f.n == 0);
	arena_done(&arena);
}

CASE(a_release_beside_an_environment)
{
	arena_init(&arena, 8 << 20);
	struct profile env[] = { profile(ECO_PYPI, "a", "1"), profile(ECO_PYPI, "b", "1") };
	struct profile one[] = { profile(ECO_PYPI, "a", "2") };
	struct profile_set all = { .items = env, .n = 2 }, release = { .items = one, .n = 1, .release = true };
	struct findings f;

	findings_init(&f, &arena);
	CHECK(change_compare_sets(&all, &release, &arena, &f) == OK);
	CHECK(f.n == 1 && f.items[0].rule == RULE_PACKAGE_VERSION);
	findings_init(&f, &arena);
	CHECK(change_compare_sets(&release, &all, &arena, &f) == OK);
	CHECK(f.n == 1 && f.items[0].rule == RULE_PACKAGE_VERSION);

	/* two releases are compared even when one of them does not tell its name */
	struct profile two[] = { profile(ECO_OTHER, "", "") };
	struct profile_set nameless = { .items = two, .n = 1, .release = true };
	const struct profile_item hook = { S("import x"), S(""), S("x.pth"), 1 };
	profile_hook(&one[0], hook.path, hook.line, hook.name);
	findings_init(&f, &arena);
	CHECK(change_compare_sets(&nameless, &release, &arena, &f) == OK);
	CHECK(f.n == 1 && f.items[0].rule == RULE_NEW_HOOK);
	arena_done(&arena);
}

/* What it is compared as; "" when it says nothing. */
static struct str made(enum maker what, const char *value)
{
	struct profile p = profile(ECO_NPM, "a", "1");

	profile_maker(&p, what, str_z(value));
	return p.makers[what].n > 0 ? p.makers[what].items[0].name : S("");
}

CASE(makers)
{
	arena_init(&arena, 8 << 20);
	static const char *const same[] = { "https://github.com/o/r", "git+https://github.com/O/r.git", "github:o/r#main",
					    "git@github.com:o/r.git", "git+ssh://git@github.com/o/r.git",
					    "http://www.github.com/o/r/tree/main/packages/x?a", " https://github.com/o/r/ ", "o/r" };

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		CHECK_STR(made(MAKER_REPOSITORY, same[i]), S("github.com/o/r"));
	CHECK_STR(made(MAKER_REPOSITORY, "https://example.org/o/r"), S(""));
	CHECK_STR(made(MAKER_REPOSITORY, "https://github.com/o"), S(""));
	CHECK_STR(made(MAKER_REPOSITORY, "https://github.community/o/r"), S(""));
	CHECK_STR(made(MAKER_REPOSITORY, ""), S(""));
	CHECK_STR(made(MAKER_EMAIL, "Ann <Ann@Example.org>"), S("ann@example.org"));
	CHECK_STR(made(MAKER_EMAIL, "Ann"), S(""));
	CHECK_STR(made(MAKER_UPLOADER, "ann <ann@example.org>"), S("ann"));
	arena_done(&arena);
}

static struct findings handed_over(enum maker what, const char *was, const char *is, bool dependency)
{
	struct profile old = profile(ECO_NPM, "a", "1"), new = profile(ECO_NPM, "a", "2");
	struct findings f;

	profile_maker(&old, what, str_z(was));
	profile_maker(&new, what, str_z(is));
	if (dependency)
		profile_dependency(&new, S("package.json"), S("plain-crypto-js"), S(""));
	findings_init(&f, &arena);
	change_compare(&old, &new, &f);
	return f;
}

CASE(publishers)
{
	arena_init(&arena, 8 << 20);
	struct findings f = handed_over(MAKER_EMAIL, "a <a@x.org>", "a <a@y.org>", false);
	CHECK(f.n == 1 && f.items[0].rule == RULE_PUBLISHER_CHANGED);
	CHECK_STR(f.items[0].detail, S("the e-mail address of author and maintainers is a@y.org, and was a@x.org"));
	f = handed_over(MAKER_EMAIL, "a <a@x.org>", "a <a@y.org>", true);
	CHECK(count(&f, RULE_PUBLISHER_AND_CODE) == 1 && count(&f, RULE_PUBLISHER_CHANGED) == 0);
	f = handed_over(MAKER_REPOSITORY, "github:o/r", "github:thief/r", true);
	CHECK(count(&f, RULE_PUBLISHER_AND_CODE) == 1);
	/* one that stays is enough; and who said nothing before has not changed */
	CHECK(handed_over(MAKER_EMAIL, "a@x.org, b@x.org", "c@x.org, b@x.org", false).n == 0);
	CHECK(handed_over(MAKER_EMAIL, "", "a@x.org", false).n == 0);
	/* maintainers take turns; one account with another address is something else */
	f = handed_over(MAKER_UPLOADER, "a <a@x.org>", "b <b@x.org>", true);
	CHECK(count(&f, RULE_PUBLISHER_CHANGED) == 1 && count(&f, RULE_PUBLISHER_AND_CODE) == 0);
	f = handed_over(MAKER_UPLOADER, "a <a@x.org>", "a <a@proton.me>", true);
	CHECK(count(&f, RULE_PUBLISHER_AND_CODE) == 1);
	CHECK(rule_row(RULE_PUBLISHER_CHANGED)->severity == SEV_INFO);
	CHECK(rule_row(RULE_PUBLISHER_AND_CODE)->severity == SEV_HOLD);
	arena_done(&arena);
}

TESTS(CASE_ROW(pairs), CASE_ROW(files), CASE_ROW(a_release_beside_an_environment), CASE_ROW(makers), CASE_ROW(publishers))
