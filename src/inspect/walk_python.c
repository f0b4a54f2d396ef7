/*
 * inspect/walk_python.c - one pass over the tokens of a Python text: binds names, follows
 * blocks, hands calls and texts to the sites.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/fold.h"
#include "inspect/unit.h"

enum { BLOCKS = 128, TRY_READ = 256 };

enum block { B_PLAIN, B_SCOPE, B_LOOP };

struct walk {
	struct unit *u;
	uint8_t blocks[BLOCKS]; /* enum block, one for each INDENT */
	uint32_t depth, brackets;
	uint32_t statement; /* its first token */
	uint8_t pending;    /* what the next INDENT opens */
	uint32_t value;	    /* the binding the statement makes, + 1 */
	uint32_t function;  /* the name of one whose parameters are being read, */
	uint32_t close;	    /* and where they end; 0: none */
};

static void leave(struct walk *w, enum block b)
{
	struct unit *u = w->u;

	if (b == B_SCOPE)
		u->scope = u->scopes[u->scope].parent;
	if (b == B_LOOP && u->loops > 0)
		u->loops--;
}

static void bind(struct walk *w, uint32_t name, enum bind_kind kind, uint32_t from)
{
	if (unit_bind(w->u, name, kind, from, S("")))
		w->value = w->u->n_bindings;
}

static void open_scope(struct walk *w, enum scope_kind kind, uint32_t name)
{
	uint32_t n = w->u->n_scopes;

	unit_scope(w->u, kind, name);
	w->pending = w->u->n_scopes > n ? B_SCOPE : B_PLAIN;
}

/* Defaults of parameters are computed where it is defined: its scope begins behind them. */
static void enter_function(struct walk *w)
{
	struct unit *u = w->u;
	struct str name = unit_text(u, w->function);

	open_scope(w, SCOPE_FUNCTION, u->tok[w->function].mate);
	/* called when a class is made, which nobody sees in the text */
	if (w->pending == B_SCOPE &&
	    (str_eq(name, S("__new__")) || str_eq(name, S("__init_subclass__"))))
		u->scopes[u->scope].inlined = true;
	if (w->pending == B_SCOPE &&
	    (str_eq(name, S("__init__")) || str_eq(name, S("__post_init__"))))
		u->scopes[u->scope].constructs = true;
	w->close = 0;
}

static void definition(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t name = t + 1, open = t + 2;

	if (!unit_name(u, name))
		return;
	while (open < u->n && open < t + 64 && !unit_is(u, open, '(') && !unit_is(u, open, ':'))
		open++;
	(void)unit_bind(u, name, BIND_FUNCTION, open, S(""));
	w->function = name;
	w->close = unit_is(u, open, '(') ? unit_mate(u, open) : open;
	if (w->close <= open)
		enter_function(w);
	for (uint32_t i = open + 1; i < w->close; i = unit_past(u, i)) {
		if (unit_name(u, i) && (unit_is(u, i - 1, '(') || unit_is(u, i - 1, ',') ||
					unit_is(u, i - 1, '*') || unit_is(u, i - 1, OP_POW)))
			(void)unit_bind(u, i, BIND_PARAMETER, TOKEN_NONE, S(""));
	}
}

/* for a, b in c: binds a and b to items of c. */
static void loop(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t in = t + 1;

	while (in < u->n && in < t + 64 && !unit_word(u, in, W_IN))
		in++;
	w->pending = B_LOOP;
	for (uint32_t i = t + 1; i < in && unit_word(u, in, W_IN); i++) {
		if (unit_name(u, i))
			bind(w, i, BIND_EACH, in + 1);
	}
}

static void context(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t from = t + 1;

	for (uint32_t i = t + 1; i < u->n && i < t + 512; i++) {
		if (u->tok[i].kind == TOK_NEWLINE)
			break;
		if (unit_is(u, i, ','))
			from = i + 1;
		if (unit_word(u, i, W_AS) && unit_name(u, i + 1))
			bind(w, i + 1, BIND_VALUE, from);
		if (u->tok[i].kind == TOK_OP && i > from)
			i = unit_mate(u, i) > i ? unit_mate(u, i) : i;
	}
}

static bool is_main(const struct unit *u, uint32_t t)
{
	return unit_word(u, t + 1, W_NAME) && unit_is(u, t + 2, OP_EQ);
}

