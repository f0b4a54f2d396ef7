/*
 * checker/jail.h - what a checker may do: read below the roots it was given. Ring 2.
 */
#ifndef CHECKER_JAIL_H
#define CHECKER_JAIL_H

#include "proto/check.h"
#include "sys/jail.h"

enum { CHECKER_PATH = 32 };

/* The jail without any root, for tests. */
extern const struct jail checker_jail;

/* checker_jail_for adds the directories of r; the names of their descriptors live in names. */
struct jail checker_jail_for(const struct check_request *r, struct jail_path paths[CHECK_ROOTS],
			     char names[CHECK_ROOTS][CHECKER_PATH]);

/* checker_drop gives up all that root can do but to read what others may not. */
MUST_USE enum err checker_drop(struct diag *d);

#endif
