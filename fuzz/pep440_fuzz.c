/*
 * fuzz/pep440_fuzz.c - lines of the input are versions and lists of specifiers. Oracle: the order is
 * one, a version equals its normal forms, and specifiers say what the order says.
 */
#include "fuzz/fuzz.h"

#include "package/pep440.h"

enum { LINES = 3 };

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static void check_forms(struct str s, const struct pep440 *v)
{
	for (int trim = 0; trim < 2; trim++) {
		struct pep440 again;
		struct buf b, c;
		buf_init(&b, 4 * VERSION_MAX);
		buf_init(&c, 4 * VERSION_MAX);
		pep440_write(v, trim, &b);
		/* Normal forms can be longer than what they were made of: "1a" is "1a0". */
		if (b.n <= VERSION_MAX) {
			CHECK(pep440_parse(buf_str(&b), &again) == OK && pep440_cmp(v, &again) == 0);
			pep440_write(&again, trim, &c);
			CHECK(str_eq(buf_str(&b), buf_str(&c)));
		}
		buf_free(&b);
		buf_free(&c);
	}
	CHECK(version_cmp(ECO_PYPI, s, s, NULL) == 0);
}

/* in asks for "OP V". */
static bool in(const char *op, struct str v, const struct pep440 *x)
{
	bool yes = false;
	struct buf b;

	buf_init(&b, 2 * VERSION_MAX);
	buf_add(&b, str_z(op));
	buf_add(&b, v);
	CHECK(pep440_in_set(buf_str(&b), x, VERSION_PRE_ALL, &yes) == OK);
	buf_free(&b);
	return yes;
}

static void check_pair(const struct pep440 *a, struct str text, const struct pep440 *b)
{
	int c = sign(pep440_cmp(a, b));

	CHECK(c == -sign(pep440_cmp(b, a)));
	if (str_chr(text, '+') != SIZE_MAX || a->local.n || str_chr(text, ',') != SIZE_MAX)
		return;
	CHECK(in(">=", text, a) == (c >= 0) && in("<=", text, a) == (c <= 0));
	CHECK(in("==", text, a) == (c == 0) && in("!=", text, a) == (c != 0));
	CHECK(!in("<", text, a) || c < 0);
	CHECK(!in(">", text, a) || c > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = { (const char *)p, n }, line[LINES];
	struct pep440 v[LINES];
	bool ok[LINES], yes;

	for (size_t i = 0; i < LINES; i++) {
		line[i] = str_cut(rest, '\n', &rest);
		ok[i] = pep440_parse(line[i], &v[i]) == OK;
		if (ok[i])
			check_forms(line[i], &v[i]);
		if (ok[0] && pep440_in_set(line[i], &v[0], VERSION_PRE_NAMED, &yes) == OK && yes)
			CHECK(pep440_in_set(line[i], &v[0], VERSION_PRE_ALL, &yes) == OK && yes);
	}
	for (size_t i = 0; i < LINES; i++)
		for (size_t k = 0; k < LINES; k++)
			if (ok[i] && ok[k])
				check_pair(&v[i], line[k], &v[k]);
	if (version_cmp(ECO_PYPI, line[0], line[1], NULL) <= 0 &&
	    version_cmp(ECO_PYPI, line[1], line[2], NULL) <= 0)
		CHECK(version_cmp(ECO_PYPI, line[0], line[2], NULL) <= 0);
	return 0;
}
