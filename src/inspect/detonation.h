/*
 * inspect/detonation.h - what a detonator wrote (docs/detonation.md) becomes part of a report.
 * Ring 0.
 */
#ifndef INSPECT_DETONATION_H
#define INSPECT_DETONATION_H

#include "inspect/report.h"

enum { DETONATION_DOCUMENT = 64 << 20 /* bytes of one */ };

/* detonation_read adds findings of RULES_RUN to r, whose target they are about, and fills
 * r->detonation but for the time. Severities are those of the table, whatever the text says. The
 * report is to be judged anew after it. ERR_SYNTAX, ERR_LIMIT: no document of this version; r's
 * detonation is then inconclusive for that reason. */
MUST_USE enum err detonation_read(struct report *r, struct arena *a, struct str text,
				  struct diag *d);

#endif
