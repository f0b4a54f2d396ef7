/*
 * detonator/box.h - the box: new namespaces, a root of its own, and process 1 in it, which is ours
 * and starts the target once for each phase.
 */
#ifndef DETONATOR_BOX_H
#define DETONATOR_BOX_H

#include "base/diag.h"
#include "proto/detonation.h"

#include <sys/types.h>

enum { BOX_UID = 1000, BOX_KILL = 255 /* instead of a phase: end what runs */ };

struct box {
	pid_t pid;
	int pidfd, control; /* control: sys/ipc.h, not blocking at our end */
};

/* What the box takes along of this process. */
struct box_start {
	int target;  /* packed */
	int preload; /* the shared object that skips sleeps, or -1 */
	int tree;    /* a detached mount of the interpreter's directory, or -1 */
};

/* box_start makes the namespaces and process 1, which waits for DMSG_SETUP. The box dies with this
 * process. ERR_UNSUPPORTED: namespaces are not to be had here, and d says what to do. */
MUST_USE enum err box_start(struct box *b, const struct box_start *s, struct diag *d);

/* box_tree makes a detached mount of directory path; -1 where this needs rights that we lack, and
 * the box then finds path by itself. */
int box_tree(const char *path);

#endif
