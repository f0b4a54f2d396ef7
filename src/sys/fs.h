/*
 * sys/fs.h - whole small files, and the data directory. Ring 1.
 */
#ifndef SYS_FS_H
#define SYS_FS_H

#include "base/buf.h"
#include "base/diag.h"

#define AUTO(fn) __attribute__((cleanup(fn)))

/* fd_closep closes *fd if it is >= 0, and makes it -1; for AUTO(fd_closep) int fd = ... */
void fd_closep(int *fd);

/* fd_size gives the size of an open file, -1 with errno set; also works in a jail. */
int64_t fd_size(int fd);

enum fs_flags { FS_NOFOLLOW = 1, FS_PRIVATE = 2 /* refuse a file that others may read */ };

/* fs_read appends a whole regular file to out, whose maximum bounds it (ERR_LIMIT). ERR_NOT_FOUND:
 * no such file; ERR_DENIED: FS_PRIVATE and too open. flags is a bit set of enum fs_flags. */
MUST_USE enum err fs_read(const char *path, unsigned flags, struct buf *out, struct diag *d);

/* fs_read_at is fs_read relative to a directory descriptor. */
MUST_USE enum err fs_read_at(int dir, const char *path, unsigned flags, struct buf *out,
			     struct diag *d);

/* fs_write replaces a file atomically: a temporary one beside it, fsync, rename, fsync of the
 * directory. */
MUST_USE enum err fs_write(const char *path, struct str content, unsigned mode, struct diag *d);

/* fs_mkdirs makes a directory and what is missing above it, all with mode 0700; one that exists
 * must be a directory of this user that others cannot write to. */
MUST_USE enum err fs_mkdirs(const char *path, struct diag *d);

/* fs_leads_to: path is, links followed, the very file or directory that fd has open. */
bool fs_leads_to(const char *path, int fd);

/* fs_write_all writes all of s to a blocking descriptor. */
MUST_USE enum err fs_write_all(int fd, struct str s);

/* fs_memfd makes a sealed, read-only memory file that holds content. */
MUST_USE enum err fs_memfd(const char *name, struct str content, int *out_fd, struct diag *d);

/* fs_map maps a memory file made by fs_memfd of at most max bytes read-only; release
 * with fs_unmap. ERR_SYNTAX: it could change or shrink under us; ERR_LIMIT: larger than max. */
MUST_USE enum err fs_map(int fd, size_t max, struct str *out, struct diag *d);
void fs_unmap(struct str map);

#endif
