/*
 * codec/zip.c - the central directory of a ZIP archive, and the content of its members.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/zip_fuzz.c
 */
#include "codec/zip.h"

#include "base/date.h"
#include "base/le.h"
#include "base/limits.h"
#include "codec/names.h"
#include "codec/utf8.h"

#include <assert.h>

enum { ENTRY = 46, PIECE = 64 << 10, STORED_PIECE = 256 << 10 };
enum { EXTRA_ZIP64 = 0x0001, EXTRA_UNICODE_PATH = 0x7075 };

#define ENTRY_SIG S("PK\1\2")

/* Bits that change what a member is: patched data, strong encryption, masked headers. Bits 1 and 2
 * are hints of the compressor. */
enum { FLAGS_KNOWN = ZIP_ENCRYPTED | 1 << 1 | 1 << 2 | ZIP_DESCRIPTOR | ZIP_UTF8 };
enum { VERSION_MAX = 63 }; /* a later one may mean anything; CPython draws the line here too */
enum { FLAGS_ENCRYPTION = ZIP_ENCRYPTED | 1 << 6 | 1 << 13 };

/* File types as in the upper half of the attributes. */
enum { TYPE_MASK = 0170000, TYPE_FILE = 0100000, TYPE_DIR = 0040000, TYPE_LINK = 0120000 };

/* ---- the directory ------------------------------------------------------------------------- */

/* One 64-bit value for each field that is saturated, in the order of the specification. */
static bool take64(struct str *data, uint64_t *field)
{
	if (field == NULL || *field != UINT32_MAX)
		return true;
	if (data->n < 8)
		return false;
	*field = le64(data->p);
	*data = str_tail(*data, 8);
	return true;
}

/* A field is saturated, or says the same as the 64 bits that stand for it. */
static bool full64(const char *p, uint64_t *field)
{
	bool same = *field == UINT32_MAX || *field == le64(p);

	*field = le64(p);
	return same;
}

/*
 * The specification wants values for saturated fields only, in the directory as few as needed, in a
 * local header both sizes if it gives one. Bazel gives both sizes always, which does no harm where
 * they agree with the header: whoever looks and whoever does not get the same.
 */
static bool extra_zip64(struct str data, uint64_t *size, uint64_t *packed, uint64_t *local)
{
	bool needed = *size == UINT32_MAX || *packed == UINT32_MAX ||
		      (local != NULL && *local == UINT32_MAX);

	if (data.n == 16 && (local == NULL || !needed))
		return full64(data.p, size) && full64(data.p + 8, packed);
	return take64(&data, size) && take64(&data, packed) && take64(&data, local) && data.n == 0;
}

bool zip_extra(struct str extra, struct str name, uint64_t *size, uint64_t *packed, uint64_t *local,
	       bool *out_zip64)
{
	bool saturated = *size == UINT32_MAX || *packed == UINT32_MAX ||
			 (local != NULL && *local == UINT32_MAX);

	*out_zip64 = false;
	while (extra.n != 0) {
		size_t n = extra.n >= 4 ? le16(extra.p + 2) : 0;
		if (extra.n < 4 || n > extra.n - 4)
			return false;
		unsigned id = le16(extra.p);
		struct str data = { extra.p + 4, n };
		extra = str_tail(extra, 4 + n);
		/* version, CRC-32 of the name, and another name that some readers prefer */
		if (id == EXTRA_UNICODE_PATH && (n < 5 || !str_eq(str_tail(data, 5), name)))
			return false;
		if (id != EXTRA_ZIP64)
			continue;
		if (*out_zip64 || !extra_zip64(data, size, packed, local))
			return false;
		*out_zip64 = true;
	}
	return *out_zip64 || !saturated;
}

enum err zip_entry_read(const struct zip *z, uint64_t at, bool note, struct zip_entry *out)
{
	struct str s = { z->map.p + at, (size_t)(z->central_end - at) };
	bool zip64;

	if (s.n < ENTRY || !str_has_prefix(s, ENTRY_SIG))
		return ERR_SYNTAX;
	size_t name = le16(s.p + 28), extra = le16(s.p + 30), comment = le16(s.p + 32);
	if (s.n - ENTRY < name + extra + comment)
		return ERR_SYNTAX;
	*out = (struct zip_entry){
		.version = (uint8_t)s.p[6],
		.flags = le16(s.p + 8),
		.method = le16(s.p + 10),
		.time = le16(s.p + 12),
		.date = le16(s.p + 14),
		.crc = le32(s.p + 16),
		.packed = le32(s.p + 20),
		.size = le32(s.p + 24),
		.attributes = le32(s.p + 38),
		.local = le32(s.p + 42),
		.name = { s.p + ENTRY, name },
		.extra = { s.p + ENTRY + name, extra },
		.next = at + ENTRY + name + extra + comment,
	};
	bool well = zip_extra(out->extra, out->name, &out->size, &out->packed, &out->local, &zip64);
	if (!note)
		return OK;
	if (!well)
		TRY(fault_note(z->faults, FAULT_ZIP_EXTRA, out->name, at));
	return le16(s.p + 34) == 0 ? OK : fault_stop(z->faults, FAULT_ZIP_DISKS, out->name, at);
}

