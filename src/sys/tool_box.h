/*
 * sys/tool_box.h - the box of sys/tool.h, from inside. Ring 1.
 */
#ifndef SYS_TOOL_BOX_H
#define SYS_TOOL_BOX_H

#include "sys/tool.h"

/* tool_box_possible: this kernel can. ERR_UNSUPPORTED. */
MUST_USE enum err tool_box_possible(struct diag *d);

/* tool_box_enter puts this process and all that it will start into the box, for good; out_fd
 * becomes its output and errors. ERR_SYS with errno. */
MUST_USE enum err tool_box_enter(const struct tool_box *box, int out_fd);

#endif
