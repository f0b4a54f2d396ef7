/*
 * codec/pickle.c - opcodes of pickle and the imports among them, without loading anything.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/pickle_fuzz.c
 *
 * What the stack holds is followed only as far as it matters: marks, strings (a protocol 4 import
 * takes two from the stack, and they may come out of the memo), and everything else.
 */
#include "codec/pickle.h"

#include "base/limits.h"
#include "base/num.h"
#include "codec/pickle_escape.h"

#include <assert.h>
#include <string.h>

enum arg {
	ARG_NONE,
	ARG_1, /* so many bytes */
	ARG_2,
	ARG_4,
	ARG_8,
	ARG_LINE,  /* text up to a line feed */
	ARG_LINES, /* two of them */
	ARG_TEXT1, /* bytes behind a length of so many bytes */
	ARG_TEXT4,
	ARG_TEXT8,
};

/* What an opcode does to the stack. */
enum act {
	ACT_NONE,
	ACT_PUSH, /* pops so many, then pushes something */
	ACT_DROP, /* pops so many */
	ACT_MARK,
	ACT_TO_MARK,  /* pops up to the last mark, then pushes something */
	ACT_OFF_MARK, /* pops up to the last mark */
	ACT_STRING,   /* pushes its argument */
	ACT_ESCAPED,  /* the same with escapes resolved */
	ACT_GET,
	ACT_PUT,
	ACT_MEMOIZE,
	ACT_DUP,
	ACT_GLOBAL,
	ACT_INST,
	ACT_STACK_GLOBAL,
	ACT_PROTO,
	ACT_FRAME,
	ACT_STOP,
};

