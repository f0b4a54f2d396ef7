/*
 * inspect/names.c - what names are bound to within one text: imports and their aliases,
 * values, functions; and which functions run when the text is loaded. Memory: the arena's,
 * bounded by UNIT_*.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/effects.h"
#include "inspect/fold.h"

enum { CALLED = 1 << 14 }; /* names of called functions, by hash */

uint32_t unit_line(struct unit *u, size_t at)
{
	const char *p = u->text.p;

	if (at < u->line_at || u->line == 0) {
		u->line = 1;
		u->line_at = 0;
	}
	while (u->line_at < at) {
		const char *nl = memchr(p + u->line_at, '\n', at - u->line_at);
		if (nl == NULL)
			break;
		u->line++;
		u->line_at = (size_t)(nl - p) + 1;
	}
	return u->line;
}

uint32_t unit_chain(const struct unit *u, uint32_t t)
{
	for (unsigned i = 0; i < 256 && t > 0; i++) {
		if (unit_is(u, t, ')') || unit_is(u, t, ']')) {
			uint32_t open = unit_mate(u, t);
			if (open >= t)
				return t;
			t = open;
			if (!unit_calls(u, t))
				return t;
			t--;
			continue;
		}
		if (t > 1 && (unit_is(u, t - 1, '.') || unit_is(u, t - 1, OP_OPTIONAL)))
			t -= 2;
		else
			return t;
	}
	return t;
}

/* grow makes room for one more of an array that doubles; false past max or without memory. */
static bool grow(struct arena *a, void **items, uint32_t n, uint32_t *cap, size_t size,
		 uint32_t max)
{
	if (n < *cap)
		return true;
	uint32_t more = *cap ? 2 * *cap : 64;
	void *new = n < max ? arena_take(a, more * size, 8) : NULL;
	if (new == NULL)
		return false;
	if (n)
		memcpy(new, *items, n * size);
	*items = new;
	*cap = more;
	return true;
}

struct binding *unit_bind(struct unit *u, uint32_t t, enum bind_kind kind, uint32_t from,
			  struct str path)
{
	uint32_t hash = u->tok[t].mate, *head = &u->heads[hash & u->heads_mask];
	void *items = u->bindings;

	if (!grow(u->a, &items, u->n_bindings, &u->cap_bindings, sizeof *u->bindings,
		  UNIT_BINDINGS))
		return NULL;
	u->bindings = items;
	struct binding *b = &u->bindings[u->n_bindings++];
	*b = (struct binding){ .name = t,
			       .hash = hash,
			       .prev = *head,
			       .from = from,
			       .kind = (uint8_t)kind,
			       .path = path,
			       .looped = u->loops > 0 };
	*head = u->n_bindings;
	return b;
}

static struct binding *search(const struct unit *u, uint32_t at, struct str name, uint32_t hash)
{
	for (unsigned probes = 0; at != 0 && probes < 64; probes++) {
		struct binding *b = &u->bindings[at - 1];
		if (b->hash == hash && str_eq(unit_text(u, b->name), name))
			return b;
		at = b->prev;
	}
	return NULL;
}

struct binding *unit_find(const struct unit *u, struct str name, uint32_t hash)
{
	return search(u, u->heads[hash & u->heads_mask], name, hash);
}

struct binding *unit_older(const struct unit *u, const struct binding *b)
{
	return search(u, b->prev, unit_text(u, b->name), b->hash);
}

const struct binding *unit_base(const struct unit *u, const struct binding *b)
{
	for (unsigned i = 0; b && b->kind == BIND_ADD && i < 32; i++)
		b = unit_older(u, b);
	return b;
}

/* ---- scopes ---------------------------------------------------------------------------------- */

void unit_scope(struct unit *u, enum scope_kind kind, uint32_t name)
{
	void *items = u->scopes;

	if (!grow(u->a, &items, u->n_scopes, &u->cap_scopes, sizeof *u->scopes, UNIT_SCOPES))
		return;
	u->scopes = items;
	u->scopes[u->n_scopes] = (struct scope){ .parent = u->scope,
						 .name = name,
						 .kind = (uint8_t)kind };
	u->scope = u->n_scopes++;
}

