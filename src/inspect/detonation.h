/*
 * inspect/detonation.h - what a detonator wrote (docs/detonation.md) becomes part of a report.
 * Ring 0.
 */
#ifndef INSPECT_DETONATION_H
#define INSPECT_DETONATION_H

#include "inspect/report.h"

enum { DETONATION_DOCUMENT = 64 << 20 /* bytes of one */ };

struct json;

/* How a document writes strings: *out is set only on OK. */
typedef enum err detonation_text(struct arena *a, const struct json *v, struct str *out);

/* detonation_ran reads outcome and reason of v, and of seen what was run: what a detonator's
 * document and a report have in common. On an error *out is inconclusive. */
MUST_USE enum err detonation_ran(const struct json *v, const struct json *seen, struct arena *a,
				 detonation_text *text, struct report_detonation *out);

/* detonation_read adds findings of RULES_RUN to r, whose target they are about, and fills
 * r->detonation but for the time. Severities are those of the table, whatever the text says. The
 * report is to be judged anew after it. ERR_SYNTAX, ERR_LIMIT: no document of this version; r's
 * detonation is then inconclusive for that reason. */
MUST_USE enum err detonation_read(struct report *r, struct arena *a, struct str text,
				  struct diag *d);

#endif
