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
	bool from_url;	   /* a tool of packages gets something from a URL */
	bool sends_secret; /* a file of credentials goes out */
	struct shell_code {
		enum language lang;
		struct str text; /* given to -e, -c or as input; a lone quoted one as it stands */
	} code[SHELL_CODES];
	unsigned n_code;
	struct shell_code files[SHELL_CODES]; /* those it starts; LANG_NONE: not known as what */
	unsigned n_files;
	struct str scripts[SHELL_CODES]; /* of package.json, by "npm run" */
	unsigned n_scripts;
	struct str saved;  /* the file that something fetched is saved as, or "" */
	struct str script; /* the file it gives to an interpreter, or "" */
};

/* shell_look reads one command line or script; words point into text or live in a. */
void shell_look(struct str text, struct arena *a, struct shell_look *out);

#endif