void unit_edge(struct unit *u, uint32_t scope, uint32_t name)
{
	void *items = u->edges;

	if (grow(u->a, &items, u->n_edges, &u->cap_edges, sizeof *u->edges, UNIT_EDGES)) {
		u->edges = items;
		u->edges[u->n_edges++] = (struct call_edge){ scope, name };
	}
}

static bool is_called(const struct unit *u, const struct scope *s, const uint8_t *called)
{
	uint32_t by = s->constructs ? u->scopes[s->parent].name : 0;

	return (s->name && called[s->name % CALLED]) || (by && called[by % CALLED]);
}

static bool runs_with_parent(const struct unit *u, const struct scope *s)
{
	switch ((enum scope_kind)s->kind) {
	case SCOPE_MODULE:
		return u->loads;
	case SCOPE_CLASS:
		return u->scopes[s->parent].runs;
	case SCOPE_MAIN:
		return u->role != ROLE_MODULE && u->scopes[s->parent].runs;
	case SCOPE_FUNCTION:
		return u->role == ROLE_INSTALL && u->loads;
	}
	return false;
}

void unit_reach(struct unit *u)
{
	uint8_t *called = arena_alloc(u->a, CALLED, 1);
	bool more = true;

	for (uint32_t i = 0; i < u->n_scopes; i++) { /* parents stand before their children */
		u->scopes[i].runs = runs_with_parent(u, &u->scopes[i]);
	}
	for (unsigned round = 0; called && more && round < 16; round++) {
		more = false;
		for (uint32_t i = 0; i < u->n_edges; i++) {
			if (u->scopes[u->edges[i].scope].runs)
				called[u->edges[i].name % CALLED] = 1;
		}
		for (uint32_t i = 1; i < u->n_scopes; i++) {
			struct scope *s = &u->scopes[i];
			bool now = s->kind != SCOPE_FUNCTION ? runs_with_parent(u, s)
				   : s->inlined		     ? u->scopes[s->parent].runs
							     : is_called(u, s, called);
			if (now && !s->runs)
				s->runs = more = true;
		}
	}
}

bool unit_names(struct unit *u)
{
	uint32_t n = 256;

	while (n < u->n / 4 && n < 1 << 17)
		n *= 2;
	u->heads = NEW_ARRAY(u->a, uint32_t, n);
	u->heads_mask = n - 1;
	u->n_bindings = u->n_scopes = u->n_edges = 0;
	u->scope = u->loops = 0;
	unit_scope(u, SCOPE_MODULE, 0);
	u->scope = 0;
	return u->heads != NULL && u->n_scopes == 1;
}

/* ---- imports --------------------------------------------------------------------------------- */

static struct str path_join(struct unit *u, struct str a, struct str b)
{
	char *p = arena_take(u->a, a.n + b.n + 1, 1);

	if (p == NULL || a.n + b.n > 200)
		return S("");
	memcpy(p, a.p, a.n);
	p[a.n] = '.';
	if (b.n)
		memcpy(p + a.n + 1, b.p, b.n);
	return (struct str){ p, a.n + 1 + b.n };
}

/* A dotted name from token t on; *next is behind it. Blanks within do not matter. */
static struct str dotted(struct unit *u, uint32_t t, uint32_t *next)
{
	struct str s = S("");

	while (unit_is(u, t, '.') || unit_is(u, t, OP_ELLIPSIS))
		t++;
	for (; unit_name(u, t) && !unit_word(u, t, W_IMPORT); t += 2) {
		s = s.n ? path_join(u, s, unit_text(u, t)) : unit_text(u, t);
		if (!unit_is(u, t + 1, '.')) {
			t++;
			break;
		}
	}
	*next = t;
	return s;
}

static uint32_t import_python(struct unit *u, uint32_t t)
{
	do {
		uint32_t first = ++t;
		struct str path = dotted(u, t, &t);
		if (path.n == 0)
			break;
		u->caps |= effect_module(LANG_PYTHON, path);
		if (unit_word(u, t, W_AS) && unit_name(u, t + 1)) {
			(void)unit_bind(u, t + 1, BIND_IMPORT, 0, path);
			t += 2;
		} else {
			(void)unit_bind(u, first, BIND_IMPORT, 0, unit_text(u, first));
		}
	} while (unit_is(u, t, ','));
	return t;
}

