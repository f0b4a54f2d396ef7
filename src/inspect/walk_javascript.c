/*
 * inspect/walk_javascript.c - one pass over the tokens of a JavaScript text: binds names,
 * follows functions, hands calls and texts to the sites.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/unit.h"

enum { CALLS = 256, TRY_READ = 512 };

struct walk {
	struct unit *u;
	uint32_t ends[4096]; /* closing braces of the scopes that are open */
	uint32_t n_ends;
	uint32_t calls[CALLS]; /* parentheses that are open */
	uint32_t n_calls;
	uint32_t value; /* the binding whose value is being read, + 1 */
};

static bool condition(const struct unit *u, uint32_t t)
{
	return unit_word(u, t, W_IF) || unit_word(u, t, W_WHILE) || unit_word(u, t, W_FOR) ||
	       unit_word(u, t, W_SWITCH) || unit_word(u, t, W_WITH) || unit_word(u, t, W_CATCH) ||
	       unit_word(u, t, W_AWAIT);
}

/* The first token of the function whose body opens at brace; brace itself when there is none. */
static uint32_t function_start(const struct unit *u, uint32_t brace, uint32_t *name)
{
	uint32_t t = brace, open;

	*name = 0;
	if (t == 0)
		return brace;
	bool arrow = unit_is(u, t - 1, OP_LAMBDA);
	t -= arrow ? 2 : 1;
	if (t >= u->n)
		return brace;
	if (arrow && unit_name(u, t))
		return t;
	if (!unit_is(u, t, ')'))
		return brace;
	open = unit_mate(u, t);
	if (open >= t || (!arrow && open > 0 && condition(u, open - 1)))
		return brace;
	if (arrow || open == 0)
		return arrow ? open : brace;
	t = open - 1;
	if (unit_word(u, t, W_FUNCTION))
		return t;
	if (!unit_name(u, t))
		return unit_is(u, t, '*') && t > 0 ? t - 1 : open;
	*name = u->tok[t].mate;
	return t > 0 && unit_word(u, t - 1, W_FUNCTION) ? t - 1 : t;
}

/* Whether a function at start, with its body's end, runs where it stands: called at once, handed to
 * a call, or a bundle's module. */
static bool inlined(const struct unit *u, uint32_t start, uint32_t end)
{
	uint32_t before = start > 0 && unit_word(u, start - 1, W_ASYNC) ? start - 1 : start;

	if (unit_is(u, end + 1, '(') ||
	    (unit_is(u, end + 1, ')') && (unit_is(u, end + 2, '(') || unit_is(u, end + 2, '.'))))
		return true;
	if (before == 0)
		return false;
	if (unit_is(u, before - 1, '(') || unit_is(u, before - 1, ','))
		return true;
	return unit_is(u, before - 1, ':') && before > 1 &&
	       (u->tok[before - 2].kind == TOK_NUMBER || u->tok[before - 2].kind == TOK_STRING);
}

/* The call that a function standing at start is handed to, or TOKEN_NONE. */
static uint32_t handed_to(const struct walk *w, uint32_t start)
{
	const struct unit *u = w->u;
	uint32_t open = w->n_calls > 0 && w->n_calls <= CALLS ? w->calls[w->n_calls - 1] : 0;

	return open < start && unit_calls(u, open) ? open : TOKEN_NONE;
}

/* Names between braces are parts of what is given: ({exec, spawn: s}) => ... */
static void parameters(struct unit *u, uint32_t open, uint32_t call)
{
	uint32_t close = unit_mate(u, open), part = open;

	for (uint32_t i = open + 1; i < close && i < open + 256; i++) {
		bool named = unit_is(u, i - 1, ':') && i < part;
		if (unit_is(u, i, '{') && i > part)
			part = unit_mate(u, i);
		if (!unit_name(u, i) ||
		    !(named || unit_is(u, i - 1, '(') || unit_is(u, i - 1, ',') ||
		      unit_is(u, i - 1, '{') || unit_is(u, i - 1, OP_ELLIPSIS)))
			continue;
		uint32_t key = named ? i - 2 : i;
		struct binding *b = unit_bind(u, i, BIND_PARAMETER, call,
					      i < part ? unit_text(u, key) : S(""));
		if (b != NULL)
			b->hot = i < part && u->tok[key].word == W_EFFECT;
	}
}

