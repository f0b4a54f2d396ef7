/*
 * detonator/jail.h - what the supervisor may still do while the target runs.
 */
#ifndef DETONATOR_JAIL_H
#define DETONATOR_JAIL_H

#include "sys/jail.h"

enum { DETONATOR_NOBODY = 65534 };

extern const struct jail_rule detonator_jail_rules[];
extern const size_t detonator_jail_n;

/* detonator_lock installs the filter alone. Landlock would refuse to look into processes that are
 * not in its domain, which is this process' work, and in it no box could be mounted. */
MUST_USE enum err detonator_lock(struct diag *d);

#endif
