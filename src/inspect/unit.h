/*
 * inspect/unit.h - one text under judgement: its tokens, what its names are bound to, its scopes,
 * and what was seen in it. Ring 0. Private to the source rules (walk, fold, sites, source).
 */
#ifndef INSPECT_UNIT_H
#define INSPECT_UNIT_H

#include "inspect/source.h"
#include "inspect/token.h"
#include "inspect/words.h"

/* Where a value comes from; kept through everything that is done with it. */
enum taint {
	T_DECODED = 1, /* out of a decoder whose input is not known */
	T_FETCHED = 2, /* from the network */
	T_ENV_ALL = 4, /* the whole environment */
	T_SECRET = 8,  /* from a file of credentials, or the metadata service */
	T_ENV = 16,    /* one environment variable */
	T_HOST = 32,   /* names of host and user */
	T_SELF = 64,   /* this file's own path */
	T_FILE = 128,  /* read from some file */
	T_INPUT = 256, /* clipboard, keys, screen */
	T_SITE = 512,  /* where packages are installed */
	T_DATA = 1024, /* from a file that is no source, by its name */
	T_MEMORY = 2048, /* a file that is only in memory */
};

enum value_kind { V_UNKNOWN, V_STR, V_BYTES, V_INT, V_LIST, V_MAP, V_NAME, V_METHOD, V_LAMBDA };

struct value {
	uint8_t kind;	/* enum value_kind */
	uint8_t layers; /* decoders it came through */
	bool partial;	/* holes stand where a part is not known */
	uint32_t taint;
	struct str s;		   /* text or bytes; a dotted name; a method's name */
	int64_t i;		   /* a number; a lambda's first token */
	const struct value *items; /* of a list; key, value, key, value of a map; a method's self */
	uint32_t n;
};

enum { HOLE = 1 }; /* the byte for an unknown part of a text */

enum bind_kind {
	BIND_IMPORT,   /* path */
	BIND_VALUE,    /* the expression at from */
	BIND_ADD,      /* +=, append, update, write: the expression at from joins what was before */
	BIND_EACH,     /* items of the expression at from */
	BIND_FUNCTION, /* its parameters open at from */
	BIND_PARAMETER, /* given by the call whose parenthesis is at from; path: a part of it */
};

struct binding {
	uint32_t name, hash, prev; /* token; name_hash; older binding of that hash + 1 */
	uint32_t from;
	uint8_t kind; /* enum bind_kind */
	bool hot;     /* may stand for something that has an effect */
	bool looped;  /* stands in a loop */
	bool busy;    /* being evaluated: it depends on itself */
	struct str path;
	const struct value *memo;
};

enum scope_kind { SCOPE_MODULE, SCOPE_CLASS, SCOPE_FUNCTION, SCOPE_MAIN };

struct scope {
	uint32_t parent, name; /* name: hash, of a function or class; 0 for none */
	uint8_t kind;	       /* enum scope_kind */
	bool runs;	       /* when the file is loaded */
	bool inlined;	       /* when what is around it runs */
	bool constructs;       /* a method that runs when its class is called */
	uint32_t caps;	       /* what is done directly in it */
};

struct call_edge {
	uint32_t scope, name; /* a call of a function of this name */
};

/* What happens at a place. */
struct site {
	uint32_t effect; /* enum cap bits */
	uint32_t note;	 /* enum site_note bits */
	uint32_t taint;	 /* of what is given to it */
	uint32_t line, scope;
	uint32_t child;	 /* what decoded text does, enum cap bits */
	uint32_t layer;	 /* which layer of the file it stands in */
	bool runs;	 /* when the file is loaded */
	uint8_t layers;	 /* decoders on the way */
	struct str text; /* what it is given, as far as is known */
	struct str call; /* the name that is called */
	struct str path; /* the file it writes, deletes or runs, as far as is known */
	uint32_t at;	 /* its token, while its window lasts */
	struct str guard; /* the condition it is behind, when that asks for date or place */
};

enum site_note {
	N_CODE = 1,  /* its text is code that is run */
	N_PIPED = 2, /* a shell runs what it fetches */
	N_WRITES = 4,
	N_DELETES = 8,
	N_TEXT = 16, /* a text that names something; nobody is seen using it */
	N_CHMOD = 32,
	N_UNSAFE_AGENT = 64, /* an agent told to ask nobody */
	N_WIPES = 128,
	N_LOOKALIKE = 512,
	N_DECODED = 1024,     /* writes what was decoded */
	N_FAILS = 2048,	      /* fails when its work is done */
	N_INTERPRETER = 4096, /* starts an interpreter of programs */
	N_DATED = 8192,	      /* behind a comparison of the clock with a constant */
	N_HOST_BOUND = 16384, /* behind a question for host, user or place */
	N_FROM_URL = 65536,   /* a tool of packages gets something from a URL */
	N_TOLD = 32768,	      /* the whole environment is made a text */
	N_DROP = 256,	      /* goes to a place where anybody drops things */
	N_WIRED = 1 << 17,    /* a connection becomes a program's input or output */
	N_GIVEN = 1 << 18,    /* what was fetched is the command, as a whole */
	N_VARIABLE = 1 << 19, /* sets a variable that redirects other programs or is run by them */
	N_HOOK = 1 << 20,     /* a function takes the place of another package's, and sends */
	N_SWAPS = 1 << 21,    /* ... and the file holds wallets' addresses */
	N_PROCESS = 1 << 23,  /* opens the memory of another process */
	N_POISON = 1 << 22,   /* tells an agent to keep from its user what it is to do */
};

