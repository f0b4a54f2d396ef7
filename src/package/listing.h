/*
 * package/listing.h - what a package index says of one package: its files, their hashes and times.
 * PyPI's Simple API in JSON (PEP 691) and HTML (PEP 503), npm's packument. Ring 0.
 */
#ifndef PACKAGE_LISTING_H
#define PACKAGE_LISTING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "package/package.h"

enum {
	LISTING_FILES = 65536,
	LISTING_UPLOADER = 256,
	LISTING_REQUIRES = 256,
	LISTING_TEXT = 64 << 20, /* bytes of a document */
};

/* What an artifact is, best first. */
enum listing_kind { LISTING_WHEEL, LISTING_SDIST, LISTING_TGZ, LISTING_OTHER };

struct listing_file {
	struct str name;    /* "litellm-1.82.6-py3-none-any.whl" */
	struct str url;	    /* absolute, without a fragment */
	struct str version; /* of its release, as the index or the name says */
	enum listing_kind kind;
	struct package_hash hash; /* the strongest that is published; n 0: none */
	int64_t uploaded_s;	  /* 0: not said */
	bool yanked;
	struct str requires_python; /* ">=3.8"; "": not said */
	struct str uploader;   /* who published it, "name <address>"; "": not said, as by PyPI */
	struct str provenance; /* URL of the document that says who published it; "": none */
	bool provenance_said;  /* the index knows of such documents: "" means there is none */
};

struct listing {
	struct listing_file *files;
	size_t n, cap;
	struct arena *arena;
};

/* listing_read reads a document of an index at base. json: by its content type, else HTML (PyPI
 * only). name is the package's. Files that have no place in a release are left out. Strings live in
 * a or in text. ERR_SYNTAX, ERR_LIMIT. */
MUST_USE enum err listing_read(struct arena *a, enum ecosystem eco, struct str name, bool json,
			       struct str base, struct str text, struct listing *out,
			       struct diag *d);

/* listing_link makes a file of an address alone: its name is the last of the path, and the fragment
 * may say its sha256. False: it has no place in a release. Its strings lie in a. */
bool listing_link(struct arena *a, struct str name, struct str url, struct listing_file *out);

/* listing_encode and listing_decode carry a listing between processes. Strings then point into the
 * text. */
void listing_encode(const struct listing *l, struct buf *out);
MUST_USE enum err listing_decode(struct arena *a, enum ecosystem eco, struct str text,
				 struct listing *out);

/* listing_best gives the best file of a release: a wheel (one for any machine first), then a source
 * archive. NULL: the release has none. */
const struct listing_file *listing_best(const struct listing *l, enum ecosystem eco,
					struct str version);

/* listing_before gives the version of the release before, by the order of versions: not a yanked
 * one, not a pre-release unless version is one. "": there is none. */
struct str listing_before(const struct listing *l, enum ecosystem eco, struct str version);

#endif
