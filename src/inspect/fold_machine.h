/*
 * inspect/fold_machine.h - the parts of the folder: a stack of frames, one for every open bracket,
 * name or lambda, with operands and operators beside it. Ring 0. Private to fold*.c.
 */
#ifndef INSPECT_FOLD_MACHINE_H
#define INSPECT_FOLD_MACHINE_H

#include "inspect/fold.h"

enum frame_kind {
	F_ROOT,
	F_PAREN,
	F_LIST,
	F_MAP,
	F_CALL,	  /* the callee is the operand below */
	F_INDEX,  /* what is indexed is the operand below */
	F_FORMAT, /* pieces of an f-string or template */
	F_FIELD,
	F_BINDING, /* a name's expression */
	F_BODY,	   /* a lambda's or function's */
	F_ITEMS,   /* what a comprehension runs over */
	F_ELEMENT, /* one round of it */
};

/* A comprehension or map under way. */
struct each {
	struct value over, fn; /* fn: V_LAMBDA for map, else V_UNKNOWN */
	uint32_t body, end;    /* tokens of the element */
	uint32_t targets, in;  /* tokens of the names it sets */
	uint32_t i, n;
	struct value *out;
};

struct frame {
	uint8_t kind;
	bool operand, comma, bracket;
	uint8_t ternary;
	uint32_t at, end, open;
	uint32_t values, ops; /* where its own begin */
	uint32_t locals, visible;
	uint32_t from, to; /* a body's function, for its own names */
	struct binding *b;
	struct each *each;
};

struct local {
	uint32_t hash;
	struct str name;
	struct value v;
};

struct fold {
	struct unit *u;
	struct value values[FOLD_VALUES];
	uint8_t ops[FOLD_VALUES];
	struct frame frames[FOLD_FRAMES];
	struct local locals[FOLD_LOCALS];
	uint32_t n_values, n_ops, n_frames, n_locals;
	bool spent; /* a bound was met: everything is unknown from here on */
};

/* Operators as the stack keeps them, by precedence. */
enum fold_op {
	FO_MERGE = 1, /* ?:, if else, or, and: either side */
	FO_COMPARE,
	FO_BIT_OR,
	FO_BIT_XOR,
	FO_BIT_AND,
	FO_SHL,
	FO_SHR,
	FO_ADD,
	FO_SUB,
	FO_MUL,
	FO_DIV,
	FO_FLOORDIV,
	FO_MOD,
	FO_NEG,
	FO_INVERT,
	FO_IGNORE, /* an operator before its operand that changes nothing of interest */
	FO_POW,
	FO_CONCAT, /* strings side by side */
};

/* fold.c: fold_push puts an operand on the stack, fold_operand one that the innermost frame waited
 * for. fold_enter opens a frame over tokens [at, end); NULL when there are too many. */
struct frame *fold_top(struct fold *f);
void fold_push(struct fold *f, struct value v);
struct value fold_pop(struct fold *f);
void fold_operand(struct fold *f, struct value v);
struct frame *fold_enter(struct fold *f, enum frame_kind kind, uint32_t at, uint32_t end);

/* fold_reduce applies the operators above ops that bind at least as tightly as prec. */
void fold_reduce(struct fold *f, uint32_t ops, unsigned prec);

/* fold_finish.c: ends the innermost frame and gives its value to the one around it. */
void fold_finish(struct fold *f);

/* fold_apply.c: fold_name folds the name at a token, fold_bound ends its frame; fold_apply calls a
 * lambda or function; fold_each runs a comprehension or map, fold_next its next round. */
void fold_name(struct fold *f, uint32_t at);
void fold_bound(struct fold *f, struct frame t, struct value v);
void fold_apply(struct fold *f, struct value fn, const struct value *v, uint32_t n);
void fold_each(struct fold *f, struct each *e);
void fold_next(struct fold *f, struct each *e);

/* fold_bracket opens the frame of a bracket; a comprehension's begins with what it runs over. */
void fold_bracket(struct fold *f, enum frame_kind kind, uint32_t open);

/* fold_ops.c: what operators and brackets do with values. */
struct value fold_unary(struct unit *u, enum fold_op op, struct value a);
struct value fold_binary(struct unit *u, enum fold_op op, struct value a, struct value b);
struct value fold_index(struct unit *u, struct value of, const struct value *at, uint32_t n);
struct value fold_attribute(struct unit *u, struct value of, struct str name);
struct value fold_item(struct unit *u, const struct value *of, uint32_t i);
struct value fold_items_as_one(struct unit *u, struct value of);
struct value fold_join(struct unit *u, struct value separator, struct value list);
uint32_t fold_count(const struct value *of);

/* fold_call.c: what a call of a known function gives; n arguments at v. */
struct value fold_call(struct unit *u, struct value callee, const struct value *v, uint32_t n);

/* value_taint is where a value comes from, a name's own meaning included. */
uint32_t value_taint(const struct unit *u, const struct value *v);

static inline struct value value_unknown(uint32_t taint)
{
	return (struct value){ .kind = V_UNKNOWN, .taint = taint };
}

static inline struct value value_int(int64_t i)
{
	return (struct value){ .kind = V_INT, .i = i };
}

static inline struct value value_text(enum value_kind kind, struct str s)
{
	return (struct value){ .kind = (uint8_t)kind, .s = s };
}

static inline bool value_is_text(const struct value *v)
{
	return v->kind == V_STR || v->kind == V_BYTES;
}

/* fold_pay takes steps for tokens that were looked at beside the machine. */
static inline void fold_pay(struct unit *u, size_t steps)
{
	*u->steps -= steps < *u->steps ? steps : *u->steps;
}

/* fold_scan takes steps for a text that is looked through, however little comes of it. */
static inline void fold_scan(struct unit *u, struct str text)
{
	fold_pay(u, text.n / 64);
}

/* value_items makes room for n values of a list, out of the folder's bytes; NULL when spent. */
struct value *value_items(struct unit *u, size_t n);

/* value_bytes takes n bytes for a value from the arena; NULL when the folder's bytes are spent. */
char *value_bytes(struct unit *u, size_t n);

#endif
