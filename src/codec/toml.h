/*
 * codec/toml.h - a strict reader of TOML 1.0 into a bounded tree. Ring 0.
 * Refused are, as the specification has it: keys and tables defined twice, bad UTF-8, control
 * characters, integers past 64 bits, dates that do not exist. Every value knows its line.
 */
#ifndef CODEC_TOML_H
#define CODEC_TOML_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"

enum toml_type {
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOL,
	TOML_DATETIME, /* any of the four kinds of dates and times */
	TOML_ARRAY,
	TOML_TABLE,
};

struct toml {
	enum toml_type type;
	uint32_t line;	 /* from 1; of its key, its header or itself */
	uint32_t n;	 /* children */
	struct str key;	 /* of a member of a table */
	struct str text; /* of a string its content, of a number or date its source */
	int64_t integer; /* of TOML_INTEGER; 1 for true */
	const struct toml *first, *next;
};

/* toml_parse reads all of text into a tree in a. Strings without escapes point into text. At most
 * nodes_max values are made, LIMIT_TOML_DEPTH deep. ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM; d names the
 * line. */
MUST_USE enum err toml_parse(struct str text, struct arena *a, size_t nodes_max,
			     const struct toml **out, struct diag *d);

/* toml_get gives the member called key, or NULL; also when t is NULL or no table. */
const struct toml *toml_get(const struct toml *t, struct str key);

/* toml_is: t is not NULL and of this type. */
bool toml_is(const struct toml *t, enum toml_type type);

/* toml_str gives a string's content; "" for NULL and every other type. */
struct str toml_str(const struct toml *t);

/* toml_true: t is TOML's true. */
bool toml_true(const struct toml *t);

#define TOML_EACH(parent, it)                                                                      \
	for (const struct toml *it = (parent) ? (parent)->first : NULL; it; it = it->next)

#endif
