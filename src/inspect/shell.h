/*
 * inspect/shell.h - a small look at a shell's command line: which programs it starts, what it
 * fetches and pipes into what. Ring 0. It is no shell: quoting is followed, nothing is expanded.
 */
#ifndef INSPECT_SHELL_H
#define INSPECT_SHELL_H

#include "inspect/source.h"

enum { SHELL_CODES = 4 };

struct shell_look {
	uint32_t caps; /* enum cap bits */
	bool fetches, pipes_to_shell, runs_fetched, wipes, unsafe_agent, fails_on_purpose,
		interprets;
	struct {
		enum language lang;
		struct str text; /* given to -e or -c; quotes as they stood */
	} code[SHELL_CODES];
	unsigned n_code;
	struct str saved;  /* the file that something fetched is saved as, or "" */
	struct str script; /* the file it gives to an interpreter, or "" */
};

/* shell_look reads one command line or script; words point into text. */
void shell_look(struct str text, struct shell_look *out);

#endif
