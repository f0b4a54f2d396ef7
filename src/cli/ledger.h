/*
 * cli/ledger.h - the file of what is known of who published which release, "ledger" in the data
 * directory. It only grows, one line at a time; writers wait for each other. Runs in: cli.
 */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include "base/diag.h"
#include "inspect/ledger.h"

/* ledger_open opens it for reading; -1: there is none. */
int ledger_open(const char *data);

/* ledger_load reads it into a. A file that is not there is empty. */
MUST_USE enum err ledger_load(const char *data, struct ledger *out, struct arena *a,
			      struct diag *d);

/* ledger_note appends an entry, unless the newest one of that file says the same. What is there
 * stays as it is whatever happens: a write that was cut short is taken back or passed over. */
MUST_USE enum err ledger_note(const char *data, const struct ledger_entry *e, struct diag *d);

#endif
