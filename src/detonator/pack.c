/*
 * detonator/pack.c - the target as a sealed memory file.
 * Input: hostile.   Runs in: detonator.   Fuzz: fuzz/detonation_fuzz.c
 */
#include "detonator/pack.h"

#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

struct level {
	DIR *dir;
	size_t path_n; /* of the path above it */
};

struct packer {
	int out;
	uint64_t bytes, files;
	char path[PACKED_PATH + 1];
	size_t path_n;
	struct level levels[DEPTH_MAX];
	unsigned depth;
	struct diag *d;
};

static enum err too_large(struct diag *d)
{
	return diag_set(d, ERR_LIMIT, "the target is larger than %u MB or %u files",
			DETONATION_BYTES >> 20, DETONATION_FILES);
}

/* Exactly n bytes: a file that shrinks meanwhile gets zeros, one that grows is cut. */
static enum err copy(int from, int to, uint64_t n, struct diag *d)
{
	while (n > 0) {
		ssize_t got = sendfile(to, from, NULL, n > 1 << 30 ? 1 << 30 : (size_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return diag_set(d, ERR_SYS, "cannot copy the target: %s", strerror(errno));
		if (got == 0) {
			static const char zeros[4096] = { 0 };
			size_t some = n < sizeof zeros ? (size_t)n : sizeof zeros;
			TRY(fs_write_all(to, (struct str){ zeros, some }));
			got = (ssize_t)some;
		}
		n -= (uint64_t)got;
	}
	return OK;
}

/* What could not be opened is left out when it is gone or changed meanwhile. A target that lacks
 * something for another reason must not run as if it were whole. */
static enum err unopened(struct diag *d)
{
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO)
		return OK;
	return diag_set(d, ERR_SYS, "cannot read the target: %s", strerror(errno));
}

static enum err pack_file(struct packer *p, int dir, const char *name)
{
	char head[PACKED_HEAD + PACKED_PATH];
	struct stat st;
	struct buf b;
	/* O_NONBLOCK: a FIFO that took the file's place does not hold us up. */
	AUTO(fd_closep) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		return unopened(p->d);
	if (!S_ISREG(st.st_mode))
		return OK;
	p->bytes += (uint64_t)st.st_size;
	if (++p->files > DETONATION_FILES || p->bytes > DETONATION_BYTES)
		return too_large(p->d);
	struct packed entry = { .path = { p->path, p->path_n },
				.content = { NULL, (size_t)st.st_size },
				.mode = st.st_mode & 0777,
				.mtime = st.st_mtim.tv_sec };
	buf_fixed(&b, head, sizeof head);
	packed_head(&b, &entry);
	if (b.err != OK || fs_write_all(p->out, buf_str(&b)) != OK)
		return diag_set(p->d, ERR_SYS, "cannot pack the target: %s", strerror(errno));
	return copy(fd, p->out, (uint64_t)st.st_size, p->d);
}

static enum err enter(struct packer *p, int fd, size_t path_n)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		enum err e = unopened(p->d);
		if (fd >= 0)
			(void)close(fd);
		return e;
	}
	if (p->depth == DEPTH_MAX) {
		(void)closedir(dir);
		return too_large(p->d);
	}
	p->levels[p->depth++] = (struct level){ dir, path_n };
	return OK;
}

/* One entry of the innermost directory. */
static enum err pack_entry(struct packer *p, const struct dirent *e)
{
	struct level *in = &p->levels[p->depth - 1];
	size_t name_n = strlen(e->d_name);
	struct stat st;

	if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
		return OK;
	if (in->path_n + name_n + 1 > PACKED_PATH)
		return too_large(p->d);
	memcpy(p->path + in->path_n, e->d_name, name_n);
	p->path_n = in->path_n + name_n;
	if (fstatat(dirfd(in->dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return unopened(p->d);
	if (S_ISREG(st.st_mode))
		return pack_file(p, dirfd(in->dir), e->d_name);
	if (!S_ISDIR(st.st_mode))
		return OK;
	p->path[p->path_n] = '/';
	return enter(
		p,
		openat(dirfd(in->dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		p->path_n + 1);
}

static enum err pack_directory(struct packer *p, int target)
{
	enum err e = enter(p, openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);

	while (e == OK && p->depth > 0) {
		errno = 0;
		const struct dirent *entry = readdir(p->levels[p->depth - 1].dir);
		if (entry != NULL)
			e = pack_entry(p, entry);
		else if (errno != 0)
			e = unopened(p->d);
		else
			(void)closedir(p->levels[--p->depth].dir);
	}
	while (p->depth > 0)
		(void)closedir(p->levels[--p->depth].dir);
	return e;
}

static enum err pack_archive(struct packer *p, int target, uint64_t size)
{
	if (size > DETONATION_BYTES)
		return too_large(p->d);
	/* Nobody knows yet how large it is inside; archives of text shrink to a fifth. */
	p->bytes = size * 8 + (64 << 20);
	if (p->bytes > DETONATION_BYTES)
		p->bytes = DETONATION_BYTES;
	if (lseek(target, 0, SEEK_SET) != 0)
		return diag_set(p->d, ERR_SYS, "cannot read the target: %s", strerror(errno));
	return copy(target, p->out, size, p->d);
}

enum err pack(int target, int *out_fd, uint64_t *out_bytes, struct diag *d)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	struct packer p = { .d = d };
	struct stat st;

	if (fstat(target, &st) != 0 || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return diag_set(d, ERR_USAGE, "the target is no file and no directory");
	p.out = memfd_create("target", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (p.out < 0)
		return diag_set(d, ERR_SYS, "cannot make a memory file: %s", strerror(errno));
	enum err e = S_ISDIR(st.st_mode) ? pack_directory(&p, target)
					 : pack_archive(&p, target, (uint64_t)st.st_size);
	if (e == OK && fcntl(p.out, F_ADD_SEALS, seals) != 0)
		e = diag_set(d, ERR_SYS, "cannot seal a memory file: %s", strerror(errno));
	if (e != OK) {
		(void)close(p.out);
		return e;
	}
	*out_fd = p.out;
	*out_bytes = p.bytes;
	return OK;
}

static bool has(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum detonation_kind pack_kind(int target, struct str name)
{
	struct stat st;

	if (fstat(target, &st) == 0 && S_ISDIR(st.st_mode))
		return has(target, "package.json") && !has(target, "setup.py")	  ? KIND_NPM
		       : has(target, "setup.py") || has(target, "pyproject.toml") ? KIND_SDIST
										  : KIND_SITE;
	if (str_has_suffix(name, S(".tgz")))
		return KIND_NPM;
	if (str_has_suffix(name, S(".tar.gz")) || str_has_suffix(name, S(".tar")))
		return KIND_SDIST;
	return KIND_WHEEL;
}
