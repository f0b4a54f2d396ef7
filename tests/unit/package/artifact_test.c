/* tests/unit/package/artifact_test.c - facts and findings; attacks stand in tests/differential. */
#include "package/artifact.h"

#include "codec/base64.h"
#include "crypto/sha256.h"

#include "../check.h"

#define INFO "demo_pkg-1.0.dist-info/"
#define WHL  "demo_pkg-1.0-py3-none-any.whl"

static struct arena arena;
static struct findings found;
static struct buf record;

static struct artifact *begin(const char *name)
{
	if (arena.budget == 0) {
		arena_init(&arena, 16 << 20);
		buf_init(&record, 1 << 16);
	}
	arena_reset(&arena);
	buf_reset(&record);
	findings_init(&found, &arena);
	return artifact_new(&arena, str_z(name));
}

static void add(struct artifact *f, const char *name, struct str content)
{
	struct member m = { .name = str_z(name), .raw = str_z(name), .size = content.n };
	uint8_t digest[SHA256_BYTES];

	sha256(content, digest);
	CHECK(artifact_add(f, &m, content, digest) == OK);
	buf_addf(&record, "%s,sha256=", name);
	base64_encode(&record, (struct str){ (char *)digest, sizeof digest }, BASE64_URL);
	buf_addf(&record, ",%zu\n", content.n);
}

static bool has(enum rule r)
{
	return found.seen[r].n != 0;
}

static void add_wheel(struct artifact *f)
{
	add(f, "demo_pkg/__init__.py", S("x"));
	add(f, "demo_pkg/data.json", S("{}"));
	add(f, "single.py", S(""));
	add(f, "demo_pkg-1.0.data/purelib/more/m.py", S(""));
	add(f, "demo_pkg-1.0.data/scripts/tool", S("#!python"));
	add(f, INFO "METADATA", S("Name: Demo-Pkg\nVersion: 1.0\n\n"));
	add(f, INFO "WHEEL", S("Wheel-Version: 1.0\n"));
	add(f, INFO "entry_points.txt", S("[console_scripts]\ndemo = demo_pkg:main\n"));
}

static void add_record(struct artifact *f)
{
	struct str text = arena_dup(&arena, buf_str(&record));

	add(f, INFO "RECORD", text);
}

CASE(wheel)
{
	struct artifact *f = begin("dir/" WHL);

	add_wheel(f);
	buf_add(&record, S(INFO "RECORD,,\n"));
	add_record(f);
	CHECK(artifact_end(f, &found) == OK && found.n == 0);
	CHECK(f->kind == ARTIFACT_WHEEL && f->release.eco == ECO_PYPI);
	CHECK_STR(f->label, S("pkg:pypi/demo-pkg@1.0"));
	CHECK_STR(f->release.name, S("Demo-Pkg"));
	CHECK(f->n_tops == 3);
	CHECK_STR(f->tops[0], S("demo_pkg"));
	CHECK_STR(f->tops[1], S("single"));
	CHECK_STR(f->tops[2], S("more"));
	const struct entry_point *e = artifact_scripts_next(f, NULL);
	CHECK(e != NULL && artifact_scripts_next(f, e) == NULL);
	CHECK_STR(e->target, S("demo_pkg:main"));
}

CASE(record_against_files)
{
	struct artifact *f = begin(WHL);

	add_wheel(f);
	char *hash = memmem(record.p, record.n, "sha256=", 7);
	hash[8] = hash[8] == 'A' ? 'B' : 'A';
	add_record(f);
	CHECK(artifact_end(f, &found) == OK && found.n == 1 && has(RULE_RECORD_CODE));
	CHECK_STR(found.items[0].path, S("demo_pkg/__init__.py"));

	f = begin(WHL);
	add_wheel(f);
	buf_add(&record, S("gone.py,,\nb,r,oken\n"));
	add_record(f);
	add(f, "unlisted.pth", S("import os"));
	CHECK(artifact_end(f, &found) == OK);
	CHECK(has(RULE_RECORD_DIFFERS) && has(RULE_RECORD_UNLISTED) && !has(RULE_RECORD_CODE));
}

