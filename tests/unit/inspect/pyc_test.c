/* tests/unit/inspect/pyc_test.c - compiled Python, by hashes that CPython computed. */
#include "inspect/pyc.h"

#include "tests/unit/check.h"

#define SOURCE S("print('x')\n")

/* Header with the hash of SOURCE by _imp.source_hash of 3.11.7 and 3.9.18. */
static const char head_311[] = "\xa7\x0d\x0d\x0a\1\0\0\0\x5d\x8c\x31\x9e\xa8\x59\x79\x26";
static const char head_39[] = "\x61\x0d\x0d\x0a\1\0\0\0\x96\x12\xfe\x75\xec\x80\xc0\x54";

static struct pyc head(const char *text, char flags)
{
	char copy[PYC_HEAD];
	struct pyc p = { .magic = 0 };

	memcpy(copy, text, PYC_HEAD);
	copy[4] = flags;
	struct str at = check_guard((struct str){ copy, PYC_HEAD });
	CHECK(pyc_read(at, &p) == OK);
	check_unguard(at);
	return p;
}

CASE(hashed)
{
	struct pyc p = head(head_311, 1);
	CHECK(p.hashed && !p.checked);
	CHECK(pyc_judge(&p, 0, SOURCE.n, SOURCE) == PYC_CURRENT);
	CHECK(pyc_judge(&p, 0, SOURCE.n, S("print('y')\n")) == PYC_FOREIGN);
	p = head(head_311, 3);
	CHECK(pyc_judge(&p, 0, SOURCE.n, SOURCE) == PYC_CURRENT);
	CHECK(pyc_judge(&p, 0, SOURCE.n, S("print('y')\n")) == PYC_STALE);
	p = head(head_39, 1);
	CHECK(pyc_judge(&p, 0, SOURCE.n, SOURCE) == PYC_CURRENT);
}

CASE(stamped)
{
	struct pyc p = head("\xa7\x0d\x0d\x0a\0\0\0\0\x10\0\0\0\x0b\0\0\0", 0);
	CHECK(!p.hashed && p.mtime == 16 && p.size == 11);
	CHECK(pyc_judge(&p, 16, 11, S("")) == PYC_CURRENT);
	CHECK(pyc_judge(&p, 0x100000010, 11, S("")) == PYC_CURRENT); /* it holds 32 bits */
	CHECK(pyc_judge(&p, 17, 11, S("")) == PYC_STALE);
	CHECK(pyc_judge(&p, 16, 12, S("")) == PYC_STALE);
}

CASE(refused)
{
	struct pyc p;

	CHECK(pyc_read(S(""), &p) != OK);
	CHECK(pyc_read((struct str){ head_311, PYC_HEAD - 1 }, &p) != OK);
	CHECK(pyc_read(S("\xa7\x0d\x0d\x0b\0\0\0\0\0\0\0\0\0\0\0\0"), &p) != OK);
	CHECK(pyc_read(S("\xa7\x0d\x0d\x0a\4\0\0\0\0\0\0\0\0\0\0\0"), &p) != OK);
	CHECK(pyc_read(S("\xa7\x0d\x0d\x0a\2\0\0\0\0\0\0\0\0\0\0\0"), &p) != OK);
}

CASE(names)
{
	struct str tag;

	CHECK_STR(pyc_source(S("a.cpython-311.pyc"), &tag), S("a"));
	CHECK_STR(tag, S("cpython-311"));
	CHECK_STR(pyc_source(S("a.cpython-311.opt-1.pyc"), NULL), S("a"));
	CHECK(pyc_source(S("a.pyc"), NULL).n == 0);
	CHECK(pyc_source(S("a.b.c.pyc"), NULL).n == 0);
	CHECK(pyc_source(S("a.cpython-311.py"), NULL).n == 0);
	CHECK(pyc_source(S(""), NULL).n == 0);
}

TESTS(CASE_ROW(hashed), CASE_ROW(stamped), CASE_ROW(refused), CASE_ROW(names))
