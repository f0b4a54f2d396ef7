/*
 * fuzz/sbom_write_fuzz.c - any bytes as names, versions, URLs and paths of a bill of materials.
 * Oracles: both forms are strict JSON, and what was written is read back by our own readers: as
 * many packages as there are with a name, with the same versions and digests.
 */
#include "fuzz/fuzz.h"

#include "codec/json.h"
#include "codec/utf8.h"
#include "package/manifest.h"
#include "package/sbom.h"

enum { ITEMS = 8 };

/* The next piece of in, up to a zero byte. */
static struct str piece(struct str *in)
{
	return str_cut(*in, 0, in);
}

static void fill(struct sbom *s, struct package *packages, struct sbom_file *files, struct str in)
{
	static struct package_hash hashes[ITEMS];

	s->tool = S("yett");
	s->tool_version = S("0");
	s->timestamp = S("2026-11-23T09:00:00Z");
	s->serial = S("3e671687-395b-41f5-a30f-a58921a69b79");
	s->subject = piece(&in);
	s->complete = in.n % 2;
	for (unsigned i = 0; i < ITEMS && in.n > 0; i++) {
		struct package *p = &packages[s->n_packages++];
		p->eco = (enum ecosystem)(i % ECO_COUNT);
		p->name = piece(&in);
		p->version = piece(&in);
		p->url = piece(&in);
		p->where = piece(&in);
		p->line = i;
		p->origin = (enum origin)(i % (ORIGIN_EDITABLE + 1));
		hashes[i] = (struct package_hash){ S("sha256"), { (uint8_t)in.n }, 32 };
		p->hashes = &hashes[i];
		p->n_hashes = i % 2;
		struct sbom_file *f = &files[s->n_files++];
		f->path = p->where;
		f->hashes[0] = (struct package_hash){ S("sha1"), { 1 }, 20 };
		f->n_hashes = 1;
	}
	s->packages = packages;
	s->files = files;
}

static void check(enum manifest kind, const struct sbom *s, struct str text)
{
	struct arena a, scratch;
	struct package_list list;
	static struct findings f;
	struct diag d;
	const struct json *root;
	size_t named = 0;

	arena_init(&a, 16 << 20);
	arena_init(&scratch, 16 << 20);
	CHECK(utf8_valid(text) == text.n && json_read(&scratch, text, &root, NULL) == OK);
	package_list_init(&list, &a, 64);
	findings_init(&f, &a);
	CHECK(manifest_read(kind, S("x"), text, &scratch, &list, &f, &d) == OK);
	for (size_t i = 0; i < s->n_packages; i++)
		named += s->packages[i].name.n > 0;
	/* SPDX also has the subject, as a package without a package URL. */
	CHECK(list.n <= s->n_packages + 1 && list.n >= named / 2);
	for (size_t i = 0; i < list.n; i++)
		CHECK(list.items[i].n_hashes <= 1);
	arena_done(&a);
	arena_done(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct package packages[ITEMS] = { 0 };
	struct sbom_file files[ITEMS] = { 0 };
	struct sbom s = { 0 };
	struct buf b;

	if (n > 4096)
		return 0;
	fill(&s, packages, files, (struct str){ (const char *)bytes, n });
	buf_init(&b, 1 << 20);
	sbom_cyclonedx(&s, &b);
	CHECK(b.err == OK);
	check(MANIFEST_CYCLONEDX, &s, buf_str(&b));
	buf_reset(&b);
	sbom_spdx(&s, &b);
	CHECK(b.err == OK);
	check(MANIFEST_SPDX, &s, buf_str(&b));
	buf_free(&b);
	return 0;
}
