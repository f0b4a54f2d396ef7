/*
 * codec/pickle.h - the opcodes of Python's pickle, protocols 0 to 5, and what a pickle imports.
 * Ring 0. Nothing is built: the stack and the memo are followed as far as strings and imports need
 * it.
 */
#ifndef CODEC_PICKLE_H
#define CODEC_PICKLE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct pickle_op {
	uint8_t code;
	const char *name; /* as pickletools has it: "SHORT_BINUNICODE" */
	struct str arg;	  /* what follows it: without length, line end or quotes; "": none */
	size_t at, n;	  /* where it begins, and its bytes with the argument */
};

/* pickle_next reads the opcode at an offset of text. ERR_SYNTAX: there is no such opcode, or its
 * argument is malformed; ERR_AGAIN: text ends within it. */
MUST_USE enum err pickle_next(struct str text, size_t at, struct pickle_op *out);

struct pickle_import {
	struct str module, name; /* "os", "system"; names may have dots */
	size_t at;		 /* of the opcode */
	bool computed;		 /* the names are made while the pickle is loaded: both are "" */
};

struct pickle_value;

struct pickle {
	struct str text;
	size_t at;
	struct arena *arena;
	struct pickle_value *stack, *memo;
	size_t depth, stack_cap, memo_n, memo_cap;
	size_t calls, builds; /* REDUCE, NEWOBJ, INST, OBJ; BUILD */
	size_t foreign;	      /* persistent ids and extension codes: resolved by the loader */
	size_t ops;
	uint64_t frame_end; /* of the last frame: offset */
	unsigned protocol;
	uint32_t round; /* which pickle of the text this is, from 1 */
	bool stopped;
};

/* pickle_init begins at the start of text. Memory comes from a, up to LIMIT_PICKLE_STACK and
 * LIMIT_PICKLE_MEMO values. */
void pickle_init(struct pickle *p, struct str text, struct arena *a);

/* pickle_import goes on to the next import, or to the end: *out_more is then false and p->stopped
 * tells whether the pickle says so itself (text behind that, at p->at, may be another pickle).
 * ERR_SYNTAX: a loader would fail here too, having run everything before; ERR_UNSUPPORTED: an
 * opcode lies across the end of a frame, where loaders differ; ERR_LIMIT; ERR_NOMEM. */
MUST_USE enum err pickle_import(struct pickle *p, struct pickle_import *out, bool *out_more);

enum { PICKLE_ROUNDS_MAX = 1 << 20 };

/* pickle_again begins a new pickle behind the one that has stopped, with a memo of its own: less
 * than PICKLE_ROUNDS_MAX times. */
void pickle_again(struct pickle *p);

#endif
