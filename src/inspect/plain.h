/*
 * inspect/plain.h - source text as its interpreter reads it: letters that normalise to ASCII,
 * escapes within names, declared encodings. Ring 0.
 */
#ifndef INSPECT_PLAIN_H
#define INSPECT_PLAIN_H

#include "inspect/source.h"

/* plain_text gives text with mathematical and full-width letters (Python) or escapes of letters
 * (JavaScript) as plain letters, lines kept; mostly that is text itself. *odd: letters were found
 * that only hide. */
struct str plain_text(enum language lang, struct str text, struct arena *a, bool *odd);

/* plain_coding tells whether the first two lines declare an encoding in which ASCII is not itself.
 */
bool plain_coding(struct str text);

#endif
