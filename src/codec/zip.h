/*
 * codec/zip.h - ZIP archives in memory, read as the central directory says, refused when anything
 * else in the file says otherwise. Ring 0. Used through codec/archive.h.
 *
 * Between the first byte and the central directory every byte belongs to exactly one member; behind
 * the directory there are only the end records, and behind them nothing. So a reader that streams,
 * one that searches backwards and one that trusts offsets all see the same members.
 */
#ifndef CODEC_ZIP_H
#define CODEC_ZIP_H

#include "codec/archive.h"
#include "codec/fault.h"
#include "codec/inflate.h"

/* Where a member is. */
struct zip_row {
	uint64_t central, local, data;
};

struct zip {
	struct str map;
	struct arena *arena;
	struct faults *faults;
	uint64_t central, central_end; /* offsets of the directory */
	struct zip_row *rows;	       /* in the order of the directory */
	size_t n;

	/* the member that is being read */
	struct inflate *inflate; /* made when it is first needed */
	char *room;
	struct str packed; /* what of it has not been given yet, when it is stored */
	struct str name;
	uint64_t left; /* bytes of content still to give */
	uint32_t crc, crc_wanted;
	unsigned method;
	bool done, encrypted;
};

/* One entry of the directory. */
struct zip_entry {
	struct str name, extra;
	uint64_t size, packed, local;
	uint64_t next; /* offset of the entry behind it */
	uint32_t crc, attributes;
	uint16_t flags, method, time, date;
	uint8_t version; /* of the specification, needed to read it: 45 is 4.5 */
};

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };
enum { ZIP_ENCRYPTED = 1 << 0, ZIP_DESCRIPTOR = 1 << 3, ZIP_UTF8 = 1 << 11 };

/* zip_open finds the directory and compares it with all the rest of the file. */
MUST_USE enum err zip_open(struct zip *z, struct arena *a, struct faults *f, struct str map);

/* zip_member describes member i < z->n and makes it the one that zip_read reads. */
void zip_member(struct zip *z, size_t i, struct member *out);

/* zip_read gives the next piece of content, "" at its end. */
MUST_USE enum err zip_read(struct zip *z, struct str *out);

/* zip_read_all gives all content that zip_read would still give, which is z->left bytes. */
MUST_USE enum err zip_read_all(struct zip *z, struct arena *a, struct str *out);

/* zip_find_end gives the offset of the end record, or SIZE_MAX when there is none. */
size_t zip_find_end(struct str map);

/* zip_within: a reader that searches from the end, as CPython's does, takes map for a zip archive,
 * whatever it begins with and whatever stands behind the archive. */
bool zip_within(struct str map);

/* The steps of zip_open, in zip_end.c and zip.c. */

/* zip_end reads the end records: it sets z->central, z->central_end and z->n. */
MUST_USE enum err zip_end(struct zip *z);

/* zip_entry_read decodes the entry of the directory at offset at. What is wrong in a way that
 * matters is noted when note is set. ERR_SYNTAX: there is no entry. */
MUST_USE enum err zip_entry_read(const struct zip *z, uint64_t at, bool note,
				 struct zip_entry *out);

/* zip_extra takes the 64-bit sizes out of an extra field; local may be NULL. False: it is broken,
 * or says something in a way that only some readers understand. */
bool zip_extra(struct str extra, struct str name, uint64_t *size, uint64_t *packed, uint64_t *local,
	       bool *out_zip64);

/* zip_locals compares every local header with its entry, and the members with the space they
 * have to fill. It sets rows[].data. */
MUST_USE enum err zip_locals(struct zip *z);

#endif
