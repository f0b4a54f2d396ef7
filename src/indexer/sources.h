/*
 * indexer/sources.h - where records come from: a zip of them, a file of one or of one a line, or
 * frames on a pipe.   Runs in: indexer.
 */
#ifndef INDEXER_SOURCES_H
#define INDEXER_SOURCES_H

#include "advisory/index_build.h"
#include "proto/advisories.h"

struct intake {
	struct index_build *build;
	struct arena arena; /* of one record */
	struct advisories_report report;
	char why[ADVISORIES_WHY];
};

enum { INTAKE_ARENA = 256 << 20 };

/* intake_record takes one record in. What is no record is counted, and why told of the first; only
 * a full index or memory ends the run. */
MUST_USE enum err intake_record(struct intake *in, struct str text, struct diag *d);

/* intake_file takes in all of a mapped file. */
MUST_USE enum err intake_file(struct intake *in, struct str map, struct diag *d);

/* intake_frames takes in the frames of a pipe. ERR_SYNTAX: it ended before it said so. */
MUST_USE enum err intake_frames(struct intake *in, int fd, struct diag *d);

#endif
