/*
 * inspect/cooldown.h - is a release old enough for the policy? Ring 0.
 */
#ifndef INSPECT_COOLDOWN_H
#define INSPECT_COOLDOWN_H

#include "inspect/finding.h"
#include "inspect/policy.h"

/* cooldown_judge adds RULE_COOLDOWN for a release that was published less than the policy's days
 * before its now, or after it; RULE_AGE_UNKNOWN when published_s is 0 and the policy wants days.
 * Without a cooldown in the policy it adds nothing. path names the artifact. */
void cooldown_judge(const struct check_policy *p, int64_t published_s, struct str package,
		    struct str path, struct findings *f);

#endif
