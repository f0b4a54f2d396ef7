/*
 * package/package_json.h - what a package.json says of its own package: name, entry points, and the
 * scripts that npm runs. Ring 0. For the dependencies see package/manifest.h.
 */
#ifndef PACKAGE_PACKAGE_JSON_H
#define PACKAGE_PACKAGE_JSON_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"

struct package_script {
	struct str name;    /* "postinstall", or the name of a command in "bin" */
	struct str command; /* what a shell is given, or the file of a command */
	uint32_t line;
	bool install; /* npm runs it when the package is installed from a registry */
	bool prepare; /* npm runs it when it is installed from a repository or a directory */
};

struct package_json {
	struct str name, version; /* as written; "" where they are missing */
	struct str main;	  /* "" : index.js */
	struct str homepage, repository;
	struct package_script *scripts, *bins;
	unsigned n_scripts, n_bins;
	bool module;  /* "type": "module": its .js files are modules */
	bool gypfile; /* npm builds it with node-gyp unless "gypfile" is false */
	bool members; /* it has a workspace, whose members npm links and makes ready, too */
	bool bundled; /* it brings dependencies along inside its archive */
};

/* package_json_read reads text. Strings point into it or live in a. ERR_SYNTAX (also for strict
 * JSON's sake: a name that stands twice), ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err package_json_read(struct str text, struct arena *a, struct package_json *out,
				    struct diag *d);

/* package_script_runs tells whether npm runs a script of this name at installation; *out_prepare
 * (may be NULL): only from a repository or a directory. */
bool package_script_runs(struct str name, bool *out_prepare);

#endif
