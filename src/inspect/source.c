/*
 * inspect/source.c - one file: its language and role, its text and what is decoded from it,
 * layer by layer. Memory: the scratch arena's; a text with more tokens than fit is read window
 * by window.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/source.h"

#include "inspect/effects.h"
#include "inspect/fold.h"
#include "inspect/hidden.h"
#include "inspect/javascript_lex.h"
#include "inspect/plain.h"
#include "inspect/python_lex.h"
#include "inspect/shell.h"

enum { TOKENS_MAX = 3 << 20, TOKENS_MIN = 256 };

/* The lexer of a layer's language, and the tokens of one window. */
struct lexers {
	enum language lang;
	struct python_lexer *python;
	struct javascript_lexer *javascript;
};

enum language source_language(struct str path, struct str text)
{
	static const struct {
		struct str suffix;
		enum language lang;
	} rows[] = {
		{ SC(".py"), LANG_PYTHON },	 { SC(".pyw"), LANG_PYTHON },
		{ SC(".js"), LANG_JAVASCRIPT },	 { SC(".mjs"), LANG_JAVASCRIPT },
		{ SC(".cjs"), LANG_JAVASCRIPT }, { SC(".jsx"), LANG_JAVASCRIPT },
		{ SC(".ts"), LANG_JAVASCRIPT },	 { SC(".tsx"), LANG_JAVASCRIPT },
		{ SC(".mts"), LANG_JAVASCRIPT }, { SC(".cts"), LANG_JAVASCRIPT },
		{ SC(".sh"), LANG_SHELL },	 { SC(".bash"), LANG_SHELL },
	};
	struct str first = str_head(text, str_chr(str_head(text, 200), '\n'));

	if (str_has_suffix(path, S(".d.ts")))
		return LANG_NONE;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (str_has_suffix(path, rows[i].suffix))
			return rows[i].lang;
	}
	if (!str_has_prefix(first, S("#!")) || first.n >= 200)
		return LANG_NONE;
	if (str_find(first, S("python")) != SIZE_MAX)
		return LANG_PYTHON;
	if (str_find(first, S("node")) != SIZE_MAX || str_find(first, S("bun")) != SIZE_MAX)
		return LANG_JAVASCRIPT;
	return str_has_suffix(str_trim(first), S("sh")) ? LANG_SHELL : LANG_NONE;
}

/* A directory called "tests" says nothing: what lies in it can be imported like all else. */
enum role source_role(struct str path)
{
	struct str name = str_last(path, '/');

	if (str_eq(name, S("setup.py")))
		return ROLE_INSTALL;
	if (str_eq(name, S("sitecustomize.py")) || str_eq(name, S("usercustomize.py")))
		return ROLE_STARTUP;
	return ROLE_MODULE;
}

static size_t arena_left(const struct arena *a)
{
	return a->budget > a->used ? a->budget - a->used : 0;
}

/* What an obfuscator of JavaScript wrote. */
static void mark_obfuscated(struct unit *u)
{
	const char *why;
	uint32_t t = u->lang == LANG_JAVASCRIPT ? unit_obfuscated(u, &why) : TOKEN_NONE;
	struct site *s = t == TOKEN_NONE ? NULL : site_add(u, CAP_OBFUSCATED, t);

	if (s == NULL)
		return;
	s->text = str_head(str_tail(u->text, u->tok[t].at), 200);
	s->path = str_z(why);
}

/* One window of tokens: walked, and its sites told whether they run. */
static void window(struct unit *u)
{
	uint32_t first = u->file->n_sites;

	if (!unit_names(u)) {
		u->file->unread = true;
		return;
	}
	if (u->lang == LANG_PYTHON)
		walk_python(u);
	else
		walk_javascript(u);
	u->scope = 0;
	mark_obfuscated(u);
	if (u->file->n_sites > first)
		unit_reach(u);
	unit_meddles(u, first);
	for (uint32_t i = first; i < u->file->n_sites; i++) {
		struct site *s = &u->file->sites[i];
		s->runs = u->scopes[s->scope].runs;
	}
	unit_guards(u, first);
}

static bool lexers_init(struct lexers *lx, const struct unit *u)
{
	lx->lang = u->lang;
	if (u->lang == LANG_PYTHON) {
		lx->python = NEW(u->a, struct python_lexer);
		if (lx->python)
			python_lex_init(lx->python, u->text, u->words);
		return lx->python != NULL;
	}
	lx->javascript = arena_take(u->a, sizeof *lx->javascript, 16);
	if (lx->javascript)
		javascript_lex_init(lx->javascript, u->text, u->words);
	return lx->javascript != NULL;
}

static void code_layer(struct unit *u)
{
	size_t cap = arena_left(u->a) / 3 / sizeof(struct token);
	struct lexers lx = { 0 };

	cap = cap > u->text.n + 64 ? u->text.n + 64 : cap;
	cap = cap > TOKENS_MAX ? TOKENS_MAX : cap;
	if (!lexers_init(&lx, u) || cap < 16) {
		u->file->unread = true;
		return;
	}
	/* most texts have a token for every four bytes or fewer: then this is all the memory */
	size_t guess = u->text.n / 3 + TOKENS_MIN;
	cap = cap > guess && u->text.n > (1 << 20) ? guess : cap;
	u->tok = arena_take(u->a, cap * sizeof *u->tok, 16);
	if (u->tok == NULL) {
		u->file->unread = true;
		return;
	}
	for (;;) {
		size_t n = lx.lang == LANG_PYTHON ? python_lex(lx.python, u->tok, cap)
						  : javascript_lex(lx.javascript, u->tok, cap);
		if (n == 0)
			break;
		u->n = (uint32_t)n;
		window(u);
	}
}

