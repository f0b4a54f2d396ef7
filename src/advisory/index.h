/*
 * advisory/index.h - what advisory records say, in one file that is mapped and asked: by release,
 * by the hash of an artifact, by id. Made by advisory/index_build.h. Ring 0. The file may be
 * corrupt or hostile: every offset is checked where it is used, and nothing in it can make an
 * answer take longer than its size allows.
 */
#ifndef ADVISORY_INDEX_H
#define ADVISORY_INDEX_H

#include "base/diag.h"
#include "package/package.h"

enum {
	ADVISORY_ALIASES = 8, /* kept of one record */
	ADVISORY_DIGEST = 32,
	ADVISORY_SECTIONS = 8,
};

enum advisory_kind { ADVISORY_VULNERABILITY, ADVISORY_MALWARE };

/* How the end of an interval is meant. */
enum advisory_end {
	ADVISORY_OPEN,	/* no end is known */
	ADVISORY_FIXED, /* end is the first version that is good again */
	ADVISORY_LAST,	/* end is the last bad one */
	ADVISORY_LIMIT, /* end is where the record stops to speak: not a fix */
};

enum advisory_by { ADVISORY_BY_VERSION, ADVISORY_BY_RANGE, ADVISORY_BY_HASH };

/* One record. All strings point into the map. */
struct advisory_record {
	struct str id, summary;
	struct str severity; /* a CVSS vector, the newest version that the record has; or "" */
	struct str aliases[ADVISORY_ALIASES];
	unsigned n_aliases;
	enum advisory_kind kind;
	int64_t published_s, modified_s; /* 0: not said */
	int64_t withdrawn_s;		 /* 0: in force */
	uint32_t number;		 /* in this index */
};

struct advisory_hit {
	struct advisory_record record;
	enum advisory_by by;
	struct str introduced, end; /* the interval of ADVISORY_BY_RANGE; "0": from the first */
	enum advisory_end end_kind;
	bool seconded; /* an earlier hit tells of the same: an id or an alias in common */
};

struct advisory_index {
	struct str map;
	struct str sections[ADVISORY_SECTIONS]; /* as in advisory/index_format.h */
	uint8_t digest[ADVISORY_DIGEST]; /* SHA-256 of the content: the snapshot's identity */
	int64_t newest_s;		 /* date of the newest record */
	uint32_t n_malware, n_withdrawn; /* of the records */
};

/* advisory_open looks at the head of map, which *out borrows. ERR_SYNTAX: not an index, or one of
 * another version of yett. It does not read the content: see advisory_check. */
MUST_USE enum err advisory_open(struct str map, struct advisory_index *out, struct diag *d);

/* advisory_check computes the digest over the whole content. ERR_SYNTAX: the file was changed or
 * cut after it was made. */
MUST_USE enum err advisory_check(const struct advisory_index *ix, struct diag *d);

/* advisory_match gives the records in force that name this release, malware first. name in any
 * spelling. *out_n counts all, cap at most are stored. An unknown package is OK with 0. ERR_SYNTAX:
 * the index is corrupt where it was read. */
MUST_USE enum err advisory_match(const struct advisory_index *ix, enum ecosystem eco,
				 struct str name, struct str version, struct advisory_hit *out,
				 size_t cap, size_t *out_n);

/* advisory_match_hash finds the records that give this digest for an artifact that is malicious.
 * algorithm: "sha256", "sha512" or "sha1". */
MUST_USE enum err advisory_match_hash(const struct advisory_index *ix, struct str algorithm,
				      struct str digest, struct advisory_hit *out, size_t cap,
				      size_t *out_n);

/* advisory_find gives the record with this id or alias, one that was withdrawn too.
 * ERR_NOT_FOUND. */
MUST_USE enum err advisory_find(const struct advisory_index *ix, struct str id,
				struct advisory_record *out);

/* What a record says of one package. */
struct advisory_affect {
	struct advisory_record record;
	enum ecosystem eco;
	struct str name;
	bool in_force; /* not withdrawn, not replaced by a newer one of the same id */
	uint32_t first_interval, n_intervals, first_version, n_versions; /* for the calls below */
};

/* advisory_package counts what is said of a package, withdrawn records included (*out_n 0: not
 * known), advisory_affect gives number i of it. */
MUST_USE enum err advisory_package(const struct advisory_index *ix, enum ecosystem eco,
				   struct str name, uint32_t *out_first, uint32_t *out_n);
MUST_USE enum err advisory_affect(const struct advisory_index *ix, uint32_t i,
				  struct advisory_affect *out);

/* advisory_version and advisory_interval give number i < n of an affect. Versions are in their
 * order. */
MUST_USE enum err advisory_version(const struct advisory_index *ix, const struct advisory_affect *a,
				   uint32_t i, struct str *out);
MUST_USE enum err advisory_interval(const struct advisory_index *ix,
				    const struct advisory_affect *a, uint32_t i,
				    struct str *out_from, struct str *out_end,
				    enum advisory_end *out_kind);

/* advisory_interval_has: the release lies in an interval. What is no version lies only in one
 * without bounds. */
struct version_key;
bool advisory_interval_has(enum ecosystem eco, struct str from, struct str end,
			   enum advisory_end kind, const struct version_key *v);

/* advisory_names gives the next affect of a record: *at is 0 for the first. ERR_NOT_FOUND: no more.
 * It reads the whole index and is for people. */
MUST_USE enum err advisory_names(const struct advisory_index *ix, uint32_t record, uint32_t *at,
				 struct advisory_affect *out);

/* advisory_n_records and advisory_n_packages count. */
uint32_t advisory_n_records(const struct advisory_index *ix);
uint32_t advisory_n_packages(const struct advisory_index *ix);

#endif
