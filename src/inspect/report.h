/*
 * inspect/report.h - what `yett check` found, as one JSON text: between the checker and the command
 * line, and for users (docs/check-report.md, docs/check-report.schema.json). Ring 0.
 *
 * Names of files are bytes; in the text they are UTF-8 in which everything that is not printable
 * (control and invisible characters, bytes that are no UTF-8) and the backslash itself is escaped
 * as \xNN or \u{N}: lossless, and safe to show in a terminal.
 */
#ifndef INSPECT_REPORT_H
#define INSPECT_REPORT_H

#include "base/arena.h"
#include "base/diag.h"
#include "inspect/finding.h"
#include "inspect/policy.h"
#include "inspect/verdict.h"
#include "package/package.h"

enum {
	REPORT_VERSION = 1,
	REPORT_MAX = 256 << 20,	 /* bytes of one text */
	REPORT_PACKAGES = 50000, /* packages of one target */
	REPORT_ENVIRONMENTS = 4096,
	REPORT_DIGEST = 32,
	REPORT_NAMES = 200, /* of a list of a detonation */
};

/* X(code, word). What a target is. */
#define TARGET_LIST(X)                                                                             \
	X(TARGET_UNKNOWN, "unknown")                                                               \
	X(TARGET_DIRECTORY, "directory")                                                           \
	X(TARGET_PYTHON, "python-environment")                                                     \
	X(TARGET_NODE, "node-modules")                                                             \
	X(TARGET_IMAGE, "image-root")                                                              \
	X(TARGET_HOME, "home-directory")                                                           \
	X(TARGET_WHEEL, "wheel")                                                                   \
	X(TARGET_SDIST, "sdist")                                                                   \
	X(TARGET_NPM, "npm-package")                                                               \
	X(TARGET_ARCHIVE, "archive")                                                               \
	X(TARGET_MANIFEST, "manifest")                                                             \
	X(TARGET_FILE, "file")                                                                     \
	X(TARGET_LOG, "log")                                                                       \
	X(TARGET_RELEASE, "release")

#define X(code, word) code,
enum target_kind { TARGET_LIST(X) TARGET_KIND_COUNT };
#undef X

/* target_word gives a kind's name in the report. */
struct str target_word(enum target_kind k);

/* An interpreter without packages. */
struct report_interpreter {
	bool known;
	struct str path; /* of its program, or its prefix */
	uint64_t files;
	uint8_t digest[REPORT_DIGEST]; /* inspect/digest.h */
};

/* An interpreter with everything it would load, or a node_modules directory. */
struct report_environment {
	struct str path; /* within the target; "" is the target itself */
	enum target_kind kind;
	struct str version; /* of the interpreter, "" unknown */
	uint64_t packages, files;
	bool has_digest;
	uint8_t digest[REPORT_DIGEST]; /* inspect/digest.h */
	struct report_interpreter interpreter;
};

/* How much was looked at. */
struct report_coverage {
	uint64_t files, bytes; /* found, and read */
	uint64_t cached;       /* files whose result of an earlier run was used */
	uint64_t unread;       /* could not be read */
	uint64_t changed;      /* changed while they were read */
	uint64_t skipped;      /* past a bound: too many, too large, too deep */
};

/* X(code, word). How a run in the sandbox ended, if there was one. */
#define DETONATED_LIST(X)                                                                          \
	X(DETONATED_NOT, "not-run")                                                                \
	X(DETONATED_COMPLETE, "complete")                                                          \
	X(DETONATED_INCONCLUSIVE, "inconclusive")                                                  \
	X(DETONATED_UNAVAILABLE, "unavailable")

#define X(code, word) code,
enum detonated { DETONATED_LIST(X) DETONATED_COUNT };
#undef X

/* detonated_by_word finds an outcome by its name, DETONATED_COUNT: there is none. */
enum detonated detonated_by_word(struct str word);

struct report_names {
	const struct str *items;
	size_t n;
};

/* What the package was made to do in the sandbox (docs/detonation.md). */
struct report_detonation {
	enum detonated outcome;
	struct str reason; /* why it is not complete, "" */
	uint64_t variants, modules, imported, entry_points, classes, constructed, scripts;
	uint64_t elapsed_ms;
	bool capped;			     /* more happened than is kept */
	struct report_names failed, stubbed; /* modules that could not be imported; missing ones */
};

struct report {
	struct str target; /* as the user named it */
	enum target_kind kind;
	struct str package; /* purl, where the target is one release; "" */
	bool has_sha256;
	uint8_t sha256[32]; /* of a target that is a file */
	int64_t started;    /* seconds since 1970 */
	uint64_t elapsed_us;

	struct judgement judgement;
	struct str headline, next; /* sentences for people */

	bool has_advisories;
	int64_t advisories_date; /* newest record of the index */
	uint64_t advisories_n;
	uint8_t advisories_sha256[32], policy_sha256[32];

	struct report_environment *environments;
	size_t n_environments;
	struct package_list packages; /* package.where: within the target */
	struct findings findings;
	struct report_coverage coverage;
	struct report_detonation detonation;
};

/* report_init makes an empty report in a. */
void report_init(struct report *r, struct arena *a);

/* report_environment appends an environment and gives it; NULL past a bound or without memory. */
struct report_environment *report_environment(struct report *r);

/* report_judge fills judgement, headline and next from what was found, and what the policy makes of
 * each finding. p may be NULL. */
void report_judge(struct report *r, const struct check_policy *p);

/* report_write appends the JSON text and a newline. Errors are out's own. */
void report_write(const struct report *r, const struct check_policy *p, struct buf *out);

/* report_read reads one back; strings live in a or point into text. The judgement is that of the
 * text, severities too. ERR_SYNTAX: no report of this version. */
MUST_USE enum err report_read(struct report *r, struct arena *a, struct str text, struct diag *d);

/* report_escape appends bytes as the report spells them; report_unescape is its inverse,
 * ERR_SYNTAX for what report_escape does not write. */
void report_escape(struct buf *out, struct str bytes);
MUST_USE enum err report_unescape(struct buf *out, struct str text);

#endif
