/*
 * detonator/honey.h - what a thief looks for: files and environment with canaries, and the places
 * where something would settle. The box makes them, the supervisor hears of them by inotify, whose
 * watch numbers are the rows of one table.
 */
#ifndef DETONATOR_HONEY_H
#define DETONATOR_HONEY_H

#include "base/diag.h"
#include "inspect/canary.h"
#include "proto/detonation.h"

#define HOME	      "/home/dev"
#define SITE_PACKAGES HOME "/venv/lib/python"

enum { HONEY_ENV = 48 };

/* honey_files writes the files and directories below root, which is the box's root as it is being
 * made, and adds the watches. site is the directory of packages, "" for none. *out_fd is an inotify
 * descriptor. */
MUST_USE enum err honey_files(const char *root, const char *site, const struct canaries *c,
			      int *out_fd, struct diag *d);

/* honey_environment fills env, NULL-terminated, with what the target is started with; its strings
 * are in text. */
void honey_environment(const struct detonation_order *o, const struct canaries *c, struct buf *text,
		       const char *env[HONEY_ENV]);

/* honey_event tells what an event of watch wd (of name in it) means. False: nothing. *out_what is
 * FACT_HONEY_READ or FACT_PERSISTENCE, out_path the file's path. soft: an honest program may read
 * it, too. */
bool honey_event(int wd, uint32_t mask, struct str name, enum fact_kind *out_what,
		 struct buf *out_path, bool *out_soft);

#endif
