/*
 * tests/unit/inspect/publishers_test.c - the ledger's lines and what it says of a release: each finding, and each time
 * nothing is said though something differs.
 * Proves T-38.
 */
#include "inspect/publishers.h"

#include "../check.h"

static struct arena arena;
static bool begun;

static void begin(void)
{
	if (!begun)
		arena_init(&arena, 64 << 20);
	begun = true;
	arena_reset(&arena);
}

/* A release of "p", as it is usually built. */
static struct publisher_entry usual(const char *version)
{
	return (struct publisher_entry){ .eco = ECO_PYPI, .state = PUBLISHER_VALID, .at_s = 1000, .name = S("p"),
				      .version = str_z(version), .file = S("p.tar.gz"), .issuer = S("i"), .signer = S("s"),
				      .repository = S("https://github.com/o/r"), .repository_id = S("1"),
				      .workflow = S("https://github.com/o/r/.github/workflows/w.yml@refs/tags/x"),
				      .ref = S("refs/tags/x"), .trigger = S("release"), .runner = S("github-hosted") };
}

/* The rules that entries give for a version, as a bit set over RULE_COUNT; their text in *out. */
static struct findings judge(const struct publisher_entry *list, size_t n, const char *version,
			     const struct package_identity *identity)
{
	struct package p = { .eco = ECO_PYPI, .name = S("p"), .version = str_z(version), .identity = identity,
			     .where = S("pylock.toml") };
	struct findings f;
	struct publishers l;
	struct buf b;

	begin();
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < n; i++)
		publishers_write(&list[i], &b);
	struct str text = arena_dup(&arena, buf_str(&b));
	CHECK(b.err == OK && publishers_read(&l, text, &arena) == OK && l.n == n && l.torn == 0);
	buf_free(&b);
	findings_init(&f, &arena);
	publishers_judge(&l, &p, S("pkg:pypi/p"), &f);
	return f;
}

static bool only(const struct findings *f, enum rule r)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].rule != r || rule_row(r)->severity == SEV_BLOCK)
			return false;
	return f->n > 0;
}

CASE(first_use_says_nothing)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.1") };
	struct findings f = judge(e, 1, "1.0", NULL);

	CHECK(f.n == 0);
	f = judge(e, 2, "1.1", NULL);
	CHECK(f.n == 0);
	f = judge(e, 2, "2.0", NULL);
	CHECK(f.n == 0);
}

CASE(attestation_vanishes)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.1"), usual("0.9") };

	e[1].state = e[2].state = PUBLISHER_NONE;
	struct findings f = judge(e, 3, "1.1", NULL);
	CHECK(only(&f, RULE_ATTESTATION_VANISHED));
	f = judge(e, 3, "0.9", NULL); /* from before there were any */
	CHECK(f.n == 0);
	f = judge(e, 3, "1.0.0", NULL);
	CHECK(f.n == 0);
	e[0].version = S("1.1"); /* this very file had one */
	f = judge(e, 2, "1.1", NULL);
	CHECK(only(&f, RULE_ATTESTATION_VANISHED));
	struct publisher_entry back[] = { e[0], e[1], e[0] };
	f = judge(back, 3, "1.1", NULL);
	CHECK(f.n == 0);
}

CASE(identity_changes)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.1") };

	e[1].repository = S("https://github.com/new/name"); /* a new name of the same */
	struct findings f = judge(e, 2, "1.1", NULL);
	CHECK(f.n == 0);
	e[1].repository_id = S("2");
	f = judge(e, 2, "1.1", NULL);
	CHECK(only(&f, RULE_IDENTITY_CHANGED));
	e[1].repository = e[0].repository; /* a name that was taken over */
	f = judge(e, 2, "1.1", NULL);
	CHECK(only(&f, RULE_IDENTITY_CHANGED));
	e[1].repository_id = S(""); /* older certificates have no numbers */
	f = judge(e, 2, "1.1", NULL);
	CHECK(f.n == 0);
	e[1].issuer = S("j");
	f = judge(e, 2, "1.1", NULL);
	CHECK(only(&f, RULE_IDENTITY_CHANGED));
	e[0].state = PUBLISHER_INVALID; /* is nobody's identity */
	f = judge(e, 2, "1.1", NULL);
	CHECK(f.n == 0);
}

