/*
 * advisory/index_format.h - the layout of an index: a head, then sections of rows of a fixed width,
 * little-endian, then strings. Ring 0. Shared by what writes and what reads it, and by nobody else.
 *
 *	head      magic, digest of all that follows the digest, date, counts, then the length of
 *each section in their order packages  name, first affect, number of affects, ecosystem; sorted by
 *ecosystem and name affects   record, name, ecosystem, first interval, their number, first ref,
 *their number; of one package: malware first, then by id intervals from, end, how the end is meant
 *	refs      strings: versions of an affect in their order, aliases of a record
 *	hashes    algorithm, record, bytes; sorted
 *	records   id, summary, severity, first ref, number of refs, flags, published, modified,
 *withdrawn ids       string, record; ids and aliases, sorted by bytes strings   u16 length and
 *bytes; others say where one begins. At 0 is "".
 */
#ifndef ADVISORY_INDEX_FORMAT_H
#define ADVISORY_INDEX_FORMAT_H

#include "advisory/index.h"

#define INDEX_MAGIC "yett adv"

enum { INDEX_VERSION = 1 };

enum index_section {
	INDEX_PACKAGES,
	INDEX_AFFECTS,
	INDEX_INTERVALS,
	INDEX_REFS,
	INDEX_HASHES,
	INDEX_RECORDS,
	INDEX_IDS,
	INDEX_STRINGS,
	INDEX_SECTIONS,
};

/* Bytes of a row of each section; those of strings are bytes. */
enum {
	PACKAGE_ROW = 16,
	AFFECT_ROW = 28,
	INTERVAL_ROW = 12,
	REF_ROW = 4,
	HASH_ROW = 72,
	RECORD_ROW = 48,
	ID_ROW = 8,
};

/* Offsets in the head. */
enum {
	HEAD_VERSION = 8,
	HEAD_DIGEST = 16,
	HEAD_NEWEST = 48, /* what the digest covers begins here */
	HEAD_MALWARE = 56,
	HEAD_WITHDRAWN = 60,
	HEAD_LENGTHS = 64,
	HEAD_BYTES = HEAD_LENGTHS + 8 * INDEX_SECTIONS,
};

enum { RECORD_MALWARE = 1, RECORD_SUPERSEDED = 2 /* a newer one has the same id */ };

#endif
