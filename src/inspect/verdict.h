/*
 * inspect/verdict.h - from findings to one of four words, and what to do. Ring 0.
 *
 *	block         near certain: do not use it
 *	inconclusive  something could not be looked at; unknown is not clean
 *	hold          a person should look first
 *	pass          nothing that asks for one
 *
 * in this order: the first that applies is the verdict.
 */
#ifndef INSPECT_VERDICT_H
#define INSPECT_VERDICT_H

#include "base/str.h"
#include "inspect/finding.h"
#include "inspect/policy.h"

/* X(code, word, exit status). */
#define VERDICT_LIST(X)                                                                            \
	X(VERDICT_PASS, "pass", 0)                                                                 \
	X(VERDICT_HOLD, "hold", 1)                                                                 \
	X(VERDICT_BLOCK, "block", 2)                                                               \
	X(VERDICT_INCONCLUSIVE, "inconclusive", 3)

#define X(code, word, exit) code,
enum verdict { VERDICT_LIST(X) VERDICT_COUNT };
#undef X

/* verdict_word and verdict_exit give a verdict's name and the exit status of `yett check`;
 * verdict_by_word finds one, VERDICT_COUNT: there is none. */
struct str verdict_word(enum verdict v);
int verdict_exit(enum verdict v);
enum verdict verdict_by_word(struct str word);

struct judgement {
	enum verdict verdict;
	size_t n[SEV_BLOCK + 1];     /* findings of each severity, after the policy */
	size_t allowed;		     /* findings that the policy excuses */
	const struct finding *worst; /* the one that decides, or NULL */
};

/* How a finding counts once the policy has been asked. */
struct ruling {
	enum severity severity;
	const struct policy_allow *allow; /* the row that excuses it, or NULL */
};

/* verdict_rule asks the policy about one finding; p may be NULL. */
struct ruling verdict_rule(const struct finding *f, const struct check_policy *p);

/* verdict_judge weighs all findings. gaps: how much could not be looked at. */
struct judgement verdict_judge(const struct findings *f, uint64_t gaps,
			       const struct check_policy *p);

/* verdict_worse gives the one of two that decides over both. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