/* except E as e: e is what the last raise before it made. */
static void caught(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	uint32_t as = t + 1, raised = t;

	while (as < u->n && as < t + 16 && !unit_word(u, as, W_AS) &&
	       u->tok[as].kind != TOK_NEWLINE)
		as++;
	if (!unit_word(u, as, W_AS) || !unit_name(u, as + 1))
		return;
	while (raised > 0 && t - raised < TRY_READ && !unit_word(u, raised, W_RAISE) &&
	       !unit_word(u, raised, W_TRY))
		raised--;
	if (unit_word(u, raised, W_RAISE))
		bind(w, as + 1, BIND_VALUE, raised + 1);
}

/* The first word of a statement; gives the token to go on with. */
static uint32_t statement(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;

	switch ((unsigned)u->tok[t].word) {
	case W_IMPORT:
	case W_FROM:
		return names_python(u, t);
	case W_DEF:
		definition(w, t);
		return t + 1;
	case W_CLASS:
		open_scope(w, SCOPE_CLASS, unit_name(u, t + 1) ? u->tok[t + 1].mate : 0);
		/* class A(metaclass=M): makes an object of M */
		for (uint32_t i = t + 2; unit_is(u, t + 2, '(') && i < unit_mate(u, t + 2); i++)
			if (unit_is(u, i, '=') && unit_name(u, i + 1))
				unit_edge(u, u->scope, u->tok[i + 1].mate);
		break;
	case W_IF:
		if (is_main(u, t))
			open_scope(w, SCOPE_MAIN, 0);
		break;
	case W_FOR:
		loop(w, t);
		break;
	case W_WHILE:
		w->pending = B_LOOP;
		break;
	case W_WITH:
		context(w, t);
		break;
	case W_EXCEPT:
		caught(w, t);
		break;
	default:
		break;
	}
	return t;
}

/* The k-th expression of a, b, c at token from. */
static uint32_t nth(const struct unit *u, uint32_t from, uint32_t k)
{
	uint32_t t = from;

	for (; k > 0 && t < u->n && t < from + 4096; t = unit_past(u, t)) {
		if (u->tok[t].kind == TOK_NEWLINE)
			return from;
		k -= unit_is(u, t, ',');
	}
	return t;
}

static void assignment(struct walk *w, uint32_t t, enum bind_kind kind)
{
	struct unit *u = w->u;
	uint32_t s = w->statement;

	if (t == 0)
		return;
	if (unit_is(u, t - 1, ']')) {
		uint32_t head = unit_chain(u, t - 1);
		if (unit_name(u, head) && unit_is(u, head + 1, '['))
			bind(w, head, BIND_ADD, t + 1);
	} else if (unit_name(u, s) && unit_is(u, s + 1, ':')) {
		bind(w, s, kind, t + 1);
	} else if (unit_name(u, s) && unit_is(u, s + 1, ',') && kind == BIND_VALUE) {
		uint32_t k = 0;
		for (uint32_t i = s; i < t && k < 64; i += 2, k++) {
			if (unit_name(u, i))
				bind(w, i, kind, nth(u, t + 1, k));
		}
	} else if (unit_name(u, t - 1) && (t < 2 || !unit_is(u, t - 2, '.'))) {
		bind(w, t - 1, kind, t + 1);
	}
}

/* a.append(b) and its kind. */
static void addition(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;

	if (unit_is(u, t + 1, '.') && unit_is(u, t + 3, '(') && unit_name(u, t + 2) &&
	    u->tok[t + 2].word >= W_APPEND && u->tok[t + 2].word <= W_ASSIGN &&
	    (t == 0 || !unit_is(u, t - 1, '.')))
		(void)unit_bind(u, t, BIND_ADD, t + 4, S(""));
}

static void name(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;
	bool hot = u->tok[t].word == W_EFFECT;

	if (w->value && !hot && !u->bindings[w->value - 1].hot) {
		const struct binding *b = unit_find(u, unit_text(u, t), u->tok[t].mate);
		hot = b && b != &u->bindings[w->value - 1] &&
		      (b->kind == BIND_IMPORT || b->hot || b->kind == BIND_FUNCTION);
	}
	if (w->value && hot)
		u->bindings[w->value - 1].hot = true;
	if (u->tok[t].word == W_EFFECT)
		site_name(u, t);
	addition(w, t);
}