CASE(people_sign_too)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.1") };

	for (int i = 0; i < 2; i++)
		e[i].repository = e[i].repository_id = e[i].workflow = e[i].ref = e[i].trigger = S("");
	struct findings f = judge(e, 2, "1.1", NULL);
	CHECK(f.n == 0);
	e[1].signer = S("t");
	f = judge(e, 2, "1.1", NULL);
	CHECK(only(&f, RULE_IDENTITY_CHANGED));
}

CASE(builds_differ)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.2"), usual("1.1") };
	struct findings f;

	e[1].ref = S("refs/tags/other");
	f = judge(e, 3, "1.2", NULL);
	CHECK(f.n == 0);
	e[1].ref = S("refs/heads/main");
	f = judge(e, 3, "1.2", NULL);
	CHECK(only(&f, RULE_BUILD_UNLIKE) && f.n == 1);
	e[0].ref = S("refs/heads/dev"); /* one like it is enough */
	f = judge(e, 3, "1.2", NULL);
	CHECK(f.n == 0);
	e[1].trigger = S("workflow_dispatch");
	e[1].runner = S("self-hosted");
	e[1].workflow = S("https://github.com/o/r/.github/workflows/v.yml@refs/tags/x");
	f = judge(e, 3, "1.2", NULL);
	CHECK(only(&f, RULE_BUILD_UNLIKE) && f.n == 3);
	e[1].trigger = e[1].runner = e[1].workflow = S(""); /* what is not said differs from nothing */
	f = judge(e, 3, "1.2", NULL);
	CHECK(f.n == 0);
}

CASE(invalid_is_told)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.0") };

	e[0].state = PUBLISHER_INVALID;
	e[0].failed = S("subject");
	struct findings f = judge(e, 1, "1.0", NULL);
	CHECK(only(&f, RULE_ATTESTATION_INVALID));
	f = judge(e, 2, "1.0", NULL); /* and made good */
	CHECK(f.n == 0);
	e[1].file = S("p.whl"); /* of another file: the first one's still counts */
	f = judge(e, 2, "1.0", NULL);
	CHECK(only(&f, RULE_ATTESTATION_INVALID));
}

CASE(lock_files_name_identities)
{
	struct package_identity workflow = { S("workflow"), S("w.yml"), NULL };
	struct package_identity repository = { S("repository"), S("O/R"), &workflow };
	struct package_identity github = { S("kind"), S("GitHub"), &repository };
	struct package_identity other = { S("repository"), S("o/other"), &github };
	struct package_identity lab = { S("kind"), S("GitLab"), &other };
	struct publisher_entry e = usual("1.0");
	struct findings f = judge(&e, 1, "1.0", &github);

	CHECK(f.n == 0);
	f = judge(&e, 1, "1.0", &lab); /* any of two will do */
	CHECK(f.n == 0);
	workflow.value = S("yml");
	f = judge(&e, 1, "1.0", &github);
	CHECK(only(&f, RULE_IDENTITY_UNEXPECTED));
	workflow.value = S("w.yml");
	repository.value = S("o/r2");
	f = judge(&e, 1, "1.0", &lab);
	CHECK(only(&f, RULE_IDENTITY_UNEXPECTED));
	repository.value = S("o/r");
	e.state = PUBLISHER_NONE;
	f = judge(&e, 1, "1.0", &github);
	CHECK(only(&f, RULE_IDENTITY_UNEXPECTED));
	f = judge(&e, 1, "1.1", &github);
	CHECK(only(&f, RULE_IDENTITY_UNCHECKED) && rule_row(RULE_IDENTITY_UNCHECKED)->severity == SEV_INFO);
	CHECK_STR(f.items[0].path, S("pylock.toml"));
}