static void brace(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t name, start = function_start(u, t, &name), end = unit_mate(u, t);

	if (start == t || end <= t || w->n_ends == sizeof w->ends / sizeof w->ends[0])
		return;
	uint32_t n = u->n_scopes, at = u->n_scopes;
	unit_scope(u, SCOPE_FUNCTION, name);
	if (u->n_scopes == n)
		return;
	u->scopes[at].inlined = inlined(u, start, end);
	/* var f = function() {...}: called by that name */
	uint32_t before = start > 0 && unit_word(u, start - 1, W_ASYNC) ? start - 1 : start;
	if (name == 0 && before > 1 &&
	    (unit_is(u, before - 1, '=') || unit_is(u, before - 1, ':')) &&
	    unit_name(u, before - 2))
		u->scopes[at].name = u->tok[before - 2].mate;
	w->ends[w->n_ends++] = end;
}

/* An arrow's or function's parameters are bound where its parenthesis opens. */
static void maybe_parameters(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t close = unit_mate(u, t);
	bool arrow = close > t && unit_is(u, close + 1, OP_LAMBDA);
	bool function = t > 0 && (unit_word(u, t - 1, W_FUNCTION) ||
				  (t > 1 && unit_word(u, t - 2, W_FUNCTION)));

	if (arrow || function)
		parameters(u, t, handed_to(w, function ? t - 1 : t));
}

static void bind(struct walk *w, uint32_t name, enum bind_kind kind, uint32_t from)
{
	if (unit_bind(w->u, name, kind, from, S("")))
		w->value = w->u->n_bindings;
}

static void assignment(struct walk *w, uint32_t t, enum bind_kind kind)
{
	struct unit *u = w->u;

	if (t == 0)
		return;
	if (unit_is(u, t - 1, ']')) {
		uint32_t head = unit_chain(u, t - 1);
		if (unit_name(u, head) && unit_is(u, head + 1, '['))
			bind(w, head, BIND_ADD, t + 1);
	} else if (unit_name(u, t - 1) && (t < 2 || !unit_is(u, t - 2, '.'))) {
		bind(w, t - 1, kind, t + 1);
	}
}

/* Whether the brace at t opens an object: {a: exec} is as hot as what is in it. */
static bool is_literal(const struct unit *u, uint32_t t)
{
	return t > 0 && (unit_is(u, t - 1, '=') || unit_is(u, t - 1, '[') ||
			 unit_is(u, t - 1, ',') || unit_is(u, t - 1, ':'));
}

static void op(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;

	switch (u->tok[t].op) {
	case '(':
		if (unit_calls(u, t))
			site_call(u, t);
		maybe_parameters(w, t);
		if (w->n_calls < CALLS)
			w->calls[w->n_calls] = t;
		w->n_calls++;
		break;
	case ')':
		w->n_calls -= w->n_calls > 0;
		break;
	case '{':
		brace(w, t);
		w->value = is_literal(u, t) ? w->value : 0;
		break;
	case '}':
		if (w->n_ends > 0 && w->ends[w->n_ends - 1] == t) {
			w->n_ends--;
			u->scope = u->scopes[u->scope].parent;
		}
		w->value = is_literal(u, unit_mate(u, t)) ? w->value : 0;
		break;
	case ';':
		w->value = 0;
		break;
	case '=':
		assignment(w, t, BIND_VALUE);
		site_assigned(u, t);
		break;
	case OP_ADD_TO:
		assignment(w, t, BIND_ADD);
		break;
	default:
		break;
	}
}