static void shell_layer(struct unit *u)
{
	struct shell_look look;
	struct site *s = NULL;

	shell_look(str_head(u->text, 64 << 10), u->a, &look);
	u->caps |= look.caps;
	s = site_add(u, look.caps | CAP_EXEC, 0);
	if (s == NULL)
		return;
	s->runs = u->loads;
	s->text = str_head(u->text, FINDING_EXCERPT);
	s->call = S("sh");
	s->path = look.script;
	s->note |= (look.pipes_to_shell || look.runs_fetched ? N_PIPED : 0u) |
		   (look.from_url ? N_FROM_URL : 0u) | (look.wipes ? N_WIPES : 0u) |
		   (look.unsafe_agent ? N_UNSAFE_AGENT : 0u) |
		   (look.caps & CAP_PERSIST ? N_WRITES : 0u) |
		   (look.fails_on_purpose && look.script.n ? N_FAILS : 0u);
	if (look.caps & CAP_NET && look.caps & CAP_ENV_ALL)
		s->taint |= T_ENV_ALL;
	s->taint |= look.sends_secret ? T_SECRET : 0u;
	s->effect |= look.sends_secret ? CAP_NET : 0u;
	for (unsigned i = 0; i < look.n_code; i++)
		site_code(u, s, look.code[i].lang, look.code[i].text);
}

static void layer(struct source *f, uint32_t at)
{
	struct layer *l = &f->layers[at];
	struct unit u = {
		.lang = l->lang,
		.role = f->role,
		.text = l->text,
		.a = f->a,
		.file = f,
		.steps = &f->steps,
		.bytes = &f->bytes,
		.layer = at,
		.loads = l->loads,
	};

	if (at > 0) /* what decoded text runs, runs when that text does */
		u.loads = f->sites[l->parent].runs;
	if (l->lang == LANG_SHELL) {
		shell_layer(&u);
	} else {
		u.words = l->lang == LANG_PYTHON ? &f->lexicon->python : &f->lexicon->javascript;
		bool odd = false;
		u.text = plain_text(l->lang, l->text, f->a, &odd);
		code_layer(&u);
		if (odd) {
			u.n = 0;
			struct site *s = site_add(&u, CAP_OBFUSCATED, 0);
			if (s)
				s->note = N_LOOKALIKE;
		}
	}
	l->caps = u.caps;
	f->caps |= u.caps;
}

/* What decoded text does is done by the site that runs it. */
static void gather(struct source *f)
{
	for (uint32_t i = f->n_layers; i-- > 1;) {
		struct layer *l = &f->layers[i];
		struct site *s = &f->sites[l->parent];
		s->child |= l->caps;
		f->layers[s->layer].caps |= l->caps;
	}
}

struct lexicon *lexicon_new(struct arena *a)
{
	struct lexicon *l = NEW(a, struct lexicon);

	if (l == NULL || words_init(&l->python, a) != OK || words_init(&l->javascript, a) != OK)
		return NULL;
	effects_words(&l->python, LANG_PYTHON);
	effects_words(&l->javascript, LANG_JAVASCRIPT);
	texts_quick(l->quick);
	return l;
}

void source_inspect(const struct lexicon *lexicon, enum language lang, enum role role,
		    struct str package, struct str path, struct str text, struct arena *scratch,
		    struct findings *f, struct caps *caps)
{
	struct source *s;

	if (text.n > SOURCE_BYTES) {
		finding_add(f, RULE_SOURCE_CUT, package, path, 0, S(""),
			    "%zu bytes; the first %d were read", text.n, (int)SOURCE_BYTES);
		text = str_head(text, SOURCE_BYTES);
	}
	hidden_text(lang, package, path, text, scratch, f);
	if (lang == LANG_NONE || text.n == 0)
		return;
	s = NEW(scratch, struct source);
	if (s)
		s->sites = arena_take(scratch, UNIT_SITES * sizeof *s->sites, 16);
	if (s == NULL || s->sites == NULL) {
		finding_add(f, RULE_SOURCE_CUT, package, path, 0, S(""), "out of memory");
		return;
	}
	s->lexicon = lexicon;
	s->role = role;
	s->package = package;
	s->path = path;
	s->findings = f;
	s->a = scratch;
	s->steps = text.n * 64 + (256 << 10) < UNIT_STEPS ? text.n * 64 + (256 << 10) : UNIT_STEPS;
	s->bytes = UNIT_FOLDED;
	s->layers[s->n_layers++] = (struct layer){ .text = text,
						   .lang = lang,
						   .loads = role != ROLE_SCRIPT };
	if (lang == LANG_PYTHON && plain_coding(text)) {
		finding_add(f, RULE_SOURCE_CODING, package, path, 1,
			    str_head(text, str_chr(str_head(text, 200), '\n')), " ");
	}
	for (uint32_t i = 0; i < s->n_layers; i++)
		layer(s, i);
	gather(s);
	rules_join(s);
	caps->bits |= s->caps;
}
