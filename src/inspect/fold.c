/*
 * inspect/fold.c - the folder's machine: reads an expression's tokens once, with a stack of
 * frames instead of recursion. Memory: the arena's, bounded by limits of fold.h.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "inspect/fold_machine.h"

#include "base/num.h"

#include <assert.h>

struct frame *fold_top(struct fold *f)
{
	return &f->frames[f->n_frames - 1];
}

void fold_push(struct fold *f, struct value v)
{
	if (f->n_values == FOLD_VALUES) {
		f->spent = true;
		return;
	}
	f->values[f->n_values++] = v;
}

struct value fold_pop(struct fold *f)
{
	return f->n_values > 0 ? f->values[--f->n_values] : value_unknown(0);
}

/* operand pushes a value that the innermost frame was waiting for. */
void fold_operand(struct fold *f, struct value v)
{
	fold_push(f, v);
	fold_top(f)->operand = true;
}

/* enter opens a frame over tokens [at, end); NULL when there are too many. */
struct frame *fold_enter(struct fold *f, enum frame_kind kind, uint32_t at, uint32_t end)
{
	uint32_t visible = f->n_frames ? fold_top(f)->visible : 0;
	uint32_t from = f->n_frames ? fold_top(f)->from : 0, to = f->n_frames ? fold_top(f)->to : 0;

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
	return fold_top(f);
}

void fold_reduce(struct fold *f, uint32_t ops, unsigned prec)
{
	while (f->n_ops > ops && f->ops[f->n_ops - 1] >= prec && !f->spent) {
		enum fold_op op = (enum fold_op)f->ops[--f->n_ops];
		struct value b = fold_pop(f);
		if (op == FO_NEG || op == FO_INVERT || op == FO_IGNORE) {
			fold_push(f, fold_unary(f->u, op, b));
			continue;
		}
		struct value a = fold_pop(f);
		fold_push(f, fold_binary(f->u, op, a, b));
	}
}

static void operator(struct fold *f, enum fold_op op)
{
	struct frame *t = fold_top(f);
	static const uint8_t level[] = {
		[FO_ADD] = FO_ADD,	 [FO_SUB] = FO_ADD,	 [FO_MUL] = FO_MUL,
		[FO_DIV] = FO_MUL,	 [FO_FLOORDIV] = FO_MUL, [FO_MOD] = FO_MUL,
		[FO_SHL] = FO_SHL,	 [FO_SHR] = FO_SHL,	 [FO_POW] = FO_CONCAT,
		[FO_CONCAT] = FO_CONCAT,
	};
	bool prefix = op == FO_NEG || op == FO_INVERT || op == FO_IGNORE;
	unsigned prec = op < sizeof level && level[op] ? level[op] : op;

	if (!prefix)
		fold_reduce(f, t->ops, prec);
	if (f->n_ops == FOLD_VALUES) {
		f->spent = true;
		return;
	}
	f->ops[f->n_ops++] = (uint8_t)op;
	t->operand = false;
}

/* ---- operands -------------------------------------------------------------------------------- */

enum { HIDING_DIGITS = 60 }; /* bytes in disguise; or a prime, but nobody runs that */

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
		unsigned d = (unsigned)num_hex(s.p[i]); /* none is the largest */
		if (s.p[i] == '_')
			continue;
		if (d >= base || v > INT64_MAX / 64)
			return value_unknown(s.n > HIDING_DIGITS ? (uint32_t)T_DECODED : 0u);
		v = v * (int64_t)base + (int64_t)d;
	}
	return value_int(v);
}

