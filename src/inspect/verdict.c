/* inspect/verdict.c - from findings to a verdict. Input: own. Runs in: checker, cli. */
#include "inspect/verdict.h"

#include <assert.h>

#define X(code, word, exit) [code] = { SC(word), exit },
static const struct {
	struct str word;
	int exit;
} rows[VERDICT_COUNT] = { VERDICT_LIST(X) };
#undef X

struct str verdict_word(enum verdict v)
{
	assert(v < VERDICT_COUNT);
	return rows[v].word;
}

int verdict_exit(enum verdict v)
{
	assert(v < VERDICT_COUNT);
	return rows[v].exit;
}

enum verdict verdict_by_word(struct str word)
{
	enum verdict v = 0;

	while (v < VERDICT_COUNT && !str_eq(rows[v].word, word))
		v++;
	return v;
}

struct ruling verdict_rule(const struct finding *f, const struct check_policy *p)
{
	struct ruling r = { .severity = rule_row(f->rule)->severity };

	if (p != NULL) {
		r.severity = p->severities[f->rule];
		r.allow = policy_find(p, f);
	}
	return r;
}

struct judgement verdict_judge(const struct findings *f, uint64_t gaps,
			       const struct check_policy *p)
{
	struct judgement j = { .verdict = VERDICT_PASS };
	enum severity worst = SEV_INFO;

	for (size_t i = 0; i < f->n; i++) {
		struct ruling r = verdict_rule(&f->items[i], p);
		if (r.allow != NULL) {
			j.allowed++;
			continue;
		}
		j.n[r.severity]++;
		if (r.severity > worst) {
			worst = r.severity;
			j.worst = &f->items[i];
		}
	}
	/* What did not fit the list has its like there, unless just that one is allowed. */
	if (j.n[SEV_BLOCK] > 0)
		j.verdict = VERDICT_BLOCK;
	else if (gaps > 0 || (f->dropped > 0 && j.allowed > 0))
		j.verdict = VERDICT_INCONCLUSIVE;
	else if (j.n[SEV_HOLD] > 0)
		j.verdict = VERDICT_HOLD;
	return j;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	static const int order[VERDICT_COUNT] = {
		[VERDICT_PASS] = 0,
		[VERDICT_HOLD] = 1,
		[VERDICT_INCONCLUSIVE] = 2,
		[VERDICT_BLOCK] = 3,
	};

	return order[a] >= order[b] ? a : b;
}
