/*
 * detonator/pack.h - the target as the box gets it: a sealed memory file.
 */
#ifndef DETONATOR_PACK_H
#define DETONATOR_PACK_H

#include "base/diag.h"
#include "proto/detonation.h"

/* pack copies the target, a directory or an archive, into a memory file that nobody can change any
 * more: what the box runs is what was there at one time, and the box sees nothing else of the
 * machine. Links, devices, FIFOs and sockets are left out. *out_bytes is what the files need. */
MUST_USE enum err pack(int target, int *out_fd, uint64_t *out_bytes, struct diag *d);

/* pack_kind tells what the target is by its file name, or by what lies in its directory. */
enum detonation_kind pack_kind(int target, struct str file_name);

#endif