enum {
	UNIT_BINDINGS = 1 << 20,
	UNIT_SCOPES = 1 << 20,
	UNIT_EDGES = 1 << 20,
	UNIT_SITES = 4096,
	UNIT_STEPS = 4 << 20,	/* of the folder, for one file with all its layers */
	UNIT_FOLDED = 80 << 20, /* bytes the folder may make */
};

/* A text within the file: the file itself, or what one of its sites runs. */
struct layer {
	struct str text;
	enum language lang;
	uint32_t parent; /* the site that runs it; none for layer 0 */
	uint32_t depth, caps;
	bool loads;
};

enum { UNIT_LAYERS = 64, UNIT_DEPTH = 60, TEXTS_QUICK = 4096 };

struct lexicon {
	struct words python, javascript;
	uint8_t quick[TEXTS_QUICK]; /* of texts_classes */
};

/* One file under judgement. */
struct source {
	enum role role;
	struct str package, path;
	struct findings *findings;
	struct arena *a;
	const struct lexicon *lexicon;
	struct site *sites;
	uint32_t n_sites;
	struct layer layers[UNIT_LAYERS];
	uint32_t n_layers;
	size_t steps, bytes; /* left of the folder */
	uint32_t caps;
	bool unread; /* a layer found no memory */
};

struct fold;

struct unit {
	enum language lang;
	enum role role;
	struct str text;
	struct arena *a;
	const struct words *words;
	struct token *tok;
	uint32_t n, cap;

	uint32_t *heads; /* newest binding of a hash + 1 */
	uint32_t heads_mask;
	struct binding *bindings;
	uint32_t n_bindings, cap_bindings;

	struct scope *scopes;
	uint32_t n_scopes, cap_scopes;
	struct call_edge *edges;
	uint32_t n_edges, cap_edges;

	struct source *file;   /* what all its layers share */
	size_t *steps, *bytes; /* left of the folder for this file */
	struct fold *fold;     /* the machine, made at its first use */
	size_t line_at;	       /* the last answer of unit_line */
	uint32_t line;
	uint32_t caps;
	struct str stars[4]; /* modules whose names were all imported */
	uint32_t n_stars;
	uint32_t scope, loops; /* the scope the walk is in, and the loops around it there */
	uint32_t layer;
	bool loads; /* this text runs when its file is loaded */
};

/* unit_line gives the line of an offset, from 1. Quick when offsets mostly grow. */
uint32_t unit_line(struct unit *u, size_t at);

/* unit_text is a token's slice. */
static inline struct str unit_text(const struct unit *u, uint32_t t)
{
	return token_text(u->text, &u->tok[t]);
}

/* unit_is tells whether token t is operator op. Past the end nothing is. */
static inline bool unit_is(const struct unit *u, uint32_t t, unsigned op)
{
	return t < u->n && u->tok[t].kind == TOK_OP && u->tok[t].op == op;
}

static inline bool unit_word(const struct unit *u, uint32_t t, enum word w)
{
	return t < u->n && u->tok[t].kind == TOK_NAME && u->tok[t].word == w;
}

static inline bool unit_name(const struct unit *u, uint32_t t)
{
	return t < u->n && u->tok[t].kind == TOK_NAME;
}

/* unit_keyword tells whether token t is a word that a parenthesis may follow without calling it:
 * "return (f)(x)", "new (f)(x)", "if (x)". As a method's name it is one like others. */
static inline bool unit_keyword(const struct unit *u, uint32_t t)
{
	unsigned w = u->tok[t].word;
	bool python = w >= W_NOT && w <= W_RAISE, javascript = w >= W_FUNCTION && w <= W_SWITCH;

	return ((w >= W_IF && w <= W_YIELD) || (u->lang == LANG_PYTHON ? python : javascript)) &&
	       unit_name(u, t) && !(t > 0 && unit_is(u, t - 1, '.'));
}

/* unit_calls tells whether a parenthesis that opens at token t calls what stands before it. */
static inline bool unit_calls(const struct unit *u, uint32_t t)
{
	return t > 0 &&
	       ((unit_name(u, t - 1) && !unit_keyword(u, t - 1)) || unit_is(u, t - 1, ')') ||
		unit_is(u, t - 1, ']'));
}

