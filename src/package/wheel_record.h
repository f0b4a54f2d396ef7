/*
 * package/wheel_record.h - RECORD of a wheel or of an installed package: its files, with hash and
 * size of each. Ring 0.
 */
#ifndef PACKAGE_WHEEL_RECORD_H
#define PACKAGE_WHEEL_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/csv.h"

enum wheel_record_fault {
	WHEEL_RECORD_WELL,
	WHEEL_RECORD_FIELDS, /* not three fields, or no path */
	WHEEL_RECORD_HASH,   /* a hash that is none */
	WHEEL_RECORD_WEAK,   /* md5 or sha1, which the specification forbids */
	WHEEL_RECORD_SIZE,   /* a size that is none */
	WHEEL_RECORD_LINES,  /* one row to some readers, several to others */
	WHEEL_RECORD_TEXT,   /* not UTF-8, or begins with a mark that some readers pass over */
};

struct wheel_record_row {
	struct str path;      /* with '/', from where the package is installed */
	struct str algorithm; /* "sha256"; "": no hash is given */
	uint8_t digest[64];
	uint8_t n_digest;
	bool has_size;
	uint64_t size;
	uint32_t line;
	enum wheel_record_fault fault;
};

struct wheel_record {
	struct csv csv;
};

/* wheel_record_init begins to read text. Memory that rows need is a's. */
void wheel_record_init(struct wheel_record *r, struct arena *a, struct str text);

/* wheel_record_next gives the next row, also one that has a fault. ERR_NOT_FOUND: there are no
 * more; ERR_LIMIT: a field is too long. */
MUST_USE enum err wheel_record_next(struct wheel_record *r, struct wheel_record_row *out);

/* wheel_record_text says in words what is wrong with a row. */
const char *wheel_record_text(enum wheel_record_fault fault);

/* wheel_record_unclear: another reader may find another path in the row, or none, or several. */
bool wheel_record_unclear(enum wheel_record_fault fault);

#endif
