/*
 * fuzz/manifest_fuzz.c - the first byte says which kind of manifest the rest is. Oracles: every
 * string of every package lies in the input or in the list's arena, which outlives the scratch
 * memory; lines exist; names are normalised; package_json agrees with the reader of dependencies;
 * reading twice gives the same.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "package/manifest.h"
#include "package/package_json.h"
#include "package/version.h"

enum { PACKAGES = 4096, SCRATCH = 64 << 20, KEPT = 32 << 20 };

struct run {
	struct arena kept;
	struct package_list list;
	struct findings f;
	struct diag d;
	enum err e;
};

static void read_all(struct run *r, enum manifest kind, struct str text)
{
	struct arena scratch;

	arena_init(&scratch, SCRATCH);
	arena_init(&r->kept, KEPT);
	package_list_init(&r->list, &r->kept, PACKAGES);
	findings_init(&r->f, &r->kept);
	r->d = (struct diag){ 0 };
	r->e = manifest_read(kind, S("a/b"), text, &scratch, &r->list, &r->f, &r->d);
	CHECK(r->e == OK || r->d.text[0] != 0);
	arena_done(&scratch); /* under ASan, whatever still points there is found below */
}

static uint64_t sum(struct str s)
{
	return str_hash(s) * 31 + s.n;
}

static void check_package(const struct package *p, size_t lines)
{
	uint64_t all = sum(p->name) + sum(p->version) + sum(p->wanted) + sum(p->url);
	char room[4096];
	struct buf b;

	for (size_t i = 0; i < p->n_hashes; i++)
		CHECK(p->hashes[i].n <= 64 && p->hashes[i].algorithm.n > 0);
	CHECK(p->n_hashes <= LIMIT_PACKAGE_HASHES && p->line <= lines);
	CHECK(str_eq(p->where, S("a/b")));
	for (const struct package_identity *i = p->identity; i != NULL; i = i->next)
		all += sum(i->key) + sum(i->value);
	if (p->eco == ECO_PYPI && p->name.n < sizeof room) {
		buf_fixed(&b, room, sizeof room);
		package_name_normalise(ECO_PYPI, p->name, &b);
		CHECK(str_eq(buf_str(&b), p->name));
	}
	CHECK(all != 1); /* the sums are used */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct run a, b;
	struct str text = { (const char *)bytes + 1, n - 1 };
	struct package_json own;
	size_t lines = 1;

	if (n == 0)
		return 0;
	enum manifest kind = (enum manifest)(1 + bytes[0] % (MANIFEST_COUNT - 1));
	for (size_t i = 0; i < text.n; i++)
		lines += strchr("\n\r\v\f\x1c\x1d\x1e\x85\xa8\xa9", text.p[i]) != NULL;
	read_all(&a, kind, text);
	read_all(&b, kind, text);
	CHECK(a.e == b.e && a.list.n == b.list.n && a.f.n == b.f.n);
	for (size_t i = 0; i < a.list.n; i++) {
		check_package(&a.list.items[i], lines);
		CHECK(str_eq(a.list.items[i].name, b.list.items[i].name));
		CHECK(str_eq(a.list.items[i].version, b.list.items[i].version));
	}
	for (size_t i = 0; i < a.f.n; i++)
		CHECK(a.f.items[i].line <= lines && a.f.items[i].excerpt.n <= FINDING_EXCERPT);
	arena_done(&b.kept);
	arena_init(&b.kept, SCRATCH);
	if (kind == MANIFEST_PACKAGE_JSON)
		CHECK(package_json_read(text, &b.kept, &own, &b.d) == OK || a.e != OK);
	(void)manifest_sniff(S("x.txt"), text);
	(void)manifest_kind(str_head(text, 64));
	arena_done(&a.kept);
	arena_done(&b.kept);
	return 0;
}
