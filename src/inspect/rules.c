/* inspect/rules.c - the table of rules. Input: own. Runs in: checker, cli. */
#include "inspect/rules.h"

#include <assert.h>

#define X(code, id, severity, title, why, next)                                                    \
	[code] = { SC(id), severity, SC(title), SC(why), SC(next) },
static const struct rule_row rows[RULE_COUNT] = { RULE_LIST(X) };
#undef X

#define X(code, id, severity, title, why, next) [code] = true,
static const bool of_run[RULE_COUNT] = { RULES_RUN(X) };
#undef X

static const struct str severities[] = {
	[SEV_INFO] = SC("info"), [SEV_HOLD] = SC("hold"), [SEV_BLOCK] = SC("block")
};

struct str severity_word(enum severity s)
{
	assert(s <= SEV_BLOCK);
	return severities[s];
}

bool severity_by_word(struct str word, enum severity *out)
{
	for (enum severity s = SEV_INFO; s <= SEV_BLOCK; s++)
		if (str_eq(severities[s], word)) {
			*out = s;
			return true;
		}
	return false;
}

const struct rule_row *rule_row(enum rule r)
{
	assert(r < RULE_COUNT);
	return &rows[r];
}

bool rule_of_run(enum rule r)
{
	assert(r < RULE_COUNT);
	return of_run[r];
}

enum rule rule_by_id(struct str id)
{
	enum rule r = 0;

	while (r < RULE_COUNT && !str_eq(rows[r].id, id))
		r++;
	return r;
}
