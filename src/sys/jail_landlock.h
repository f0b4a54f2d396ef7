/*
 * sys/jail_landlock.h - Landlock's numbers and structures, for sys/jail*.c and sys/tool_box.c only.
 * Ring 1.
 * The distribution's headers know its first version only, so the calls are raw ones.
 */
#ifndef SYS_JAIL_LANDLOCK_H
#define SYS_JAIL_LANDLOCK_H

#include <stdint.h>

enum { LL_CREATE = 444, LL_ADD = 445, LL_RESTRICT = 446, LL_VERSION_FLAG = 1, LL_PATH_BENEATH = 1 };
enum {
	LL_EXECUTE = 1 << 0,
	LL_WRITE_FILE = 1 << 1,
	LL_READ_FILE = 1 << 2,
	LL_READ_DIR = 1 << 3,
	LL_REMOVE_DIR = 1 << 4,
	LL_REMOVE_FILE = 1 << 5,
	LL_MAKE_CHAR = 1 << 6,
	LL_MAKE_DIR = 1 << 7,
	LL_MAKE_REG = 1 << 8,
	LL_MAKE_SOCK = 1 << 9,
	LL_MAKE_FIFO = 1 << 10,
	LL_MAKE_BLOCK = 1 << 11,
	LL_MAKE_SYM = 1 << 12,
	LL_REFER = 1 << 13,
	LL_TRUNCATE = 1 << 14,
	LL_IOCTL_DEV = 1 << 15
};
enum {
	LL_READS = LL_READ_FILE | LL_READ_DIR,
	LL_WRITES = LL_WRITE_FILE | LL_REMOVE_DIR | LL_REMOVE_FILE | LL_MAKE_DIR | LL_MAKE_REG |
		    LL_MAKE_SOCK | LL_TRUNCATE | LL_REFER /* renames between directories */,
	LL_ON_FILES = LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE
};
enum { LL_BIND_TCP = 1, LL_CONNECT_TCP = 2 };
enum { LL_SCOPE_ABSTRACT_SOCKET = 1, LL_SCOPE_SIGNAL = 2 };

struct ll_ruleset {
	uint64_t fs, net, scoped;
};

/* ll_all gives every right to files that a version of Landlock knows. */
static inline uint64_t ll_all(long abi)
{
	return ((LL_MAKE_SYM << 1) - 1) | (abi >= 2 ? LL_REFER : 0u) |
	       (abi >= 3 ? LL_TRUNCATE : 0u) | (abi >= 5 ? LL_IOCTL_DEV : 0u);
}

struct ll_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#endif
