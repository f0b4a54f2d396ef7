/*
 * inspect/pyc.h - compiled Python: whether an interpreter would run a .pyc as it lies there, and
 * whether it says that it belongs to its source (PEP 552). Ring 0.
 */
#ifndef INSPECT_PYC_H
#define INSPECT_PYC_H

#include "base/err.h"
#include "base/str.h"

enum { PYC_HEAD = 16 };

struct pyc {
	uint32_t magic; /* of the interpreter, its "\r\n" included */
	bool hashed;	/* bound to the source by hash, not by time and size */
	bool checked;	/* and the interpreter looks */
	uint32_t mtime, size;
	uint8_t hash[8];
};

/* pyc_read reads the first PYC_HEAD bytes. ERR_SYNTAX: no interpreter since 3.7 runs this. */
MUST_USE enum err pyc_read(struct str head, struct pyc *out);

enum pyc_state {
	PYC_CURRENT, /* it runs, and it says it is of this source */
	PYC_STALE,   /* it does not run: the source does, and the file is made anew */
	PYC_FOREIGN, /* it runs although it is not of this source: nobody looks at its stamp */
};

/* pyc_judge compares with the source as it is on disk. text is only needed when p->hashed. */
enum pyc_state pyc_judge(const struct pyc *p, int64_t mtime_s, uint64_t size, struct str text);

/* pyc_source gives the name of the source of a file in __pycache__: "a.cpython-311.opt-1.pyc" is of
 * "a"; "" when the name has no such form. *out_tag (may be NULL) is then "cpython-311". */
struct str pyc_source(struct str file_name, struct str *out_tag);

#endif
