/*
 * codec/zip_end.c - the end of a ZIP archive: end record, zip64 end record, and where they say the
 * central directory is.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/zip_fuzz.c
 */
#include "codec/zip.h"

#include "base/le.h"
#include "base/limits.h"

enum { END = 22, END64 = 56, LOCATOR64 = 20, ENTRY = 46, COMMENT_MAX = 65535 };

#define END_SIG	    S("PK\5\6")
#define ENTRY_SIG   S("PK\1\2")
#define END64_SIG   S("PK\6\6")
#define LOCATOR_SIG S("PK\6\7")

struct end {
	uint64_t at; /* of the record */
	uint64_t disk, disk_central, count_here, count, size, offset;
};

/* The last end record that reaches exactly to the end of the file, else the last one of all. */
size_t zip_find_end(struct str map)
{
	size_t last = SIZE_MAX;
	size_t from = map.n > END + COMMENT_MAX ? map.n - END - COMMENT_MAX : 0;

	if (map.n < END)
		return SIZE_MAX;
	for (size_t i = map.n - END + 1; i-- > from;) {
		if (map.p[i] != 'P' || !str_has_prefix(str_tail(map, i), END_SIG))
			continue;
		if (last == SIZE_MAX)
			last = i;
		if (i + END + le16(map.p + i + 20) == map.n)
			return i;
	}
	return last;
}

/* A directory ends where this end record begins; a zip64 one is wherever it likes. */
static bool directory_before(struct str map, size_t end)
{
	uint64_t size = le32(map.p + end + 12);

	if (end >= LOCATOR64 && str_has_prefix(str_tail(map, end - LOCATOR64), LOCATOR_SIG))
		return true;
	return size >= ENTRY && size <= end && str_has_prefix(str_tail(map, end - size), ENTRY_SIG);
}

bool zip_within(struct str map)
{
	size_t from = map.n > END + COMMENT_MAX + 1 ? map.n - END - COMMENT_MAX - 1 : 0;

	for (size_t i = map.n < END ? 0 : map.n - END + 1; i-- > from;)
		if (map.p[i] == 'P' && str_has_prefix(str_tail(map, i), END_SIG) &&
		    directory_before(map, i))
			return true;
	return false;
}

/* A reader that searches backwards for the signature, as CPython's does, finds the last one. */
static enum err check_tail(const struct zip *z, const struct end *e)
{
	struct str behind = str_tail(z->map, (size_t)e->at + 4);
	size_t comment = le16(z->map.p + e->at + 20);

	if (str_find(behind, END_SIG) != SIZE_MAX)
		TRY(fault_note(z->faults, FAULT_ZIP_ENDS, S(""), e->at));
	if (e->at + END + comment < z->map.n)
		TRY(fault_note(z->faults, FAULT_ZIP_TRAILING, S(""), e->at + END + comment));
	if (e->at + END + comment > z->map.n)
		return fault_stop(z->faults, FAULT_TRUNCATED, S(""), e->at);
	return OK;
}

static bool agrees(uint64_t small, uint64_t saturated, uint64_t big)
{
	return small == big || small == saturated;
}

/*
 * CPython believes the zip64 record whenever its locator is there; others only when a field of the
 * end record is saturated. So both have to say the same, and the record has to stand right before
 * its locator. *out_at: where the directory must end.
 */
static enum err read_end64(const struct zip *z, struct end *e, uint64_t *out_at)
{
	bool saturated = e->count_here == UINT16_MAX || e->count == UINT16_MAX ||
			 e->size == UINT32_MAX || e->offset == UINT32_MAX;

	*out_at = e->at;
	if (e->at < LOCATOR64 ||
	    !str_has_prefix(str_tail(z->map, e->at - LOCATOR64), LOCATOR_SIG)) {
		/* 65,535 members need no zip64 record. */
		bool needs = e->size == UINT32_MAX || e->offset == UINT32_MAX;
		return needs ? fault_stop(z->faults, FAULT_ZIP64_END, S(""), e->at) : OK;
	}
	const char *locator = z->map.p + e->at - LOCATOR64;
	uint64_t at = le64(locator + 8);
	if (e->at < LOCATOR64 + END64 || at != e->at - LOCATOR64 - END64 ||
	    !str_has_prefix(str_tail(z->map, at), END64_SIG) ||
	    le64(z->map.p + at + 4) != END64 - 12)
		return fault_stop(z->faults, FAULT_ZIP64_END, S(""), e->at - LOCATOR64);
	const char *p = z->map.p + at;
	struct end big = {
		.at = e->at,
		.disk = le32(p + 16),
		.disk_central = le32(p + 20),
		.count_here = le64(p + 24),
		.count = le64(p + 32),
		.size = le64(p + 40),
		.offset = le64(p + 48),
	};
	bool same = agrees(e->count_here, UINT16_MAX, big.count_here) &&
		    agrees(e->count, UINT16_MAX, big.count) &&
		    agrees(e->size, UINT32_MAX, big.size) &&
		    agrees(e->offset, UINT32_MAX, big.offset) &&
		    agrees(e->disk, UINT16_MAX, big.disk) &&
		    agrees(e->disk_central, UINT16_MAX, big.disk_central);
	if (!same)
		TRY(fault_note(z->faults, FAULT_ZIP64_END, S(""), at));
	if (le32(locator + 4) != 0 || le32(locator + 16) > 1)
		return fault_stop(z->faults, FAULT_ZIP_DISKS, S(""), at);
	/* Without need for it, what the end record says is as good, if both say the same. */
	if (saturated || !same)
		*e = big;
	*out_at = at;
	return OK;
}

enum err zip_end(struct zip *z)
{
	struct end e = { .at = zip_find_end(z->map) };
	uint64_t end;

	if (e.at == SIZE_MAX)
		return fault_stop(z->faults, FAULT_ZIP_NO_END, S(""), 0);
	const char *p = z->map.p + e.at;
	e.disk = le16(p + 4);
	e.disk_central = le16(p + 6);
	e.count_here = le16(p + 8);
	e.count = le16(p + 10);
	e.size = le32(p + 12);
	e.offset = le32(p + 16);
	TRY(check_tail(z, &e));
	TRY(read_end64(z, &e, &end));
	if (e.disk != 0 || e.disk_central != 0 || e.count_here != e.count)
		return fault_stop(z->faults, FAULT_ZIP_DISKS, S(""), e.at);
	/* A program in front of the archive, with offsets that do not know of it, moves everything:
	 * CPython allows for that, others do not. */
	if (e.offset > end || e.size != end - e.offset)
		return fault_stop(z->faults, FAULT_ZIP_DIRECTORY, S(""), e.at);
	if (e.count > LIMIT_ARCHIVE_MEMBERS)
		return fault_stop(z->faults, FAULT_MEMBERS, S(""), e.at);
	if (e.count > e.size / ENTRY)
		return fault_stop(z->faults, FAULT_ZIP_COUNT, S(""), e.at);
	z->central = e.offset;
	z->central_end = end;
	z->n = (size_t)e.count;
	return OK;
}
