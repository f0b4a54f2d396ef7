/*
 * tests/unit/package/manifest_test.c - lock files that the real tools wrote
 * (tests/golden/manifests) and what is read from them. UPDATE=1 rewrites the expectations, and
 * their diff is what a reviewer reads.
 */
#include "../../manifest_dump.h"
#include "../check.h"

#include <dirent.h>

#define GOLDEN "tests/golden/manifests"

static bool slurp(const char *path, struct buf *b)
{
	FILE *in = fopen(path, "re");

	if (in == NULL)
		return false;
	for (size_t n = 1; n > 0;) {
		char *at = buf_room(b, 4096);
		n = at ? fread(at, 1, 4096, in) : 0;
		buf_grew(b, n);
	}
	(void)fclose(in);
	return b->err == OK;
}

static void compare(const char *path, struct str got)
{
	struct buf want;
	FILE *out = getenv("UPDATE") ? fopen(path, "we") : NULL;

	buf_init(&want, 1 << 22);
	if (out != NULL) {
		CHECK(fwrite(got.p, 1, got.n, out) == got.n);
		(void)fclose(out);
	}
	CHECK(slurp(path, &want));
	bool same = str_eq(got, buf_str(&want));
	if (!same)
		fprintf(stderr, "%s differs; got:\n%.*s\n", path, FMT(got));
	CHECK(same);
	buf_free(&want);
}

static void one(const char *directory, const char *name)
{
	char path[700], want[800];
	struct buf text, got;
	enum manifest kind = manifest_kind(str_z(name));

	(void)snprintf(path, sizeof path, GOLDEN "/%s/%s", directory, name);
	(void)snprintf(want, sizeof want, "%s.want", path);
	if (kind == MANIFEST_NONE)
		return;
	buf_init(&text, 1 << 22);
	buf_init(&got, 1 << 22);
	CHECK(slurp(path, &text));
	struct str guarded = check_guard(buf_str(&text));
	(void)dump_manifest(kind, str_z(name), guarded, &got);
	check_unguard(guarded);
	compare(want, buf_str(&got));
	if (kind != MANIFEST_PYPROJECT && kind != MANIFEST_PACKAGE_JSON)
		CHECK(manifest_sniff(str_z("x.txt"), buf_str(&text)) == kind);
	buf_free(&text);
	buf_free(&got);
}

CASE(golden)
{
	DIR *top = opendir(GOLDEN);
	unsigned n = 0;

	CHECK(top != NULL);
	for (struct dirent *d; top != NULL && (d = readdir(top)) != NULL;) {
		char path[400];
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, GOLDEN "/%s", d->d_name);
		DIR *sub = opendir(path);
		for (struct dirent *f; sub != NULL && (f = readdir(sub)) != NULL; n++)
			one(d->d_name, f->d_name);
		if (sub != NULL)
			(void)closedir(sub);
	}
	if (top != NULL)
		(void)closedir(top);
	CHECK(n > 20);
}

