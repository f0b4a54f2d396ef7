/*
 * cli/pip_args.h - the arguments of `yett pip install`: which of pip's options are taken, and which
 * of the three runs of pip (resolve, fetch, install) gets each. Ring 2.
 */
#ifndef CLI_PIP_ARGS_H
#define CLI_PIP_ARGS_H

#include "base/diag.h"

#include <stdbool.h>

enum pip_run { PIP_RESOLVE, PIP_FETCH, PIP_INSTALL, PIP_RUNS };

enum { PIP_ARGS = 320, PIP_SDISTS = 64 };

struct pip_args {
	const char *runs[PIP_RUNS][PIP_ARGS]; /* each ends with NULL */
	size_t n[PIP_RUNS];
	const char *index;		/* of --index-url, or NULL */
	const char *sdists[PIP_SDISTS]; /* of --allow-sdist: names, separated by commas */
	size_t n_sdists;
	const char *files[PIP_ARGS]; /* of -r and -c */
	size_t n_files;
	bool no_index;
	bool dry_run;	/* judge, install nothing */
	bool something; /* a requirement or a file of them is named */
};

/* pip_args_read sorts n arguments as pip would understand them; out borrows them. ERR_USAGE: an
 * option that is not known here, or that yett gives pip itself; ERR_DENIED: what would run code of
 * a package before it was judged; d says which. */
MUST_USE enum err pip_args_read(const char *const *args, size_t n, struct pip_args *out,
				struct diag *d);

/* pip_args_add appends one argument to a run. ERR_LIMIT. */
MUST_USE enum err pip_args_add(struct pip_args *p, enum pip_run run, const char *arg,
			       struct diag *d);

#endif
