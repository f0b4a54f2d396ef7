/*
 * inspect/fold_apply.c - the folder's names, lambdas, functions and comprehensions. Memory:
 * the arena's, bounded by limits of fold.h.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "inspect/fold_machine.h"

/* ---- names ----------------------------------------------------------------------------------- */

static const struct local *find_local(const struct fold *f, const struct frame *t, struct str name,
				      uint32_t hash)
{
	for (uint32_t i = f->n_locals; i > t->visible; i--) {
		const struct local *l = &f->locals[i - 1];
		if (l->hash == hash && str_eq(l->name, name))
			return l;
	}
	return NULL;
}

static void set_local(struct fold *f, struct str name, struct value v)
{
	if (f->n_locals < FOLD_LOCALS)
		f->locals[f->n_locals++] = (struct local){ name_hash(name.p, name.n), name, v };
	else
		f->spent = true;
}

/* The oldest of what adds to one value that is not folded yet. */
static struct binding *oldest_open(struct fold *f, struct binding *b)
{
	struct binding *open = NULL;

	for (unsigned i = 0; b && i < 600; i++) {
		if (b->memo || b->busy)
			break;
		open = b;
		if (b->kind != BIND_ADD)
			break;
		b = unit_older(f->u, b);
		if (*f->u->steps > 0)
			--*f->u->steps;
	}
	return open;
}

static void enter_binding(struct fold *f, struct binding *b)
{
	struct frame *t = fold_enter(f, F_BINDING, b->from, f->u->n);

	if (t == NULL)
		return;
	bool own = t->to > t->from && b->name >= t->from && b->name < t->to;
	if (!own)
		t->visible = f->n_locals;
	t->b = b;
	b->busy = true;
	if (b->kind == BIND_PARAMETER) { /* what the callee before the parenthesis gives */
		t->at = unit_chain(f->u, b->from - 1);
		t->end = b->from;
	}
}

void fold_name(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = fold_top(f);
	struct str s = unit_text(u, at);
	const struct local *l = find_local(f, t, s, u->tok[at].mate);

	if (l) {
		t->at = at + 1;
		fold_operand(f, l->v);
		return;
	}
	struct binding *b = unit_find(u, s, u->tok[at].mate);
	if (b == NULL || b->busy || (b->kind == BIND_PARAMETER && b->from == TOKEN_NONE)) {
		t->at = at + 1;
		fold_operand(f, b ? value_unknown(0) : value_text(V_NAME, s));
	} else if (b->kind == BIND_IMPORT) {
		t->at = at + 1;
		fold_operand(f, value_text(V_NAME, b->path));
	} else if (b->kind == BIND_FUNCTION) {
		t->at = at + 1;
		fold_operand(f, (struct value){ .kind = V_LAMBDA, .i = b->from, .s = s, .n = 1 });
	} else if (b->memo) {
		t->at = at + 1;
		fold_operand(f, *b->memo);
	} else {
		struct binding *open = oldest_open(f, b);
		if (open != b && open != NULL) {
			t->at = at; /* this name again, when that is known */
			enter_binding(f, open);
			if (!f->spent)
				fold_top(f)->comma = true;
			return;
		}
		t->at = at + 1;
		enter_binding(f, b);
	}
}

static struct value added(struct fold *f, struct binding *b, struct value v)
{
	struct binding *older = unit_older(f->u, b);
	struct value was = older && older->memo ? *older->memo : value_unknown(0);

	if (b->looped) /* how often is not known */
		return value_unknown(value_taint(f->u, &was) | value_taint(f->u, &v));
	if (was.kind == V_LIST && v.kind != V_LIST && was.n < 4096) {
		struct value *items = value_items(f->u, was.n + 1);
		if (items == NULL)
			return value_unknown(was.taint | v.taint);
		if (was.n)
			memcpy(items, was.items, was.n * sizeof *items);
		items[was.n] = v;
		was.items = items;
		was.n++;
		was.taint |= value_taint(f->u, &v);
		return was;
	}
	if (was.kind == V_MAP || was.kind == V_UNKNOWN || was.kind == V_METHOD) {
		was.taint |= value_taint(f->u, &v);
		return was;
	}
	return fold_binary(f->u, FO_ADD, was, v);
}

