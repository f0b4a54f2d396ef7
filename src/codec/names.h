/*
 * codec/names.h - the names of an archive's members: their form, and what two of them do to each
 * other. Ring 0. Any number of hostile names takes n log n at most. Memory: the arena's, 48 bytes a
 * name while they are compared.
 */
#ifndef CODEC_NAMES_H
#define CODEC_NAMES_H

#include "codec/fault.h"

#include <stdbool.h>

enum name_kind { NAME_FILE, NAME_DIR, NAME_LINK };

struct name_row {
	uint64_t hash;
	const char *p;
	uint32_t n;
	enum name_kind kind;
};

struct names {
	struct arena *arena;
	struct name_row *rows;
	size_t n, cap;
};

/* names_init makes an empty list with room for expected names. */
MUST_USE enum err names_init(struct names *l, struct arena *a, size_t expected);

/* name_canonical gives the canonical form of a name as it is stored, a part of raw: no "/" at the
 * end, in a tar no "./" in front; "." for the root itself. */
struct str name_canonical(struct str raw, bool zip);

/* name_clean gives the same and notes what is wrong with raw. In a zip archive backslashes, drive
 * letters and "./" are faults as well; in a tar "a/./b" is "a/b" to every reader, and its canonical
 * name in the faults' arena. *out is set also where OK is not the result. */
MUST_USE enum err name_clean(struct faults *f, struct str raw, bool zip, uint64_t at,
			     struct str *out);

/* names_add appends a canonical name, which must outlive the list. */
MUST_USE enum err names_add(struct names *l, struct str name, enum name_kind kind);

/* names_check notes duplicates and what lies below something that is no directory. again: a file
 * may replace a file and a directory may come twice, as in a tar archive. */
MUST_USE enum err names_check(const struct names *l, struct faults *f, bool again);

/* name_link_out: target of a symbolic link called name leads out of the archive. A hard link's
 * target is a name from the root, so it is asked with name "". */
bool name_link_out(struct str name, struct str target);

#endif
