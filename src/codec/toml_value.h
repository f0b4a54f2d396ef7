/*
 * codec/toml_value.h - the words of TOML: keys, strings, numbers, dates. Ring 0.
 * A part of codec/toml.c with a file of its own.
 */
#ifndef CODEC_TOML_VALUE_H
#define CODEC_TOML_VALUE_H

#include "codec/toml.h"

/* Where reading stands. */
struct toml_text {
	const char *p, *end;
	uint32_t line;
	struct arena *arena;
	struct diag *d;
};

/* toml_peek gives the next byte, or -1 at the end; toml_take steps over c if it is next. */
int toml_peek(const struct toml_text *t);
bool toml_take(struct toml_text *t, char c);

/* toml_skip_blank steps over spaces and tabs, toml_newline over one line end, if it is next. */
void toml_skip_blank(struct toml_text *t);
bool toml_newline(struct toml_text *t);

/* toml_comment steps over a comment, up to its line end. */
MUST_USE enum err toml_comment(struct toml_text *t);

/* toml_key reads one part of a key: bare or quoted. */
MUST_USE enum err toml_key(struct toml_text *t, struct str *out);

/* toml_scalar reads a string, number, date or boolean into type, text and integer of out. */
MUST_USE enum err toml_scalar(struct toml_text *t, struct toml *out);

#endif
