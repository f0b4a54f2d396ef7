/*
 * inspect/source.h - findings from one file of source text. Ring 0. Nothing of it is run. Time is
 * linear in the text, memory bounded by the scratch arena; what does not fit is left out and said
 * as a finding.
 */
#ifndef INSPECT_SOURCE_H
#define INSPECT_SOURCE_H

#include "base/arena.h"
#include "inspect/caps.h"
#include "inspect/finding.h"

enum language {
	LANG_NONE, /* no source that is read here: only looked at for invisible text */
	LANG_PYTHON,
	LANG_JAVASCRIPT, /* and TypeScript, JSX */
	LANG_SHELL,	 /* a lifecycle script of package.json, or a shell script */
};

/* When a file's code runs decides how much is certain. */
enum role {
	ROLE_MODULE,  /* at import or require */
	ROLE_INSTALL, /* setup.py, a build hook, what a lifecycle script starts */
	ROLE_STARTUP, /* a .pth or .start line, sitecustomize, usercustomize: at every start */
	ROLE_SCRIPT,  /* only when somebody starts it: nothing imports it */
	ROLE_BESIDE,  /* a shell script beside modules: when one of them starts it */
};

enum {
	SOURCE_SCRATCH = 192 << 20, /* what scratch should have for the largest files */
	SOURCE_BYTES = 64 << 20,    /* of one file; what is past it is not read, and said so */
};

/* source_language tells by a file's name, else by its first line. */
enum language source_language(struct str path, struct str text);

/* source_role tells what the name says: setup.py is ROLE_INSTALL, sitecustomize.py ROLE_STARTUP,
 * all else ROLE_MODULE. What a manifest names as a lifecycle script is for the caller to know. */
enum role source_role(struct str path);

/* lexicon_new makes what all files are read with: the names and texts that are looked for, in
 * tables. Nobody writes to them afterwards, so all threads share them. NULL: no memory. */
struct lexicon;
struct lexicon *lexicon_new(struct arena *a);

/* source_inspect reads one file, adds findings, ors what the code can do into caps. scratch is only
 * used during the call: the caller may reset it afterwards. path is the path for findings. */
void source_inspect(const struct lexicon *lexicon, enum language lang, enum role role,
		    struct str package, struct str path, struct str text, struct arena *scratch,
		    struct findings *f, struct caps *caps);

#endif