/* X(code, name, argument, act, values popped) */
#define OPCODES(X)                                                                                 \
	X('I', "INT", ARG_LINE, ACT_PUSH, 0)                                                       \
	X('J', "BININT", ARG_4, ACT_PUSH, 0)                                                       \
	X('K', "BININT1", ARG_1, ACT_PUSH, 0)                                                      \
	X('M', "BININT2", ARG_2, ACT_PUSH, 0)                                                      \
	X('L', "LONG", ARG_LINE, ACT_PUSH, 0)                                                      \
	X(0x8a, "LONG1", ARG_TEXT1, ACT_PUSH, 0)                                                   \
	X(0x8b, "LONG4", ARG_TEXT4, ACT_PUSH, 0)                                                   \
	X('S', "STRING", ARG_LINE, ACT_ESCAPED, 0)                                                 \
	X('T', "BINSTRING", ARG_TEXT4, ACT_STRING, 0)                                              \
	X('U', "SHORT_BINSTRING", ARG_TEXT1, ACT_STRING, 0)                                        \
	X('B', "BINBYTES", ARG_TEXT4, ACT_PUSH, 0)                                                 \
	X('C', "SHORT_BINBYTES", ARG_TEXT1, ACT_PUSH, 0)                                           \
	X(0x8e, "BINBYTES8", ARG_TEXT8, ACT_PUSH, 0)                                               \
	X(0x96, "BYTEARRAY8", ARG_TEXT8, ACT_PUSH, 0)                                              \
	X(0x97, "NEXT_BUFFER", ARG_NONE, ACT_PUSH, 0)                                              \
	X(0x98, "READONLY_BUFFER", ARG_NONE, ACT_PUSH, 1)                                          \
	X('N', "NONE", ARG_NONE, ACT_PUSH, 0)                                                      \
	X(0x88, "NEWTRUE", ARG_NONE, ACT_PUSH, 0)                                                  \
	X(0x89, "NEWFALSE", ARG_NONE, ACT_PUSH, 0)                                                 \
	X('V', "UNICODE", ARG_LINE, ACT_ESCAPED, 0)                                                \
	X(0x8c, "SHORT_BINUNICODE", ARG_TEXT1, ACT_STRING, 0)                                      \
	X('X', "BINUNICODE", ARG_TEXT4, ACT_STRING, 0)                                             \
	X(0x8d, "BINUNICODE8", ARG_TEXT8, ACT_STRING, 0)                                           \
	X('F', "FLOAT", ARG_LINE, ACT_PUSH, 0)                                                     \
	X('G', "BINFLOAT", ARG_8, ACT_PUSH, 0)                                                     \
	X(']', "EMPTY_LIST", ARG_NONE, ACT_PUSH, 0)                                                \
	X('a', "APPEND", ARG_NONE, ACT_DROP, 1)                                                    \
	X('e', "APPENDS", ARG_NONE, ACT_OFF_MARK, 0)                                               \
	X('l', "LIST", ARG_NONE, ACT_TO_MARK, 0)                                                   \
	X(')', "EMPTY_TUPLE", ARG_NONE, ACT_PUSH, 0)                                               \
	X('t', "TUPLE", ARG_NONE, ACT_TO_MARK, 0)                                                  \
	X(0x85, "TUPLE1", ARG_NONE, ACT_PUSH, 1)                                                   \
	X(0x86, "TUPLE2", ARG_NONE, ACT_PUSH, 2)                                                   \
	X(0x87, "TUPLE3", ARG_NONE, ACT_PUSH, 3)                                                   \
	X('}', "EMPTY_DICT", ARG_NONE, ACT_PUSH, 0)                                                \
	X('d', "DICT", ARG_NONE, ACT_TO_MARK, 0)                                                   \
	X('s', "SETITEM", ARG_NONE, ACT_DROP, 2)                                                   \
	X('u', "SETITEMS", ARG_NONE, ACT_OFF_MARK, 0)                                              \
	X(0x8f, "EMPTY_SET", ARG_NONE, ACT_PUSH, 0)                                                \
	X(0x90, "ADDITEMS", ARG_NONE, ACT_OFF_MARK, 0)                                             \
	X(0x91, "FROZENSET", ARG_NONE, ACT_TO_MARK, 0)                                             \
	X('0', "POP", ARG_NONE, ACT_DROP, 1)                                                       \
	X('2', "DUP", ARG_NONE, ACT_DUP, 0)                                                        \
	X('(', "MARK", ARG_NONE, ACT_MARK, 0)                                                      \
	X('1', "POP_MARK", ARG_NONE, ACT_OFF_MARK, 0)                                              \
	X('g', "GET", ARG_LINE, ACT_GET, 0)                                                        \
	X('h', "BINGET", ARG_1, ACT_GET, 0)                                                        \
	X('j', "LONG_BINGET", ARG_4, ACT_GET, 0)                                                   \
	X('p', "PUT", ARG_LINE, ACT_PUT, 0)                                                        \
	X('q', "BINPUT", ARG_1, ACT_PUT, 0)                                                        \
	X('r', "LONG_BINPUT", ARG_4, ACT_PUT, 0)                                                   \
	X(0x94, "MEMOIZE", ARG_NONE, ACT_MEMOIZE, 0)                                               \
	X(0x82, "EXT1", ARG_1, ACT_PUSH, 0)                                                        \
	X(0x83, "EXT2", ARG_2, ACT_PUSH, 0)                                                        \
	X(0x84, "EXT4", ARG_4, ACT_PUSH, 0)                                                        \
	X('c', "GLOBAL", ARG_LINES, ACT_GLOBAL, 0)                                                 \
	X(0x93, "STACK_GLOBAL", ARG_NONE, ACT_STACK_GLOBAL, 0)                                     \
	X('R', "REDUCE", ARG_NONE, ACT_PUSH, 2)                                                    \
	X('b', "BUILD", ARG_NONE, ACT_DROP, 1)                                                     \
	X('i', "INST", ARG_LINES, ACT_INST, 0)                                                     \
	X('o', "OBJ", ARG_NONE, ACT_TO_MARK, 0)                                                    \
	X(0x81, "NEWOBJ", ARG_NONE, ACT_PUSH, 2)                                                   \
	X(0x92, "NEWOBJ_EX", ARG_NONE, ACT_PUSH, 3)                                                \
	X(0x80, "PROTO", ARG_1, ACT_PROTO, 0)                                                      \
	X('.', "STOP", ARG_NONE, ACT_STOP, 0)                                                      \
	X(0x95, "FRAME", ARG_8, ACT_FRAME, 0)                                                      \
	X('P', "PERSID", ARG_LINE, ACT_PUSH, 0)                                                    \
	X('Q', "BINPERSID", ARG_NONE, ACT_PUSH, 1)

static const struct row {
	const char *name;
	enum arg arg;
	enum act act;
	unsigned pops;
} rows[256] = {
#define X(code, name, arg, act, pops) [code] = { name, arg, act, pops },
	OPCODES(X)
#undef X
};

enum kind { KIND_OTHER, KIND_STRING, KIND_MARK };

struct pickle_value {
	const char *p; /* of a string */
	uint32_t n;
	uint32_t kind : 2;   /* enum kind */
	uint32_t round : 30; /* in the memo: of which pickle of this text, from 1 */
};

/* ---- opcodes -------------------------------------------------------------------------------- */

static uint64_t little(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return v;
}

