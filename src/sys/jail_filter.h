/*
 * sys/jail_filter.h - the system call filter, for jail.c and its tests. Ring 1.
 */
#ifndef SYS_JAIL_FILTER_H
#define SYS_JAIL_FILTER_H

#include "sys/jail.h"

#include <linux/filter.h>

enum { JAIL_CODE_MAX = 1024 };

/* The rules that every process needs, and those that only sanitizers do (none in other builds). */
extern const struct jail_rule jail_common[];
extern const size_t jail_common_n;
extern const struct jail_rule jail_sanitizer_rules[];
extern const size_t jail_sanitizer_n;

/* jail_filter_build compiles the rules of j, the common ones and the sanitizers' into code and
 * returns its length. self is this process' id: it may signal itself, which abort needs. */
size_t jail_filter_build(const struct jail *j, uint32_t self,
			 struct sock_filter code[JAIL_CODE_MAX]);

/* jail_call_name gives the name of a system call that some rule of this tree names, else NULL. */
const char *jail_call_name(unsigned nr);

#endif