CASE(wants)
{
	struct artifact *f = begin(WHL);
	struct member m = { .name = S(INFO "METADATA"), .type = MEMBER_FILE };

	CHECK(artifact_wants(f, &m));
	m.type = MEMBER_SYMLINK;
	CHECK(!artifact_wants(f, &m));
	m.type = MEMBER_FILE;
	m.name = S("x/METADATA");
	CHECK(!artifact_wants(f, &m));
	m.name = S(INFO "sub/METADATA");
	CHECK(!artifact_wants(f, &m));
	CHECK(artifact_kind(S("x.tgz")) == ARTIFACT_NPM);
	CHECK(artifact_kind(S("x-1.tar.gz")) == ARTIFACT_SDIST);
	CHECK(artifact_kind(S("x")) == ARTIFACT_NONE);
}

CASE(names_agree)
{
	static const struct {
		const char *file, *root;
		bool bad;
	} rows[] = {
		{ "demo_pkg-1.0.tar.gz", "demo_pkg-1.0", false },
		{ "Demo.Pkg-1.0.tar.gz", "demo-pkg-1.0", false },
		{ "demo_pkg-1.0.0.tar.gz", "demo_pkg-1.0.0", false },
		{ "demo_pkg-1.1.tar.gz", "demo_pkg-1.0", true },
		{ "evil-1.0.tar.gz", "demo_pkg-1.0", true },
		{ "demo_pkg-1.0.tar.gz", "evil-1.0", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct artifact *f = begin(rows[i].file);
		char name[100];
		(void)snprintf(name, sizeof name, "%s/PKG-INFO", rows[i].root);
		add(f, name, S("Name: demo-pkg\nVersion: 1.0\n"));
		CHECK(artifact_end(f, &found) == OK);
		CHECK(has(RULE_NAME_MISMATCH) == rows[i].bad && (found.n != 0) == rows[i].bad);
	}
}

CASE(npm)
{
	struct artifact *f = begin("x.tgz");

	add(f, "whatever/package.json", S("{\"name\":\"@s/p\",\"version\":\"1.2.3\"}"));
	add(f, "whatever/index.js", S(""));
	CHECK(artifact_end(f, &found) == OK && found.n == 0);
	CHECK_STR(f->label, S("pkg:npm/%40s/p@1.2.3"));
	f = begin("x.tgz");
	add(f, "a/package.json", S("{\"name\":\"p\",\"version\":\"1\"}"));
	add(f, "b/package.json", S("{\"name\":\"q\",\"version\":\"1\"}"));
	CHECK(artifact_end(f, &found) == OK && has(RULE_PACKAGE_LAYOUT));
	f = begin("x.tgz");
	CHECK(artifact_end(f, &found) == OK && has(RULE_PACKAGE_LAYOUT));
	f = begin("x.tgz");
	add(f, "a/package.json", S("[]"));
	CHECK(artifact_end(f, &found) == OK && has(RULE_METADATA_UNCLEAR));
}

CASE(archive_faults_become_findings)
{
	struct faults faults = { .tolerate = true };

	(void)begin(WHL);
	faults.arena = &arena;
	CHECK(fault_note(&faults, FAULT_DUPLICATE, S("a"), 0) == OK);
	CHECK(fault_note(&faults, FAULT_AGAIN, S("a"), 0) == OK);
	CHECK(fault_note(&faults, FAULT_FORMAT, S("a"), 0) == OK);
	CHECK(fault_note(&faults, FAULT_BOMB, S(""), 0) == ERR_LIMIT);
	CHECK(fault_note(&faults, FAULT_TRUNCATED, S(""), 0) == ERR_SYNTAX);
	artifact_faults(&faults, S(""), S(WHL), &found);
	CHECK(found.n == 5 && has(RULE_ARCHIVE_AMBIGUOUS) && has(RULE_ARCHIVE_ODD) &&
	      has(RULE_ARCHIVE_UNREADABLE) && has(RULE_ARCHIVE_TOO_LARGE) &&
	      has(RULE_ARCHIVE_BROKEN));
	CHECK_STR(found.items[0].detail, S("two members of one name"));
}

TESTS(CASE_ROW(wheel), CASE_ROW(record_against_files), CASE_ROW(wants), CASE_ROW(names_agree),
      CASE_ROW(npm), CASE_ROW(archive_faults_become_findings))