CASE(kinds)
{
	static const struct {
		const char *name;
		enum manifest kind;
	} rows[] = {
		{ "requirements.txt", MANIFEST_REQUIREMENTS },
		{ "dev-Requirements_ci.txt", MANIFEST_REQUIREMENTS },
		{ "requirements.in", MANIFEST_REQUIREMENTS },
		{ "constraints.txt", MANIFEST_REQUIREMENTS },
		{ "readme.txt", MANIFEST_NONE },
		{ "pylock.toml", MANIFEST_PYLOCK },
		{ "pylock.dev.toml", MANIFEST_PYLOCK },
		{ "pylock..toml", MANIFEST_NONE },
		{ "pylock.a.b.toml", MANIFEST_NONE },
		{ "npm-shrinkwrap.json", MANIFEST_PACKAGE_LOCK },
		{ ".package-lock.json", MANIFEST_PACKAGE_LOCK },
		{ "app.cdx.json", MANIFEST_CYCLONEDX },
		{ "bom.json", MANIFEST_CYCLONEDX },
		{ "x.spdx.json", MANIFEST_SPDX },
		{ "x.spdx", MANIFEST_SPDX },
		{ "", MANIFEST_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK(manifest_kind(str_z(rows[i].name)) == rows[i].kind);
	CHECK_STR(manifest_name(MANIFEST_UV_LOCK), S("uv.lock"));
	CHECK(manifest_sniff(S("a.json"), S("{}")) == MANIFEST_NONE);
	CHECK(manifest_sniff(S("a.txt"), S("six")) == MANIFEST_REQUIREMENTS);
	CHECK(manifest_sniff(S("a.json"), S("{\n \"bomFormat\": \"CycloneDX\"")) ==
	      MANIFEST_CYCLONEDX);
}

/* What text gives, as lines. */
static struct str read_as(enum manifest kind, struct str text, struct buf *b)
{
	struct str guarded = check_guard(text);

	buf_reset(b);
	(void)dump_manifest(kind, S("f"), guarded, b);
	check_unguard(guarded);
	return buf_str(b);
}

static bool has(struct str s, const char *part)
{
	bool found = str_find(s, str_z(part)) != SIZE_MAX;

	if (!found)
		fprintf(stderr, "no '%s' in:\n%.*s", part, FMT(s));
	return found;
}

static bool lacks(struct str s, const char *part)
{
	bool found = str_find(s, str_z(part)) != SIZE_MAX;

	if (found)
		fprintf(stderr, "'%s' in:\n%.*s", part, FMT(s));
	return !found;
}

CASE(requirements)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	struct str s = read_as(
		MANIFEST_REQUIREMENTS,
		S("--index-url https://user:secret@pypi.example/simple\n"
		  "--extra-index http://127.0.0.1/simple\n"
		  "-r other.txt  # more\n"
		  "Foo_Bar==1.0 \\\n    --hash=sha256:"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		  "# comment \\\n"
		  "a>=1 ; python_version < '3'\n"
		  "-e git+https://tok:en@github.com/o/r.git@v1#egg=proj\n"
		  "./vendor/x.whl\n"
		  "u @ https://example.com/u-1.0.tar.gz\n"
		  "!!\n"),
		&b);
	CHECK(has(s, "\"name\":\"foo-bar\",\"version\":\"1.0\""));
	CHECK(has(s, "\"line\":4,\"direct\":true,\"hashes\":[\"sha256:aaaa"));
	CHECK(has(s, "\"name\":\"a\",\"wanted\":\">=1\""));
	CHECK(has(s, "\"name\":\"proj\",\"origin\":\"repository\""));
	CHECK(has(s, "\"rule\":\"other-index\",\"line\":1,\"excerpt\":\"pypi.example\""));
	CHECK(has(s, "\"rule\":\"extra-index\",\"line\":2"));
	CHECK(has(s, "\"rule\":\"index-without-tls\",\"line\":2"));
	CHECK(has(s, "\"rule\":\"manifest-include\",\"line\":3,\"excerpt\":\"other.txt\""));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:pypi/proj\""));
	CHECK(has(s, "\"excerpt\":\"git+https://github.com/o/r.git@v1#egg=proj\""));
	CHECK(has(s, "\"rule\":\"url-dependency\",\"package\":\"pkg:pypi/u"));
	CHECK(has(s, "\"rule\":\"manifest-unread\",\"line\":11"));
	CHECK(lacks(s, "secret"));
	buf_free(&b);
}

/* pip ends lines at characters that editors show as nothing, or as a comment's rest. */
CASE(hidden_requirement)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	struct str s = read_as(MANIFEST_REQUIREMENTS,
			       S("six==1.0  # pinned\xe2\x80\xa8 evil==6.6\n# x\fworse==7\n"), &b);
	CHECK(has(s, "\"name\":\"evil\",\"version\":\"6.6\""));
	CHECK(has(s, "\"name\":\"worse\",\"version\":\"7\""));
	CHECK(has(s, "\"rule\":\"manifest-unread\",\"line\":1"));
	s = read_as(MANIFEST_REQUIREMENTS, S("six==1.0\r\nidna==3\r\n"), &b);
	CHECK(has(s, "\"name\":\"idna\",\"version\":\"3\""));
	CHECK(lacks(s, "rule"));
	buf_free(&b);
}

