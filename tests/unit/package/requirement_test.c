/* tests/unit/package/requirement_test.c - thousands more are asked by tests/differential. */
#include "package/requirement.h"

#include "../check.h"

static struct arena arena;

CASE(parts)
{
	struct requirement r;

	CHECK(requirement_parse(S("Litellm[proxy, extra_proxy] >=1.82,<1.83 ; python_version < \"3.9\" "), &r,
				NULL) == OK);
	CHECK_STR(r.name, S("Litellm"));
	CHECK(r.n_extras == 2 && r.pinned.n == 0 && r.url.n == 0);
	CHECK_STR(r.extras[1], S("extra_proxy"));
	CHECK_STR(r.specifier, S(">=1.82,<1.83"));
	CHECK_STR(r.marker, S("python_version < \"3.9\""));
	CHECK(requirement_parse(S("a (==1.0)"), &r, NULL) == OK);
	CHECK_STR(r.pinned, S("1.0"));
	CHECK(requirement_parse(S("a @ git+https://example.org/a.git@v1 ; os_name == 'nt'"), &r, NULL) == OK);
	CHECK_STR(r.url, S("git+https://example.org/a.git@v1"));
	CHECK_STR(r.marker, S("os_name == 'nt'"));
	CHECK(requirement_parse(S("a[]"), &r, NULL) == OK && r.n_extras == 0 && r.specifier.n == 0);
}

CASE(refused)
{
	static const char *const bad[] = {
		"", "-a", "a-", "a b", "a[", "a[b", "a[b,]", "a[b c]", "a (==1", "a ==", "a =1", "a >=x", "a @",
		"a ;", "a; (x", "a; x)", "a; 'x", "a == 1 == 2", "a ,==1", "a; \x01", "==1", "a @ b\x01",
	};
	struct requirement r;
	struct diag d;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str s = check_guard(str_z(bad[i]));
		bool ok = requirement_parse(s, &r, &d) == ERR_SYNTAX;
		if (!ok)
			fprintf(stderr, "accepted: %s\n", bad[i]);
		CHECK(ok);
		check_unguard(s);
	}
}

CASE(bounded)
{
	static char big[REQUIREMENT_MAX + 2];
	struct requirement r;

	memset(big, 'a', sizeof big);
	CHECK(requirement_parse((struct str){ big, sizeof big }, &r, NULL) == ERR_LIMIT);
	memset(big, '(', sizeof big);
	memcpy(big, "a;", 2);
	CHECK(requirement_parse((struct str){ big, 1000 }, &r, NULL) == ERR_SYNTAX);
	size_t n = 2;
	memcpy(big, "a[", 2);
	for (; n < 2 + 2 * (REQUIREMENT_EXTRAS + 1); n += 2)
		memcpy(big + n, "b,", 2);
	big[n - 1] = ']';
	CHECK(requirement_parse((struct str){ big, n }, &r, NULL) == ERR_LIMIT);
}

CASE(packages)
{
	struct package p = { .line = 7 };
	struct requirement r;

	arena_init(&arena, 1 << 20);
	CHECK(requirement_parse(S("Ruamel.Yaml==0.17"), &r, NULL) == OK);
	CHECK(requirement_package(&arena, &r, &p) == OK);
	CHECK(p.eco == ECO_PYPI && p.origin == ORIGIN_INDEX && p.line == 7 && p.wanted.n == 0);
	CHECK_STR(p.name, S("ruamel-yaml"));
	CHECK_STR(p.version, S("0.17"));
	CHECK(requirement_parse(S("a @ git+ssh://git@h/x"), &r, NULL) == OK);
	CHECK(requirement_package(&arena, &r, &p) == OK && p.origin == ORIGIN_GIT);
	CHECK(requirement_parse(S("a>1"), &r, NULL) == OK);
	CHECK(requirement_package(&arena, &r, &p) == OK);
	CHECK_STR(p.wanted, S(">1"));
	arena_done(&arena);
}

static void typed(const char *s, enum ecosystem eco, const char *name, const char *version)
{
	struct package p;
	struct diag d = { 0 };

	arena_init(&arena, 1 << 20);
	enum err e = release_parse(&arena, str_z(s), &p, &d);
	if (e != OK)
		fprintf(stderr, "%s: %s\n", s, diag_text(&d));
	CHECK(e == OK);
	if (e == OK) {
		CHECK(p.eco == eco);
		CHECK_STR(p.name, str_z(name));
		CHECK_STR(p.version, str_z(version));
	}
	arena_done(&arena);
}

CASE(typed_releases)
{
	struct package p;

	typed("litellm==1.82.7", ECO_PYPI, "litellm", "1.82.7");
	typed("Zope.Interface", ECO_PYPI, "zope-interface", "");
	typed("litellm>=1", ECO_PYPI, "litellm", "");
	typed("axios@1.14.1", ECO_NPM, "axios", "1.14.1");
	typed("@tanstack/react-router@1.169.5", ECO_NPM, "@tanstack/react-router", "1.169.5");
	typed("@tanstack/react-router", ECO_NPM, "@tanstack/react-router", "");
	typed("npm:axios", ECO_NPM, "axios", "");
	typed("pypi:a==1", ECO_PYPI, "a", "1");
	typed("pkg:pypi/litellm@1.82.7", ECO_PYPI, "litellm", "1.82.7");
	typed("PKG:npm/@a/b@1.0.0", ECO_NPM, "@a/b", "1.0.0");
	arena_init(&arena, 1 << 20);
	CHECK(release_parse(&arena, S(""), &p, NULL) == ERR_SYNTAX);
	CHECK(release_parse(&arena, S("a @ https://x/y.whl"), &p, NULL) == ERR_SYNTAX);
	CHECK(release_parse(&arena, S("npm:a@latest"), &p, NULL) == ERR_SYNTAX);
	CHECK(release_parse(&arena, S("@a"), &p, NULL) == ERR_SYNTAX);
	CHECK(release_parse(&arena, S("pkg:x"), &p, NULL) == ERR_SYNTAX);
	arena_done(&arena);
}

TESTS(CASE_ROW(parts), CASE_ROW(refused), CASE_ROW(bounded), CASE_ROW(packages), CASE_ROW(typed_releases))
