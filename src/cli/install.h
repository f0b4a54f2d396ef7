/*
 * cli/install.h - what `yett pip install` and `yett npm ci` share: a private directory, artifacts
 * judged there, the decision. Ring 2.
 *
 * The order is always the same: the user's own tool says what it would install; exactly that is
 * fetched into the private directory; every artifact is judged; only then the tool installs, from
 * that directory and by digest. Until then no program but the tool itself has run.
 */
#ifndef CLI_INSTALL_H
#define CLI_INSTALL_H

#include "cli/advisories.h"
#include "cli/check.h"

enum { INSTALL_ITEMS = 50000 };

/* One artifact that lies in the private directory, or the lock file that names them. */
struct install_item {
	struct str name, version;    /* "" for a lock file */
	struct str file;	     /* a file name for the checker and for people */
	const char *path;	     /* where the bytes are */
	struct package_hash hash;    /* sha256 or sha512 that the bytes must have; n 0: none */
	int64_t published_s;	     /* it, or what it was built of; 0: the index is asked */
	bool builds; /* a source archive whose code will run here: its install phase runs in the
		      * sandbox first, where there is one */
	struct report report;
	struct str text; /* that the report came in; "": there was none */
};

struct install {
	struct cli *cli;
	enum ecosystem eco;
	struct arena arena;
	char data[CLI_PATH];
	char dir[CLI_PATH]; /* private; "" before it is made */
	int lock_fd;	    /* holds it against being swept, also by a tool that goes on alone */
	struct advisories advisories;
	struct job_opts opts;
	uint32_t cooldown_days; /* of the policy */
	struct install_item *items;
	size_t n, cap;
	enum verdict verdict; /* the worst of all that was judged */
	bool installed;
};

/* install_begin opens the advisories and the policy, sweeps what earlier runs that were killed have
 * left, and makes the private directory. Release with install_done in any case. */
MUST_USE enum err install_begin(struct install *in, struct cli *c, enum ecosystem eco,
				struct diag *d);
void install_done(struct install *in);

/* install_path gives a path below the private directory, in the arena. */
MUST_USE enum err install_path(struct install *in, const char *rest, const char **out,
			       struct diag *d);

/* install_add appends an item; its strings are the caller's. ERR_LIMIT. */
MUST_USE enum err install_add(struct install *in, const struct install_item *item, struct diag *d);

/* install_has: the bytes behind fd have this digest (n 0: any). */
bool install_has(int fd, const struct package_hash *want);

/* install_judge judges the items from number first on, several at a time, and makes a report of
 * each. ERR_DENIED: bytes are not those of their digest, d says which. */
MUST_USE enum err install_judge(struct install *in, size_t first, struct diag *d);

/* install_allowed: the verdict, with the user's --yes, lets it be installed. */
bool install_allowed(const struct install *in);

/* install_show tells people what was found, before the tool installs. ERR_SYS: nobody hears it. */
MUST_USE enum err install_show(struct install *in);

/* install_end writes JSON where that is wanted, and gives the exit status: that of the verdict, or
 * 0 when it was installed. */
int install_end(struct install *in);

/* install_say tells on standard error what is being done now. */
void install_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* dir_make makes a private directory below data, after removing those that nobody holds any more;
 * *out_lock keeps it from being removed so. dir_remove removes one with all that is in it. */
MUST_USE enum err dir_make(const char *data, char out[CLI_PATH], int *out_lock, struct diag *d);
void dir_remove(const char *dir);

#endif
