/*
 * sys/userns.h - a user namespace, from inside. Ring 1.
 */
#ifndef SYS_USERNS_H
#define SYS_USERNS_H

#include "base/err.h"

/* userns_map gives the one user and the one group of a namespace that this process was just put
 * into a number in it; uid and gid are those outside, as they were before. ERR_SYS with errno. */
MUST_USE enum err userns_map(unsigned inside, unsigned uid, unsigned gid);

#endif
