/*
 * advisory/builtin.h - the records that come with the program: the incidents that it was built for,
 * so that it has an answer before it was ever given any. Ring 0.
 */
#ifndef ADVISORY_BUILTIN_H
#define ADVISORY_BUILTIN_H

#include "base/buf.h"
#include "base/diag.h"

/* advisory_builtin appends an index of data/advisories.jsonl. */
MUST_USE enum err advisory_builtin(struct buf *out, struct diag *d);

#endif
