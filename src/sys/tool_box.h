/*
 * sys/tool_box.h - the box of sys/tool.h, from inside. Ring 1.
 */
#ifndef SYS_TOOL_BOX_H
#define SYS_TOOL_BOX_H

#include "sys/tool.h"

#include <linux/audit.h>

/* For system call filters: the machine's own calls, and from where on they are another table's. */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define OTHERS 0x40000000u /* calls of the x32 table, which has a fork of its own */
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define OTHERS 0x80000000u
#else
#error "which calls make a process is not known for this machine"
#endif

/* tool_box_possible: this kernel can. ERR_UNSUPPORTED. */
MUST_USE enum err tool_box_possible(struct diag *d);

/* tool_box_enter puts this process and all that it will start into the box, for good; out_fd
 * becomes its output and errors. ERR_SYS with errno. */
MUST_USE enum err tool_box_enter(const struct tool_box *box, int out_fd);

#endif