/* A lambda's value; the frame goes on behind its body. */
static void lambda(struct fold *f, uint32_t params, uint32_t body)
{
	struct unit *u = f->u;
	struct frame *t = fold_top(f);
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
	fold_pay(u, at > body ? (at - body) / 8 : 0);
	t->at = at > t->at ? at : t->at + 1;
	fold_operand(f, (struct value){ .kind = V_LAMBDA, .i = params });
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
	struct frame *t = fold_top(f);
	uint32_t open, i = at + 1;

	switch ((unsigned)u->tok[at].word) {
	case W_LAMBDA:
		while (i < t->end && i < at + 256 && !unit_is(u, i, ':'))
			i++;
		lambda(f, at + 1, i + 1);
		break;
	case W_FUNCTION:
	case W_ASYNC:
		open = parameters(u, at + 1);
		if (open == 0 || (u->tok[at].word == W_ASYNC && !unit_word(u, at + 1, W_FUNCTION) &&
				  !unit_is(u, unit_mate(u, open) + 1, OP_LAMBDA))) {
			fold_name(f, at);
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
			fold_name(f, at);
			break;
		}
		t->at = at + 1;
		break;
	case W_NONE:
	case W_TRUE:
	case W_FALSE:
		t->at = at + 1;
		fold_operand(f, value_int(u->tok[at].word == W_TRUE));
		break;
	default:
		if (unit_is(u, at + 1, OP_LAMBDA)) {
			lambda(f, at, at + 2);
		} else if (t->kind == F_MAP && u->lang == LANG_JAVASCRIPT &&
			   (unit_is(u, at + 1, ':') || unit_is(u, at + 1, ','))) {
			if (unit_is(u, at + 1, ','))
				fold_name(f, at);
			else
				t->at = at + 1,
				fold_operand(f, value_text(V_STR, unit_text(u, at)));
		} else {
			fold_name(f, at);
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
	struct frame *t = fold_top(f);
	const struct token *k = &u->tok[at];

	t->at = at + 1;
	if (k->kind == TOK_STRING) {
		fold_operand(f, fold_literal(u, at));
	} else if (k->kind == TOK_NUMBER) {
		fold_operand(f, number(u, at));
	} else if (k->kind == TOK_REGEX) {
		fold_operand(f, regex(u, at));
	} else if (k->kind == TOK_F_START) {
		fold_bracket(f, F_FORMAT, at);
	} else if (k->kind == TOK_NAME) {
		word(f, at);
	} else if (k->kind != TOK_OP) {
		fold_operand(f, value_unknown(0));
	} else if (k->op == '(' && unit_is(u, unit_mate(u, at) + 1, OP_LAMBDA)) {
		lambda(f, at, unit_mate(u, at) + 2);
	} else if (k->op == '(' || k->op == '[' || k->op == '{') {
		fold_bracket(f, k->op == '(' ? F_PAREN : k->op == '[' ? F_LIST : F_MAP, at);
	} else if (k->op == '-') {
		operator(f, FO_NEG);
	} else if (k->op == '~') {
		operator(f, FO_INVERT);
	} else if (k->op == ',' || k->op == ':') {
		fold_push(f, (struct value){ .kind = V_UNKNOWN, .n = 1 }); /* a hole */
		t->comma = t->comma || k->op == ',';
	} else if (strchr("+*!", k->op) == NULL && k->op != OP_POW && k->op != OP_ELLIPSIS &&
		   k->op != OP_STEP) {
		fold_operand(f, value_unknown(0));
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
	struct frame *t = fold_top(f);

	fold_reduce(f, t->ops, 0);
	t->comma = t->comma || comma;
	t->operand = false;
	t->at++;
}

static void word_operator(struct fold *f, enum word w)
{
	struct frame *t = fold_top(f);

	t->at++;
	if (w == W_IF || w == W_ELSE || w == W_OR || w == W_AND)
		operator(f, FO_MERGE);
	else if (w == W_IN || w == W_IS || w == W_INSTANCEOF || w == W_NOT)
		operator(f, FO_COMPARE);
	else if (!t->bracket)
		fold_finish(f);
}

static void next_op(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = fold_top(f);
	unsigned op = u->tok[at].op;

	t->at = at + 1;
	if ((op == '.' || op == OP_OPTIONAL) && unit_name(u, at + 1)) {
		t->at = at + 2;
		fold_push(f, fold_attribute(u, fold_pop(f), unit_text(u, at + 1)));
	} else if (op == '(' || op == '[') {
		fold_bracket(f, op == '(' ? F_CALL : F_INDEX, at);
	} else if (op == '{') {
		t->at = unit_mate(u, at) + 1;
	} else if (op == OP_STEP || op == '!' || op == OP_OPTIONAL) {
		if (t->kind == F_FIELD)
			t->at = t->end;
	} else if (op == '=' || op == OP_WALRUS) {
		fold_reduce(f, t->ops, 0);
		(void)fold_pop(f);
		t->operand = false;
	} else if (op == '?') {
		fold_reduce(f, t->ops, 0);
		(void)fold_pop(f);
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
			fold_finish(f);
			return;
		}
		t->at = at;
		separator(f, op == ',' || t->kind == F_INDEX);
	} else if (!t->bracket) {
		fold_finish(f);
	}
}

/* tag`text`: a function of the file itself is given a list of texts, and String.raw gives it back.
 */
static void tagged(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct value *text = value_items(u, 1), tag = fold_pop(f);
	uint32_t end = unit_mate(u, at);

	fold_top(f)->operand = false;
	if (tag.kind == V_NAME && str_eq(tag.s, S("String.raw")))
		return; /* the template itself comes next */
	fold_top(f)->at = end > at ? end + 1 : at + 1;
	if (text == NULL || tag.kind != V_LAMBDA || end != at + 2) {
		fold_operand(f, value_unknown(value_taint(u, &tag)));
		return;
	}
	text[0] = fold_literal(u, at + 1);
	fold_apply(f, tag, &(struct value){ .kind = V_LIST, .items = text, .n = 1 }, 1);
}

static void next(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = fold_top(f);
	unsigned kind = u->tok[at].kind;

	if (kind == TOK_OP) {
		next_op(f, at);
	} else if ((kind == TOK_STRING || kind == TOK_F_START) && u->lang == LANG_PYTHON) {
		operator(f, FO_CONCAT);
	} else if (kind == TOK_F_START) {
		tagged(f, at);
	} else if (kind == TOK_NAME) {
		word_operator(f, (enum word)u->tok[at].word);
	} else if (t->bracket) {
		t->at = at + 1;
	} else {
		fold_finish(f);
	}
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* A format's own steps: text, and fields between braces. */
static void format_step(struct fold *f, uint32_t at)
{
	struct unit *u = f->u;
	struct frame *t = fold_top(f);

	t->at = at + 1;
	if (u->tok[at].kind == TOK_F_MIDDLE) {
		fold_push(f, fold_literal(u, at));
	} else if (unit_is(u, at, '{')) {
		uint32_t close = unit_mate(u, at);
		t->at = close + 1;
		if (close > at)
			(void)fold_enter(f, F_FIELD, at + 1, close);
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
		struct frame *t = fold_top(f);
		if (*u->steps == 0) {
			f->spent = true;
			break;
		}
		--*u->steps;
		if (t->at >= u->n || stops(u, t))
			fold_finish(f);
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

	if (f == NULL || t >= u->n || fold_enter(f, F_ROOT, t, end < u->n ? end : u->n) == NULL)
		return value_unknown(0);
	run(f);
	if (f->spent)
		abandon(f);
	return f->spent || f->n_values == 0 ? value_unknown(0) : f->values[0];
}

uint32_t fold_arguments(struct unit *u, uint32_t open, struct value *out, uint32_t max)
{
	uint32_t close = unit_mate(u, open), n = 0;
	uint32_t loop = close > open ? fold_comprehension(u, open, close) : 0;

	for (uint32_t at = open + 1; at < close && n < max && !loop;) {
		uint32_t end = at;
		while (end < close && !unit_is(u, end, ','))
			end = unit_past(u, end);
		if (unit_word(u, at, W_LAMBDA) || end == at)
			out[n++] = value_unknown(0);
		else
			out[n++] = fold_expression(u, at, end);
		at = end + 1;
	}
	return n;
}
