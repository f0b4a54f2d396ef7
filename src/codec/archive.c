/*
 * codec/archive.c - zip and tar behind one interface, and tar out of gzip.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/tar_fuzz.c
 */
#include "codec/archive.h"

#include "base/limits.h"
#include "codec/inflate.h"
#include "codec/tar.h"
#include "codec/zip.h"

#include <assert.h>
#include <string.h>

enum { PIECE = 64 << 10 }; /* a multiple of TAR_BLOCK */

struct archive {
	enum archive_kind kind;
	struct str map;
	struct faults faults;
	struct member member; /* the current one */
	bool some;	      /* there is a current one */
	bool fresh;	      /* nothing of it has been read */
	enum err dead;	      /* of a forward pass: it cannot go on */
	struct zip zip;
	size_t next; /* of a zip */
	struct tar tar;
	struct inflate *inflate;
	char *room;
	uint64_t inflated;
	bool given; /* of a plain tar: the one piece there is */
};

enum archive_kind archive_kind(struct str map)
{
	static const struct {
		struct str magic;
		enum archive_kind kind;
	} rows[] = {
		{ SC("PK\3\4"), ARCHIVE_ZIP },
		{ SC("PK\5\6"), ARCHIVE_ZIP },
		{ SC("\x1f\x8b"), ARCHIVE_TAR_GZ },
		{ SC("\xfd"
		     "7zXZ\0"),
		  ARCHIVE_XZ },
		{ SC("BZh"), ARCHIVE_BZIP2 },
		{ SC("\x28\xb5\x2f\xfd"), ARCHIVE_ZSTD },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (str_has_prefix(map, rows[i].magic))
			return rows[i].kind;
	if (map.n >= TAR_BLOCK && (tar_is_header(map) || (map.p[0] == 0 && map.n % TAR_BLOCK == 0)))
		return ARCHIVE_TAR;
	/* With a program in front it is a zip archive all the same, to most readers. */
	return zip_find_end(map) != SIZE_MAX ? ARCHIVE_ZIP : ARCHIVE_NONE;
}

const char *archive_kind_text(enum archive_kind k)
{
	static const char *const texts[ARCHIVE_KINDS] = {
		[ARCHIVE_NONE] = "no archive", [ARCHIVE_ZIP] = "zip", [ARCHIVE_TAR] = "tar",
		[ARCHIVE_TAR_GZ] = "tar.gz",   [ARCHIVE_XZ] = "xz",   [ARCHIVE_BZIP2] = "bzip2",
		[ARCHIVE_ZSTD] = "zstd",
	};

	return texts[k];
}

/* ---- where a tar archive's bytes come from ------------------------------------------------- */

static enum err fill_plain(void *ctx, struct str *out)
{
	struct archive *ar = ctx;

	*out = ar->given ? S("") : ar->map;
	ar->given = true;
	return OK;
}

static enum err fill_gzip(void *ctx, struct str *out)
{
	struct archive *ar = ctx;
	size_t n;
	enum err e = inflate_read(ar->inflate, ar->room, PIECE, &n);

	if (e == ERR_SYNTAX)
		return fault_stop(&ar->faults,
				  inflate_cut(ar->inflate) ? FAULT_TRUNCATED : FAULT_COMPRESSION,
				  ar->some ? ar->member.name : S(""), ar->inflated);
	TRY(e);
	*out = (struct str){ ar->room, n };
	ar->inflated += n;
	if (ar->inflated > (uint64_t)LIMIT_ARCHIVE_TOTAL_MB << 20)
		return fault_stop(&ar->faults, FAULT_TOTAL, S(""), ar->inflated);
	if (ar->inflated > (uint64_t)LIMIT_ARCHIVE_RATIO_FROM_MB << 20 &&
	    ar->inflated / LIMIT_ARCHIVE_RATIO > ar->map.n)
		return fault_stop(&ar->faults, FAULT_BOMB, S(""), ar->inflated);
	if (inflate_gap(ar->inflate) && ar->faults.of[FAULT_GZIP_GAP] == 0)
		TRY(fault_note(&ar->faults, FAULT_GZIP_GAP, S(""), ar->inflated));
	if (n == 0 && inflate_rest(ar->inflate).n != 0 && ar->faults.of[FAULT_GZIP_TRAILING] == 0)
		return fault_note(&ar->faults, FAULT_GZIP_TRAILING, S(""),
				  ar->map.n - inflate_rest(ar->inflate).n);
	return OK;
}

/* ---- the interface ------------------------------------------------------------------------- */

static enum err open_tar_gz(struct archive *ar, struct arena *a)
{
	ar->inflate = inflate_new(a);
	ar->room = arena_take(a, PIECE, 16);
	if (ar->inflate == NULL || ar->room == NULL)
		return ERR_NOMEM;
	inflate_start(ar->inflate, INFLATE_GZIP, ar->map);
	return tar_init(&ar->tar, a, &ar->faults, fill_gzip, ar);
}

static enum err open_kind(struct archive *ar, struct arena *a)
{
	switch (ar->kind) {
	case ARCHIVE_ZIP:
		return zip_open(&ar->zip, a, &ar->faults, ar->map);
	case ARCHIVE_TAR:
		return tar_init(&ar->tar, a, &ar->faults, fill_plain, ar);
	case ARCHIVE_TAR_GZ:
		return open_tar_gz(ar, a);
	case ARCHIVE_XZ:
	case ARCHIVE_BZIP2:
	case ARCHIVE_ZSTD:
		return fault_stop(&ar->faults, FAULT_FORMAT, str_z(archive_kind_text(ar->kind)), 0);
	case ARCHIVE_NONE:
	case ARCHIVE_KINDS:
		break;
	}
	return fault_stop(&ar->faults, FAULT_NOT_ARCHIVE, S(""), 0);
}

enum err archive_open(struct archive **out, struct arena *a, struct str map, bool tolerate)
{
	struct archive *ar = NEW(a, struct archive);

