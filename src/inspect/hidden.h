/*
 * inspect/hidden.h - text that is not seen: variation selectors, tags and zero-width characters in
 * bulk, and controls that turn the reading direction. Ring 0.
 */
#ifndef INSPECT_HIDDEN_H
#define INSPECT_HIDDEN_H

#include "inspect/source.h"

/* hidden_text looks at any file: invisible characters in bulk, and findings carry what they decode
 * to; in source and prose also those that turn the reading direction. */
void hidden_text(enum language lang, struct str package, struct str path, struct str text,
		 struct arena *scratch, struct findings *f);

#endif
