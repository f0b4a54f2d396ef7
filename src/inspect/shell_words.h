/*
 * inspect/shell_words.h - the words of a shell's text: quotes, backslashes, and variables that the
 * text itself sets. Ring 0. Private to shell.c.
 */
#ifndef INSPECT_SHELL_WORDS_H
#define INSPECT_SHELL_WORDS_H

#include "base/arena.h"
#include "base/str.h"

enum { SHELL_SET = 12, SHELL_VALUE = 512 };

struct shell_words {
	struct str text;
	struct arena *a; /* of words that were put together */
	struct shell_variable {
		struct str name, value;
	} set[SHELL_SET];
	unsigned n_set;
};

/* shell_word_end gives where the word, or the quoted part of one, ends that begins at at. */
size_t shell_word_end(struct str s, size_t at);

/* shell_comments tells whether the '#' at at begins a comment: only where a word begins. */
bool shell_comments(struct str s, size_t at);

/* shell_word gives the word that begins at *at, which is moved behind it: as it stands where it can
 * be, else put together. *out_split: blanks part it, since they come of a variable. */
struct str shell_word(struct shell_words *w, size_t *at, bool *out_split);

/* shell_assigns gives the name that a word of the form name=value sets, else "". shell_set sets it,
 * shell_unset forgets it. What is longer than SHELL_VALUE or past SHELL_SET is not kept. */
struct str shell_assigns(struct str word);
void shell_set(struct shell_words *w, struct str name, struct str value);
void shell_unset(struct shell_words *w, struct str name);

/* shell_unescape gives s with \n, \143 and \x63 as the bytes they stand for, as printf does. */
struct str shell_unescape(struct arena *a, struct str s);

#endif
