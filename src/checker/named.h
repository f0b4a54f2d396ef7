/*
 * checker/named.h - what a package.json makes run: its scripts, those that they start in turn, and
 * the files that scripts and entry points name, whatever the files are called. Ring 2.
 */
#ifndef CHECKER_NAMED_H
#define CHECKER_NAMED_H

#include "codec/json.h"
#include "inspect/source.h"

enum { NAMED_MAX = 64 };

struct named {
	struct str script;	/* name of the script; of a file "" */
	struct str text;	/* its command; the file's path below the package */
	enum language language; /* of a file; LANG_NONE: as its first line says, else shell */
	enum role role;
	bool direct; /* npm itself runs this script */
};

struct named_list {
	struct named items[NAMED_MAX];
	unsigned n;
};

/* named_read lists what root makes run; gyp: a binding.gyp lies beside it; prepare: it is a
 * directory or a repository, where npm runs more. */
void named_read(struct arena *a, const struct json *root, bool gyp, bool prepare,
		struct named_list *out);

/* named_file adds a file that runs. */
void named_file(struct named_list *l, struct str path, enum language language, enum role role);

/* named_language gives what the file is read as: the language it was named for, unless its name or
 * first line tells; none when it is a native program. */
enum language named_language(const struct named *n, struct str path, struct str text);

#endif