static void name(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	bool hot = u->tok[t].word == W_EFFECT, property = t > 0 && unit_is(u, t - 1, '.');

	if (unit_is(u, t + 1, OP_LAMBDA) && !property)
		(void)unit_bind(u, t, BIND_PARAMETER, handed_to(w, t), S(""));
	if (w->value && !hot && !property && !u->bindings[w->value - 1].hot) {
		const struct binding *b = unit_find(u, unit_text(u, t), u->tok[t].mate);
		hot = b && b != &u->bindings[w->value - 1] && (b->kind == BIND_IMPORT || b->hot);
	}
	if (w->value && hot)
		u->bindings[w->value - 1].hot = true;
	if (u->tok[t].word == W_EFFECT)
		site_name(u, t);
	if (!property && unit_is(u, t + 1, '.') && unit_is(u, t + 3, '(') && unit_name(u, t + 2) &&
	    u->tok[t + 2].word >= W_APPEND && u->tok[t + 2].word <= W_ASSIGN)
		(void)unit_bind(u, t, BIND_ADD, t + 4, S(""));
}

/* try { ... throw x } catch (e): e is x; else it may hold what the last call of note gives. */
static void caught(struct unit *u, uint32_t t)
{
	uint32_t close = t - 1, open = unit_mate(u, close), from = 0;
	bool thrown = false;

	if (!unit_is(u, t + 1, '(') || !unit_name(u, t + 2) || open >= close ||
	    close - open > TRY_READ || !unit_word(u, open - 1, W_TRY))
		return;
	for (uint32_t i = open + 1; i < close; i++) {
		bool call = unit_name(u, i) && u->tok[i].word == W_EFFECT && unit_is(u, i + 1, '(');
		if (unit_word(u, i, W_THROW) || (call && !thrown))
			from = i + 1;
		thrown |= unit_word(u, i, W_THROW);
	}
	if (from > 0)
		(void)unit_bind(u, t + 2, thrown ? BIND_VALUE : BIND_PARAMETER, from, S(""));
}

static uint32_t word(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t at;

	switch ((unsigned)u->tok[t].word) {
	case W_IMPORT:
		if (!unit_is(u, t + 1, '(') && !unit_is(u, t + 1, '.'))
			return names_javascript(u, t);
		break;
	case W_VAR:
	case W_LET:
	case W_CONST:
		w->value = 0;
		if (unit_is(u, t + 1, '{'))
			(void)names_javascript(u, t);
		break;
	case W_FUNCTION:
		at = t + 1 + unit_is(u, t + 1, '*');
		if (unit_name(u, at) && unit_is(u, at + 1, '('))
			(void)unit_bind(u, at, BIND_FUNCTION, at + 1, S(""));
		break;
	case W_CATCH:
		if (t > 2 && unit_is(u, t - 1, '}'))
			caught(u, t);
		break;
	case W_OF:
		if (t > 0 && unit_name(u, t - 1))
			(void)unit_bind(u, t - 1, BIND_EACH, t + 1, S(""));
		at = t > 0 && unit_is(u, t - 1, ']') ? unit_mate(u, t - 1) : t;
		for (uint32_t i = at; i < t; i++) /* const [a, b] of c */
			if (unit_name(u, i))
				(void)unit_bind(u, i, BIND_EACH, t + 1, S(""));
		break;
	default:
		name(w, t);
	}
	return t;
}

void walk_javascript(struct unit *u)
{
	struct walk *w = NEW(u->a, struct walk);

	if (w == NULL)
		return;
	w->u = u;
	for (uint32_t t = 0; t < u->n; t++) {
		switch ((unsigned)u->tok[t].kind) {
		case TOK_OP:
			op(w, t);
			break;
		case TOK_NAME:
			if (u->tok[t].word != W_OTHER && u->tok[t].word != W_EFFECT &&
			    !(t > 0 && unit_is(u, t - 1, '.')))
				t = word(w, t);
			else
				name(w, t);
			break;
		case TOK_F_START:
			if (unit_calls(u, t))
				site_tag(u, t);
			break;
		case TOK_STRING:
		case TOK_F_MIDDLE:
			site_text(u, t);
			break;
		default:
			break;
		}
	}
}
