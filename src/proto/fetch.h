/*
 * proto/fetch.h - one GET, as the command line asks a fetcher for it, and what came of it. Ring 0.
 * The request lies in a sealed memory file, so that neither an address nor a credential is in a
 * command line.
 */
#ifndef PROTO_FETCH_H
#define PROTO_FETCH_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "package/package.h"

enum fetch_fd {
	FETCH_REQUEST = 3, /* sealed memory file */
	FETCH_OUT = 4,	   /* a file for the body, or for the listing */
	FETCH_REPORT = 5,  /* a pipe */
};

enum fetch_mode {
	FETCH_RAW,     /* the body as it is */
	FETCH_LISTING, /* the body is an index's document: listing_encode of it */
	FETCH_MODES,
};

enum {
	FETCH_CA_MAX = 16 << 20,
	FETCH_SECRET_MAX = 8192,
	FETCH_WHY = 200,
	FETCH_REPORT_MAX = 16384
};

struct fetch_request {
	struct str url;		  /* without credentials and fragment */
	struct str authorization; /* "Basic ..."; "": none. A secret */
	struct str accept;
	struct str ca_pem; /* trusted roots; "": the system's */
	uint64_t bytes_max;
	enum fetch_mode mode;
	enum ecosystem eco; /* of FETCH_LISTING */
	struct str name;
};

/* fetch_request_encode and _decode. ERR_SYNTAX, ERR_LIMIT. */
void fetch_request_encode(const struct fetch_request *r, struct buf *out);
MUST_USE enum err fetch_request_decode(struct fetch_request *r, struct str text);

struct fetch_report {
	enum err err;
	uint32_t status;     /* of HTTP; 0: no answer came */
	struct str location; /* of a redirect, as it was sent */
	uint64_t bytes;
	struct str why; /* a sentence, never with a credential; or "" */
};

/* fetch_report_encode and _decode, likewise. */
void fetch_report_encode(const struct fetch_report *r, struct buf *out);
MUST_USE enum err fetch_report_decode(struct fetch_report *r, struct str text);

#endif
