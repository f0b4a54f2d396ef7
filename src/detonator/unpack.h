/*
 * detonator/unpack.h - the target's files into the box's file system.
 */
#ifndef DETONATOR_UNPACK_H
#define DETONATOR_UNPACK_H

#include "base/diag.h"
#include "proto/detonation.h"

/* unpack writes the packed target behind fd below the directory dir, as far as the order's bounds
 * go. Run it in a process of its own: it reads hostile bytes. */
MUST_USE enum err unpack(int fd, const struct detonation_order *o, int dir, struct diag *d);

#endif
