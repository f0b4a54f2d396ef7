/*
 * codec/archive.h - one way to walk any archive, in place: nothing is unpacked to disk. Ring 0.
 *
 *	struct archive *ar;
 *	enum err e = archive_open(&ar, arena, map, true);
 *	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
 *		if (m->type == MEMBER_FILE)
 *			while ((e = archive_read(ar, &piece)) == OK && piece.n != 0)
 *				...
 *	... archive_faults(ar) tells what was wrong, also when e is OK
 *
 * The archive is one mapped file that must outlive everything here. A zip archive is checked as a
 * whole by archive_open, the central directory against every local header, before it gives a single
 * member. A tar archive is one forward pass: what is wrong is known when the pass has ended.
 * Memory: the arena's. A zip of n members takes some 100 * n bytes, a tar what its names take and
 * some 50 * n; decompression takes a fixed 110 KB. Nothing has to be closed.
 */
#ifndef CODEC_ARCHIVE_H
#define CODEC_ARCHIVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/fault.h"

enum archive_kind {
	ARCHIVE_NONE,
	ARCHIVE_ZIP,
	ARCHIVE_TAR,
	ARCHIVE_TAR_GZ,
	ARCHIVE_XZ, /* the rest are known by name only: opening them is ERR_UNSUPPORTED */
	ARCHIVE_BZIP2,
	ARCHIVE_ZSTD,
	ARCHIVE_KINDS,
};

enum member_type {
	MEMBER_FILE,
	MEMBER_DIR,
	MEMBER_SYMLINK,
	MEMBER_HARDLINK,
	MEMBER_DEVICE,
	MEMBER_FIFO,
	MEMBER_OTHER, /* of a type that readers take differently */
};

struct member {
	struct str name; /* canonical: no "./" in front, no "/" at the end; any byte but NUL */
	struct str raw;	 /* as it is stored */
	struct str link; /* target of a link; "" for a symbolic link in a zip: it is the content */
	uint64_t size;	 /* bytes of content */
	int64_t mtime;	 /* seconds since 1970; of a zip: its local time taken as UTC */
	unsigned mode;	 /* permission bits, 07777; 0 when the archive says none */
	enum member_type type;
	uint32_t index; /* of this member, from 0 */
};

struct archive;

/* archive_kind tells from the first bytes what map is. gzip is taken for a compressed tar. */
enum archive_kind archive_kind(struct str map);

/* archive_kind_text gives the name of a kind, as a person would write it: "tar.gz". */
const char *archive_kind_text(enum archive_kind k);

/* archive_open begins to walk map. With tolerate it goes on after what is ambiguous as long as
 * there is a way; else the first such fault ends it. On failure *out is set all the same, so that
 * its faults can be told, but for ERR_NOMEM. ERR_SYNTAX: malformed or ambiguous; ERR_LIMIT;
 * ERR_UNSUPPORTED. */
MUST_USE enum err archive_open(struct archive **out, struct arena *a, struct str map,
			       bool tolerate);

/* archive_next goes to the next member, past what was not read of the one before. *out is NULL at
 * the end; it and its strings stay valid until the next call, those of a zip as long as the map. */
MUST_USE enum err archive_next(struct archive *ar, const struct member **out);

/* archive_read gives the next piece of the current member's content, "" at its end. A piece is
 * valid until the next call for this archive. Length and checksum have been compared when the end
 * is given. ERR_UNSUPPORTED: this member cannot be read; going on to the next one can. */
MUST_USE enum err archive_read(struct archive *ar, struct str *out);

/* archive_read_all gives all of the current member's content, from the map where it is stored
 * plainly, else in memory of a. ERR_LIMIT when it has more than max bytes: nothing was read. */
MUST_USE enum err archive_read_all(struct archive *ar, struct arena *a, size_t max,
				   struct str *out);

/* archive_at goes to member number index of a zip archive. ERR_UNSUPPORTED for others,
 * ERR_NOT_FOUND past the end. archive_next goes on behind it. */
MUST_USE enum err archive_at(struct archive *ar, uint32_t index, const struct member **out);

/* archive_find goes to the member called name of a zip archive. */
MUST_USE enum err archive_find(struct archive *ar, struct str name, const struct member **out);

/* archive_count gives the number of members: of a zip all, of others those seen so far. */
uint32_t archive_count(const struct archive *ar);

/* archive_which gives what it is. */
enum archive_kind archive_which(const struct archive *ar);

/* archive_faults gives what was wrong so far. */
const struct faults *archive_faults(const struct archive *ar);

#endif
