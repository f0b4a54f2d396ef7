/*
 * package/metadata.h - METADATA, PKG-INFO and WHEEL: header fields as Python's email package reads
 * them, which pip, packaging and importlib.metadata all do. Ring 0. All points into the text.
 */
#ifndef PACKAGE_METADATA_H
#define PACKAGE_METADATA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct metadata_field {
	struct str name;
	struct str value; /* with its continuation lines, the line ends in it as they are */
	uint32_t line;
};

struct metadata {
	struct metadata_field *fields;
	size_t n;
	struct str body; /* what follows the fields */
	struct str name, version, requires_python;
	struct str license; /* License-Expression, or else License */
	/* "", or the name of a field that can be there once and that tools read differently: it is
	 * there again with another value (pip takes the first one, packaging neither), or goes over
	 * several lines (newer releases of CPython trim the end of an empty first one). */
	struct str unclear;
	/* The fields ended at a line that is none, without an empty line before it. */
	bool cut;
};

/* metadata_read reads text. ERR_LIMIT: more than LIMIT_METADATA_FIELDS fields. Anything else can be
 * read, if only as no fields at all. */
MUST_USE enum err metadata_read(struct str text, struct arena *a, struct metadata *out);

/* metadata_next gives the next field called name (in any case) behind after, or the first one for
 * NULL; NULL when there is none. */
const struct metadata_field *metadata_next(const struct metadata *m, struct str name,
					   const struct metadata_field *after);

/* metadata_get gives the value of the first field called name, "" without one. */
struct str metadata_get(const struct metadata *m, struct str name);

#endif