/* n bytes behind the opcode, which take skip bytes of length before them. */
static enum err take(struct str rest, size_t skip, uint64_t n, struct pickle_op *out)
{
	if (n > rest.n - skip)
		return ERR_AGAIN;
	out->arg = (struct str){ rest.p + skip, (size_t)n };
	out->n = 1 + skip + (size_t)n;
	return OK;
}

static enum err take_sized(struct str rest, size_t bytes, bool is_signed, struct pickle_op *out)
{
	if (rest.n < bytes)
		return ERR_AGAIN;
	uint64_t n = little(rest.p, bytes);
	if (is_signed && n > INT32_MAX)
		return ERR_SYNTAX;
	return take(rest, bytes, n, out);
}

static enum err take_lines(struct str rest, unsigned lines, struct pickle_op *out)
{
	size_t n = 0;

	for (; lines > 0; lines--) {
		size_t nl = str_chr(str_tail(rest, n), '\n');
		if (nl == SIZE_MAX)
			return ERR_AGAIN;
		n += nl + 1;
	}
	out->arg = str_head(rest, n - 1);
	out->n = 1 + n;
	return OK;
}

/* The string of STRING stands in quotes of one kind. */
static enum err unquote(struct pickle_op *out)
{
	struct str *s = &out->arg;

	while (s->n > 0 && (s->p[s->n - 1] == ' ' || s->p[s->n - 1] == '\r'))
		s->n--;
	if (s->n < 2 || (s->p[0] != '\'' && s->p[0] != '"') || s->p[s->n - 1] != s->p[0])
		return ERR_SYNTAX;
	*s = (struct str){ s->p + 1, s->n - 2 };
	return OK;
}

enum err pickle_next(struct str text, size_t at, struct pickle_op *out)
{
	struct str rest = str_tail(text, at);

	if (rest.n == 0)
		return ERR_AGAIN;
	*out = (struct pickle_op){ .code = (uint8_t)rest.p[0], .at = at, .n = 1 };
	const struct row *row = &rows[out->code];
	out->name = row->name;
	rest = str_tail(rest, 1);
	out->arg = str_head(rest, 0);
	if (row->name == NULL)
		return ERR_SYNTAX;
	switch (row->arg) {
	case ARG_1:
		return take(rest, 0, 1, out);
	case ARG_2:
		return take(rest, 0, 2, out);
	case ARG_4:
		return take(rest, 0, 4, out);
	case ARG_8:
		return take(rest, 0, 8, out);
	case ARG_LINE:
		TRY(take_lines(rest, 1, out));
		return out->code == 'S' ? unquote(out) : OK;
	case ARG_LINES:
		return take_lines(rest, 2, out);
	case ARG_TEXT1:
		return take_sized(rest, 1, false, out);
	case ARG_TEXT4:
		/* BINSTRING and LONG4 have signed lengths */
		return take_sized(rest, 4, out->code == 'T' || out->code == 0x8b, out);
	case ARG_TEXT8:
		return take_sized(rest, 8, false, out);
	case ARG_NONE:
	default:
		return OK;
	}
}

/* ---- stack and memo ------------------------------------------------------------------------- */

/* Makes room for n values in one of both arrays. */
static enum err room(struct arena *a, struct pickle_value **v, size_t *cap, size_t n, size_t max)
{
	if (n <= *cap)
		return OK;
	if (n > max)
		return ERR_LIMIT;
	size_t more = *cap ? *cap : 64;
	while (more < n)
		more *= 2;
	struct pickle_value *new = NEW_ARRAY(a, struct pickle_value, more);
	if (new == NULL)
		return ERR_NOMEM;
	if (*cap > 0)
		memcpy(new, *v, *cap * sizeof *new);
	*v = new;
	*cap = more;
	return OK;
}

static enum err push(struct pickle *p, struct pickle_value v)
{
	TRY(room(p->arena, &p->stack, &p->stack_cap, p->depth + 1, LIMIT_PICKLE_STACK));
	p->stack[p->depth++] = v;
	return OK;
}

static enum err push_other(struct pickle *p)
{
	return push(p, (struct pickle_value){ .kind = KIND_OTHER });
}

static enum err push_string(struct pickle *p, struct str s)
{
	if (s.n > UINT32_MAX)
		return push_other(p);
	return push(p, (struct pickle_value){ .p = s.p, .n = (uint32_t)s.n, .kind = KIND_STRING });
}

static enum err pop(struct pickle *p, size_t n)
{
	if (p->depth < n)
		return ERR_SYNTAX;
	p->depth -= n;
	return OK;
}

