/*
 * package/wheel.h - file names of wheels, source archives and npm packages, and what the small
 * files of a wheel say. Ring 0. Everything points into what was given.
 */
#ifndef PACKAGE_WHEEL_H
#define PACKAGE_WHEEL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct wheel_name {
	struct str name, version; /* as written */
	struct str build;	  /* "" or a number and what follows it */
	struct str python, abi, platform;
};

/* wheel_name_parse reads "name-version(-build)?-python-abi-platform.whl", the last component of a
 * path. Whether the version is one is not looked at. False: it is no such name. */
bool wheel_name_parse(struct str file, struct wheel_name *out);

/* sdist_name_parse reads "name-version.tar.gz" (or .zip). */
bool sdist_name_parse(struct str file, struct str *out_name, struct str *out_version);

/* wheel_dir_parse takes "name-version.dist-info" apart, with ".data" and ".egg-info" likewise. */
bool wheel_dir_parse(struct str dir, struct str suffix, struct str *out_name,
		     struct str *out_version);

/* wheel_name_same compares names of PyPI as PEP 503 does: runs of '-', '_' and '.' are one thing,
 * case does not count. */
bool wheel_name_same(struct str a, struct str b);

struct entry_point {
	struct str group;  /* "console_scripts" */
	struct str name;   /* of the command */
	struct str target; /* "module:function", extras and all */
	uint32_t line;
};

/* entry_points_read reads entry_points.txt as importlib.metadata does. ERR_LIMIT: more than
 * LIMIT_METADATA_FIELDS. */
MUST_USE enum err entry_points_read(struct str text, struct arena *a, struct entry_point **out,
				    size_t *out_n);

/* wheel_runs: a file of this name is code, native code, or something an interpreter takes in at
 * start; mode: its permission bits. */
bool wheel_runs(struct str path, unsigned mode);

#endif