CASE(lines_can_be_torn)
{
	struct publisher_entry e = usual("1.0");
	struct publishers l;
	struct buf b;

	begin();
	buf_init(&b, 1 << 16);
	publishers_write(&e, &b);
	struct str line = arena_dup(&arena, buf_str(&b));
	for (size_t n = 0; n < line.n - 1; n++) {
		buf_reset(&b);
		buf_add(&b, str_head(line, n));
		buf_addc(&b, '\n');
		buf_add(&b, line);
		struct str in = check_guard(buf_str(&b));
		CHECK(publishers_read(&l, in, &arena) == OK && l.n == 1 && l.torn == (n > 0));
		CHECK_STR(l.items[0].repository, e.repository);
		check_unguard(in);
	}
	CHECK(publishers_read(&l, S(""), &arena) == OK && l.n == 0 && l.torn == 0);
	buf_free(&b);
}

CASE(strange_names_stay_in_their_line)
{
	struct publisher_entry e[] = { usual("1.0"), usual("1.0") };
	char large[PUBLISHER_TEXT + 1];
	struct publishers l;
	size_t n;
	struct buf b;

	begin();
	buf_init(&b, 1 << 16);
	e[0].name = S("a\n{\"ledger\":1}\t\x1b[31m\"");
	e[0].ref = S("\\\x7f\r");
	publishers_write(&e[0], &b);
	publishers_write(&e[1], &b);
	struct str text = arena_dup(&arena, buf_str(&b));
	CHECK(publishers_read(&l, text, &arena) == OK && l.n == 2 && l.torn == 0);
	const struct publisher_entry *of = publishers_project(&l, ECO_PYPI, e[0].name, &n);
	CHECK(n == 1 && str_eq(of->ref, e[0].ref));
	CHECK(publishers_project(&l, ECO_NPM, S("p"), &n) != NULL && n == 0);
	CHECK(publishers_knows(&l, &e[1]) && publishers_knows(&l, &e[0]));
	e[1].at_s++; /* when does not count */
	CHECK(publishers_knows(&l, &e[1]));
	e[1].trigger = S("push");
	CHECK(!publishers_knows(&l, &e[1]));
	memset(large, 'x', sizeof large);
	e[1].signer = (struct str){ large, sizeof large };
	buf_reset(&b);
	publishers_write(&e[1], &b);
	CHECK(b.err == ERR_LIMIT);
	buf_free(&b);
}

CASE(who_signed)
{
	struct publisher_entry e[3] = { usual("1.0"), usual("1.1"), usual("1.1") };
	struct package p = { .eco = ECO_PYPI, .name = S("p"), .version = S("1.1.0") };
	struct publishers l;
	struct buf b;

	e[1].state = PUBLISHER_INVALID;
	e[1].repository = e[2].repository = S("https://github.com/thief/r");
	begin();
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < 3; i++)
		publishers_write(&e[i], &b);
	CHECK(publishers_read(&l, buf_str(&b), &arena) == OK);
	CHECK_STR(publishers_signed(&l, &p)->repository, S("https://github.com/thief/r"));
	p.version = S("1.0");
	CHECK_STR(publishers_signed(&l, &p)->repository, S("https://github.com/o/r"));
	p.version = S("2.0");
	CHECK(publishers_signed(&l, &p) == NULL);
	p.version = S("");
	CHECK(publishers_signed(&l, &p) == NULL);
	buf_free(&b);
}

TESTS(CASE_ROW(who_signed), CASE_ROW(first_use_says_nothing), CASE_ROW(attestation_vanishes), CASE_ROW(identity_changes), CASE_ROW(people_sign_too),
      CASE_ROW(builds_differ), CASE_ROW(invalid_is_told), CASE_ROW(lock_files_name_identities), CASE_ROW(lines_can_be_torn),
      CASE_ROW(strange_names_stay_in_their_line))
