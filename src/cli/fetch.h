/*
 * cli/fetch.h - releases and archives from where the operator's own tools would take them: the
 * index of pip and uv, the registry of npm. Every GET is a process of its own (src/fetcher).
 * A diag may be NULL. Ring 2.
 */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "base/diag.h"
#include "package/listing.h"

#define FETCH_ADVISORIES_MAX ((uint64_t)1 << 30)
#define FETCH_ARTIFACT_MAX   ((uint64_t)2 << 30)

enum { FETCH_HOPS = 5, FETCH_URL = 8192 };

/* Where packages come from. */
struct fetch_index {
	char url[FETCH_URL];	       /* without credentials, ends with a slash */
	char authorization[FETCH_URL]; /* "Basic ...", "Bearer ..." or "": a secret */
	char from[64]; /* what says so: "PIP_INDEX_URL", "pip.conf", "the default" */
};

/* fetch_index_find finds it as pip, uv and npm do: environment, then configuration files, then the
 * public one. scope is npm's ("@a") or "". ERR_CONFIG: what is configured is no URL. */
MUST_USE enum err fetch_index_find(enum ecosystem eco, struct str scope, struct fetch_index *out,
				   struct diag *d);

/* fetch_url gets a URL into a file, following redirects. */
MUST_USE enum err fetch_url(struct str url, int fd, uint64_t bytes_max, struct diag *d);

/* fetch_listing asks the index what there is of a package. ERR_NOT_FOUND: it does not know it. */
MUST_USE enum err fetch_listing(enum ecosystem eco, struct str name, struct arena *a,
				struct listing *out, struct diag *d);

/* fetch_index_at is for a page that the operator's tool has found: its credentials are those of an
 * address with the same origin in what the tool was told: its arguments and configuration. */
MUST_USE enum err fetch_index_at(struct str page, struct str said, struct fetch_index *out,
				 struct diag *d);

/* fetch_listing_at asks such a page what there is of a package. */
MUST_USE enum err fetch_listing_at(const struct fetch_index *page, enum ecosystem eco,
				   struct str name, struct arena *a, struct listing *out,
				   struct diag *d);

/* One artifact. */
struct fetched {
	int fd;			  /* sealed memory file; the caller's to close */
	struct listing_file file; /* its strings live in the arena */
	bool hash_checked;	  /* the index published one, and it is right */
};

/* fetch_release gets the best artifact of a release (version "": of the newest one) and compares it
 * with the hash that the index publishes. ERR_NOT_FOUND: the index has no such release. ERR_DENIED:
 * the bytes are not those of the hash. */
MUST_USE enum err fetch_release(enum ecosystem eco, struct str name, struct str version,
				struct arena *a, struct fetched *out, struct diag *d);

/* fetch_file_of gets one file of a release, by its name. ERR_NOT_FOUND, ERR_DENIED likewise. */
MUST_USE enum err fetch_file_of(enum ecosystem eco, struct str name, struct str version,
				struct str file, struct arena *a, struct fetched *out,
				struct diag *d);

/* fetch_listed gets a file that was listed there. ERR_DENIED likewise. */
MUST_USE enum err fetch_listed(const struct fetch_index *ix, const struct listing_file *file,
			       struct fetched *out, struct diag *d);

/* fetch_document gets a document of the index into a sealed memory file: ref is a reference from
 * the index's address ("../integrity/a/1.0/f/provenance"), or absolute. The index's secret goes to
 * its own host and nowhere else. ERR_NOT_FOUND: it has none. */
MUST_USE enum err fetch_document(enum ecosystem eco, struct str name, struct str ref,
				 const char *accept, uint64_t bytes_max, int *out_fd,
				 struct diag *d);

/* fetch_previous likewise gets the release before version, by the order of versions. */
MUST_USE enum err fetch_previous(enum ecosystem eco, struct str name, struct str version,
				 struct arena *a, struct fetched *out, struct diag *d);

#endif