	if (ar == NULL)
		return ERR_NOMEM;
	*out = ar;
	ar->map = map;
	ar->kind = archive_kind(map);
	ar->faults.arena = a;
	ar->faults.tolerate = tolerate;
	ar->dead = open_kind(ar, a);
	return ar->dead;
}

static enum err next_tar(struct archive *ar, const struct member **out)
{
	enum err e = tar_next(&ar->tar, &ar->member, &ar->some);

	if (e != OK)
		ar->some = false;
	ar->dead = e;
	*out = ar->some ? &ar->member : NULL;
	return e;
}

enum err archive_next(struct archive *ar, const struct member **out)
{
	*out = NULL;
	TRY(ar->dead);
	ar->fresh = true;
	if (ar->kind != ARCHIVE_ZIP)
		return next_tar(ar, out);
	ar->some = ar->next < ar->zip.n;
	if (!ar->some)
		return OK;
	zip_member(&ar->zip, ar->next++, &ar->member);
	*out = &ar->member;
	return OK;
}

enum err archive_read(struct archive *ar, struct str *out)
{
	*out = S("");
	TRY(ar->dead);
	if (!ar->some)
		return OK;
	ar->fresh = false;
	if (ar->kind == ARCHIVE_ZIP)
		return zip_read(&ar->zip, out);
	ar->dead = tar_read(&ar->tar, out);
	return ar->dead;
}

/* Out of the pieces: one alone stays where it is if that is the map. */
static enum err gather(struct archive *ar, struct arena *a, struct str *out)
{
	size_t n = (size_t)ar->tar.left, at = 0;
	char *room = NULL;

	if (ar->kind == ARCHIVE_TAR || n == 0)
		return archive_read(ar, out);
	room = arena_take(a, n, 16);
	if (room == NULL)
		return ERR_NOMEM;
	while (at < n) {
		struct str piece;
		TRY(archive_read(ar, &piece));
		memcpy(room + at, piece.p, piece.n);
		at += piece.n;
	}
	*out = (struct str){ room, n };
	return OK;
}

/* A plain tar that ends in its member gives a piece that is too short, and then the fault. */
static enum err whole(struct archive *ar, struct str *all)
{
	struct str over;

	TRY(archive_read(ar, &over));
	return all->n == ar->member.size && over.n == 0 ? OK : ERR_SYNTAX;
}

enum err archive_read_all(struct archive *ar, struct arena *a, size_t max, struct str *out)
{
	struct str all;

	TRY(ar->dead);
	assert(ar->some && ar->fresh);
	if (ar->member.size > max)
		return ERR_LIMIT;
	ar->fresh = false;
	if (ar->kind == ARCHIVE_ZIP)
		return zip_read_all(&ar->zip, a, out);
	TRY(gather(ar, a, &all));
	TRY(whole(ar, &all));
	*out = all;
	return OK;
}

enum err archive_at(struct archive *ar, uint32_t index, const struct member **out)
{
	TRY(ar->dead);
	if (ar->kind != ARCHIVE_ZIP)
		return ERR_UNSUPPORTED;
	if (index >= ar->zip.n)
		return ERR_NOT_FOUND;
	ar->next = index;
	return archive_next(ar, out);
}

enum err archive_find(struct archive *ar, struct str name, const struct member **out)
{
	struct zip_entry e;

	TRY(ar->dead);
	if (ar->kind != ARCHIVE_ZIP)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < ar->zip.n; i++) {
		TRY(zip_entry_read(&ar->zip, ar->zip.rows[i].central, false, &e));
		if (str_eq(e.name, name))
			return archive_at(ar, (uint32_t)i, out);
	}
	return ERR_NOT_FOUND;
}

uint32_t archive_count(const struct archive *ar)
{
	return ar->kind == ARCHIVE_ZIP ? (uint32_t)ar->zip.n : ar->tar.n;
}

enum archive_kind archive_which(const struct archive *ar)
{
	return ar->kind;
}

const struct faults *archive_faults(const struct archive *ar)
{
	return &ar->faults;
}
