/*
 * inspect/fold.c - the folder's machine: reads an expression's tokens once, with a stack of frames
 * instead of recursion. Input: hostile. Runs in: checker. Fuzz: fold. Memory: the arena's, bounded
 * by limits of fold.h.
 */
#include "inspect/fold_machine.h"

#include <assert.h>

static void finish(struct fold *f);

static struct frame *top(struct fold *f)
{
	return &f->frames[f->n_frames - 1];
}

static void push(struct fold *f, struct value v)
{
	if (f->n_values == FOLD_VALUES) {
		f->spent = true;
		return;
	}
	f->values[f->n_values++] = v;
}

static struct value pop(struct fold *f)
{
	return f->n_values > 0 ? f->values[--f->n_values] : value_unknown(0);
}

/* operand pushes a value that the innermost frame was waiting for. */
static void operand(struct fold *f, struct value v)
{
	push(f, v);
	top(f)->operand = true;
}

/* enter opens a frame over tokens [at, end); NULL when there are too many. */
static struct frame *enter(struct fold *f, enum frame_kind kind, uint32_t at, uint32_t end)
{
	uint32_t visible = f->n_frames ? top(f)->visible : 0;
	uint32_t from = f->n_frames ? top(f)->from : 0, to = f->n_frames ? top(f)->to : 0;

	if (f->n_frames == FOLD_FRAMES) {
		f->spent = true;
		return NULL;
	}
	f->frames[f->n_frames++] = (struct frame){
		.kind = (uint8_t)kind,
		.at = at,
		.end = end,
		.values = f->n_values,
		.ops = f->n_ops,
		.locals = f->n_locals,
		.visible = visible,
		.from = from,
		.to = to,
		.bracket = kind == F_PAREN || kind == F_LIST || kind == F_MAP || kind == F_CALL ||
			   kind == F_INDEX,
	};
	return top(f);
}

/* reduce applies the frame's operators that bind at least as tightly as prec. */
static void reduce(struct fold *f, uint32_t ops, unsigned prec)
{
	while (f->n_ops > ops && f->ops[f->n_ops - 1] >= prec && !f->spent) {
		enum fold_op op = (enum fold_op)f->ops[--f->n_ops];
		struct value b = pop(f);
		if (op == FO_NEG || op == FO_INVERT || op == FO_IGNORE) {
			push(f, fold_unary(f->u, op, b));
			continue;
		}
		struct value a = pop(f);
		push(f, fold_binary(f->u, op, a, b));
	}
}

static void operator(struct fold *f, enum fold_op op)
{
	struct frame *t = top(f);
	static const uint8_t level[] = {
		[FO_ADD] = FO_ADD,	 [FO_SUB] = FO_ADD,	 [FO_MUL] = FO_MUL,
		[FO_DIV] = FO_MUL,	 [FO_FLOORDIV] = FO_MUL, [FO_MOD] = FO_MUL,
		[FO_SHL] = FO_SHL,	 [FO_SHR] = FO_SHL,	 [FO_POW] = FO_CONCAT,
		[FO_CONCAT] = FO_CONCAT,
	};
	bool prefix = op == FO_NEG || op == FO_INVERT || op == FO_IGNORE;
	unsigned prec = op < sizeof level && level[op] ? level[op] : op;

	if (!prefix)
		reduce(f, t->ops, prec);
	if (f->n_ops == FOLD_VALUES) {
		f->spent = true;
		return;
	}
	f->ops[f->n_ops++] = (uint8_t)op;
	t->operand = false;
}

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
	struct frame *t = enter(f, F_BINDING, b->from, f->u->n);

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

