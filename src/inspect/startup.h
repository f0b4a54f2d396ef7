/*
 * inspect/startup.h - what an interpreter runs before the first import: lines of .pth and .start
 * files, read exactly as CPython's site.py reads them. Ring 0. Its rules depend on the version
 * (where a line ends, byte order marks, names that begin with a dot, PEP 829), so the version of
 * the target's interpreter is asked for; when it is not known, the answer is the union of all.
 */
#ifndef INSPECT_STARTUP_H
#define INSPECT_STARTUP_H

#include "base/str.h"

/* A part that is not known is -1; minor is known when micro is. */
struct python_version {
	int minor, micro; /* of Python 3 */
};

#define PYTHON_UNKNOWN ((struct python_version){ -1, -1 })

/* python_version_read reads "3.11", "3.11.7" or "3.13.0rc1" and what begins so after "python" or
 * "Python "; anything else is unknown. */
struct python_version python_version_read(struct str s);

enum startup_kind { STARTUP_NONE, STARTUP_PTH, STARTUP_START };

/* startup_kind tells whether site.py reads a file of this name in a directory of packages. */
enum startup_kind startup_kind(struct str name, struct python_version v);

enum startup_act {
	STARTUP_EXEC, /* text is Python that is executed */
	STARTUP_PATH, /* text is a path that joins sys.path, when it exists */
	STARTUP_CALL, /* text is "pkg.mod:callable" */
};

struct startup_line {
	enum startup_act act;
	uint32_t line;	 /* as an editor counts, from 1 */
	struct str text; /* in the file's own bytes */
};

/* A position in one file. */
struct startup_scan {
	struct str text;
	enum startup_kind kind;
	unsigned modes; /* ways to split lines that are still to be gone through */
	unsigned gone;	/* and those that have been */
	size_t at;
	size_t counted; /* lines before this offset are in line */
	uint32_t line;
};

/* startup_begin starts at the top of a file of this kind; startup_next gives its next line that
 * does something, false at the end. Nothing stops it early: an interpreter that fails at one line
 * has run those above it. With several ways to split, a line that all of them see comes once. */
struct startup_scan startup_begin(enum startup_kind kind, struct python_version v, struct str text);
bool startup_next(struct startup_scan *s, struct startup_line *out);

/* startup_known names the well-known tool whose own, unchanged hook an executed line is
 * ("setuptools", "virtualenv", ...), or NULL. It looks at the content, never at a file's name. */
const char *startup_known(struct str exec_text);

/* startup_hostile tells from the capabilities (inspect/caps.h) of an executed line that it does
 * what no hook of an honest tool does; startup_module_hostile the same of a whole module that runs
 * at start, which does more, and startup_module_doubtful that somebody should look at it. */
bool startup_hostile(uint32_t caps);
bool startup_module_hostile(uint32_t caps);
bool startup_module_doubtful(uint32_t caps);

/* startup_module gives the module that an executed line imports first, "a.b" of "import a.b as c";
 * or of "a.b:f" what stands before the colon; "" when there is none. */
struct str startup_module(struct str text);

#endif
