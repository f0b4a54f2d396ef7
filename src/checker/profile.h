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

/* profile_package_json takes in what a package.json says: scripts, dependencies, who made it. */
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
