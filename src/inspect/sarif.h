/*
 * inspect/sarif.h - reports as SARIF 2.1.0, for pages that show results of scanners. Ring 0.
 */
#ifndef INSPECT_SARIF_H
#define INSPECT_SARIF_H

#include "inspect/report.h"

/* sarif_run appends one run: a JSON object. Errors are out's own. */
void sarif_run(const struct report *r, struct buf *out);

/* sarif_log appends a whole log around runs, objects with commas between them. */
void sarif_log(struct str runs, struct buf *out);

#endif
