/*
 * cli/publishers.h - the file of what is known of who published which release, "ledger" in the data
 * directory. It only grows, one line at a time; writers wait for each other. Runs in: cli.
 */
#ifndef CLI_PUBLISHERS_H
#define CLI_PUBLISHERS_H

#include "base/diag.h"
#include "inspect/publishers.h"

/* publishers_open opens it for reading; -1: there is none. */
int publishers_open(const char *data);

/* publishers_load reads it into a. A file that is not there is empty. */
MUST_USE enum err publishers_load(const char *data, struct publishers *out, struct arena *a,
				  struct diag *d);

/* publishers_note appends an entry, unless the newest one of that file says the same. What is there
 * stays as it is whatever happens: a write that was cut short is taken back or passed over. */
MUST_USE enum err publishers_note(const char *data, const struct publisher_entry *e,
				  struct diag *d);

#endif
