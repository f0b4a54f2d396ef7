/*
 * codec/zip_local.c - local headers of a ZIP archive against the central directory. A reader that
 * streams sees only these, one that seeks only that: they have to tell the same story, and no byte
 * may be left that one of them would take for something else.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/zip_fuzz.c
 */
#include "codec/zip.h"

#include "base/le.h"

#include <stdlib.h>

enum { LOCAL = 30 };

#define LOCAL_SIG      S("PK\3\4")
#define DESCRIPTOR_SIG S("PK\7\x8")

struct local {
	struct str name;
	uint64_t size, packed, data; /* data: offset of the content */
	uint32_t crc;
	uint16_t flags, method;
	bool extra_ok, zip64;
};

static enum err local_read(const struct zip *z, uint64_t at, struct local *out)
{
	if (at > z->central || z->central - at < LOCAL)
		return ERR_SYNTAX;
	struct str s = { z->map.p + at, (size_t)(z->central - at) };
	size_t name = le16(s.p + 26), extra = le16(s.p + 28);
	if (!str_has_prefix(s, LOCAL_SIG) || s.n - LOCAL < name + extra)
		return ERR_SYNTAX;
	*out = (struct local){
		.flags = le16(s.p + 6),
		.method = le16(s.p + 8),
		.crc = le32(s.p + 14),
		.packed = le32(s.p + 18),
		.size = le32(s.p + 22),
		.name = { s.p + LOCAL, name },
		.data = at + LOCAL + name + extra,
	};
	out->extra_ok = zip_extra((struct str){ s.p + LOCAL + name, extra }, out->name, &out->size,
				  &out->packed, NULL, &out->zip64);
	return OK;
}

static bool same(uint64_t local, uint64_t central, bool later)
{
	return local == central || (later && local == 0);
}

static enum err compare(const struct zip *z, const struct zip_entry *e, const struct local *l,
			uint64_t at)
{
	bool later = (l->flags & ZIP_DESCRIPTOR) != 0; /* the values stand behind the content */
	const struct {
		bool bad;
		enum fault_code code;
	} checks[] = {
		{ !str_eq(l->name, e->name), FAULT_ZIP_LOCAL_NAME },
		{ l->method != e->method, FAULT_ZIP_LOCAL_METHOD },
		{ l->flags != e->flags, FAULT_ZIP_LOCAL_FLAGS },
		{ !same(l->size, e->size, later) || !same(l->packed, e->packed, later),
		  FAULT_ZIP_LOCAL_SIZE },
		{ !same(l->crc, e->crc, later), FAULT_ZIP_LOCAL_CRC },
		{ !l->extra_ok, FAULT_ZIP_EXTRA },
	};

	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		if (checks[i].bad)
			TRY(fault_note(z->faults, checks[i].code, e->name, at));
	return OK;
}

/* The descriptor between at and next, whose length alone tells its form: with or without a
 * signature, with sizes of 32 or 64 bits. */
static bool descriptor_ok(const struct zip *z, const struct zip_entry *e, uint64_t at,
			  uint64_t next)
{
	struct str s = { z->map.p + at, (size_t)(next - at) };

	if (s.n == 16 || s.n == 24) {
		if (!str_has_prefix(s, DESCRIPTOR_SIG))
			return false;
		s = str_tail(s, 4);
	}
	if (s.n == 12)
		return le32(s.p) == e->crc && le32(s.p + 4) == e->packed &&
		       le32(s.p + 8) == e->size;
	return s.n == 20 && le32(s.p) == e->crc && le64(s.p + 4) == e->packed &&
	       le64(s.p + 12) == e->size;
}

/* One member, which has to fill the space from *end to next. */
static enum err check_local(struct zip *z, struct zip_row *row, uint64_t next, uint64_t *end)
{
	struct zip_entry e;
	struct local l;

	TRY(zip_entry_read(z, row->central, false, &e));
	if (e.local > *end) {
		enum fault_code code = *end == 0 ? FAULT_ZIP_PREFIX : FAULT_ZIP_GAP;
		TRY(fault_note(z->faults, code, e.name, *end));
	} else if (e.local < *end) {
		TRY(fault_note(z->faults, FAULT_ZIP_OVERLAP, e.name, e.local));
	}
	if (local_read(z, e.local, &l) != OK || e.packed > z->central - l.data)
		return fault_stop(z->faults, FAULT_ZIP_RECORD, e.name, e.local);
	TRY(compare(z, &e, &l, e.local));
	row->data = l.data;
	uint64_t over = l.data + e.packed;
	if ((e.flags & ZIP_DESCRIPTOR) != 0 && over < next) {
		if (!descriptor_ok(z, &e, over, next))
			TRY(fault_note(z->faults, FAULT_ZIP_DESCRIPTOR, e.name, over));
		over = next;
	} else if ((e.flags & ZIP_DESCRIPTOR) != 0) {
		TRY(fault_note(z->faults, FAULT_ZIP_DESCRIPTOR, e.name, over));
	}
	*end = over > *end ? over : *end;
	return OK;
}

struct place {
	uint64_t local;
	size_t row;
};

static int place_cmp(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->local != b->local)
		return a->local < b->local ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* The rows by where their local headers are. Nearly always they are in that order already. */
static struct place *by_place(struct zip *z)
{
	struct place *places = arena_take(z->arena, (z->n + 1) * sizeof *places, 16);
	bool sorted = true;

	if (places == NULL)
		return NULL;
	for (size_t i = 0; i < z->n; i++) {
		places[i] = (struct place){ z->rows[i].local, i };
		sorted = sorted && (i == 0 || places[i - 1].local < places[i].local);
	}
	if (!sorted)
		qsort(places, z->n, sizeof *places, place_cmp);
	places[z->n] = (struct place){ z->central, z->n };
	return places;
}

enum err zip_locals(struct zip *z)
{
	struct place *places = by_place(z);
	uint64_t end = 0;

	if (places == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < z->n; i++)
		TRY(check_local(z, &z->rows[places[i].row], places[i + 1].local, &end));
	if (end < z->central)
		TRY(fault_note(z->faults, z->n == 0 ? FAULT_ZIP_PREFIX : FAULT_ZIP_GAP, S(""),
			       end));
	return OK;
}
