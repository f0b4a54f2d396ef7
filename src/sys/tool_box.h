/*
 * sys/tool_box.h - the box of sys/tool.h, from inside. Ring 1.
 */
#ifndef SYS_TOOL_BOX_H
#define SYS_TOOL_BOX_H

#include "sys/tool.h"

#include <sys/types.h>

/* tool_box_possible: this kernel can. ERR_UNSUPPORTED. */
MUST_USE enum err tool_box_possible(struct diag *d);

/* tool_box_fork is fork(2) for what is to enter the box, and errors a pipe to hear from it. Between
 * us and the child stands a process that ends the child and all that it will start: when the child
 * ends, when its time is over (then it writes ETIME), and when we do, so that nobody reads errors.
 * Its exit status is the child's, or 128 and a signal's number. */
MUST_USE pid_t tool_box_fork(const struct tool_box *box, const int errors[2]);

/* tool_box_enter puts this process and all that it will start into the box, for good; out_fd
 * becomes its output and errors. ERR_SYS with errno. */
MUST_USE enum err tool_box_enter(const struct tool_box *box, int out_fd);

#endif
