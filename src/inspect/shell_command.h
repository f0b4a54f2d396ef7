/*
 * inspect/shell_command.h - one command of a shell's text: which program it starts, and what that
 * comes to. Ring 0. Private to shell*.c.
 */
#ifndef INSPECT_SHELL_COMMAND_H
#define INSPECT_SHELL_COMMAND_H

#include "inspect/shell.h"
#include "inspect/shell_words.h"

enum { SHELL_WORDS = 24, SHELL_SAVED = 4 };

/* The value of a variable that got what was fetched: x=$(curl ...). */
#define SHELL_FETCHED S("\2")

struct shell_state {
	struct shell_look *out;
	struct shell_words text;
	struct str words[SHELL_WORDS];
	unsigned n;
	bool piped;	  /* the command's input comes from a pipe */
	bool fetched;	  /* ... that carries something fetched, decoded or the environment */
	bool inside;	  /* within $( or a back quote */
	bool saving;	  /* the next word is a file that is written to */
	bool stays;	  /* somewhere the text names a place that is started by itself */
	bool here;	  /* the next word is the command's input */
	bool fresh;	  /* no word of this command was seen yet */
	bool mixed;	  /* a text with a substitution was taken apart */
	bool quoted;	  /* within such a text */
	bool talks;	  /* the command's input is what a shell that asks prints */
	bool credentials; /* somewhere the text names files of credentials */
	bool secret;	  /* the command's input is such a file's content */
	struct str told;  /* the command's input, where it stands in the text */
	struct str outer; /* the program that gets the substitution, */
	struct str into;  /* or the variable that does */
	struct str saved[SHELL_SAVED];
	unsigned n_saved;
};

/* shell_program gives the number of the command's first word that is a program: behind assignments,
 * sudo, env and their kind. */
unsigned shell_program(const struct shell_state *k);

/* What a program is: a shell; anything that runs code; what connects to elsewhere. */
bool shell_is_shell(struct str name);
bool shell_interprets(struct str name);
bool shell_fetches(struct str name);

/* shell_is_place: a word names what is started by itself, or is a variable that may. */
bool shell_is_place(struct str w);

/* shell_save notes a file that the command writes. */
void shell_save(struct shell_state *k, struct str file);

/* shell_command notes what the command does and gives its program's name. *out_unseen: it gives
 * bytes that nobody has seen, fetched or decoded ones. *io_secret: its input is a file of
 * credentials; then whether what it gives is. */
struct str shell_command(struct shell_state *k, bool *out_unseen, bool *io_secret);

#endif
