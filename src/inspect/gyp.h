/*
 * inspect/gyp.h - what a file of node-gyp runs: the commands that are run to read it, and those of
 * its actions. Ring 0.
 */
#ifndef INSPECT_GYP_H
#define INSPECT_GYP_H

#include "base/buf.h"
#include "base/str.h"

enum { GYP_COMMAND = 4096 };

struct gyp {
	struct str text;
	size_t at;
	char room[GYP_COMMAND]; /* a list's words, joined */
};

/* gyp_init begins at the front of text. */
void gyp_init(struct gyp *g, struct str text);

/* gyp_next gives the next command as a shell would take it, valid until the next call; false at the
 * end. The syntax around it is not looked at. */
bool gyp_next(struct gyp *g, struct str *out);

#endif