void fold_bound(struct fold *f, struct frame t, struct value v)
{
	struct binding *b = t.b;

	b->busy = false;
	if (b->kind == BIND_EACH)
		v = fold_items_as_one(f->u, v);
	if (b->kind == BIND_PARAMETER && v.kind == V_NAME && str_has_suffix(v.s, S(".then"))) {
		v.s.n -= 5; /* import('a').then(m => m.b()) */
		v = b->path.n > 0 ? fold_attribute(f->u, v, b->path) : v;
	} else if (b->kind == BIND_PARAMETER) {
		v = value_unknown(value_taint(f->u, &v));
	}
	if (b->kind == BIND_ADD)
		v = added(f, b, v);
	if (t.visible == f->n_locals || b->kind == BIND_ADD || t.comma) {
		struct value *memo = NEW(f->u->a, struct value);
		if (memo == NULL)
			f->spent = true;
		else
			*memo = v;
		b->memo = memo;
	}
	if (!t.comma)
		fold_operand(f, v);
}

/* ---- functions and comprehensions ------------------------------------------------------------ */

/* Where the names of a lambda's parameters begin and end, and its body. */
static bool lambda_parts(const struct unit *u, uint32_t at, uint32_t *from, uint32_t *to,
			 uint32_t *body, uint32_t *end)
{
	uint32_t t = at;

	*end = u->n;
	if (unit_is(u, t, '(')) { /* (a, b) => ..., def f(a): ..., function(a) {...} */
		*from = t + 1;
		*to = unit_mate(u, t);
		t = *to + 1;
	} else { /* a => ... */
		*from = t;
		while (t < u->n && t - at < 64 && !unit_is(u, t, ':') && !unit_is(u, t, OP_LAMBDA))
			t++;
		*to = t;
	}
	if (unit_is(u, t, OP_ARROW))
		while (t < u->n && !unit_is(u, t, ':') && t - at < 200)
			t++;
	if (unit_is(u, t, ':') || unit_is(u, t, OP_LAMBDA))
		t++;
	*body = t;
	if (unit_word(u, t, W_RETURN)) /* def a(): return b */
		*body = ++t;
	bool block = unit_is(u, t, '{') || (t < u->n && u->tok[t].kind == TOK_NEWLINE);
	if (!block)
		return t < u->n;
	if (unit_is(u, t, '{'))
		*end = unit_mate(u, t);
	uint32_t depth = 0, found = 0; /* what only throws gives that */
	for (uint32_t i = t + 1; i < *end && i < t + 4096; i++) {
		depth += u->tok[i].kind == TOK_INDENT;
		if (u->tok[i].kind == TOK_DEDENT && depth-- <= 1)
			break;
		if (unit_word(u, i, W_RETURN) || (found == 0 && unit_word(u, i, W_THROW)))
			found = i + 1;
	}
	*body = found;
	return found != 0;
}

void fold_apply(struct fold *f, struct value fn, const struct value *v, uint32_t n)
{
	struct unit *u = f->u;
	uint32_t from, to, body, end, taint = 0;

	for (uint32_t i = 0; i < n; i++)
		taint |= value_taint(u, &v[i]);
	if (fn.i < 0 || fn.i >= u->n || !lambda_parts(u, (uint32_t)fn.i, &from, &to, &body, &end)) {
		fold_operand(f, value_unknown(taint));
		return;
	}
	fold_pay(u, 8 + (body > (uint32_t)fn.i ? (body - (uint32_t)fn.i) / 8 : 0));
	uint32_t first = f->n_locals;
	struct frame *t = fold_enter(f, F_BODY, body, end);
	if (t == NULL)
		return;
	t->locals = t->visible = first;
	t->from = to;
	t->to = end == u->n ? body + 4096 : end;
	for (uint32_t i = from, at = 0; i < to; i++) {
		if (unit_name(u, i) && (i == from || unit_is(u, i - 1, ',')))
			set_local(f, unit_text(u, i), at < n ? v[at] : value_unknown(0)), at++;
		else if (unit_is(u, i, '(') || unit_is(u, i, '[') || unit_is(u, i, '{'))
			i = unit_mate(u, i);
	}
}

