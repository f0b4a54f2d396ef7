/*
 * detonator/root.h - the file system of a box: read-only views of what an interpreter needs, and
 * memory for everything else.
 */
#ifndef DETONATOR_ROOT_H
#define DETONATOR_ROOT_H

#include "detonator/box.h"

/* Where the root is put together before it becomes the root. */
#define ROOT_DIR "/tmp"

/* root_make mounts everything below ROOT_DIR. ca is written as the system's only trusted root.
 * *out_target is a descriptor of the directory where the target belongs, site (PATH_MAX bytes) its
 * path in the box when it is one of packages, else "". */
MUST_USE enum err root_make(const struct detonation_order *o, const struct box_start *s,
			    struct str ca, int *out_target, char *site, size_t site_cap,
			    struct diag *d);

/* root_enter makes it the root and forgets the old one. */
MUST_USE enum err root_enter(struct diag *d);

#endif
