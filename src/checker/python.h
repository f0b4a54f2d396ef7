/*
 * checker/python.h - a Python environment: what its interpreter would load. Ring 2.
 */
#ifndef CHECKER_PYTHON_H
#define CHECKER_PYTHON_H

#include "checker/checker.h"

struct env;

/* One directory that modules are loaded from (site-packages, dist-packages). */
struct site {
	struct env *env; /* whose it is; NULL: of the interpreter's own library */
	struct root *root;
	uint32_t dir;	 /* TREE_NONE: the root itself */
	uint32_t prefix; /* of its environment: the directory that has bin/ and lib/, or dir */
	struct python_version version;
	struct str version_text;
	bool added;	  /* by a link or a startup file: no startup files are read in it */
	bool has_records; /* packages list their files here: what is unlisted is unowned */
};

/* The half-open range of entries below a directory. */
struct range {
	uint32_t from, to;
};

/* tree_range gives what is below dir, TREE_NONE: everything. */
struct range tree_range(const struct tree *t, uint32_t dir);

/* env_add_site makes the directory dir of the same tree one more site of an environment, unless it
 * lies in one that is known. searched: modules are found directly in it, as in an import root. */
void env_add_site(struct checker *c, struct env *e, uint32_t dir, bool searched);

/* packages_read finds what is installed in a site and marks which files it owns. */
void packages_read(struct checker *c, struct site *s);

/* package_purl gives the purl of the package that owns an entry, "" when none does. */
struct str package_purl(struct checker *c, const struct entry *e);

/* hooks_check judges what runs when the interpreter starts: .pth, .start, sitecustomize,
 * usercustomize. It comes before other files are inspected. */
void hooks_check(struct checker *c, struct site *s);

/* customize_check judges sitecustomize and usercustomize alone. */
void customize_check(struct checker *c, struct site *s);

/* interpreter_inside digests the interpreter at prefix of the tree of r, when its library is there;
 * interpreter_beside the one whose files are roots of their own. */
void interpreter_inside(struct checker *c, struct root *r, uint32_t prefix,
			struct python_version version, struct report_interpreter *out);
void interpreter_beside(struct checker *c, struct report_interpreter *out);

/* is_site_name tells whether a directory of that name holds packages. */
bool is_site_name(struct str name);

/* env_digest digests the files and links below dir of which counts says that they belong there, by
 * their path below it; NULL: all. */
void env_digest(struct checker *c, struct tree *t, uint32_t dir,
		bool (*counts)(const void *ctx, uint32_t i, struct str path), const void *ctx,
		struct report_environment *out);

/* bytecode_check judges one .pyc. */
void bytecode_check(struct checker *c, struct site *s, uint32_t i);

#endif
