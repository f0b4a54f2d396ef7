/*
 * checker/stdlib.c - the interpreter's own library, as far as it runs by itself at start.
 * Input: the target's files.   Runs in: checker.
 */
#include "checker/python.h"

void stdlib_check(struct checker *c, struct root *r)
{
	struct site s = { .root = r,
			  .dir = TREE_NONE,
			  .prefix = TREE_NONE,
			  .version = python_version_read(c->request.python),
			  .version_text = c->request.python };

	customize_check(c, &s);
}