static void name(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	struct str s = unit_text(u, at);
	const struct local *l = find_local(f, t, s, u->tok[at].mate);

	if (l) {
		t->at = at + 1;
		operand(f, l->v);
		return;
	}
	struct binding *b = unit_find(u, s, u->tok[at].mate);
	if (b == NULL || b->busy || (b->kind == BIND_PARAMETER && b->from == TOKEN_NONE)) {
		t->at = at + 1;
		operand(f, b ? value_unknown(0) : value_text(V_NAME, s));
	} else if (b->kind == BIND_IMPORT) {
		t->at = at + 1;
		operand(f, value_text(V_NAME, b->path));
	} else if (b->kind == BIND_FUNCTION) {
		t->at = at + 1;
		operand(f, (struct value){ .kind = V_LAMBDA, .i = b->from, .s = s, .n = 1 });
	} else if (b->memo) {
		t->at = at + 1;
		operand(f, *b->memo);
	} else {
		struct binding *open = oldest_open(f, b);
		if (open != b && open != NULL) {
			t->at = at; /* this name again, when that is known */
			enter_binding(f, open);
			if (!f->spent)
				top(f)->comma = true;
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
		struct value *items = NEW_ARRAY(f->u->a, struct value, was.n + 1);
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

static void finish_binding(struct fold *f, struct frame t, struct value v)
{
	struct binding *b = t.b;

	b->busy = false;
	if (b->kind == BIND_EACH)
		v = fold_items_as_one(f->u, v);
	if (b->kind == BIND_PARAMETER && v.kind == V_NAME && str_has_suffix(v.s, S(".then")))
		v.s.n -= 5; /* import('a').then(m => m.b()) */
	else if (b->kind == BIND_PARAMETER)
		v = value_unknown(value_taint(f->u, &v));
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
		operand(f, v);
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
	bool block = unit_is(u, t, '{') || (t < u->n && u->tok[t].kind == TOK_NEWLINE);
	if (!block)
		return t < u->n;
	if (unit_is(u, t, '{'))
		*end = unit_mate(u, t);
	uint32_t depth = 0, found = 0;
	for (uint32_t i = t + 1; i < *end && i < t + 4096; i++) {
		depth += u->tok[i].kind == TOK_INDENT;
		if (u->tok[i].kind == TOK_DEDENT && depth-- <= 1)
			break;
		if (unit_word(u, i, W_RETURN))
			found = i + 1;
	}
	*body = found;
	return found != 0;
}

static void apply_lambda(struct fold *f, struct value fn, const struct value *v, uint32_t n)
{
	struct unit *u = f->u;
	uint32_t from, to, body, end, taint = 0;

	for (uint32_t i = 0; i < n; i++)
		taint |= value_taint(u, &v[i]);
	if (fn.i < 0 || fn.i >= u->n || !lambda_parts(u, (uint32_t)fn.i, &from, &to, &body, &end)) {
		operand(f, value_unknown(taint));
		return;
	}
	uint32_t first = f->n_locals;
	struct frame *t = enter(f, F_BODY, body, end);
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
static void next_element(struct fold *f, struct each *e)
{
	struct unit *u = f->u;

	if (e->i == e->n) {
		operand(f, (struct value){ .kind = V_LIST,
					   .items = e->out,
					   .n = e->n,
					   .layers = e->over.layers,
					   .taint = value_taint(u, &e->over) });
		return;
	}
	struct value item = fold_item(u, &e->over, e->i);
	if (e->fn.kind == V_LAMBDA) {
		uint32_t before = f->n_frames;
		apply_lambda(f, e->fn, &item, 1);
		if (f->n_frames == before) { /* no body to be found */
			e->out[e->i++] = pop(f);
			top(f)->operand = false;
			e->n = e->i;
			next_element(f, &(struct each){ .over = value_unknown(e->over.taint) });
			return;
		}
		top(f)->each = e;
		return;
	}
	uint32_t first = f->n_locals;
	struct frame *t = enter(f, F_ELEMENT, e->body, e->end);
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

static void begin_each(struct fold *f, struct each *e)
{
	uint32_t n = fold_count(&e->over);

	if (n == 0 || n > FOLD_ITEMS || e->over.partial) {
		operand(f, value_unknown(value_taint(f->u, &e->over)));
		return;
	}
	e->n = n;
	e->out = NEW_ARRAY(f->u->a, struct value, n);
	if (e->out == NULL) {
		f->spent = true;
		return;
	}
	next_element(f, e);
}

/* The `for` of a comprehension between the brackets that open at open; 0 for none. */
static uint32_t comprehension(const struct unit *u, uint32_t open, uint32_t close)
{
	if (u->lang != LANG_PYTHON)
		return 0;
	for (uint32_t i = open + 1; i < close; i++) {
		if (unit_word(u, i, W_FOR))
			return i;
		if (u->tok[i].kind == TOK_OP && u->tok[i].op == ',' && i > open + 64)
			return 0; /* a long list */
		if (u->tok[i].kind != TOK_NAME)
			i = unit_mate(u, i) > i ? unit_mate(u, i) : i;
	}
	return 0;
}

/* bracket opens the frame of a bracket; a comprehension's begins with what it runs over. */
static void bracket(struct fold *f, enum frame_kind kind, uint32_t open)
{
	struct unit *u = f->u;
	uint32_t close = unit_mate(u, open), loop;

	if (close <= open) { /* no partner: nothing is known of the rest */
		top(f)->at = top(f)->end;
		if (!top(f)->operand)
			operand(f, value_unknown(0));
		return;
	}
	top(f)->at = close + 1;
	top(f)->operand = false;
	struct frame *t = enter(f, kind, open + 1, close);
	if (t == NULL)
		return;
	t->open = open;
	loop = comprehension(u, open, close);
	if (loop == 0)
		return;
	t->at = close; /* the loop's list is this frame's only value */
	struct each *e = NEW(u->a, struct each);
	uint32_t in = loop + 1, end;
	while (in < close && !unit_word(u, in, W_IN))
		in++;
	for (end = in + 1; end < close && !unit_word(u, end, W_IF) && !unit_word(u, end, W_FOR);)
		end = (u->tok[end].kind != TOK_NAME ? unit_mate(u, end) : end) + 1;
	if (e == NULL) {
		f->spent = true;
		return;
	}
	*e = (struct each){ .body = open + 1, .end = loop, .targets = loop + 1, .in = in };
	t = enter(f, F_ITEMS, in + 1, end);
	if (t)
		t->each = e;
}

/* ---- operands -------------------------------------------------------------------------------- */

static struct value number(const struct unit *u, uint32_t at)
{
	struct str s = unit_text(u, at);
	unsigned base = 10;
	int64_t v = 0;
	size_t i = 0;

	if (s.n > 2 && s.p[0] == '0') {
		char c = (char)(s.p[1] | 0x20);
		base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
		i = base == 10 ? 0 : 2;
	}
	for (; i < s.n; i++) {
		char c = (char)(s.p[i] | 0x20);
		unsigned d = digit_byte(s.p[i])	    ? (unsigned)(s.p[i] - '0')
			     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
						    : 99;
		if (s.p[i] == '_')
			continue;
		if (d >= base || v > INT64_MAX / 64)
			return value_unknown(0);
		v = v * (int64_t)base + (int64_t)d;
	}
	return value_int(v);
}

/* A lambda's value; the frame goes on behind its body. */
static void lambda(struct fold *f, uint32_t params, uint32_t body)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	uint32_t at = body;

	if (u->lang == LANG_JAVASCRIPT && unit_is(u, body, '{')) {
		at = unit_mate(u, body) + 1;
	} else {
		while (at < t->end && !unit_is(u, at, ',') && !unit_is(u, at, ';') &&
		       u->tok[at].kind != TOK_NEWLINE) {
			uint32_t m = u->tok[at].kind == TOK_NAME ? at : unit_mate(u, at);
			if (m < at)
				break;
			at = m + 1;
		}
	}
	t->at = at > t->at ? at : t->at + 1;
	operand(f, (struct value){ .kind = V_LAMBDA, .i = params });
}

/* The parenthesis of a function's parameters from token at on, else 0. */
static uint32_t parameters(const struct unit *u, uint32_t at)
{
	for (uint32_t i = at; i < u->n && i < at + 4; i++) {
		if (unit_is(u, i, '('))
			return i;
	}
	return 0;
}

static void word(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	uint32_t open, i = at + 1;

	switch ((unsigned)u->tok[at].word) {
	case W_LAMBDA:
		while (i < t->end && !unit_is(u, i, ':'))
			i++;
		lambda(f, at + 1, i + 1);
		break;
	case W_FUNCTION:
	case W_ASYNC:
		open = parameters(u, at + 1);
		if (open == 0 || (u->tok[at].word == W_ASYNC && !unit_word(u, at + 1, W_FUNCTION) &&
				  !unit_is(u, unit_mate(u, open) + 1, OP_LAMBDA))) {
			name(f, at);
			break;
		}
		i = unit_mate(u, open) + 1;
		lambda(f, open, unit_is(u, i, OP_LAMBDA) ? i + 1 : i);
		break;
	case W_NOT:
	case W_AWAIT:
	case W_NEW:
	case W_TYPEOF:
	case W_VOID:
	case W_DELETE:
	case W_YIELD:
	case W_THROW:
		if (u->tok[at].word == W_DELETE && u->lang == LANG_PYTHON) {
			name(f, at);
			break;
		}
		t->at = at + 1;
		break;
	case W_NONE:
	case W_TRUE:
	case W_FALSE:
		t->at = at + 1;
		operand(f, value_int(u->tok[at].word == W_TRUE));
		break;
	default:
		if (unit_is(u, at + 1, OP_LAMBDA)) {
			lambda(f, at, at + 2);
		} else if (t->kind == F_MAP && u->lang == LANG_JAVASCRIPT &&
			   (unit_is(u, at + 1, ':') || unit_is(u, at + 1, ','))) {
			if (unit_is(u, at + 1, ','))
				name(f, at);
			else
				t->at = at + 1, operand(f, value_text(V_STR, unit_text(u, at)));
		} else {
			name(f, at);
		}
	}
}

/* A regular expression without anything special is what it says. */
static struct value regex(const struct unit *u, uint32_t at)
{
	struct str s = unit_text(u, at);
	size_t end = s.n;

	while (end > 1 && s.p[end - 1] != '/')
		end--;
	struct value v = value_unknown(0);
	v.s = (struct str){ s.p + 1, end > 1 ? end - 2 : 0 };
	return v;
}

static void first(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	const struct token *k = &u->tok[at];

	t->at = at + 1;
	if (k->kind == TOK_STRING) {
		operand(f, fold_literal(u, at));
	} else if (k->kind == TOK_NUMBER) {
		operand(f, number(u, at));
	} else if (k->kind == TOK_REGEX) {
		operand(f, regex(u, at));
	} else if (k->kind == TOK_F_START) {
		bracket(f, F_FORMAT, at);
	} else if (k->kind == TOK_NAME) {
		word(f, at);
	} else if (k->kind != TOK_OP) {
		operand(f, value_unknown(0));
	} else if (k->op == '(' && unit_is(u, unit_mate(u, at) + 1, OP_LAMBDA)) {
		lambda(f, at, unit_mate(u, at) + 2);
	} else if (k->op == '(' || k->op == '[' || k->op == '{') {
		bracket(f, k->op == '(' ? F_PAREN : k->op == '[' ? F_LIST : F_MAP, at);
	} else if (k->op == '-') {
		operator(f, FO_NEG);
	} else if (k->op == '~') {
		operator(f, FO_INVERT);
	} else if (k->op == ',' || k->op == ':') {
		push(f, (struct value){ .kind = V_UNKNOWN, .n = 1 }); /* a hole */
		t->comma = t->comma || k->op == ',';
	} else if (strchr("+*!", k->op) == NULL && k->op != OP_POW && k->op != OP_ELLIPSIS &&
		   k->op != OP_STEP) {
		operand(f, value_unknown(0));
	}
}

/* ---- operators ------------------------------------------------------------------------------- */

static enum fold_op binary_of(unsigned op)
{
	switch (op) {
	case '+':
	case OP_ADD_TO:
		return FO_ADD;
	case '-':
		return FO_SUB;
	case '*':
		return FO_MUL;
	case '/':
		return FO_DIV;
	case '%':
		return FO_MOD;
	case '&':
		return FO_BIT_AND;
	case '|':
		return FO_BIT_OR;
	case '^':
		return FO_BIT_XOR;
	case OP_SHL:
		return FO_SHL;
	case OP_SHR:
		return FO_SHR;
	case OP_POW:
		return FO_POW;
	case OP_FLOORDIV:
		return FO_FLOORDIV;
	case '<':
	case '>':
	case OP_EQ:
		return FO_COMPARE;
	case OP_AND:
	case OP_OR:
	case OP_AUG:
		return FO_MERGE;
	default:
		return 0;
	}
}

static void separator(struct fold *f, bool comma)
{
	struct frame *t = top(f);

	reduce(f, t->ops, 0);
	t->comma = t->comma || comma;
	t->operand = false;
	t->at++;
}

static void word_operator(struct fold *f, enum word w)
{
	struct frame *t = top(f);

	t->at++;
	if (w == W_IF || w == W_ELSE || w == W_OR || w == W_AND)
		operator(f, FO_MERGE);
	else if (w == W_IN || w == W_IS || w == W_INSTANCEOF || w == W_NOT)
		operator(f, FO_COMPARE);
	else if (!t->bracket)
		finish(f);
}

static void next_op(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	unsigned op = u->tok[at].op;

	t->at = at + 1;
	if ((op == '.' || op == OP_OPTIONAL) && unit_name(u, at + 1)) {
		t->at = at + 2;
		push(f, fold_attribute(u, pop(f), unit_text(u, at + 1)));
	} else if (op == '(' || op == '[') {
		bracket(f, op == '(' ? F_CALL : F_INDEX, at);
	} else if (op == '{') {
		t->at = unit_mate(u, at) + 1;
	} else if (op == OP_STEP || op == '!' || op == OP_OPTIONAL) {
		if (t->kind == F_FIELD)
			t->at = t->end;
	} else if (op == '=' || op == OP_WALRUS) {
		reduce(f, t->ops, 0);
		(void)pop(f);
		t->operand = false;
	} else if (op == '?') {
		reduce(f, t->ops, 0);
		(void)pop(f);
		t->operand = false;
		t->ternary++;
	} else if (op == ':' && t->ternary > 0) {
		t->ternary--;
		operator(f, FO_MERGE);
	} else if (binary_of(op) != 0) {
		operator(f, binary_of(op));
	} else if (t->kind == F_FIELD && op == ':') {
		t->at = t->end;
	} else if (op == ',' || op == ':') {
		if (!t->bracket) {
			finish(f);
			return;
		}
		t->at = at;
		separator(f, op == ',' || t->kind == F_INDEX);
	} else if (!t->bracket) {
		finish(f);
	}
}

static void next(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);
	unsigned kind = u->tok[at].kind;

	if (kind == TOK_OP) {
		next_op(f, at);
	} else if ((kind == TOK_STRING || kind == TOK_F_START) && u->lang == LANG_PYTHON) {
		operator(f, FO_CONCAT);
	} else if (kind == TOK_NAME) {
		word_operator(f, (enum word)u->tok[at].word);
	} else if (t->bracket) {
		t->at = kind == TOK_F_START ? unit_mate(u, at) + 1 : at + 1;
	} else {
		finish(f);
	}
}

/* ---- frames that end ------------------------------------------------------------------------- */

static struct value list_of(struct fold *f, const struct value *v, uint32_t n, enum value_kind kind)
{
	struct value *items = NEW_ARRAY(f->u->a, struct value, n ? n : 1);
	struct value out = { .kind = (uint8_t)kind, .n = n, .items = items };

	if (items == NULL)
		return value_unknown(0);
	for (uint32_t i = 0; i < n; i++) {
		items[i] = v[i];
		out.taint |= value_taint(f->u, &v[i]);
		out.layers = v[i].layers > out.layers ? v[i].layers : out.layers;
	}
	return out;
}

/* A call of map with a lambda over a list is a comprehension. */
static bool begin_map(struct fold *f, struct value callee, const struct value *v, uint32_t n)
{
	struct value over = value_unknown(0), fn = value_unknown(0);

	if (callee.kind == V_NAME && str_eq(callee.s, S("map")) && n == 2) {
		over = v[1];
		fn = v[0];
	} else if (callee.kind == V_METHOD && str_eq(callee.s, S("map")) && n >= 1) {
		over = callee.items[0];
		fn = v[0];
	} else if (callee.kind == V_NAME && str_eq(callee.s, S("Array.from")) && n == 2) {
		over = v[0];
		fn = v[1];
	}
	if (fn.kind != V_LAMBDA || fold_count(&over) == 0)
		return false;
	struct each *e = NEW(f->u->a, struct each);
	if (e == NULL)
		return false;
	*e = (struct each){ .over = over, .fn = fn };
	begin_each(f, e);
	return true;
}

static void finish_call(struct fold *f, struct frame t)
{
	static const uint32_t max = 512;
	const struct value *v = &f->values[t.values];
	uint32_t n = f->n_values - t.values;
	struct value callee = t.values > 0 ? f->values[t.values - 1] : value_unknown(0);
	struct value args[3] = { n > 0 ? v[0] : value_unknown(0), n > 1 ? v[1] : value_unknown(0),
				 n > 2 ? v[2] : value_unknown(0) };

	if (callee.kind == V_LAMBDA && n <= max) {
		f->n_values = t.values ? t.values - 1 : 0;
		apply_lambda(f, callee, args, n < 3 ? n : 3);
		return;
	}
	struct value out = value_unknown(0);
	bool mapping = n <= 3 && (callee.kind == V_NAME || callee.kind == V_METHOD);
	if (!mapping || args[0].kind != V_LAMBDA)
		mapping = mapping && args[1].kind == V_LAMBDA;
	if (!mapping)
		out = fold_call(f->u, callee, v, n);
	f->n_values = t.values ? t.values - 1 : 0;
	if (mapping && begin_map(f, callee, args, n))
		return;
	if (mapping)
		out = fold_call(f->u, callee, args, n);
	operand(f, out);
}

static void finish_element(struct fold *f, struct frame t, struct value v)
{
	struct each *e = t.each;

	e->out[e->i] = v;
	e->out[e->i++].taint |= e->over.taint;
	next_element(f, e);
}

static void finish_bracket(struct fold *f, struct frame t)
{
	uint32_t n = f->n_values - t.values;
	const struct value *v = &f->values[t.values];
	struct value out;

	switch ((unsigned)t.kind) {
	case F_PAREN:
		if (n >= 1 && (n == 1 || f->u->lang == LANG_JAVASCRIPT) &&
		    !(t.comma && f->u->lang == LANG_PYTHON))
			out = v[n - 1];
		else
			out = list_of(f, v, n, V_LIST);
		break;
	case F_LIST:
		if (n == 1 && !t.comma && t.at == t.end && v[0].kind == V_LIST &&
		    comprehension(f->u, t.open, t.end))
			out = v[0];
		else
			out = list_of(f, v, n, V_LIST);
		break;
	case F_INDEX:
		if (t.comma && n == 1) { /* a[1:] */
			push(f, (struct value){ .kind = V_UNKNOWN, .n = 1 });
			n = 2;
		}
		f->n_values = t.values;
		out = fold_index(f->u, t.values ? f->values[t.values - 1] : value_unknown(0), v, n);
		f->n_values = t.values ? t.values - 1 : 0;
		operand(f, out);
		return;
	case F_FORMAT:
		out = list_of(f, v, n, V_LIST);
		out = fold_join(f->u, value_text(V_STR, S("")), out);
		break;
	default:
		out = list_of(f, v, n, V_MAP);
	}
	f->n_values = t.values;
	operand(f, out);
}

/* finish ends the innermost frame and gives its value to the one around it. */
static void finish(struct fold *f)
{
	struct frame t = *top(f);

	reduce(f, t.ops, 0);
	f->n_ops = t.ops;
	f->n_frames--;
	f->n_locals = t.locals;
	if (f->spent || f->n_values < t.values)
		return;
	if (t.kind == F_CALL) {
		finish_call(f, t);
		return;
	}
	if (t.bracket || t.kind == F_FORMAT) {
		finish_bracket(f, t);
		return;
	}
	struct value v = f->n_values > t.values ? f->values[t.values] : value_unknown(0);
	f->n_values = t.values;
	if (t.each && t.kind == F_ITEMS) {
		t.each->over = v;
		begin_each(f, t.each);
	} else if (t.each) {
		finish_element(f, t, v);
	} else if (t.kind == F_BINDING) {
		finish_binding(f, t, v);
	} else if (t.kind == F_ROOT) {
		push(f, v);
	} else {
		operand(f, v);
	}
}

/* A format's own steps: text, and fields between braces. */
static void format_step(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = top(f);

	t->at = at + 1;
	if (u->tok[at].kind == TOK_F_MIDDLE) {
		push(f, fold_literal(u, at));
	} else if (unit_is(u, at, '{')) {
		uint32_t close = unit_mate(u, at);
		t->at = close + 1;
		if (close > at)
			(void)enter(f, F_FIELD, at + 1, close);
	}
}

static bool stops(const struct unit *u, const struct frame *t)
{
	const struct token *k = &u->tok[t->at];

	if (t->at >= t->end || k->kind == TOK_NEWLINE)
		return true;
	if (k->kind != TOK_OP || t->kind == F_FORMAT)
		return false;
	return k->op == ';' || k->op == ')' || k->op == ']' || k->op == '}';
}

static void run(struct fold *f)
{
	struct unit *u = f->u;

	while (f->n_frames > 0 && !f->spent) {
		struct frame *t = top(f);
		if (*u->steps == 0) {
			f->spent = true;
			break;
		}
		--*u->steps;
		if (t->at >= u->n || stops(u, t))
			finish(f);
		else if (t->kind == F_FORMAT)
			format_step(f, t->at);
		else if (t->operand)
			next(f, t->at);
		else
			first(f, t->at);
	}
}

static struct fold *begin(struct unit *u)
{
	if (u->fold == NULL)
		u->fold = (struct fold *)arena_take(u->a, sizeof *u->fold, 16);
	if (u->fold) {
		u->fold->u = u;
		u->fold->n_values = u->fold->n_ops = u->fold->n_frames = u->fold->n_locals = 0;
		u->fold->spent = false;
	}
	return u->fold;
}

/* A bound was met within: names under way are free again. */
static void abandon(struct fold *f)
{
	for (uint32_t i = 0; i < f->n_frames; i++) {
		if (f->frames[i].b)
			f->frames[i].b->busy = false;
	}
}

struct value fold_expression(struct unit *u, uint32_t t, uint32_t end)
{
	struct fold *f = begin(u);

	if (f == NULL || t >= u->n || enter(f, F_ROOT, t, end < u->n ? end : u->n) == NULL)
		return value_unknown(0);
	run(f);
	if (f->spent)
		abandon(f);
	return f->spent || f->n_values == 0 ? value_unknown(0) : f->values[0];
}

uint32_t fold_arguments(struct unit *u, uint32_t open, struct value *out, uint32_t max)
{
	uint32_t close = unit_mate(u, open), n = 0;
	uint32_t loop = close > open ? comprehension(u, open, close) : 0;

	for (uint32_t at = open + 1; at < close && n < max && !loop;) {
		uint32_t end = at;
		while (end < close && !unit_is(u, end, ','))
			end = (u->tok[end].kind == TOK_NAME ? end
			       : unit_mate(u, end) > end    ? unit_mate(u, end)
							    : end) +
			      1;
		if (unit_word(u, at, W_LAMBDA) || end == at)
			out[n++] = value_unknown(0);
		else
			out[n++] = fold_expression(u, at, end);
		at = end + 1;
	}
	return n;
}