static enum err check_type(const struct zip *z, const struct zip_entry *e, uint64_t at)
{
	unsigned type = e->attributes >> 16 & TYPE_MASK;
	bool dir = e->name.n != 0 && e->name.p[e->name.n - 1] == '/';

	if (type == TYPE_LINK)
		TRY(fault_note(z->faults, FAULT_ZIP_LINK, e->name, at));
	else if (type != 0 && type != (dir ? TYPE_DIR : TYPE_FILE))
		TRY(fault_note(z->faults, FAULT_ZIP_TYPE, e->name, at));
	if (dir && e->size != 0)
		TRY(fault_note(z->faults, FAULT_ZIP_DIR_DATA, e->name, at));
	return OK;
}

/* What the entry alone tells. */
static enum err check_entry(const struct zip *z, const struct zip_entry *e, uint64_t at)
{
	bool ascii = str_ascii(e->name) == e->name.n;

	/* Without the flag CPython takes code page 437, others UTF-8. */
	if (!ascii && ((e->flags & ZIP_UTF8) == 0 || utf8_valid(e->name) != e->name.n))
		TRY(fault_note(z->faults, FAULT_NAME_CHARSET, e->name, at));
	if ((e->flags & FLAGS_ENCRYPTION) != 0)
		TRY(fault_note(z->faults, FAULT_ZIP_ENCRYPTED, e->name, at));
	else if ((e->flags & ~FLAGS_KNOWN) != 0 || e->version > VERSION_MAX)
		TRY(fault_note(z->faults, FAULT_ZIP_FLAGS, e->name, at));
	if (e->method != ZIP_STORED && e->method != ZIP_DEFLATED)
		TRY(fault_note(z->faults, FAULT_FORMAT, e->name, at));
	if (e->method == ZIP_STORED && e->size != e->packed && (e->flags & FLAGS_ENCRYPTION) == 0)
		TRY(fault_note(z->faults, FAULT_LENGTH, e->name, at));
	return check_type(z, e, at);
}

static enum err check_total(const struct zip *z, uint64_t total)
{
	if (total > (uint64_t)LIMIT_ARCHIVE_TOTAL_MB << 20)
		return fault_stop(z->faults, FAULT_TOTAL, S(""), 0);
	if (total > (uint64_t)LIMIT_ARCHIVE_RATIO_FROM_MB << 20 &&
	    total / LIMIT_ARCHIVE_RATIO > z->map.n)
		return fault_stop(z->faults, FAULT_BOMB, S(""), 0);
	return OK;
}

static enum name_kind name_kind(const struct zip_entry *e)
{
	if ((e->attributes >> 16 & TYPE_MASK) == TYPE_LINK)
		return NAME_LINK;
	return e->name.n != 0 && e->name.p[e->name.n - 1] == '/' ? NAME_DIR : NAME_FILE;
}

static enum err read_directory(struct zip *z)
{
	struct names names;
	struct zip_entry e;
	uint64_t at = z->central, total = 0;

	TRY(names_init(&names, z->arena, z->n));
	for (size_t i = 0; i < z->n; i++) {
		struct str name;
		enum err err = zip_entry_read(z, at, true, &e);
		if (err == ERR_SYNTAX && z->faults->n == 0)
			return fault_stop(z->faults, FAULT_ZIP_COUNT, S(""), at);
		TRY(err);
		TRY(name_clean(z->faults, e.name, true, at, &name));
		TRY(check_entry(z, &e, at));
		TRY(names_add(&names, name, name_kind(&e)));
		z->rows[i] = (struct zip_row){ at, e.local, 0 };
		total += e.size < UINT64_MAX - total ? e.size : UINT64_MAX - total;
		at = e.next;
	}
	if (at != z->central_end)
		TRY(fault_note(z->faults, FAULT_ZIP_COUNT, S(""), at));
	TRY(check_total(z, total));
	return names_check(&names, z->faults, false);
}

enum err zip_open(struct zip *z, struct arena *a, struct faults *f, struct str map)
{
	*z = (struct zip){ .map = map, .arena = a, .faults = f, .done = true };
	TRY(zip_end(z));
	z->rows = arena_take(a, (z->n ? z->n : 1) * sizeof *z->rows, _Alignof(struct zip_row));
	if (z->rows == NULL)
		return ERR_NOMEM;
	TRY(read_directory(z));
	return zip_locals(z);
}

/* ---- members ------------------------------------------------------------------------------- */

static int64_t dos_time(unsigned date, unsigned time)
{
	unsigned month = date >> 5 & 15, day = date & 31;
	int64_t days = date_days(1980 + (date >> 9), month ? month : 1, day ? day : 1);

	return days * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
}

