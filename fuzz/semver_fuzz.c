/*
 * fuzz/semver_fuzz.c - lines of the input are versions and ranges. Oracle: the order is one, a version
 * equals its canonical form, bounds say what the order says, and "A || B" is A or B.
 */
#include "fuzz/fuzz.h"

#include "package/semver.h"

enum { LINES = 3 };

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static bool in(const char *op, struct str v, const struct semver *x)
{
	bool yes = false;
	struct buf b;

	buf_init(&b, 2 * SEMVER_MAX);
	buf_add(&b, str_z(op));
	buf_add(&b, v);
	CHECK(semver_in_range(buf_str(&b), x, VERSION_PRE_ALL, &yes) == OK);
	buf_free(&b);
	return yes;
}

static void check_pair(const struct semver *a, struct str text, const struct semver *b)
{
	int c = sign(semver_cmp(a, b));

	CHECK(c == -sign(semver_cmp(b, a)));
	CHECK(in(">=", text, a) == (c >= 0) && in("<=", text, a) == (c <= 0));
	CHECK(in("=", text, a) == (c == 0) && in(">", text, a) == (c > 0) && in("<", text, a) == (c < 0));
}

static void check_or(struct str a, struct str b, const struct semver *v)
{
	bool x, y, both;
	struct buf r;

	if (semver_in_range(a, v, VERSION_PRE_ALL, &x) != OK ||
	    semver_in_range(b, v, VERSION_PRE_ALL, &y) != OK)
		return;
	buf_init(&r, a.n + b.n + 2);
	buf_add(&r, a);
	buf_add(&r, S("||"));
	buf_add(&r, b);
	if (r.n <= SEMVER_RANGE_MAX)
		CHECK(semver_in_range(buf_str(&r), v, VERSION_PRE_ALL, &both) == OK && both == (x || y));
	buf_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = { (const char *)p, n }, line[LINES];
	struct semver v[LINES], again;
	bool ok[LINES], yes;

	for (size_t i = 0; i < LINES; i++) {
		struct buf b;
		line[i] = str_cut(rest, '\n', &rest);
		ok[i] = semver_parse(line[i], &v[i]) == OK;
		buf_init(&b, SEMVER_MAX);
		if (ok[i]) {
			semver_write(&v[i], &b);
			CHECK(semver_parse(buf_str(&b), &again) == OK && semver_cmp(&v[i], &again) == 0);
		}
		buf_free(&b);
	}
	for (size_t i = 0; i < LINES; i++)
		for (size_t k = 0; k < LINES; k++)
			if (ok[i] && ok[k])
				check_pair(&v[i], line[k], &v[k]);
	if (!ok[0])
		return 0;
	check_or(line[1], line[2], &v[0]);
	if (semver_in_range(line[1], &v[0], VERSION_PRE_NAMED, &yes) == OK && yes)
		CHECK(semver_in_range(line[1], &v[0], VERSION_PRE_ALL, &yes) == OK && yes);
	return 0;
}
