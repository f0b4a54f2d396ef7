/*
 * keeper/voice.h - what children write to their standard error: line by line into the log, in their
 * own name, and not more than is good for it. Runs in: keeper.
 */
#ifndef KEEPER_VOICE_H
#define KEEPER_VOICE_H

#include "base/buf.h"
#include "sys/loop.h"

#include <sys/types.h>

enum { VOICE_LINE = 1024 }; /* what sys/log.c writes at most */

/* Embedded in its child. watch.fd -1: closed. */
struct voice {
	struct watch watch;
	struct timer timer;
	struct loop *loop;
	const char *role; /* borrowed */
	unsigned worker;
	pid_t pid;
	unsigned left;	     /* lines it may say now */
	uint64_t counted_ms; /* when left was last added to */
	uint64_t unshown;    /* lines */
	unsigned n;
	char line[VOICE_LINE]; /* what has come of the next one */
};

/* voice_open watches fd, the reading end of a pipe that does not block, and takes it over. */
MUST_USE enum err voice_open(struct voice *v, struct loop *l, int fd, const char *role,
			     unsigned worker, pid_t pid);

/* voice_close shows what is left in the pipe and closes it; legal on a closed one. */
void voice_close(struct voice *v);

/* voice_genuine: line begins as sys/log.c begins the lines of this process. */
bool voice_genuine(struct str line, const char *role, pid_t pid);

/* voice_show appends line as the log is to have it: printable, and with its origin before it where
 * it does not tell it truly. */
void voice_show(const struct voice *v, struct str line, struct buf *out);

#endif
