/*
 * sys/fs.c - whole small files, sealed memory files, and the data directory.
 */
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_CAP = 4096, SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL };

void fd_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/*
 * glibc's fstat is a newfstatat since 2.33, which also looks at paths and is refused in a jail. On
 * the 64-bit architectures that we run on, the kernel's struct stat is the library's.
 */
int64_t fd_size(int fd)
{
	struct stat st = { 0 };

	return syscall(SYS_fstat, fd, &st) == 0 ? (int64_t)st.st_size : -1;
}

static enum err read_all(int fd, const char *path, struct buf *out, struct diag *d)
{
	for (;;) {
		/* One byte more than may be, so that "exactly full" and "too large" differ. */
		size_t room = out->max - out->n;
		char extra;
		char *at = room > 0 ? buf_room(out, room < 65536 ? room : 65536) : &extra;
		if (at == NULL)
			return diag_set(d, out->err, "cannot read '%s': out of memory", path);
		ssize_t n = read(fd, at, room == 0 ? 1 : room < 65536 ? room : 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return diag_set(d, ERR_SYS, "cannot read '%s': %s", path, strerror(errno));
		if (n == 0)
			return OK;
		if (room == 0)
			return diag_set(d, ERR_LIMIT, "'%s' is larger than %zu bytes", path,
					out->max);
		buf_grew(out, (size_t)n);
	}
}

enum err fs_read_at(int dir, const char *path, unsigned flags, struct buf *out, struct diag *d)
{
	/* O_NONBLOCK: opening a pipe by mistake must not hang; it has no effect on regular
	 * files. */
	int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		  (flags & FS_NOFOLLOW ? O_NOFOLLOW : 0);
	AUTO(fd_closep) int fd = openat(dir, path, how);
	struct stat st;

	if (fd < 0)
		return diag_set(d, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS,
				"cannot open '%s': %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return diag_set(d, ERR_DENIED, "'%s' is not a regular file", path);
	if ((flags & FS_PRIVATE) && (st.st_mode & 077))
		return diag_set(d, ERR_DENIED, "'%s' can be read by others; make it mode 0600",
				path);
	return read_all(fd, path, out, d);
}

enum err fs_read(const char *path, unsigned flags, struct buf *out, struct diag *d)
{
	return fs_read_at(AT_FDCWD, path, flags, out, d);
}

bool fs_leads_to(const char *path, int fd)
{
	struct stat at, open;

	return stat(path, &at) == 0 && fstat(fd, &open) == 0 && at.st_dev == open.st_dev &&
	       at.st_ino == open.st_ino;
}

enum err fs_write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_SYS;
		s = str_tail(s, (size_t)n);
	}
	return OK;
}

/* sync_dir makes a rename in path's directory durable. Some file systems cannot; that is no
 * failure. */
static void sync_dir(const char *path)
{
	char dir[PATH_CAP];
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

	memcpy(dir, slash == NULL ? "." : path, n);
	dir[n] = '\0';
	AUTO(fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

enum err fs_write(const char *path, struct str content, unsigned mode, struct diag *d)
{
	char temp[PATH_CAP];
	int n = snprintf(temp, sizeof temp, "%s.tmp.%d", path, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof temp)
		return diag_set(d, ERR_LIMIT, "'%s' is too long for a path", path);
	(void)unlink(temp); /* of an earlier process with our number */
	AUTO(fd_closep)
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot create '%s': %s", temp, strerror(errno));
	if (fs_write_all(fd, content) != OK || fsync(fd) != 0 || rename(temp, path) != 0) {
		int saved = errno;
		(void)unlink(temp);
		return diag_set(d, ERR_SYS, "cannot write '%s': %s", path, strerror(saved));
	}
	sync_dir(path);
	return OK;
}

enum err fs_mkdirs(const char *path, struct diag *d)
{
	char part[PATH_CAP];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof part)
		return diag_set(d, ERR_LIMIT, "'%s' is no usable path", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		char kept = part[i];
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return diag_set(d, ERR_SYS, "cannot make '%s': %s", part, strerror(errno));
		part[i] = kept;
	}
	if (stat(path, &st) != 0)
		return diag_set(d, ERR_SYS, "cannot use '%s': %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return diag_set(d, ERR_EXISTS, "'%s' is not a directory", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return diag_set(d, ERR_DENIED,
				"'%s' must belong to this user and be closed to others: "
				"chown it, or make it mode 0700",
				path);
	return OK;
}

enum err fs_memfd(const char *name, struct str content, int *out_fd, struct diag *d)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && fs_write_all(fd, content) == OK && fcntl(fd, F_ADD_SEALS, SEALS) == 0) {
		*out_fd = fd;
		return OK;
	}
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	return diag_set(d, ERR_SYS, "cannot make memory file '%s': %s", name, strerror(saved));
}

enum err fs_map(int fd, size_t max, struct str *out, struct diag *d)
{
	int64_t size = fd_size(fd);

	if (size < 0)
		return diag_set(d, ERR_SYS, "cannot map a memory file: %s", strerror(errno));
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return diag_set(d, ERR_SYNTAX, "not a sealed memory file");
	if ((uint64_t)size > max)
		return diag_set(d, ERR_LIMIT, "a memory file of more than %zu bytes", max);
	if (size == 0) {
		*out = (struct str){ "", 0 };
		return OK;
	}
	void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map a memory file: %s", strerror(errno));
	*out = (struct str){ at, (size_t)size };
	return OK;
}

void fs_unmap(struct str map)
{
	if (map.n > 0)
		(void)munmap((void *)(uintptr_t)map.p, map.n);
}