/* unit_mate gives a bracket's partner, or t itself when it has none. */
static inline uint32_t unit_mate(const struct unit *u, uint32_t t)
{
	uint32_t m = u->tok[t].mate;

	return m == TOKEN_NONE || m >= u->n ? t : m;
}

/* unit_past gives the token behind t, or behind the partner of a bracket that opens at t: always
 * further on, where the tokens between do not pair up as well. */
static inline uint32_t unit_past(const struct unit *u, uint32_t t)
{
	uint32_t m = u->tok[t].kind == TOK_NAME ? t : unit_mate(u, t);

	return (m > t ? m : t) + 1;
}

/* unit_chain gives the first token of the chain a.b(c)[d].e that ends at token t. */
uint32_t unit_chain(const struct unit *u, uint32_t t);

/* names.c: unit_names forgets all names and scopes; false when memory is short. */
bool unit_names(struct unit *u);

/* names.c: unit_bind notes that the name at token t now means that; returns the binding or NULL
 * when there are too many. unit_find gives the newest binding of a name, or NULL. unit_older gives
 * the one before it, unit_base the one that b only adds to. */
struct binding *unit_bind(struct unit *u, uint32_t t, enum bind_kind kind, uint32_t from,
			  struct str path);
struct binding *unit_find(const struct unit *u, struct str name, uint32_t hash);
struct binding *unit_older(const struct unit *u, const struct binding *b);
const struct binding *unit_base(const struct unit *u, const struct binding *b);

/* names.c: walk_names_python and walk_names_javascript read the import, require or destructuring
 * statement at t, bind what it names and give the first token behind it. */
uint32_t names_python(struct unit *u, uint32_t t);
uint32_t names_javascript(struct unit *u, uint32_t t);

/* walk_python.c, walk_javascript.c: one pass over all tokens. */
void walk_python(struct unit *u);
void walk_javascript(struct unit *u);

/* sites.c: site_call looks at the call whose parenthesis opens at token open; site_decorator at the
 * plain name [head, end) that is given what it decorates; site_tag at a template that opens behind
 * what it is given to; site_text at the text of a string token, site_document at one that only
 * documents, site_name at a name that is known. site_add notes a site and gives it, or NULL
 * when there are too many. */
void site_call(struct unit *u, uint32_t open);
void site_decorator(struct unit *u, uint32_t head, uint32_t end);
void site_tag(struct unit *u, uint32_t open);
void site_text(struct unit *u, uint32_t t);
void site_document(struct unit *u, uint32_t t);
void site_name(struct unit *u, uint32_t t);
struct site *site_add(struct unit *u, uint32_t effect, uint32_t at);

/* sites_command.c: site_command fills a site that starts what v, its n arguments, say. value_words
 * is a text of a value, "" where it has none; words_classes what a text names (texts_classes). */
void site_command(struct unit *u, struct site *s, const struct value *v, uint32_t n);
struct str value_words(const struct value *v);
uint32_t words_classes(struct str s);

/* sites_sink.c: site_fill fills a site whose function makes that of v, its n arguments;
 * site_written one that writes v. */
void site_fill(struct unit *u, struct site *s, unsigned sink, const struct value *v, uint32_t n);
void site_written(struct unit *u, struct site *s, const struct value *v);

/* meddle.c: site_variable notes that a variable of the environment is set that others obey;
 * site_assigned looks at the assignment whose = is token t: of such a variable, or of a function
 * that takes another's place; unit_meddles, when all is walked, leaves of the latter, from site
 * number first on, those that do harm. */
void site_variable(struct site *s, struct str name, const struct value *v);
void site_assigned(struct unit *u, uint32_t t);
void unit_meddles(struct unit *u, uint32_t first);

/* site_code notes that the site runs text. */
void site_code(struct unit *u, struct site *s, enum language lang, struct str text);

/* obfuscator.c: unit_obfuscated gives the token at which an obfuscator's hand is seen, and what is;
 * TOKEN_NONE: nowhere. */
uint32_t unit_obfuscated(const struct unit *u, const char **out_why);

/* rules_join makes findings of what was seen in all layers. */
void rules_join(struct source *f);

/* unit_scope opens a scope in the current one. unit_edge notes a call of a function by name. */
void unit_scope(struct unit *u, enum scope_kind kind, uint32_t name);
void unit_edge(struct unit *u, uint32_t scope, uint32_t name);

/* guards.c: unit_guards marks the sites from number first on that are behind conditions of date and
 * place; it is known which of them run. */
void unit_guards(struct unit *u, uint32_t first);

/* unit_reach sets scopes' runs: what module level calls, and what that calls. */
void unit_reach(struct unit *u);

#endif
