/* egress/jail.h - what egress may still do once it serves.   Runs in: egress. */
#ifndef EGRESS_JAIL_H
#define EGRESS_JAIL_H

#include "sys/jail.h"

/* egress_jail_rules: sockets to providers and name servers, memory, and nothing else: no file, no
 * exec, no listening. */
extern const struct jail_rule egress_jail_rules[];
extern const size_t egress_jail_n;

#endif
