/*
 * cli/check.h - what `yett check` and `yett sbom` share: finding a target, running a checker,
 * showing its report. Ring 2.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"
#include "inspect/report.h"
#include "proto/check.h"

#include <limits.h>

enum { JOB_FDS = CHECK_ROOTS + 4 };

/* One target, opened. */
struct job {
	struct arena arena; /* of the labels */
	struct check_request request;
	int fds[JOB_FDS]; /* those behind CHECK_FIRST, in their order */
	unsigned n_fds;
	char memory[CLI_PATH]; /* the file of what is remembered; "": none */
};

struct job_opts {
	const char *policy;  /* file, or NULL */
	const char *data;    /* data directory, or "" */
	int advisory_fd;     /* of the index, or -1 */
	const char *against; /* file of the release before, or NULL */
	bool cold;	     /* use and keep nothing of other runs */
	bool artifacts;	     /* look for what packages were installed from */
};

/* job_open opens a target: a directory or file by its path, NULL: what `python3` would use here,
 * found without running it. ERR_NOT_FOUND: there is nothing of that name. Release with job_done
 * in any case. */
MUST_USE enum err job_open(struct job *j, const char *target, const struct job_opts *o,
			   struct diag *d);
void job_done(struct job *j);

/* job_open_fd is job_open for a file that is open already and has this name. */
MUST_USE enum err job_open_fd(struct job *j, int fd, struct str name, const struct job_opts *o,
			      struct diag *d);

/* job_run starts a checker and waits for it. out gets the report's text. ERR_SYS: it did not make
 * one, d says why. */
MUST_USE enum err job_run(struct job *j, struct buf *out, struct diag *d);

/* job_take reads what is in a memory file, max bytes at most. ERR_LIMIT, ERR_SYS. */
MUST_USE enum err job_take(int fd, size_t max, struct buf *out);

/* job_policy reads the policy that the job was opened with, for a report that is judged anew; its
 * strings live in a. */
MUST_USE enum err job_policy(const struct job *j, struct arena *a, struct check_policy *out,
			     struct diag *d);

/* job_previous adds the release before, open already, to compare with; by is who published it.
 * job_uploader says that of the target. */
void job_previous(struct job *j, int fd, struct str name, struct str by);
void job_uploader(struct job *j, struct str by);

/* job_root adds a directory or file to what the checker sees; a missing one is left out.
 * python_roots adds what the interpreter at path loads from, python_find finds `python3`. */
void job_root(struct job *j, enum check_role role, const char *path);
MUST_USE enum err python_find(char out[CLI_PATH], struct diag *d);
MUST_USE enum err python_roots(struct job *j, const char *interpreter, struct diag *d);

/* python_base adds what a virtual environment takes from the interpreter it was made of. */
void python_base(struct job *j, const char *venv);

struct fetched;

/* check_proof_release asks the index who published what was fetched, check_proof_beside the
 * documents beside a file; what is learned is in the ledger then, which the checker reads. That
 * there is nothing to learn is no failure; one is told on standard error. */
void check_proof_release(const struct package *p, const struct fetched *f, const char *data);
void check_proof_beside(const char *path, const char *data);

/* check_text writes a report for people; all: also what is for information only. */
void check_text(struct cli *c, const struct report *r, bool all);

/* check_inconclusive makes the report of a target of which there is none: it is not known, and
 * unknown is not clean. target and why are borrowed. */
void check_inconclusive(struct report *r, struct arena *a, const char *target,
			const struct diag *why);

struct advisory_index;

/* release_report answers for a release that is only named: from the advisories, without the
 * network. */
MUST_USE enum err release_report(const struct advisory_index *index, const struct package *p,
				 const char *name, struct report *r, struct arena *a);

#endif
