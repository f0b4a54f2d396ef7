/*
 * cli/pip.h - what the files of `yett pip install` share. Ring 2.
 */
#ifndef CLI_PIP_H
#define CLI_PIP_H

#include "cli/install.h"
#include "cli/pip_args.h"
#include "package/listing.h"
#include "package/pip_log.h"
#include "package/pip_report.h"

/* A release that has a source archive, and no wheel that pip would take. */
struct sdist {
	struct str name, page; /* that names it, or its own address */
	struct listing_file file;
	const char *path;  /* of the wheel that pip is shown: a stub, or what was built */
	uint8_t wheel[32]; /* its digest */
	bool built;
};

/* Those that pip is shown: cli/pip_sdist.c. */
struct sdists {
	struct sdist *items;
	size_t n, cap;
	struct pip_log_sdist *seen; /* which names were looked up on which pages */
	size_t n_seen, cap_seen;
	const char *dir;   /* where the wheels are that pip is shown, */
	const char *links; /* and the page that names them */
	const char *log;   /* of pip's last resolution */
	unsigned n_builds;
};

struct pip {
	struct install in;
	struct pip_args args;	/* the user's */
	struct pip_args *shown; /* with what pip is to know of source archives */
	struct pip_report report;
	char python[CLI_PATH];
	const char *tmp; /* pip's own, in the private directory */
	struct sdists sdists;
};

/* pip_resolve has pip say what it would install for the arguments, with more behind them.
 * ERR_UPSTREAM: pip finds no way; ERR_DENIED: one that has no wheel only. */
MUST_USE enum err pip_resolve(struct pip *p, const struct pip_args *args, const char *const *more,
			      struct pip_report *out, struct diag *d);

/* pip_fetch fetches what a report names by digest into a directory of that name in the private one,
 * and adds what is new of it to the items that are to be judged. */
MUST_USE enum err pip_fetch(struct pip *p, const struct pip_args *args,
			    const struct pip_report *report, const char *dir, struct diag *d);

/* pip_ask runs the interpreter with arguments to hear what it says; it can start no program.
 * ERR_UPSTREAM: it does not end well. */
MUST_USE enum err pip_ask(struct pip *p, const char *const *args, struct buf *out, struct diag *d);

/* sdist_prepare makes the place for what pip is shown. */
MUST_USE enum err sdist_prepare(struct pip *p, struct diag *d);

/* sdist_show writes the page anew that pip is shown. */
MUST_USE enum err sdist_show(struct pip *p, struct diag *d);

/* sdist_look goes by what pip's last resolution saw, to show it pip, too: of packages that
 * --allow-sdist names, and where it failed of those that it had no way without. False: nothing new.
 */
bool sdist_look(struct pip *p, bool failed);

/* sdist_wanted gives the release that the report names by its stub, or NULL: all are there. */
struct sdist *sdist_wanted(struct pip *p);

/* sdist_build fetches one, judges it, then what it needs, and builds it; the wheel takes the stub's
 * place. *out_go false: something must not be installed, so nothing of it ran. ERR_DENIED: it is
 * not what the index says, or not allowed by name; ERR_UNSUPPORTED: there is no box to build in. */
MUST_USE enum err sdist_build(struct pip *p, struct sdist *s, bool *out_go, struct diag *d);

/* pip_hashes gives the user's arguments with files of requirements in which the digest of a source
 * archive allows its wheel, too. */
MUST_USE enum err pip_hashes(struct pip *p, struct pip_args *out, struct diag *d);

/* pip_build does the second half of it: archive was judged. */
MUST_USE enum err pip_build(struct pip *p, struct sdist *s, const char *archive, bool *out_go,
			    struct diag *d);

#endif
