/*
 * inspect/fold.h - what an expression comes to, as far as its text tells: joined, decoded,
 * decompressed, reversed, XORed; and where the rest comes from. Ring 0. Nothing is run but what
 * this file's tables know. Bounded by steps, depth and bytes.
 */
#ifndef INSPECT_FOLD_H
#define INSPECT_FOLD_H

#include "inspect/unit.h"

enum {
	FOLD_FRAMES = 160,  /* open brackets, names and lambdas at once */
	FOLD_VALUES = 4096, /* operands at once; a longer list is not known */
	FOLD_LOCALS = 64,
	FOLD_BYTES = 16 << 20, /* of one value */
	FOLD_ITEMS = 1 << 18,  /* of one list that was computed */
};

/* fold_expression gives what the expression at token t, up to a comma, a closing bracket, the
 * statement's end or token end, comes to. */
struct value fold_expression(struct unit *u, uint32_t t, uint32_t end);

/* fold_arguments folds what stands between the brackets that open at token open, at most max
 * values; it gives their number. A keyword argument is its value. */
uint32_t fold_arguments(struct unit *u, uint32_t open, struct value *out, uint32_t max);

/* fold_comprehension gives the `for` between the brackets that open at open; 0 for none. */
uint32_t fold_comprehension(const struct unit *u, uint32_t open, uint32_t close);

/* fold_literal gives a string token's bytes; unknown when memory is short. */
struct value fold_literal(struct unit *u, uint32_t t);

/* decode.c: decode_named decodes in by the codec of that name ("base64", "hex", "zlib", "rot13"
 * ...). Lenient as the libraries are. False when it does not decode or is unknown. */
bool decode_named(struct arena *a, struct str codec, struct str in, struct str *out);

#endif
