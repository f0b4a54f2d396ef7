/*
 * fuzz/artifact_fuzz.c - members of a release file as lines "NAME<TAB>CONTENT\n"; the first byte picks the
 * kind. Oracle: the findings do not depend on the order of the members, and a wheel whose RECORD fits
 * all of its files has no finding about RECORD.
 */
#include "fuzz/fuzz.h"

#include "codec/base64.h"
#include "crypto/sha256.h"
#include "package/artifact.h"

enum { MEMBERS = 32 };

struct line {
	struct str name, content;
};

static const char *const files[] = { "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-1.0.tgz" };

static void add(struct artifact *f, struct str name, struct str content, struct sha256 *h)
{
	struct member m = { .name = name, .raw = name, .size = content.n };
	uint8_t digest[SHA256_BYTES];

	sha256_with(h, content, digest);
	CHECK(artifact_add(f, &m, content, digest) == OK);
}

/* How often each rule was seen. */
static void judge(const struct line *lines, size_t n, bool backwards, unsigned kind,
		  size_t seen[RULE_COUNT])
{
	struct findings found;
	struct sha256 h;
	struct arena a;

	arena_init(&a, 16 << 20);
	findings_init(&found, &a);
	CHECK(sha256_init(&h) == OK);
	struct artifact *f = artifact_new(&a, str_z(files[kind]));
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[backwards ? n - 1 - i : i];
		add(f, l->name, l->content, &h);
	}
	CHECK(artifact_end(f, &found) == OK);
	for (int r = 0; r < RULE_COUNT; r++)
		seen[r] = found.seen[r].n;
	sha256_done(&h);
	arena_done(&a);
}

static bool two_of_one_name(const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(lines[i].name, lines[k].name))
				return true;
	return false;
}

/* A name that stands in RECORD as it is, and that everybody reads alike there. */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((uint8_t)name.p[i] < ' ' || (uint8_t)name.p[i] >= 0x7f || name.p[i] == '"')
			return false;
	return name.n > 0;
}

/* The same wheel with a RECORD made for it. */
static void with_record(struct line *lines, size_t n)
{
	size_t seen[RULE_COUNT], kept = 0;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[SHA256_BYTES];
		if (str_has_suffix(lines[i].name, S("RECORD")) || !is_plain(lines[i].name))
			continue;
		lines[kept++] = lines[i];
		sha256(lines[i].content, digest);
		buf_addf(&b, "\"%.*s\",sha256=", FMT(lines[i].name));
		base64_encode(&b, (struct str){ (char *)digest, sizeof digest }, BASE64_URL);
		buf_addf(&b, ",%zu\n", lines[i].content.n);
	}
	lines[kept++] = (struct line){ S("demo-1.0.dist-info/RECORD"), buf_str(&b) };
	bool other_root = false;
	for (size_t i = 0; i < kept; i++) {
		struct str rest, root = str_cut(lines[i].name, '/', &rest);
		other_root = other_root || (str_has_suffix(root, S(".dist-info")) &&
					    !str_eq(root, S("demo-1.0.dist-info")));
	}
	judge(lines, kept, false, 0, seen);
	if (!other_root && !two_of_one_name(lines, kept))
		CHECK(seen[RULE_RECORD_CODE] == 0 && seen[RULE_RECORD_DIFFERS] == 0 &&
		      seen[RULE_RECORD_UNLISTED] == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct line lines[MEMBERS + 1];
	size_t seen[RULE_COUNT], again[RULE_COUNT], count = 0;

	if (n == 0 || n > 20000)
		return 0;
	struct str rest = { (const char *)p + 1, n - 1 };
	while (rest.n != 0 && count < MEMBERS) {
		struct str content, line = str_cut(rest, '\n', &rest);
		struct str name = str_cut(line, '\t', &content);
		lines[count++] = (struct line){ name, content };
	}
	unsigned kind = p[0] % 3;
	judge(lines, count, false, kind, seen);
	judge(lines, count, true, kind, again);
	bool several = false; /* more places than one: which of them counts depends on the order */
	several = seen[RULE_PACKAGE_LAYOUT] != 0 || again[RULE_PACKAGE_LAYOUT] != 0;
	if (!several && !two_of_one_name(lines, count))
		CHECK(memcmp(seen, again, sizeof seen) == 0);
	if (kind == 0)
		with_record(lines, count);
	return 0;
}
