/* tests/unit/cli/pip_args_test.c - each option of pip goes where it belongs, or nowhere. Proves T-35. */
#include "cli/pip_args.h"

#include "tests/unit/check.h"

static struct pip_args a;
static struct diag d;

static enum err sort(const char *line)
{
	static char text[512];
	const char *args[32];
	size_t n = 0;

	(void)snprintf(text, sizeof text, "%s", line);
	for (char *at = text; *at != 0 && n < 32;) {
		args[n++] = at;
		at += strcspn(at, " ");
		if (*at != 0)
			*at++ = 0;
	}
	d = (struct diag){ 0 };
	return pip_args_read(args, n, &a, &d);
}

static void is(enum pip_run run, const char *want)
{
	char got[512] = "";

	for (size_t i = 0; a.runs[run][i] != NULL; i++) {
		(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? " " : "", a.runs[run][i]);
	}
	CHECK_STR(str_z(got), str_z(want));
}

CASE(sorts)
{
	CHECK(sort("-qU demo==1.0 --target=t -ihttps://h/simple -r r.txt --dry-run --only-binary x") == OK);
	is(PIP_RESOLVE, "--upgrade demo==1.0 --target t --index-url https://h/simple --requirement r.txt");
	is(PIP_FETCH, "--index-url https://h/simple");
	is(PIP_INSTALL, "--quiet --upgrade --target t");
	CHECK(a.dry_run && a.something && strcmp(a.index, "https://h/simple") == 0);
	CHECK(sort("demo") == OK && !a.dry_run && a.index == NULL);
	is(PIP_INSTALL, "");
	CHECK(sort("--no-index -f ./wheels ./x-1.0-py3-none-any.whl") == OK);
	is(PIP_FETCH, "--no-index --find-links ./wheels");
	CHECK(a.no_index && a.n_sdists == 0 && a.n_files == 0);
}

CASE(what_is_for_us)
{
	CHECK(sort("--allow-sdist a,b --allow-sdist=:all: -c c.txt -rr.txt demo") == OK);
	is(PIP_RESOLVE, "--constraint c.txt --requirement r.txt demo");
	is(PIP_FETCH, "");
	is(PIP_INSTALL, "");
	CHECK(a.n_sdists == 2 && a.n_files == 2 && !a.no_index);
	CHECK_STR(str_z(a.sdists[0]), S("a,b"));
	CHECK_STR(str_z(a.sdists[1]), S(":all:"));
	CHECK_STR(str_z(a.files[0]), S("c.txt"));
	CHECK_STR(str_z(a.files[1]), S("r.txt"));
	CHECK(sort("--allow-sdist") == ERR_USAGE && sort("--allow-sdist x") == ERR_USAGE);
}

CASE(refuses)
{
	static const struct {
		const char *line;
		enum err e;
	} rows[] = {
		{ "-e .", ERR_DENIED },		   { "--no-binary=:all: x", ERR_DENIED },
		{ "--config-settings a=b x", ERR_DENIED }, { "git+https://h/x", ERR_DENIED },
		{ "x-1.0.tar.gz", ERR_DENIED },	   { "https://h/x-1.0.zip#sha256=00", ERR_DENIED },
		{ ".", ERR_DENIED },		   { "--report=x x", ERR_USAGE },
		{ "--nonsense x", ERR_USAGE },	   { "-Z x", ERR_USAGE },
		{ "-r", ERR_USAGE },		   { "--target", ERR_USAGE },
		{ "--upgrade=1 x", ERR_USAGE },	   { "-- x", ERR_USAGE },
		{ "-", ERR_USAGE },		   { "-U", ERR_USAGE },
		{ "", ERR_USAGE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(sort(rows[i].line) == rows[i].e);
		CHECK(d.text[0] != 0);
	}
}

CASE(too_many_are_refused)
{
	const char *many[PIP_ARGS + 1];

	for (size_t i = 0; i <= PIP_ARGS; i++)
		many[i] = "demo";
	CHECK(pip_args_read(many, PIP_ARGS + 1, &a, &d) == ERR_LIMIT);
}

TESTS(CASE_ROW(sorts), CASE_ROW(what_is_for_us), CASE_ROW(refuses), CASE_ROW(too_many_are_refused))
