/*
 * checker/bases.h - where the names of a package's files begin: at the directory of packages that
 * it is in, or at its own in node_modules. So they are the same wherever it is installed. Ring 2.
 */
#ifndef CHECKER_BASES_H
#define CHECKER_BASES_H

#include "checker/checker.h"

struct bases {
	const struct tree *tree;
	uint32_t *of; /* of each directory, and behind them of the root; TREE_NONE: the root */
};

/* bases_find looks for them in the tree of r. False: no memory. */
bool bases_find(struct bases *b, struct checker *c, const struct root *r);

/* bases_all makes dir the base of everything. */
void bases_all(struct bases *b, uint32_t dir);

/* bases_name gives the name of a file; p NULL: it has none. */
struct str bases_name(const struct bases *b, const struct entry *e);

/* bases_info: name is that of a directory that describes a Python package. */
bool bases_info(struct str name);

/* contents_digest gives each installed package of r the digest of its files. */
void contents_digest(struct checker *c, struct root *r);

#endif
