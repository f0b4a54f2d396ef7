/*
 * detonator/filter.h - the system call filter of the box: what is refused, and what the supervisor
 * is asked about. The filter observes; what confines is the namespaces.
 */
#ifndef DETONATOR_FILTER_H
#define DETONATOR_FILTER_H

#include "base/err.h"

/* filter_install puts the filter on this process and all it starts. *out_listener gets the
 * descriptor of the notifications. no_new_privs must be set. */
MUST_USE enum err filter_install(int *out_listener);

#endif
