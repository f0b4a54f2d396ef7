/*
 * sys/native.h - for system call filters: the machine's own calls, and from where on their numbers
 * are another table's. Ring 1.
 */
#ifndef SYS_NATIVE_H
#define SYS_NATIVE_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define OTHERS 0x40000000u /* of x32: the same calls again, and a fork of its own */
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define OTHERS 0x80000000u
#else
#error "the filters know x86_64 and aarch64"
#endif

#endif
