/*
 * inspect/policy.h - the policy file of `yett check`: which findings count for how much, which are
 * excused, until when and why. Ring 0. YAML:
 *
 *	version: 1
 *	cooldown_days: 7
 *	severity: { install-script: hold, unowned-file: info }
 *	allow:
 *	  - { rule: startup-exec, sha256: 71e3..., reason: "our own hook", until: 2027-01-31 }
 *	  - { rule: unowned-file, path: "lib/site-packages/ours/", reason: "...", until: ... }
 */
#ifndef INSPECT_POLICY_H
#define INSPECT_POLICY_H

#include "base/arena.h"
#include "base/diag.h"
#include "inspect/finding.h"

enum {
	POLICY_FILE = 1 << 20,
	POLICY_ALLOWS = 4096,
	POLICY_REASON = 400,
	POLICY_SEVERITIES = SEV_BLOCK + 1,
};

struct policy_allow {
	enum rule rule; /* RULE_COUNT: any */
	bool by_sha256;
	uint8_t sha256[32]; /* of the file the finding is in */
	struct str path;    /* the file, or with a final '/' all below it; "": any */
	struct str package; /* purl without or with version, "": any */
	struct str reason;
	int64_t until; /* first second in which it no longer counts */
	uint32_t line; /* of the policy file */
};

struct check_policy {
	int64_t now;
	uint32_t cooldown_days;		      /* 0: none */
	enum severity severities[RULE_COUNT]; /* after the file's changes */
	const struct policy_allow *allows;
	size_t n_allows;
	uint8_t sha256[32]; /* of the file's text; zeros: no file */
};

/* policy_default is the policy without a file. */
void policy_default(struct check_policy *p, int64_t now);

/* policy_parse reads one. Every allow needs a rule or a sha256, a reason, and a date at most two
 * years ahead; unknown keys are refused: a policy that is not understood excuses nothing. */
MUST_USE enum err policy_parse(struct str file, struct str text, int64_t now, struct arena *a,
			       struct check_policy *out, struct diag *d);

/* policy_find gives the row that excuses f now, or NULL. */
const struct policy_allow *policy_find(const struct check_policy *p, const struct finding *f);

#endif
