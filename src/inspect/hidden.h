/*
 * inspect/hidden.h - text that is not seen: variation selectors, tags and zero-width characters in
 * bulk, and controls that turn the reading direction. Ring 0.
 */
#ifndef INSPECT_HIDDEN_H
#define INSPECT_HIDDEN_H

#include "inspect/finding.h"

/* hidden_text looks at any text file; findings carry what the characters decode to. */
void hidden_text(struct str package, struct str path, struct str text, struct arena *scratch,
		 struct findings *f);

#endif
