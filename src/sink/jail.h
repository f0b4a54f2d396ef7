/*
 * sink/jail.h - what the sink may still do once it serves.
 */
#ifndef SINK_JAIL_H
#define SINK_JAIL_H

#include "sys/jail.h"

extern const struct jail_rule sink_jail_rules[];
extern const size_t sink_jail_n;

#endif
