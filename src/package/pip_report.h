/*
 * package/pip_report.h - the installation report of pip (`pip install --dry-run --report`): which
 * artifacts pip would install, from where, with which digest. Ring 0.
 */
#ifndef PACKAGE_PIP_REPORT_H
#define PACKAGE_PIP_REPORT_H

#include "base/arena.h"
#include "base/diag.h"
#include "package/package.h"

enum { PIP_REPORT_MAX = 256 << 20 /* bytes */, PIP_REPORT_ITEMS = 10000 };

/* One artifact. Its strings can stand in a requirements file as they are: no white space, no
 * quotes, no control characters. */
struct pip_artifact {
	struct str name, version; /* of its metadata: a valid name, a valid version */
	struct str url;		  /* absolute: https, http or file */
	struct str file;	  /* the last component of the URL, its escapes resolved */
	uint8_t sha256[32];
};

struct pip_report {
	struct pip_artifact *items;
	size_t n;
};

/* pip_report_read reads one; strings live in a or point into text. ERR_SYNTAX: no report of version
 * 1. ERR_DENIED: it names what is no wheel with a sha256 from a file or a server - a source
 * archive, a directory, a repository -, and d says which. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err pip_report_read(struct arena *a, struct str text, struct pip_report *out,
				  struct diag *d);

#endif
