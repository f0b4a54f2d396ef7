/*
 * codec/csv.h - rows of CSV as Python's csv.reader gives them with its default dialect. Ring 0.
 * A field that needs no change points into the text, another one lives in the arena.
 */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { CSV_FIELD_MAX = 131072 }; /* Python's own bound */

struct csv {
	struct str rest;
	struct arena *arena;
	uint32_t line;	/* from 1: where the row that was read last begins */
	uint32_t lines; /* ended so far */
	bool spans;	/* some quoted field went on over the end of a line: what Python makes of
			 * that depends on how it came by its lines */
};

/* csv_init begins to read text. */
void csv_init(struct csv *c, struct arena *a, struct str text);

/* csv_next reads the next row: *out_n fields, of which the first cap are in out. An empty line is a
 * row of no fields. ERR_NOT_FOUND: there are no more rows; ERR_LIMIT: a field is too long. Lines
 * end with LF, CR or CR LF, none of which is part of a field. */
MUST_USE enum err csv_next(struct csv *c, struct str *out, size_t cap, size_t *out_n);

#endif
