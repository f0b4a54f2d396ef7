/*
 * inspect/fold_call.h - functions and methods that the folder knows. Ring 0.
 */
#ifndef INSPECT_FOLD_CALL_H
#define INSPECT_FOLD_CALL_H

#include "inspect/fold_machine.h"

struct call {
	struct unit *u;
	struct value self; /* of a method; unknown for functions */
	const struct value *v;
	uint32_t n, taint;
};

struct fold_row {
	struct str name;
	struct value (*run)(struct call *c, struct str with);
	struct str with; /* a codec's name */
};

/* arg: argument i, unknown where there is none. */
static inline struct value arg(const struct call *c, uint32_t i)
{
	return i < c->n ? c->v[i] : value_unknown(0);
}

/* fold_row_of finds a row by its name, fold_method (fold_method.c) a method's; NULL: not known. */
const struct fold_row *fold_row_of(const struct fold_row *rows, size_t n, struct str name);
const struct fold_row *fold_method(struct str name);

/* fold_decoded is in, decoded by the codec's name; unknown where that cannot be. */
struct value fold_decoded(struct call *c, struct value in, struct str codec, enum value_kind kind);

/* fold_list_new is a list of n items to be filled in; unknown without memory. */
struct value fold_list_new(struct call *c, uint32_t n, struct value **items);

/* Rows that functions and methods share: the first argument, or self, reversed; what is read of a
 * file. */
struct value fold_reversed(struct call *c, struct str with);
struct value fold_read(struct call *c, struct str with);

#endif