static enum member_type member_type(const struct zip_entry *e)
{
	unsigned type = e->attributes >> 16 & TYPE_MASK;

	if (type == TYPE_LINK)
		return MEMBER_SYMLINK;
	if (e->name.n != 0 && e->name.p[e->name.n - 1] == '/')
		return MEMBER_DIR;
	return type == 0 || type == TYPE_FILE || type == TYPE_DIR ? MEMBER_FILE : MEMBER_OTHER;
}

void zip_member(struct zip *z, size_t i, struct member *out)
{
	struct zip_entry e;

	assert(i < z->n);
	enum err err = zip_entry_read(z, z->rows[i].central, false, &e);
	assert(err == OK);
	(void)err;
	*out = (struct member){
		.name = name_canonical(e.name, true),
		.raw = e.name,
		.link = S(""),
		.size = e.size,
		.mtime = dos_time(e.date, e.time),
		.mode = e.attributes >> 16 & 07777,
		.type = member_type(&e),
		.index = (uint32_t)i,
	};
	z->name = e.name;
	z->packed = (struct str){ z->map.p + z->rows[i].data, (size_t)e.packed };
	z->left = e.size;
	z->crc = 0;
	z->crc_wanted = e.crc;
	z->method = e.method;
	z->encrypted = (e.flags & ~FLAGS_KNOWN) != 0 || (e.flags & FLAGS_ENCRYPTION) != 0;
	z->done = false;
	if (z->inflate != NULL && z->method == ZIP_DEFLATED)
		inflate_start(z->inflate, INFLATE_RAW, z->packed);
}

static enum err ready(struct zip *z)
{
	if (z->encrypted || (z->method != ZIP_STORED && z->method != ZIP_DEFLATED))
		return ERR_UNSUPPORTED;
	if (z->method == ZIP_STORED && z->packed.n != z->left)
		return fault_stop(z->faults, FAULT_LENGTH, z->name, 0);
	if (z->method == ZIP_STORED || z->inflate != NULL)
		return OK;
	z->room = z->room != NULL ? z->room : arena_take(z->arena, PIECE, 16);
	z->inflate = z->room != NULL ? inflate_new(z->arena) : NULL; /* where it is, room is */
	if (z->inflate == NULL)
		return ERR_NOMEM;
	inflate_start(z->inflate, INFLATE_RAW, z->packed);
	return OK;
}

/* All of its bytes have been given: is that where the stream ends, and are they the right ones? */
static enum err finish(struct zip *z)
{
	char over;
	size_t n = 0;

	z->done = true;
	if (z->method == ZIP_DEFLATED) {
		enum err e = inflate_read(z->inflate, &over, 1, &n);
		if (e == ERR_SYNTAX)
			return fault_stop(z->faults, FAULT_COMPRESSION, z->name, 0);
		TRY(e);
		if (n != 0 || inflate_rest(z->inflate).n != 0)
			return fault_stop(z->faults, FAULT_LENGTH, z->name, 0);
	}
	return z->crc == z->crc_wanted ? OK : fault_stop(z->faults, FAULT_CHECKSUM, z->name, 0);
}

static enum err inflate_into(struct zip *z, char *out, size_t want)
{
	size_t n;
	enum err e = inflate_read(z->inflate, out, want, &n);

	if (e == ERR_SYNTAX)
		return fault_stop(z->faults, FAULT_COMPRESSION, z->name, 0);
	TRY(e);
	return n == want ? OK : fault_stop(z->faults, FAULT_LENGTH, z->name, 0);
}

enum err zip_read(struct zip *z, struct str *out)
{
	size_t want = z->left < PIECE ? (size_t)z->left : PIECE;

	*out = S("");
	if (z->done)
		return OK;
	TRY(ready(z));
	if (z->left == 0)
		return finish(z);
	if (z->method == ZIP_STORED) {
		*out = str_head(z->packed, STORED_PIECE);
		z->packed = str_tail(z->packed, out->n);
	} else {
		TRY(inflate_into(z, z->room, want));
		*out = (struct str){ z->room, want };
	}
	z->crc = inflate_crc(z->crc, *out);
	z->left -= out->n;
	return OK;
}

enum err zip_read_all(struct zip *z, struct arena *a, struct str *out)
{
	struct str all = S("");

	TRY(z->done ? OK : ready(z));
	if (z->method == ZIP_STORED) {
		all = z->packed;
	} else if (z->left != 0 && !z->done) {
		char *room = arena_take(a, (size_t)z->left, 16);
		if (room == NULL)
			return ERR_NOMEM;
		TRY(inflate_into(z, room, (size_t)z->left));
		all = (struct str){ room, (size_t)z->left };
	}
	z->crc = inflate_crc(z->crc, all);
	z->packed = S("");
	z->left = 0;
	if (!z->done)
		TRY(finish(z));
	*out = all;
	return OK;
}