static enum err pop_mark(struct pickle *p)
{
	while (p->depth > 0)
		if (p->stack[--p->depth].kind == KIND_MARK)
			return OK;
	return ERR_SYNTAX;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A number as int() takes it, in all its spellings: " +1_0\r" is ten. One of them that only we did
 * not know would end our reading, and not the loader's. */
static enum err loose_number(struct str s, uint64_t *out)
{
	char digits[24];
	size_t n = 0;

	s = str_head(s, str_chr(s, '\0'));
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_space(s.p[0]))
		s = str_tail(s, 1);
	bool minus = s.n > 0 && s.p[0] == '-';
	if (minus || (s.n > 0 && s.p[0] == '+'))
		s = str_tail(s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_' && i > 0 && s.p[i - 1] != '_' && i + 1 < s.n)
			continue;
		if (n == 0 && s.p[i] == '0' && i + 1 < s.n)
			continue;
		if (n == sizeof digits)
			return ERR_LIMIT;
		digits[n++] = s.p[i];
	}
	TRY(num_u64((struct str){ digits, n }, UINT32_MAX, out));
	return minus && *out != 0 ? ERR_SYNTAX : OK;
}

/* The index that an opcode of the memo names. */
static enum err memo_index(const struct pickle_op *op, uint64_t *out)
{
	if (rows[op->code].arg == ARG_LINE)
		return loose_number(op->arg, out);
	*out = little(op->arg.p, op->arg.n);
	return OK;
}

/* The loader's memo is a dictionary: MEMOIZE takes its size as index, so what counts is how many
 * different indices there are. */
static enum err put(struct pickle *p, uint64_t at)
{
	if (p->depth == 0)
		return ERR_SYNTAX;
	if (at >= LIMIT_PICKLE_MEMO) {
		if (at != p->memo_n)
			return ERR_LIMIT;
		p->memo_n++; /* an import by it counts as computed */
		return OK;
	}
	TRY(room(p->arena, &p->memo, &p->memo_cap, (size_t)at + 1, LIMIT_PICKLE_MEMO));
	p->memo_n += p->memo[at].round != p->round;
	p->memo[at] = p->stack[p->depth - 1];
	p->memo[at].round = p->round & 0x3fffffff;
	return OK;
}

static enum err get(struct pickle *p, uint64_t at)
{
	if (at < p->memo_cap && p->memo[at].round == p->round)
		return push(p, p->memo[at]);
	return at >= LIMIT_PICKLE_MEMO && at < p->memo_n ? push_other(p) : ERR_SYNTAX;
}

/* ---- strings with escapes ------------------------------------------------------------------- */

static enum err push_escaped(struct pickle *p, uint8_t code, struct str s)
{
	struct buf b;

	if (str_chr(s, '\\') == SIZE_MAX)
		return push_string(p, s);
	if (s.n > 4096)
		return push_other(p); /* no name of a module */
	char *room_for = arena_take(p->arena, 2 * s.n, 1);
	if (room_for == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room_for, 2 * s.n);
	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_tail(s, i + 1);
		size_t n = s.p[i] != '\\' ? 0
			   : code == 'V'  ? pickle_escape_unicode(rest, &b)
					  : pickle_escape(rest, &b);
		if (n == 0)
			buf_addc(&b, s.p[i]);
		i += n;
	}
	return b.err == OK ? push_string(p, buf_str(&b)) : push_other(p);
}

/* ---- imports -------------------------------------------------------------------------------- */

static void import_lines(const struct pickle_op *op, struct pickle_import *out)
{
	*out = (struct pickle_import){ .at = op->at };
	out->module = str_cut(op->arg, '\n', &out->name);
}

static enum err import_stack(struct pickle *p, const struct pickle_op *op,
			     struct pickle_import *out)
{
	TRY(pop(p, 2));
	const struct pickle_value *v = p->stack + p->depth;
	*out = (struct pickle_import){ .at = op->at };
	if (v[0].kind == KIND_STRING && v[1].kind == KIND_STRING) {
		out->module = (struct str){ v[0].p, v[0].n };
		out->name = (struct str){ v[1].p, v[1].n };
	} else {
		out->computed = true;
	}
	return push_other(p);
}

static void count(struct pickle *p, uint8_t code)
{
	p->ops++;
	p->calls += code == 'R' || code == 'i' || code == 'o' || code == 0x81 || code == 0x92;
	p->builds += code == 'b';
	p->foreign += code == 'P' || code == 'Q' || (code >= 0x82 && code <= 0x84);
}

/* READONLY_BUFFER, REDUCE and the like put their result where their arguments were. */
static enum err pop_push(struct pickle *p, unsigned pops)
{
	TRY(pop(p, pops));
	return push_other(p);
}

