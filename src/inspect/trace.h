/*
 * inspect/trace.h - releases that the log of an installation names: what pip, uv, poetry, npm, yarn
 * and pnpm print, also inside of a CI system's log. Ring 0. Made to find what was here once, so it
 * takes in too much rather than too little: what it gives is looked up among known bad releases.
 */
#ifndef INSPECT_TRACE_H
#define INSPECT_TRACE_H

#include "package/package.h"

struct trace {
	enum ecosystem eco;
	struct str name, version; /* as written */
	struct str time;	  /* as the line begins with it, "" when it does not */
	struct str text;	  /* the whole line */
	uint32_t line;		  /* from 1 */
};

/* A position in one log. */
struct trace_scan {
	struct str rest, line,
		left; /* the text; the line at hand; what of it is still to be read */
	struct str time;
	uint32_t number;
	bool listing; /* inside of "Successfully installed ..." */
};

/* trace_begin starts at the top of a log; trace_next gives the next release it names, false at the
 * end. Time is linear in the text. */
struct trace_scan trace_begin(struct str text);
bool trace_next(struct trace_scan *s, struct trace *out);

/* trace_likely tells from a file's name and its first bytes whether it may be such a log. */
bool trace_likely(struct str file_name, struct str head);

/* trace_url reads the URL of an artifact, "https://registry.npmjs.org/axios/-/axios-1.14.1.tgz". */
bool trace_url(struct str url, struct trace *out);

/* trace_file reads the name of an artifact, "litellm-1.82.8-py3-none-any.whl", "axios-1.14.1.tgz",
 * into name and version; false: it is none. */
bool trace_file(struct str file_name, struct trace *out);

#endif
