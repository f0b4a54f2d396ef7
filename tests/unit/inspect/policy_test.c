/*
 * tests/unit/inspect/policy_test.c - policies excuse what they name, until their day, and no more.
 * Proves T-26, T-29.
 */
#include "inspect/policy.h"
#include "inspect/verdict.h"

#include "tests/unit/check.h"

static struct arena arena;
static struct check_policy p;
static struct diag d;

enum { NOW = 1795392000 }; /* 2026-11-23 */

static enum err parse(const char *text)
{
	arena_done(&arena);
	arena_init(&arena, 16 << 20);
	d = (struct diag){ 0 };
	return policy_parse(S("p.yaml"), str_z(text), NOW, &arena, &p, &d);
}

#define HASH "71e35aef03099cd1f2d6446734273025a163597de93912df321ef118bf135238"

CASE(reads)
{
	CHECK(parse("version: 1\ncooldown_days: 7\nseverity: { install-script: hold }\n"
		    "allow:\n  - rule: startup-exec\n    path: lib/\n    reason: ours\n"
		    "    until: 2026-12-31\n  - { sha256: " HASH
		    ", reason: known, until: 2027-01-31 }\n") == OK);
	CHECK(p.cooldown_days == 7 && p.n_allows == 2);
	CHECK(p.severities[RULE_INSTALL_SCRIPT] == SEV_HOLD);
	CHECK(p.severities[RULE_KNOWN_MALWARE] == SEV_BLOCK);
	CHECK(p.allows[0].rule == RULE_STARTUP_EXEC && p.allows[1].by_sha256);
	CHECK(p.allows[1].sha256[0] == 0x71);
}

CASE(refuses)
{
	static const char *const wrong[] = {
		"",
		"version: 2\n",
		"version: 1\nallows: []\n",
		"version: 1\nseverity: { no-such-rule: hold }\n",
		"version: 1\nseverity: { startup-exec: off }\n",
		"version: 1\ncooldown_days: -1\n",
		"version: 1\nallow: { rule: startup-exec }\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: r }]\n",
		"version: 1\nallow: [{ rule: startup-exec, until: 2026-12-31 }]\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: ' ', until: 2026-12-31 }]\n",
		"version: 1\nallow: [{ path: a, reason: r, until: 2026-12-31 }]\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: r, until: 2036-12-31 }]\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: r, until: 2026-13-01 }]\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: r, until: 2027-02-29 }]\n",
		"version: 1\nallow: [{ rule: startup-exec, reason: r, until: 31.12.2026 }]\n",
		"version: 1\nallow: [{ sha256: " HASH "0, reason: r, until: 2026-12-31 }]\n",
		"version: 1\nallow: [{ rule: x, reason: r, until: 2026-12-31 }]\n",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK(parse(wrong[i]) != OK);
		CHECK(d.text[0] != 0);
	}
}

static struct finding finding(enum rule r, const char *path, const char *package)
{
	return (struct finding){ .rule = r, .path = str_z(path), .package = str_z(package) };
}

CASE(excuses)
{
	CHECK(parse("version: 1\nallow:\n"
		    "  - { rule: startup-exec, path: lib/, reason: r, until: 2026-12-31 }\n"
		    "  - { rule: file-altered, package: 'pkg:pypi/a', reason: r, until: 2026-12-31 }\n"
		    "  - { rule: unowned-file, reason: r, until: 2026-11-22 }\n"
		    "  - { sha256: " HASH ", reason: r, until: 2026-11-23 }\n") == OK);
	struct finding f = finding(RULE_STARTUP_EXEC, "lib/x.pth", "");
	CHECK(policy_find(&p, &f) == &p.allows[0]);
	f.path = S("libx.pth");
	CHECK(policy_find(&p, &f) == NULL);
	f = finding(RULE_FILE_ALTERED, "a.py", "pkg:pypi/a@1");
	CHECK(policy_find(&p, &f) == &p.allows[1]);
	f.package = S("pkg:pypi/ab@1");
	CHECK(policy_find(&p, &f) == NULL);
	f = finding(RULE_FILE_UNOWNED, "a.py", "");
	CHECK(policy_find(&p, &f) == NULL); /* its day has passed */
	f = finding(RULE_KNOWN_MALWARE, "a.whl", "");
	CHECK(policy_find(&p, &f) == NULL);
	f.has_sha256 = true;
	memcpy(f.sha256, p.allows[3].sha256, 32);
	CHECK(policy_find(&p, &f) == &p.allows[3]);
}

CASE(verdicts)
{
	struct findings f;

	CHECK(parse("version: 1\nallow:\n"
		    "  - { rule: startup-exec, reason: r, until: 2026-12-31 }\n"
		    "severity: { unowned-file: hold }\n") == OK);
	findings_init(&f, &arena);
	CHECK(verdict_judge(&f, 0, &p).verdict == VERDICT_PASS);
	CHECK(verdict_judge(&f, 1, &p).verdict == VERDICT_INCONCLUSIVE);
	finding_add(&f, RULE_STARTUP_EXEC, S(""), S("x.pth"), 1, S(""), " ");
	CHECK(verdict_judge(&f, 0, NULL).verdict == VERDICT_BLOCK);
	CHECK(verdict_judge(&f, 1, NULL).verdict == VERDICT_BLOCK);
	struct judgement j = verdict_judge(&f, 0, &p);
	CHECK(j.verdict == VERDICT_PASS && j.allowed == 1 && j.worst == NULL);
	finding_add(&f, RULE_FILE_UNOWNED, S(""), S("x.py"), 0, S(""), " ");
	j = verdict_judge(&f, 0, &p);
	CHECK(j.verdict == VERDICT_HOLD && j.worst == &f.items[1]);
	CHECK(verdict_judge(&f, 1, &p).verdict == VERDICT_INCONCLUSIVE);
	CHECK(verdict_worse(VERDICT_HOLD, VERDICT_BLOCK) == VERDICT_BLOCK);
	CHECK(verdict_worse(VERDICT_INCONCLUSIVE, VERDICT_HOLD) == VERDICT_INCONCLUSIVE);
	for (enum verdict v = 0; v < VERDICT_COUNT; v++)
		CHECK(verdict_by_word(verdict_word(v)) == v && verdict_exit(v) < 4);
}

TESTS(CASE_ROW(reads), CASE_ROW(refuses), CASE_ROW(excuses), CASE_ROW(verdicts))