/* The loader in C reads a frame as a whole, and where an opcode or a frame goes on behind its end
 * it forgets what it had of it: "xxos" cut behind "xx" is "os" then. No pickler writes such a
 * thing. */
static enum err frame(struct pickle *p, const struct pickle_op *op)
{
	uint64_t n = little(op->arg.p, op->arg.n), at = op->at + op->n;

	if (n > UINT64_MAX - at)
		return ERR_SYNTAX;
	if (at < p->frame_end && at + n > p->frame_end)
		return ERR_UNSUPPORTED;
	p->frame_end = at + n;
	return OK;
}

static bool over_frame(const struct pickle *p, const struct pickle_op *op)
{
	return op->at < p->frame_end && op->at + op->n > p->frame_end;
}

static enum err step(struct pickle *p, const struct pickle_op *op, struct pickle_import *out,
		     bool *out_import)
{
	const struct row *row = &rows[op->code];
	uint64_t at = 0;

	switch (row->act) {
	case ACT_PUSH:
		return pop_push(p, row->pops);
	case ACT_DROP:
		return pop(p, row->pops);
	case ACT_MARK:
		return push(p, (struct pickle_value){ .kind = KIND_MARK });
	case ACT_TO_MARK:
		TRY(pop_mark(p));
		return push_other(p);
	case ACT_OFF_MARK:
		return pop_mark(p);
	case ACT_STRING:
		return push_string(p, op->arg);
	case ACT_ESCAPED:
		return push_escaped(p, op->code, op->arg);
	case ACT_GET:
		TRY(memo_index(op, &at));
		return get(p, at);
	case ACT_PUT:
		TRY(memo_index(op, &at));
		return put(p, at);
	case ACT_MEMOIZE:
		return put(p, p->memo_n);
	case ACT_DUP:
		return p->depth > 0 ? push(p, p->stack[p->depth - 1]) : ERR_SYNTAX;
	case ACT_GLOBAL:
		*out_import = true;
		import_lines(op, out);
		return push_other(p);
	case ACT_INST:
		*out_import = true;
		import_lines(op, out);
		(void)pop_mark(p); /* without one all is popped, and the loader has imported */
		return push_other(p);
	case ACT_STACK_GLOBAL:
		*out_import = true;
		return import_stack(p, op, out);
	case ACT_PROTO:
		p->protocol = (unsigned char)op->arg.p[0];
		return p->protocol <= 5 ? OK : ERR_SYNTAX;
	case ACT_FRAME:
		return frame(p, op);
	case ACT_STOP:
		p->stopped = true;
		return pop(p, 1);
	case ACT_NONE:
	default:
		return OK;
	}
}

void pickle_init(struct pickle *p, struct str text, struct arena *a)
{
	*p = (struct pickle){ .text = text, .arena = a, .round = 1 };
}

void pickle_again(struct pickle *p)
{
	assert(p->stopped);
	p->stopped = false;
	p->depth = 0;
	p->memo_n = 0;
	p->frame_end = 0;
	p->round++;
	assert(p->round < PICKLE_ROUNDS_MAX);
}

/* The text ends within the lines of GLOBAL or INST. A loader takes what is there for a line, less
 * its last byte, imports and, for INST, calls. */
static bool cut_import(struct pickle *p, const struct pickle_op *op, struct pickle_import *out)
{
	struct str rest = str_tail(p->text, p->at + 1);
	struct pickle_op whole = { .at = p->at };

	if (op->code != 'c' && op->code != 'i')
		return false;
	if (rest.n > 0 && rest.p[rest.n - 1] != '\n')
		rest.n--;
	whole.arg = rest;
	import_lines(&whole, out);
	if (str_has_suffix(out->name, S("\n")))
		out->name.n--;
	p->calls += op->code == 'i';
	p->at = p->text.n;
	return true;
}

enum err pickle_import(struct pickle *p, struct pickle_import *out, bool *out_more)
{
	struct pickle_op op = { 0 };
	bool import = false;

	*out_more = false;
	while (!import && !p->stopped) {
		enum err e = pickle_next(p->text, p->at, &op);
		if (e == ERR_AGAIN && cut_import(p, &op, out)) {
			*out_more = true;
			return OK;
		}
		if (e != OK)
			return e == ERR_AGAIN ? ERR_SYNTAX : e;
		TRY(over_frame(p, &op) ? ERR_UNSUPPORTED : step(p, &op, out, &import));
		count(p, op.code);
		p->at += op.n;
	}
	*out_more = import;
	return OK;
}
