/* tests/unit/inspect/units.h - a unit over a text, lexed and walked, for tests of what is inside.
 */
#ifndef TESTS_UNITS_H
#define TESTS_UNITS_H

#include "inspect/effects.h"
#include "inspect/fold.h"
#include "inspect/javascript_lex.h"
#include "inspect/python_lex.h"

#include <stdlib.h>

static struct arena units_arena, units_kept;
static struct findings units_findings;
static struct source units_file;
static struct unit units_u;

/* unit_of gives a unit over text, which was walked. Good until the next. */
__attribute__((unused)) static struct unit *unit_of(enum language lang, struct str text)
{
	struct unit *u = &units_u;
	struct source *f = &units_file;

	arena_done(&units_arena);
	arena_done(&units_kept);
	arena_init(&units_arena, 64 << 20);
	arena_init(&units_kept, 4 << 20);
	findings_init(&units_findings, &units_kept);
	*f = (struct source){ .role = ROLE_MODULE,
			      .lexicon = lexicon_new(&units_arena),
			      .findings = &units_findings,
			      .a = &units_arena,
			      .steps = UNIT_STEPS,
			      .bytes = UNIT_FOLDED,
			      .n_layers = 1 };
	f->sites = NEW_ARRAY(&units_arena, struct site, UNIT_SITES);
	f->layers[0] = (struct layer){ .text = text, .lang = lang, .loads = true };
	*u = (struct unit){ .lang = lang,
			    .text = text,
			    .a = &units_arena,
			    .file = f,
			    .steps = &f->steps,
			    .bytes = &f->bytes,
			    .loads = true,
			    .words = lang == LANG_PYTHON ? &f->lexicon->python
							 : &f->lexicon->javascript };
	size_t cap = text.n + 64;
	u->tok = NEW_ARRAY(&units_arena, struct token, cap);
	if (u->tok == NULL)
		abort();
	if (lang == LANG_PYTHON) {
		struct python_lexer *lx = NEW(&units_arena, struct python_lexer);
		python_lex_init(lx, text, u->words);
		u->n = (uint32_t)python_lex(lx, u->tok, cap);
	} else {
		struct javascript_lexer *lx = NEW(&units_arena, struct javascript_lexer);
		javascript_lex_init(lx, text, u->words);
		u->n = (uint32_t)javascript_lex(lx, u->tok, cap);
	}
	if (!unit_names(u))
		abort();
	if (lang == LANG_PYTHON)
		walk_python(u);
	else
		walk_javascript(u);
	return u;
}

/* folded gives what the last value assigned to the name "it" in text comes to. */
__attribute__((unused)) static struct value folded(enum language lang, struct str text)
{
	struct unit *u = unit_of(lang, text);
	const struct binding *b = unit_find(u, S("it"), name_hash("it", 2));

	if (b == NULL)
		return (struct value){ .kind = V_UNKNOWN };
	return fold_expression(u, b->name, b->name + 1);
}

#endif
