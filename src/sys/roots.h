/*
 * sys/roots.h - the system's files about the network: trusted roots, the hosts file and
 * resolv.conf. Ring 1.
 */
#ifndef SYS_ROOTS_H
#define SYS_ROOTS_H

#include "base/buf.h"
#include "base/diag.h"

/* roots_read appends the system's bundle of roots (PEM) to out. ERR_NOT_FOUND: no known place has
 * one. */
MUST_USE enum err roots_read(struct buf *out, struct diag *d);

/* hosts_read appends the hosts file, resolv_read resolv.conf; where there is none, nothing. */
MUST_USE enum err hosts_read(struct buf *out, struct diag *d);
MUST_USE enum err resolv_read(struct buf *out, struct diag *d);

#endif
