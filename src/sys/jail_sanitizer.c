/*
 * sys/jail_sanitizer.c - what the runtime of a sanitizer needs beside the common rules. Empty in
 * every build that is not one of a sanitizer, so no release carries it.
 */
#include "sys/jail_filter.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(JAIL_SANITIZED)
#define JAIL_SANITIZED
#endif

#ifdef JAIL_SANITIZED
#include <sys/prctl.h>

const struct jail_rule jail_sanitizer_rules[] = {
	JAIL(sigaltstack),
	JAIL(getrusage),
	JAIL(mincore),
	JAIL(mlock),
	/* For the report of a finding; it does without a symbolizer's process. */
	JAIL_SOFT(pipe2),
	JAIL_SOFT(prctl),
};
const size_t jail_sanitizer_n = sizeof jail_sanitizer_rules / sizeof jail_sanitizer_rules[0];

/* The search for leaks at exit starts a thread that traces this one: not in a jail. Unit tests,
 * which run outside of one, look for leaks. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	/* In the jail this call is refused (JAIL_SOFT above). A container's own filter gives 2. */
	return prctl(PR_GET_SECCOMP) < 0;
}
#else
const struct jail_rule jail_sanitizer_rules[] = { { 0, JAIL_EACCES, 0, 0, 0 } };
const size_t jail_sanitizer_n = 0;
#endif
