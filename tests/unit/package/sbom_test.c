/* tests/unit/package/sbom_test.c - bills of materials: what is written, and that it is read back.
 * tests/differential/manifests holds them against the official schemas. */
#include "../../sbom_sample.h"
#include "../check.h"

#include "package/manifest.h"

static void round_trip(enum manifest kind, void (*write)(const struct sbom *, struct buf *))
{
	struct arena a, scratch;
	struct package_list list;
	static struct findings f;
	struct buf one, two;
	struct diag d;
	struct sbom s;

	sbom_sample(&s);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	arena_init(&a, 1 << 24);
	arena_init(&scratch, 1 << 24);
	write(&s, &one);
	write(&s, &two);
	CHECK(one.err == OK && str_eq(buf_str(&one), buf_str(&two)));
	package_list_init(&list, &a, 100);
	findings_init(&f, &a);
	CHECK(manifest_read(kind, S("x"), buf_str(&one), &scratch, &list, &f, &d) == OK);
	size_t at = kind == MANIFEST_SPDX; /* the subject comes first */
	CHECK(list.n == s.n_packages + at);
	for (size_t i = 0; i < s.n_packages; i++) {
		CHECK_STR(list.items[i + at].name, s.packages[i].name);
		CHECK_STR(list.items[i + at].version, s.packages[i].version);
		CHECK(list.items[i + at].eco == s.packages[i].eco);
		CHECK(list.items[i + at].n_hashes == s.packages[i].n_hashes);
	}
	CHECK(manifest_sniff(S("x"), buf_str(&one)) == kind);
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
	arena_done(&scratch);
}

CASE(read_back)
{
	round_trip(MANIFEST_CYCLONEDX, sbom_cyclonedx);
	round_trip(MANIFEST_SPDX, sbom_spdx);
}

CASE(says)
{
	struct buf b;
	struct sbom s;

	sbom_sample(&s);
	buf_init(&b, 1 << 20);
	sbom_cyclonedx(&s, &b);
	CHECK(str_find(buf_str(&b),
		       S("\"aggregate\":\"incomplete\",\"assemblies\":[\"subject\"]")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("\"type\":\"file\"")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("{\"name\":\"yett:interpreter-digest\",\"value\":\"sha256:0200")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("{\"name\":\"yett:files-digest\",\"value\":\"sha256:0800")) != SIZE_MAX);
	buf_reset(&b);
	s.complete = true;
	sbom_cyclonedx(&s, &b);
	CHECK(str_find(buf_str(&b), S("\"aggregate\":\"complete\"")) != SIZE_MAX);
	buf_reset(&b);
	sbom_spdx(&s, &b);
	CHECK(str_find(buf_str(&b), S("Everything below the subject was read.")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("\"comment\":\"interpreter digest sha256:0200")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("\"comment\":\"files digest sha256:0800")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("\"fileName\":\"./etc/odd")) != SIZE_MAX);
	buf_free(&b);
	struct buf small;
	char room[64];
	buf_fixed(&small, room, sizeof room);
	sbom_spdx(&s, &small);
	CHECK(small.err == ERR_LIMIT);
}

TESTS(CASE_ROW(read_back), CASE_ROW(says))
