/*
 * fuzz/publishers_fuzz.c - a ledger as it may lie on a disk: torn, doubled, with names of strangers.
 * Oracle: entries are sorted and in bounds; what is read and written again reads the same; a project's entries are all
 * of it; a torn line after the last one changes nothing; of a release that is not on record nothing is said; no finding
 * blocks.
 * Proves T-38.
 */
#include "fuzz/fuzz.h"

#include "inspect/publishers.h"

#include <string.h>

static void sorted(const struct publishers *l)
{
	for (size_t i = 1; i < l->n; i++) {
		const struct publisher_entry *a = &l->items[i - 1], *b = &l->items[i];
		int order = a->eco != b->eco ? (a->eco < b->eco ? -1 : 1) : str_cmp(a->name, b->name);
		CHECK(order < 0 || (order == 0 && a->n < b->n));
	}
}

static bool same(const struct publisher_entry *x, const struct publisher_entry *y)
{
	bool all = x->eco == y->eco && x->state == y->state && x->at_s == y->at_s;

#define X(member, word) all = all && str_eq(x->member, y->member);
	PUBLISHER_TEXTS(X)
#undef X
	return all;
}

/* Lines in the order of the list read back as the same list. */
static void again(const struct publishers *l, struct arena *a, const char *torn)
{
	struct publishers m;
	struct buf b;
	size_t n = 0;

	buf_init(&b, 16 << 20);
	for (; n < l->n; n++) {
		size_t was = b.n;
		publishers_write(&l->items[n], &b);
		if (b.err != OK) { /* longer than what is kept */
			buf_free(&b);
			return;
		}
		if (b.n - was > PUBLISHER_LINE || b.n - was < 64)
			break;
	}
	buf_add(&b, str_z(torn));
	if (n == l->n && b.err == OK) {
		struct str text = arena_dup(a, buf_str(&b));
		CHECK(text.p != NULL && publishers_read(&m, text, a) == OK);
		CHECK(m.n == l->n && m.torn == (torn[0] != 0));
		for (size_t i = 0; i < m.n; i++)
			CHECK(same(&m.items[i], &l->items[i]));
	}
	buf_free(&b);
}

static void judge(const struct publishers *l, size_t i, struct arena *a)
{
	struct package_identity second = { S("repository"), S("o/r"), NULL }, first = { S("kind"), S("GitHub"), &second };
	const struct publisher_entry *e = &l->items[i];
	struct package p = { .eco = e->eco, .name = e->name, .version = e->version, .where = S("x"), .identity = &first };
	struct findings f;
	size_t n;

	const struct publisher_entry *of = publishers_project(l, e->eco, e->name, &n);
	CHECK(of <= e && e < of + n);
	findings_init(&f, a);
	publishers_judge(l, &p, S("pkg:x"), &f);
	for (size_t k = 0; k < f.n; k++)
		CHECK(rule_row(f.items[k].rule)->severity != SEV_BLOCK && f.items[k].rule != RULE_IDENTITY_UNCHECKED);
	p.version = S("no such version, surely");
	p.identity = NULL;
	findings_init(&f, a);
	if (!str_eq(p.version, e->version))
		publishers_judge(l, &p, S("pkg:x"), &f);
	CHECK(f.n == 0 || n > 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct publishers l;
	struct arena a;

	arena_init(&a, 64 << 20);
	if (publishers_read(&l, in, &a) == OK) {
		sorted(&l);
		again(&l, &a, "");
		again(&l, &a, "{\"ledger\":1,\"at\":\"2026-11-23T00:00:00Z\",\"state\":\"valid\",\"ecosys");
		for (size_t i = 0; i < l.n && i < 64; i++)
			judge(&l, i, &a);
	}
	arena_done(&a);
	return 0;
}