/* [a for b, c in d for e in f]: the names are bound before what is done with them is looked at. */
static void comprehension(struct walk *w, uint32_t open)
{
	struct unit *u = w->u;
	uint32_t close = unit_mate(u, open), t = fold_comprehension(u, open, close);

	while (t != 0 && t < close) {
		uint32_t in = t + 1;
		while (in < close && in < t + 64 && !unit_word(u, in, W_IN))
			in++;
		for (uint32_t i = t + 1; i < in && unit_word(u, in, W_IN); i++)
			if (unit_name(u, i))
				(void)unit_bind(u, i, BIND_EACH, in + 1, S(""));
		for (t = in; t < close && !unit_word(u, t, W_FOR);)
			t = unit_past(u, t);
	}
}

static void op(struct walk *w, uint32_t t)
{
	struct unit *u = w->u;

	switch (u->tok[t].op) {
	case '(':
		comprehension(w, t);
		if (unit_calls(u, t) && !(w->close > 0 && unit_mate(u, t) == w->close) &&
		    !(t > 1 && unit_word(u, t - 2, W_CLASS)))
			site_call(u, t);
		w->brackets++;
		break;
	case '[':
	case '{':
		comprehension(w, t);
		w->brackets++;
		break;
	case ')':
		if (t == w->close)
			enter_function(w);
		w->brackets -= w->brackets > 0;
		break;
	case ']':
	case '}':
		w->brackets -= w->brackets > 0;
		break;
	case '=':
		if (w->brackets == 0) {
			assignment(w, t, BIND_VALUE);
			site_assigned(u, t);
		}
		break;
	case OP_WALRUS:
		assignment(w, t, BIND_VALUE);
		break;
	case OP_ADD_TO:
		assignment(w, t, BIND_ADD);
		break;
	default:
		break;
	}
}

static void decorator(struct unit *u, uint32_t t)
{
	uint32_t end = t + 1;

	while (unit_name(u, end) && unit_is(u, end + 1, '.'))
		end += 2;
	if (unit_name(u, end) && end + 1 < u->n && u->tok[end + 1].kind == TOK_NEWLINE)
		site_decorator(u, t + 1, end + 1);
}

/* A string that is a whole statement documents. */
static bool documents(const struct walk *w, uint32_t t)
{
	return w->statement == t && t + 1 < w->u->n && w->u->tok[t + 1].kind == TOK_NEWLINE;
}

static void block(struct walk *w, uint32_t t)
{
	if (w->u->tok[t].kind == TOK_INDENT) {
		if (w->depth < BLOCKS)
			w->blocks[w->depth] = w->pending;
		if (w->pending == B_LOOP)
			w->u->loops++;
		w->depth++;
		w->pending = B_PLAIN;
	} else if (w->u->tok[t].kind == TOK_DEDENT && w->depth > 0) {
		w->depth--;
		if (w->depth < BLOCKS)
			leave(w, (enum block)w->blocks[w->depth]);
	}
}

void walk_python(struct unit *u)
{
	struct walk w = { .u = u };
	bool start = true;

	for (uint32_t t = 0; t < u->n; t++) {
		unsigned kind = u->tok[t].kind;
		if (kind == TOK_NEWLINE || kind == TOK_INDENT || kind == TOK_DEDENT) {
			/* a block on its own line ends with it */
			if (kind == TOK_NEWLINE && w.pending == B_SCOPE &&
			    !(t + 1 < u->n && u->tok[t + 1].kind == TOK_INDENT))
				leave(&w, B_SCOPE);
			if (kind == TOK_NEWLINE &&
			    !(t + 1 < u->n && u->tok[t + 1].kind == TOK_INDENT))
				w.pending = B_PLAIN;
			block(&w, t);
			start = true;
			w.value = 0;
			w.brackets = 0;
			continue;
		}
		if (start) {
			w.statement = t;
			w.value = 0;
			start = false;
			if (unit_word(u, t, W_ASYNC))
				t++;
			if (unit_is(u, t, '@'))
				decorator(u, t);
			if (unit_name(u, t))
				t = statement(&w, t);
			if (t >= u->n)
				break;
			kind = u->tok[t].kind;
			if (kind == TOK_NEWLINE) {
				t--;
				continue;
			}
		}
		if (kind == TOK_NAME)
			name(&w, t);
		else if (kind == TOK_OP)
			op(&w, t);
		else if (kind == TOK_STRING && documents(&w, t))
			site_document(u, t);
		else if (kind == TOK_STRING || kind == TOK_F_MIDDLE)
			site_text(u, t);
		start = (unit_is(u, t, ';') || unit_is(u, t, ':')) && w.brackets == 0;
	}
}
