/*
 * inspect/effects.h - what known functions do, and what known texts name: the tables that source
 * rules are made of. Ring 0.
 */
#ifndef INSPECT_EFFECTS_H
#define INSPECT_EFFECTS_H

#include "inspect/unit.h"

/* What becomes of what a function is given. */
enum sink {
	SINK_NONE,
	SINK_CODE,   /* the first argument is run as code of this language */
	SINK_SHELL,  /* ... is a command for the shell */
	SINK_SPAWN,  /* ... is a program, or a list that begins with one */
	SINK_SEND,   /* arguments leave; the first is mostly a URL */
	SINK_SAVE,   /* a URL's content is saved under the second */
	SINK_OPEN,   /* a path, and perhaps a mode */
	SINK_WRITE,  /* a path, and what is written to it */
	SINK_DELETE, /* a path goes away */
	SINK_LOOKUP, /* a name is looked up */
	SINK_SLEEP,  /* seconds, or milliseconds in JavaScript's second argument */
	SINK_CHMOD,
	SINK_MODULE,   /* a module's name */
	SINK_COPY,     /* from the first path to the second */
	SINK_TEXT,     /* anything is made a text */
	SINK_LOAD,     /* a file, or an archive of files, that is code */
	SINK_WIRE,     /* a descriptor takes another's place */
	SINK_UNPICKLE, /* bytes that are code as well */
	SINK_VARIABLE, /* a variable of the environment, and its value */
};

struct effect {
	struct str path;
	uint32_t caps;	/* enum cap bits */
	uint32_t taint; /* of what it gives, enum taint bits */
	uint8_t sink;	/* enum sink */
};

/* effect_path leaves out names of the namespace that everything is in anyway: "globalThis.fetch".
 */
struct str effect_path(struct str path);

/* effect_find gives what is known of a dotted name; NULL: nothing. */
const struct effect *effect_find(enum language lang, struct str path);

/* effect_module gives the capabilities that importing a module means. */
uint32_t effect_module(enum language lang, struct str module);

/* effects_words makes the last parts of all names known to w. */
void effects_words(struct words *w, enum language lang);

/* effects_ordered tells whether the tables are sorted, as the search needs them. For the test. */
bool effects_ordered(void);

/* What a text can name. */
enum text_class {
	TEXT_CREDENTIALS,
	TEXT_METADATA,
	TEXT_PERSIST,
	TEXT_AGENT,	/* files that control AI agents */
	TEXT_AGENT_CLI, /* flags that make an agent ask nobody */
	TEXT_RUNTIME,	/* where runtimes are downloaded */
	TEXT_DROP,	/* where anybody can drop things */
	TEXT_PROBE,	/* what tells a sandbox */
	TEXT_INJECTION, /* words aimed at reviewers that are models */
	TEXT_SECRECY,	/* what somebody is not to be told */
	TEXT_MEMORY,	/* memory of other processes */
	TEXT_HOST_FILE, /* facts of the host */
	TEXT_FETCHER,	/* programs that a command which fetches begins with */
	TEXT_CLASSES,
};

/* texts_classes gives the classes (1u << class) of what s names; *out_at is where the first stands,
 * and of which n bytes. quick (texts_quick) may be NULL for short texts. */
uint32_t texts_classes(const uint8_t *quick, struct str s, size_t *out_at, size_t *out_n);

/* texts_poison tells whether a text of these classes tells somebody to keep from the user what it
 * names: credentials, commands that fetch, files of agents. */
bool texts_poison(uint32_t classes);

/* text_names_data tells whether s ends as the name of a file in which nobody expects code. */
bool text_names_data(struct str s);

/* texts_quick fills the table that lets texts_classes skip; it is zero before. */
void texts_quick(uint8_t quick[TEXTS_QUICK]);

#endif