/* next_element begins the next round of a comprehension, or ends it with its list. */
void fold_next(struct fold *f, struct each *e)
{
	struct unit *u = f->u;

	if (e->i == e->n) {
		fold_operand(f, (struct value){ .kind = V_LIST,
						.items = e->out,
						.n = e->n,
						.layers = e->over.layers,
						.taint = value_taint(u, &e->over) });
		return;
	}
	struct value item = fold_item(u, &e->over, e->i);
	if (e->fn.kind == V_LAMBDA) {
		uint32_t before = f->n_frames;
		fold_apply(f, e->fn, &item, 1);
		if (f->n_frames == before) { /* no body to be found: an operand came instead */
			(void)fold_pop(f);
			fold_operand(f, (struct value){ .kind = V_LIST, .taint = e->over.taint });
			return;
		}
		fold_top(f)->each = e;
		return;
	}
	uint32_t first = f->n_locals;
	struct frame *t = fold_enter(f, F_ELEMENT, e->body, e->end);
	if (t == NULL)
		return;
	t->each = e;
	t->locals = first;
	uint32_t names = 0;
	for (uint32_t i = e->targets; i < e->in; i++)
		names += unit_name(u, i);
	for (uint32_t i = e->targets, at = 0; i < e->in; i++) {
		if (unit_name(u, i)) {
			set_local(f, unit_text(u, i), names > 1 ? fold_item(u, &item, at) : item);
			at++;
		}
	}
}

/* What is made of each item with ^ or as a letter, in Python with << too, is decoded, whatever the
 * items are. */
static uint32_t mixed(struct unit *u, const struct each *e)
{
	for (uint32_t i = e->body; i < e->end && i < e->body + 32; i++)
		if (unit_is(u, i, '^') || (u->lang == LANG_PYTHON && unit_is(u, i, OP_SHL)) ||
		    (unit_name(u, i) && (str_eq(unit_text(u, i), S("chr")) ||
					 str_eq(unit_text(u, i), S("fromCharCode")) ||
					 str_eq(unit_text(u, i), S("fromCodePoint")))))
			return T_DECODED;
	return 0;
}

void fold_each(struct fold *f, struct each *e)
{
	uint32_t n = fold_count(&e->over);

	if (n == 0 || n > FOLD_ITEMS || e->over.partial) {
		fold_operand(f, value_unknown(value_taint(f->u, &e->over) | mixed(f->u, e)));
		return;
	}
	e->n = n;
	e->out = value_items(f->u, n);
	if (e->out == NULL) {
		f->spent = true;
		return;
	}
	fold_next(f, e);
}

/* The `for` of a comprehension between the brackets that open at open; 0 for none. */
uint32_t fold_comprehension(const struct unit *u, uint32_t open, uint32_t close)
{
	if (u->lang != LANG_PYTHON)
		return 0;
	for (uint32_t i = open + 1; i < close; i++) {
		if (unit_word(u, i, W_FOR))
			return i;
		if (u->tok[i].kind == TOK_OP && u->tok[i].op == ',' && i > open + 64)
			return 0; /* a long list */
		i = unit_past(u, i) - 1;
	}
	return 0;
}

/* bracket opens the frame of a bracket; a comprehension's begins with what it runs over. */
void fold_bracket(struct fold *f, enum frame_kind kind, uint32_t open)
{
	struct unit *u = f->u;
	uint32_t close = unit_mate(u, open), loop;

	if (close <= open) { /* no partner: nothing is known of the rest */
		fold_top(f)->at = fold_top(f)->end;
		if (!fold_top(f)->operand)
			fold_operand(f, value_unknown(0));
		return;
	}
	fold_top(f)->at = close + 1;
	fold_top(f)->operand = false;
	struct frame *t = fold_enter(f, kind, open + 1, close);
	if (t == NULL)
		return;
	t->open = open;
	loop = fold_comprehension(u, open, close);
	if (loop == 0)
		return;
	t->at = close; /* the loop's list is this frame's only value */
	struct each *e = NEW(u->a, struct each);
	uint32_t in = loop + 1, end;
	while (in < close && !unit_word(u, in, W_IN))
		in = unit_past(u, in);
	for (end = in + 1; end < close && !unit_word(u, end, W_IF) && !unit_word(u, end, W_FOR);)
		end = unit_past(u, end);
	if (e == NULL) {
		f->spent = true;
		return;
	}
	*e = (struct each){ .body = open + 1, .end = loop, .targets = loop + 1, .in = in };
	t = fold_enter(f, F_ITEMS, in + 1, end);
	if (t)
		t->each = e;
}