static uint32_t from_python(struct unit *u, uint32_t t)
{
	bool relative = unit_is(u, t + 1, '.') || unit_is(u, t + 1, OP_ELLIPSIS);
	struct str module = dotted(u, t + 1, &t);

	if (!unit_word(u, t, W_IMPORT))
		return t;
	if (!relative)
		u->caps |= effect_module(LANG_PYTHON, module);
	t++;
	if (unit_is(u, t, '('))
		t++;
	if (unit_is(u, t, '*') && !relative && u->n_stars < 4)
		u->stars[u->n_stars++] = module;
	while (unit_name(u, t)) {
		struct str name = unit_text(u, t);
		struct str path = relative || module.n == 0 ? name : path_join(u, module, name);
		if (!relative)
			u->caps |= effect_module(LANG_PYTHON, path);
		if (relative)
			path = path_join(u, S("."), name);
		bool as = unit_word(u, t + 1, W_AS) && unit_name(u, t + 2);
		(void)unit_bind(u, as ? t + 2 : t, BIND_IMPORT, 0, path);
		t += as ? 3 : 1;
		if (!unit_is(u, t, ','))
			break;
		t++;
	}
	return t;
}

uint32_t names_python(struct unit *u, uint32_t t)
{
	return unit_word(u, t, W_FROM) ? from_python(u, t) : import_python(u, t);
}

static struct str module_name(struct unit *u, uint32_t t)
{
	struct value v = fold_literal(u, t);

	return str_has_prefix(v.s, S("node:")) ? str_tail(v.s, 5) : v.s;
}

/* The names between braces at open, each a part of path: {exec as e} or {exec: e}. */
static void bind_parts(struct unit *u, uint32_t open, struct str path)
{
	uint32_t close = unit_mate(u, open);

	for (uint32_t t = open + 1; t < close; t++) {
		if (!unit_name(u, t))
			continue;
		struct str part = path_join(u, path, unit_text(u, t));
		if (str_eq(unit_text(u, t), S("default")) || unit_is(u, t - 1, OP_ELLIPSIS))
			part = path; /* all of it: {...cp} */
		bool as = (unit_word(u, t + 1, W_AS) || unit_is(u, t + 1, ':')) &&
			  unit_name(u, t + 2);
		(void)unit_bind(u, as ? t + 2 : t, BIND_IMPORT, 0, part);
		while (t < close && !unit_is(u, t, ','))
			t++;
	}
}

static uint32_t import_javascript(struct unit *u, uint32_t t)
{
	uint32_t end = t + 1;

	for (unsigned parts = 0; end < u->n && parts < 24; parts++, end++) {
		if (u->tok[end].kind == TOK_STRING || unit_is(u, end, ';') || unit_is(u, end, '('))
			break;
		if (unit_is(u, end, '{'))
			end = unit_mate(u, end);
	}
	if (end >= u->n || u->tok[end].kind != TOK_STRING)
		return t + 1;
	struct str module = module_name(u, end);
	u->caps |= effect_module(LANG_JAVASCRIPT, module);
	for (uint32_t i = t + 1; i < end; i++) {
		if (unit_is(u, i, '{')) {
			bind_parts(u, i, module);
			i = unit_mate(u, i);
		} else if (unit_name(u, i) && !unit_word(u, i, W_FROM) && !unit_word(u, i, W_AS)) {
			(void)unit_bind(u, i, BIND_IMPORT, 0, module);
		}
	}
	return end;
}

uint32_t names_javascript(struct unit *u, uint32_t t)
{
	if (unit_word(u, t, W_IMPORT))
		return import_javascript(u, t);
	/* const {a: b} = require('c') */
	uint32_t open = t + 1, close = unit_is(u, open, '{') ? unit_mate(u, open) : 0;
	uint32_t from = close + 2;
	if (close <= open || !unit_is(u, close + 1, '=') || !unit_name(u, from))
		return t;
	struct binding *b = unit_find(u, unit_text(u, from), u->tok[from].mate);
	bool worth = u->tok[from].word == W_EFFECT || str_eq(unit_text(u, from), S("process")) ||
		     unit_word(u, from, W_AWAIT) || unit_word(u, from, W_IMPORT) ||
		     unit_is(u, from + 1, '(') || (b && (b->kind == BIND_IMPORT || b->hot));
	if (!worth)
		return t;
	struct value v = fold_expression(u, from, u->n);
	if (v.kind == V_NAME)
		bind_parts(u, open, v.s);
	return t;
}