CASE(poisoned_locks)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	struct str s = read_as(
		MANIFEST_PACKAGE_LOCK,
		S("{\"lockfileVersion\":3,\"packages\":{\"\":{},"
		  "\"node_modules/lodash\":{\"version\":\"4.17.21\",\"resolved\":"
		  "\"https://registry.npmjs.org/evil/-/evil-4.17.21.tgz\"},"
		  "\"node_modules/a\":{\"version\":\"1.0.0\",\"resolved\":"
		  "\"https://registry.npmjs.org/a/-/a-1.0.0.tgz\",\"hasInstallScript\":true},"
		  "\"node_modules/b\":{\"version\":\"1.0.0\",\"resolved\":"
		  "\"git+ssh://git@github.com/o/b.git#0123\"},"
		  "\"node_modules/c\":{\"version\":\"1.0.0\",\"resolved\":"
		  "\"https://example.com/c.tgz\"}}}"),
		&b);
	CHECK(has(s, "\"rule\":\"lock-mismatch\",\"package\":\"pkg:npm/lodash@4.17.21\""));
	CHECK(has(s, "\"rule\":\"install-script\",\"package\":\"pkg:npm/a@1.0.0\""));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:npm/b@1.0.0\""));
	CHECK(has(s, "\"rule\":\"url-dependency\",\"package\":\"pkg:npm/c@1.0.0\""));
	CHECK(lacks(s, "lock-mismatch\",\"package\":\"pkg:npm/a@"));
	s = read_as(MANIFEST_UV_LOCK,
		    S("version = 1\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\n"
		      "source = { registry = \"https://pypi.org/simple\" }\nwheels = [\n"
		      "{ url = "
		      "\"https://files.pythonhosted.org/packages/a/idna-3.8-py3-none-any.whl\" },"
		      "]\n"),
		    &b);
	CHECK(has(s, "\"rule\":\"lock-mismatch\",\"package\":\"pkg:pypi/idna@3.7\""));
	s = read_as(
		MANIFEST_YARN_LOCK,
		S("# yarn lockfile v1\n\n\"a@npm:b@^1\", a@^2:\n  version \"1.0.0\"\n  resolved "
		  "\"https://registry.yarnpkg.com/b/-/b-1.0.0.tgz#"
		  "0123456789012345678901234567890123456789\"\n  dependencies:\n    c \"1\"\n"),
		&b);
	CHECK(has(s, "\"name\":\"b\",\"version\":\"1.0.0\""));
	CHECK(has(s, "sha1:0123456789012345678901234567890123456789"));
	CHECK(has(s, "\"rule\":\"weak-hash\""));
	CHECK(lacks(s, "lock-mismatch"));
	buf_free(&b);
}

/* left-pad@1.3.0, fetched from an address, which is JSON's text of it. */
static struct str fetched_from(const char *address, struct buf *b)
{
	static char text[8192];
	int n = snprintf(text, sizeof text,
			 "{\"lockfileVersion\":3,\"packages\":{\"\":{},\"node_modules/left-pad\":"
			 "{\"version\":\"1.3.0\",\"resolved\":\"%s\"}}}",
			 address);

	CHECK(n > 0 && (size_t)n < sizeof text);
	return read_as(MANIFEST_PACKAGE_LOCK, (struct str){ text, (size_t)n }, b);
}

