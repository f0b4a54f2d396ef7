/*
 * proto/advisories.h - how `yett advisories` and its indexer speak. Ring 0. The indexer takes
 * records from some descriptors and writes an index to another; it can do nothing else.
 */
#ifndef PROTO_ADVISORIES_H
#define PROTO_ADVISORIES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* argv is { role, number of sources in decimal }. */
enum advisories_fd {
	ADVISORIES_OUT = 3,    /* a file for the index */
	ADVISORIES_REPORT = 4, /* a pipe for the report */
	/* The sources, one after the other, read in this order. Each is a file: a zip of records,
	 * one record, or one a line; or a pipe or socket of frames. */
	ADVISORIES_IN = 5,
};

enum { ADVISORIES_SOURCES = 8 };

/* A frame is u32 length and a record of so many bytes; one of length 0 says that these were all. */

struct advisories_report {
	enum err err;
	uint32_t records, unread, other; /* taken in, not understood, about no package of ours */
	uint32_t ranges_unread;
	struct str why; /* of err, else of the first record that was not understood; or "" */
};

enum { ADVISORIES_WHY = 256, ADVISORIES_REPORT_MAX = 512 };

/* advisories_report_encode and _decode; why is borrowed from the text. */
void advisories_report_encode(const struct advisories_report *r, struct buf *out);
MUST_USE enum err advisories_report_decode(struct advisories_report *r, struct str text);

#endif
