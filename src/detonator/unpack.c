/*
 * detonator/unpack.c - the target's files into the box's file system: a packed directory, or an
 * archive.
 * Input: hostile.   Runs in: box.   Fuzz: fuzz/detonation_fuzz.c
 */
#include "detonator/unpack.h"

#include "codec/archive.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ARENA = 64 << 20 };

struct unpacker {
	const struct detonation_order *o;
	int dir;
	uint64_t bytes, files;
	struct diag *d;
};

static enum err failed(struct unpacker *u, struct str path)
{
	return diag_set(u->d, ERR_SYS, "cannot write '%.*s': %s", FMT(str_head(path, 80)),
			strerror(errno));
}

/* Opens a new file below dir, directories on the way included. The tree holds nothing but what we
 * made: no link could lead away. */
static int create(struct unpacker *u, const char *path, unsigned mode)
{
	char part[PACKED_PATH + 1];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - path);
		memcpy(part, path, n);
		part[n] = '\0';
		if (mkdirat(u->dir, part, 0755) != 0 && errno != EEXIST)
			return -1;
	}
	return openat(u->dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      (mode & 0111) ? 0755 : 0644);
}

/* Wheels: what is below NAME.data/purelib and /platlib belongs to the top. npm and sdists: all is
 * below one directory, whose name says nothing. */
static struct str place(const struct unpacker *u, struct str path)
{
	struct str below, rest = { NULL, 0 };
	struct str top = str_cut(path, '/', &below);

	if (u->o->kind == KIND_WHEEL && str_has_suffix(top, S(".data"))) {
		struct str which = str_cut(below, '/', &rest);
		if (str_eq(which, S("purelib")) || str_eq(which, S("platlib")))
			return rest;
	}
	return path;
}

static enum err open_entry(struct unpacker *u, struct str path, unsigned mode, int *out_fd)
{
	char name[PACKED_PATH + 1];

	path = place(u, path);
	if (!packed_path(path) || ++u->files > DETONATION_FILES)
		return diag_set(u->d, ERR_LIMIT,
				"too many files, or a path that leaves the target");
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	*out_fd = create(u, name, mode);
	return *out_fd < 0 ? failed(u, path) : OK;
}

static enum err write_piece(struct unpacker *u, int fd, struct str path, struct str piece)
{
	u->bytes += piece.n;
	if (u->bytes > DETONATION_BYTES)
		return diag_set(u->d, ERR_LIMIT, "the target is larger than %u MB",
				DETONATION_BYTES >> 20);
	return fs_write_all(fd, piece) == OK ? OK : failed(u, path);
}

/* ---- a packed directory ---- */

static enum err entries(struct unpacker *u, struct str map)
{
	struct packed p;

	while (map.n) {
		AUTO(fd_closep) int fd = -1;
		if (packed_next(&map, &p) != OK)
			return diag_set(u->d, ERR_SYNTAX, "the packed target is malformed");
		TRY(open_entry(u, p.path, p.mode, &fd));
		TRY(write_piece(u, fd, p.path, p.content));
		/* A .pyc is taken for valid by its source's time. */
		const struct timespec times[2] = { { p.mtime, 0 }, { p.mtime, 0 } };
		(void)futimens(fd, times);
	}
	return OK;
}

/* ---- an archive ---- */

static enum err member(struct unpacker *u, struct archive *ar, const struct member *m)
{
	AUTO(fd_closep) int fd = -1;
	struct str piece, path = m->name, below;
	enum err e;

	/* Links need nothing here that the files do not give: what they name is there itself. */
	if (m->type != MEMBER_FILE)
		return OK;
	if (u->o->kind == KIND_NPM || u->o->kind == KIND_SDIST) {
		(void)str_cut(path, '/', &below);
		path = below.n ? below : path;
	}
	TRY(open_entry(u, path, m->mode, &fd));
	while ((e = archive_read(ar, &piece)) == OK && piece.n)
		TRY(write_piece(u, fd, path, piece));
	if (e != OK)
		return diag_set(u->d, e, "the archive cannot be read");
	return OK;
}

static enum err members(struct unpacker *u, struct str map)
{
	struct archive *ar;
	const struct member *m;
	struct arena arena;

	arena_init(&arena, ARENA);
	/* What is ambiguous about it is the checker's business; here it is run as one reader
	 * would take it. */
	enum err e = archive_open(&ar, &arena, map, true);
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		e = member(u, ar, m);
	arena_done(&arena);
	if (e != OK && u->d->err == OK)
		return diag_set(u->d, e, "the archive cannot be read: %s", err_text(e));
	return e;
}

enum err unpack(int fd, const struct detonation_order *o, int dir, struct diag *d)
{
	struct unpacker u = { .o = o, .dir = dir, .d = d };
	int64_t size = fd_size(fd);

	if (size < 0 || size > DETONATION_BYTES + (DETONATION_BYTES >> 2))
		return diag_set(d, ERR_LIMIT, "the target is larger than %u MB",
				DETONATION_BYTES >> 20);
	if (size == 0)
		return OK;
	void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the target: %s", strerror(errno));
	struct str map = { at, (size_t)size };
	enum err e = archive_kind(map) == ARCHIVE_NONE ? entries(&u, map) : members(&u, map);
	(void)munmap(at, (size_t)size);
	return e;
}
