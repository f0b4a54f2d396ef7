/*
 * tests/unit/codec/json_suite_test.c - JSONTestSuite: y_ is accepted, n_ is refused, and
 * json_suite.tsv lists our verdict on i_ and on the y_ files that we refuse on purpose.
 * Proves T-08.
 */
#include "codec/json.h"

#include "../check.h"

#include <dirent.h>
#include <fcntl.h>

enum { TOKENS = 1 << 18, BYTES = 1 << 20 };

static struct json toks[TOKENS];
static char golden[16384], text[BYTES];

/* NULL when the suite is not there. */
static DIR *suite(void)
{
	static const char *const places[] = { "../shared", "../../shared" };
	const char *env = getenv("YETT_SHARED");
	char path[512];
	DIR *d = NULL;

	for (size_t i = 0; i < 3 && d == NULL; i++) {
		const char *at = i == 0 ? env : places[i - 1];
		(void)snprintf(path, sizeof path, "%s/vectors/json-test-suite/test_parsing",
			       at ? at : ".");
		d = opendir(path);
	}
	return d;
}

static struct str slurp(int dir, const char *name, char *room, size_t cap)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, room, cap);

	if (n < 0 || (size_t)n == cap) {
		fprintf(stderr, "cannot read '%s'\n", name);
		exit(1);
	}
	(void)close(fd);
	return (struct str){ room, (size_t)n };
}

/* The golden line "accept<TAB>name" or "refuse<TAB>name", or what the first letter of the name
 * says. */
static bool wanted(struct str list, struct str name)
{
	while (list.n != 0) {
		struct str verdict, line = str_cut(list, '\n', &list);
		verdict = str_cut(line, '\t', &line);
		if (str_eq(line, name))
			return str_eq(verdict, S("accept"));
	}
	if (name.p[0] == 'i')
		fprintf(stderr, "'%.*s' is not in json_suite.tsv\n", FMT(name));
	CHECK(name.p[0] != 'i');
	return name.p[0] == 'y';
}

CASE(verdicts)
{
	struct str list = slurp(AT_FDCWD, "tests/unit/codec/json_suite.tsv", golden, sizeof golden);
	DIR *d = suite();
	size_t files = 0, n;

	if (d == NULL) {
		puts("skipped: no JSONTestSuite under ../shared");
		return;
	}
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		struct str name = str_z(e->d_name);
		if (!str_has_suffix(name, S(".json")))
			continue;
		struct str g = check_guard(slurp(dirfd(d), e->d_name, text, sizeof text));
		bool got = json_parse(g, toks, TOKENS, &n, NULL) == OK;
		if (got != wanted(list, name))
			fprintf(stderr, "%s is %s\n", e->d_name, got ? "accepted" : "refused");
		CHECK(got == wanted(list, name));
		check_unguard(g);
		files++;
	}
	CHECK(files >= 318);
	(void)closedir(d);
}

TESTS(CASE_ROW(verdicts))
