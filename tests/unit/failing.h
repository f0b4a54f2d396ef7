/*
 * tests/unit/failing.h - lets one call of the system fail in files of src that a test includes after this one:
 *
 *	#include "tests/unit/failing.h"
 *	#include "base/buf.c"
 *
 * The library's object of that file is then not linked, so the whole program uses this one. tests/torture does the
 * same to every call of whole processes; what it found has its own test with this.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned fail_at; /* 1: the next call fails, 2: the one after it; 0: none */
static int fail_errno; /* of pwrite 0: it takes one byte only */

static inline bool failing(void)
{
	if (fail_at == 0 || --fail_at != 0)
		return false;
	errno = fail_errno;
	return true;
}

#define malloc(n) (failing() ? NULL : malloc(n))
#define realloc(p, n) (failing() ? NULL : realloc(p, n))
#define accept4(fd, sa, n, flags) (failing() ? -1 : accept4(fd, sa, n, flags))
#define pwrite(fd, p, n, at)                                                                                 \
	(!failing() ? pwrite(fd, p, n, at) : fail_errno != 0 ? -1 : pwrite(fd, p, (n) > 1 ? 1 : (n), at))

#endif
