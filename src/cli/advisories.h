/*
 * cli/advisories.h - the index of advisories in the data directory: opened, or made anew. Ring 2.
 */
#ifndef CLI_ADVISORIES_H
#define CLI_ADVISORIES_H

#include "advisory/index.h"
#include "cli/cli.h"
#include "proto/advisories.h"

struct advisories {
	int fd;	      /* of the index, for a process that asks it too */
	bool builtin; /* there is none in the data directory: the records that come with yett */
	char path[CLI_PATH + 64];
	struct str map;
	struct advisory_index ix;
};

/* advisories_open maps the index of the data directory, or makes one of the built-in records in
 * memory where there is none. Release with advisories_close, also after a failure. */
MUST_USE enum err advisories_open(const struct cli *c, struct advisories *a, struct diag *d);
void advisories_close(struct advisories *a);

/* What an update was made of. */
struct advisories_made {
	struct advisories_report report;
	char why[ADVISORIES_WHY + 1]; /* report.why lies here */
};

/* advisories_make indexes n sources, paths of directories and files or descriptors of files
 * (ADVISORIES_SOURCES at most), in a process of its own, and puts the result in the place of the
 * old index once it is whole. */
struct advisories_source {
	const char *path; /* NULL: fd */
	int fd;
};
MUST_USE enum err advisories_make(const struct cli *c, const struct advisories_source *sources,
				  size_t n, struct advisories_made *out, struct diag *d);

/* advisories_scratch opens a nameless file in the data directory, for what was fetched. */
MUST_USE enum err advisories_scratch(const struct cli *c, int *out_fd, struct diag *d);

#endif