/* What npm fetches of these is seen with its own readers (npm-package-arg, WHATWG URL). */
CASE(addresses_that_mislead)
{
#define HOME "https://registry.npmjs.org/"
	static const char *const mismatches[] = {
		HOME "@evil/left-pad/-/left-pad-1.3.0.tgz",
		HOME "@evil//left-pad/-/left-pad-1.3.0.tgz",
		HOME "@evil%2fleft-pad/-/left-pad-1.3.0.tgz",
		HOME "@evil/./left-pad/-/left-pad-1.3.0.tgz",
		HOME "evil/-/evil-1.0.0.tgz ",
		HOME "evil/-/evil-1.0.0.tgz\\t",
		HOME "evil\\\\-\\\\evil-1.0.0.tgz",
		HOME "evil/-\\t/evil-1.0.0.tgz",
		HOME "%zz/../evil/-/evil-1.0.0.tgz",
		HOME "evil/-/evil-1.0.0.tgz/",
		"https:evil.example/left-pad/-/left-pad-1.3.0.tgz",
		"https:/evil.example/left-pad/-/left-pad-1.3.0.tgz",
		"https:\\\\\\\\evil.example/left-pad/-/left-pad-1.3.0.tgz",
		"https:evil.example/x://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
		"https://evil.example\\\\@registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
	};
	static const char *const others[] = {
		"https://evil.example#@registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
		"https://evil.example?@registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
		"https:///evil.example/left-pad/-/left-pad-1.3.0.tgz",
		"https://evil.example\\\\@registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
	};
	static const char *const goods[] = {
		HOME "left-pad/-/left-pad-1.3.0.tgz",
		"https://user:pass@registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz?a=/../b",
		"https://registry.yarnpkg.com/left-pad/-/left-pad-1.3.0.tgz",
	};
	char longer[4096];
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof mismatches / sizeof mismatches[0]; i++)
		CHECK(has(fetched_from(mismatches[i], &b), "lock-mismatch"));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		CHECK(has(fetched_from(others[i], &b), "evil.example"));
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
		CHECK(lacks(fetched_from(goods[i], &b), "rule"));
	CHECK(snprintf(longer, sizeof longer, HOME "%03000d/../evil/-/evil-1.0.0.tgz", 0) > 3000);
	CHECK(has(fetched_from(longer, &b), "lock-mismatch"));
	/* Without a version there is a name all the same. */
	CHECK(has(read_as(MANIFEST_PACKAGE_LOCK,
			  S("{\"lockfileVersion\":3,\"packages\":{\"node_modules/left-pad\":{\"resolved\":\"" HOME
			    "evil/-/evil-1.0.0.tgz\"}}}"),
			  &b),
		  "lock-mismatch"));
	buf_free(&b);
#undef HOME
}

CASE(package_json)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	struct str s = read_as(
		MANIFEST_PACKAGE_JSON,
		S("{\"name\":\"x\",\"version\":\"1.0.0\",\"scripts\":{\"postinstall\":\"node "
		  "s.js\","
		  "\"test\":\"t\"},\n\"dependencies\":{\"a\":\"^1\",\"b\":\"1.2.3\","
		  "\"c\":\"npm:@s/d@2.0.0\",\"e\":\"github:o/r#79ac49ee\",\"f\":\"o/r\","
		  "\"g\":\"https://example.com/g.tgz\",\"h\":\"file:../h\"},\n"
		  "\"devDependencies\":{\"i\":\"git+https://github.com/o/i.git\"}}"),
		&b);
	CHECK(has(s, "\"name\":\"a\",\"wanted\":\"^1\",\"origin\":\"index\",\"line\":2"));
	CHECK(has(s, "\"name\":\"b\",\"version\":\"1.2.3\""));
	CHECK(has(s, "\"name\":\"@s/d\",\"version\":\"2.0.0\""));
	CHECK(has(s, "\"rule\":\"install-script\",\"package\":\"pkg:npm/x@1.0.0\",\"line\":1"));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:npm/e\""));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:npm/f\""));
	CHECK(has(s, "\"rule\":\"url-dependency\",\"package\":\"pkg:npm/g\""));
	CHECK(has(s, "\"rule\":\"outside-dependency\",\"package\":\"pkg:npm/h\""));
	CHECK(has(s, "\"rule\":\"outside-dependency\",\"package\":\"pkg:npm/i\""));
	CHECK(lacks(s, "node_modules"));
	buf_free(&b);
}

CASE(setup)
{
	struct str s;
	struct buf b;

	buf_init(&b, 1 << 20);
	s = read_as(MANIFEST_SETUP_CFG,
		    S("[metadata]\nsetup_requires = no @ https://h/no.zip\n[options]\nsetup_requires: a @ https://h/a.zip\n"
		      "install_requires =\n\t# c @ https://h/c.zip\n  plain>=1\n  b @ git+https://h/b\nurl = https://h/\n"),
		    &b);
	CHECK(has(s, "\"rule\":\"url-dependency\",\"package\":\"pkg:pypi/a"));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:pypi/b"));
	CHECK(str_find(s, S("/no")) == SIZE_MAX && str_find(s, S("/c")) == SIZE_MAX && str_find(s, S("plain")) == SIZE_MAX);
	s = read_as(MANIFEST_SETUP_PY,
		    S("from x import setup_requires\nsetup_requires = ['a @ https://h/a.zip', f('no @ https://h/x')]\n"
		      "setup(**{'install_requires': '''\n  b @ git+https://h/b\n  '''}, url='https://h/no', # install_requires=['https://h/no']\n"
		      "  dependency_links=(r\"https://h/links\",), x=install_requires['no @ https://h/no'])\nprint('no @ https://h/no')"),
		    &b);
	CHECK(has(s, "\"rule\":\"url-dependency\",\"package\":\"pkg:pypi/a"));
	CHECK(has(s, "\"rule\":\"git-dependency\",\"package\":\"pkg:pypi/b"));
	CHECK(has(s, "https://h/links"));
	CHECK(str_find(s, S("h/no")) == SIZE_MAX);
	buf_free(&b);
}

