/*
 * advisory/osv.h - one advisory record in OSV's JSON: what an index keeps of it. Ring 0. Only
 * affected[] says what is affected; what sources told along the way (database_specific) does not
 * count. Text is somebody else's: data, never an instruction, and cut to bounds.
 */
#ifndef ADVISORY_OSV_H
#define ADVISORY_OSV_H

#include "advisory/index.h"
#include "base/arena.h"

enum {
	OSV_RECORD_MAX = 8 << 20, /* bytes of one record */
	OSV_SUMMARY = 300,	  /* bytes kept of a summary */
	OSV_ID = 128,		  /* bytes of an id or alias; a longer one is none */
	OSV_NAME = 512,		  /* bytes of a package's name; a longer one is none */
};

/* A run of versions: from `from` ("0": the first there is) to end, of which the kind tells whether
 * it is in. */
struct osv_interval {
	struct str from, end;
	enum advisory_end kind;
};

/* A digest of a whole artifact that the record calls malicious. */
struct osv_hash {
	enum osv_algorithm { OSV_SHA1, OSV_SHA256, OSV_SHA512 } algorithm;
	uint8_t bytes[64];
};

struct osv_affected {
	enum ecosystem eco; /* ECO_PYPI or ECO_NPM; others are left out */
	struct str name;    /* normalised */
	struct osv_interval *intervals;
	size_t n_intervals;
	struct str *versions; /* in their order, each once */
	size_t n_versions;
};

struct osv_record {
	struct advisory_record head; /* number is not set */
	struct osv_affected *affected;
	size_t n_affected;
	struct osv_hash *hashes;
	size_t n_hashes;
	size_t n_ranges_unread; /* ranges that were left out: a version in them is none */
};

/* osv_read reads one record. Everything in *out points into text or lives in a. ERR_SYNTAX with a
 * sentence: not JSON, or not a record. ERR_NOMEM: a is too small. */
MUST_USE enum err osv_read(struct arena *a, struct str text, struct osv_record *out,
			   struct diag *d);

/* osv_intervals turns the events of one range ("events" of OSV's schema, an array) into intervals.
 * ERR_SYNTAX: a version in it is none. */
struct json;
MUST_USE enum err osv_intervals(struct arena *a, enum ecosystem eco, const struct json *events,
				struct osv_interval **out, size_t *out_n);

/* osv_algorithm finds "sha256" and its like; false: not one that is kept. *out_n: its bytes. */
bool osv_algorithm(struct str name, enum osv_algorithm *out, size_t *out_n);

#endif
