/*
 * inspect/cooldown.c - a release's age against the policy. Input: own, and times by the index.
 * Runs in: checker.
 */
#include "inspect/cooldown.h"

#include "base/date.h"

enum { DAY = 86400, HOUR = 3600 };

void cooldown_judge(const struct check_policy *p, int64_t published_s, struct str package,
		    struct str path, struct findings *f)
{
	char date[DATE_TEXT];
	int64_t wanted = (int64_t)p->cooldown_days * DAY;

	if (p->cooldown_days == 0)
		return;
	if (published_s <= 0) {
		finding_add(f, RULE_AGE_UNKNOWN, package, path, 0, S(""),
			    "the policy wants %u days, and no index said when this was published",
			    p->cooldown_days);
		return;
	}
	struct str when = date_format(published_s, date);
	if (published_s > p->now) {
		finding_add(f, RULE_COOLDOWN, package, path, 0, S(""),
			    "published %.*s, which is not yet: a clock is wrong, or the index lies",
			    FMT(when));
		return;
	}
	int64_t age = p->now - published_s;
	if (age >= wanted)
		return;
	int64_t left = wanted - age;
	finding_add(f, RULE_COOLDOWN, package, path, 0, S(""),
		    "published %.*s; the policy's %u days are over in %lld days and %lld hours",
		    FMT(when), p->cooldown_days, (long long)(left / DAY),
		    (long long)(left % DAY / HOUR));
}
