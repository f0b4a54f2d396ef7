/*
 * sys/roots.h - what the system knows of the network beside the resolver: trusted roots and the
 * hosts file. Ring 1.
 */
#ifndef SYS_ROOTS_H
#define SYS_ROOTS_H

#include "base/buf.h"
#include "base/diag.h"

/* roots_read appends the system's bundle of roots (PEM) to out. ERR_NOT_FOUND: no known place has
 * one. */
MUST_USE enum err roots_read(struct buf *out, struct diag *d);

/* hosts_read appends the hosts file; where there is none, nothing. */
MUST_USE enum err hosts_read(struct buf *out, struct diag *d);

#endif
