/*
 * checker/profile.h - what a release is compared by with the one before (inspect/change.h), from
 * the files in which it says so; and the comparison of whole targets. Ring 2.
 */
#ifndef CHECKER_PROFILE_H
#define CHECKER_PROFILE_H

#include "checker/checker.h"
#include "codec/json.h"
#include "package/metadata.h"

/* profile_release notes which release it is. */
void profile_release(struct checker *c, struct profile *p, const struct package *release);

enum { NPM_SCRIPTS = 3 };

/* npm_script gives what npm runs k-th when it installs a package; gyp: there is a binding.gyp
 * beside its package.json, of which it makes a script where there is none. False: nothing. */
bool npm_script(struct arena *a, const struct json *root, bool gyp, unsigned k,
		struct str *out_name, struct str *out_command);

/* profile_package_json takes in what else a package.json says: dependencies, who made it. */
void profile_package_json(struct checker *c, struct profile *p, struct str place,
			  const struct json *root);

/* profile_metadata does so with METADATA or PKG-INFO. */
void profile_metadata(struct profile *p, struct str place, const struct metadata *m);

/* profile_startup takes in the lines of a startup file. */
void profile_startup(struct profile *p, struct str path, enum startup_kind kind, struct str text);

/* compare_previous gives what the target is to be compared with, NULL: nothing. */
struct root *compare_previous(struct checker *c);

/* compare_archive compares the target, an archive, with it; compare_directories does when the
 * target is directories, which have been judged. */
void compare_archive(struct checker *c, struct profile *p);
void compare_directories(struct checker *c);

#endif
