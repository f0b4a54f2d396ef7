/*
 * checker/glance.h - what the check before saw of a tree, entry by entry, so that a look at each is
 * enough to know that all is as it was. Ring 2. A directory whose times have not changed holds the
 * names that it held; so nothing is listed, and whatever has changed ends the glance.
 */
#ifndef CHECKER_GLANCE_H
#define CHECKER_GLANCE_H

#include "checker/team.h"
#include "checker/tree.h"

/* glance_note appends what tree_order has put into the tree, and the tree's own directory; of one
 * file only that. */
void glance_note(const struct tree *t, struct buf *out);

/* glance_same takes what was noted of one tree from *noted, which is aligned to 8 bytes, and looks
 * whether all of it is still so below fd; all threads do it. False: it is not, or what was noted is
 * not understood. seal: that of the tree. */
bool glance_same(struct team *team, int fd, uint64_t deadline_ns, struct str *noted,
		 uint8_t seal[32]);

#endif
