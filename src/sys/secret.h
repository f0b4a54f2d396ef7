/*
 * sys/secret.h - keys: their own type, in memory that nobody else can read, wiped at the end.
 * Ring 1. The region is memfd_secret where the kernel has it, else a locked, undumpable mapping.
 */
#ifndef SYS_SECRET_H
#define SYS_SECRET_H

#include "base/diag.h"
#include "base/str.h"

struct secret {
	uint8_t *at;
	size_t n;
};

/* secret_memfd makes a shareable secret memory file of size bytes (memfd_secret, else a sealed
 * memfd) that can be passed to another process, and maps it writable at *out_map. */
MUST_USE enum err secret_memfd(size_t size, int *out_fd, uint8_t **out_map, struct diag *d);

/* secret_map maps a received secret memory file read-only, undumpable, not inherited by forks. */
MUST_USE enum err secret_map(int fd, struct str *out, struct diag *d);

/* secret_unmap wipes nothing (the file lives on) and removes the mapping from this process. */
void secret_unmap(struct str map);

/* secret_alloc and secret_free: one secret in this process' own region; free wipes. */
MUST_USE enum err secret_alloc(struct secret *s, size_t n, struct diag *d);
void secret_free(struct secret *s);

/* secret_wipe overwrites ordinary memory that held a secret for a moment. */
void secret_wipe(void *p, size_t n);

/* secret_eq compares in constant time for equal lengths. */
bool secret_eq(struct str a, struct str b);

/* secret_random fills p with n random bytes from the kernel. */
MUST_USE enum err secret_random(void *p, size_t n);

#endif