CASE(refusals)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	CHECK(has(read_as(MANIFEST_CYCLONEDX, S("<?xml version='1.0'?><bom/>"), &b),
		  "cyclonedx convert"));
	CHECK(has(read_as(MANIFEST_SPDX, S("SPDXVersion: SPDX-2.3\n"), &b), "pyspdxtools"));
	CHECK(has(read_as(MANIFEST_SPDX, S("{\"@context\":\"x\"}"), &b), "SPDX 2.3"));
	CHECK(has(read_as(MANIFEST_PACKAGE_LOCK, S("{\"lockfileVersion\":9}"), &b),
		  "lockfile-version 3"));
	CHECK(has(read_as(MANIFEST_PACKAGE_LOCK, S("{\"a\":1,\n\"a\":2}"), &b), "line 2"));
	CHECK(has(read_as(MANIFEST_PYLOCK, S("x = 1\n"), &b), "not a pylock.toml"));
	CHECK(has(read_as(MANIFEST_UV_LOCK, S("version = 2\n"), &b), "only version 1"));
	CHECK(has(read_as(MANIFEST_PNPM_LOCK, S("lockfileVersion: '4.0'\n"), &b), "5 to 9"));
	CHECK(has(read_as(MANIFEST_YARN_LOCK, S("a@1\n"), &b), "line 1"));
	CHECK(has(read_as(MANIFEST_POETRY_LOCK, S("a = 1"), &b), "not a poetry.lock"));
	CHECK(has(read_as(MANIFEST_PIPFILE_LOCK, S("{}"), &b), "not a Pipfile.lock"));
	CHECK(has(read_as(MANIFEST_REQUIREMENTS, (struct str){ "a\0b", 3 }, &b), "not a text"));
	buf_free(&b);
}

/* A lock file cut anywhere is an error or fewer packages, never a crash: each ends at a guard
 * page. */
CASE(truncated)
{
	static const struct {
		enum manifest kind;
		struct str text;
	} rows[] = {
		{ MANIFEST_REQUIREMENTS,
		  SC("-e git+https://a/b#egg=c\n--hash x\na==1 \\\n --hash=sha256:a\n") },
		{ MANIFEST_YARN_LOCK, SC("\"@a/b@^1\", c@2:\n  version \"1\"\n  resolved "
					 "\"https://x/-/b-1.tgz#0\"\n") },
		{ MANIFEST_PNPM_LOCK, SC("lockfileVersion: '6.0'\npackages:\n  /@a/b@1.0.0(c@2):\n "
					 "   resolution: {integrity: sha1-AA==}\n") },
		{ MANIFEST_UV_LOCK, SC("version = 1\n[[package]]\nname = \"a\"\nsource = { git = "
				       "\"https://x\" }\n") },
		{ MANIFEST_PACKAGE_JSON, SC("{\"bin\":\"x\",\"scripts\":{\"install\":\"y\"},"
					    "\"dependencies\":{\"a\":\"npm:b@\"}}") },
	};
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t n = 0; n <= rows[i].text.n; n++)
			(void)read_as(rows[i].kind, str_head(rows[i].text, n), &b);
	buf_free(&b);
}

TESTS(CASE_ROW(golden), CASE_ROW(kinds), CASE_ROW(requirements), CASE_ROW(hidden_requirement),
      CASE_ROW(poisoned_locks), CASE_ROW(addresses_that_mislead), CASE_ROW(package_json), CASE_ROW(setup),
      CASE_ROW(refusals), CASE_ROW(truncated))
