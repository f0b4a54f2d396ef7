/*
 * llm/gemini_args.c - function arguments that arrive as pairs of a JSON path and a piece of a
 * value, told as the growing text of one JSON object. Providers send the paths in the order of
 * the text, so each piece can go out at once; a path that goes back to what is written already is
 * refused.
 * Ring 0. Input: hostile (providers'). Runs in: ingress. Fuzz: fuzz/gemini_stream_fuzz.c
 */
#include "llm/gemini.h"

#include "base/ascii.h"

#include <assert.h>

/* Names of one object are compared one by one. */
enum { STEPS_MAX = 64, NAMES_MAX = 1024 };

struct step {
	bool is_index;
	struct str name; /* resolved */
	int64_t index;
};

struct name {
	struct name *next;
	struct str s;
};

/* A container that is open in the text, and where in it the text stands. */
struct frame {
	bool is_array, begun;
	int64_t index;
	struct name *names; /* the latest first */
	size_t count;
};

struct gemini_args {
	struct arena *a;
	struct frame frames[STEPS_MAX + 1];
	size_t depth;
	bool begun, in_string;
};

struct gemini_args *gemini_args_new(struct arena *a)
{
	struct gemini_args *g = NEW(a, struct gemini_args);

	if (g != NULL) {
		g->a = a;
		g->depth = 1;
	}
	return g;
}

/* ---- paths: $.name[0]['other name'] -------------------------------------------------------- */

static enum err quoted(struct str *io, struct arena *scratch, struct step *out)
{
	char quote = io->p[1];
	size_t i = 2, n = 0;
	char *p = arena_alloc(scratch, io->n, 1);

	if (p == NULL)
		return ERR_NOMEM;
	for (; i < io->n && io->p[i] != quote; i++) {
		if (io->p[i] == '\\' && ++i == io->n)
			return ERR_SYNTAX;
		p[n++] = io->p[i];
	}
	if (i + 1 >= io->n || io->p[i + 1] != ']')
		return ERR_SYNTAX;
	*out = (struct step){ .name = { p, n } };
	*io = str_tail(*io, i + 2);
	return OK;
}

static enum err indexed(struct str *io, struct step *out)
{
	size_t i = 1;
	int64_t v = 0;

	for (; i < io->n && i < 10 && ascii_digit(io->p[i]); i++)
		v = v * 10 + (io->p[i] - '0');
	if (i == 1 || i >= io->n || io->p[i] != ']')
		return ERR_SYNTAX;
	*out = (struct step){ .is_index = true, .index = v };
	*io = str_tail(*io, i + 1);
	return OK;
}

static enum err dotted(struct str *io, struct step *out)
{
	size_t i = 1;

	while (i < io->n && io->p[i] != '.' && io->p[i] != '[')
		i++;
	if (i == 1)
		return ERR_SYNTAX;
	*out = (struct step){ .name = { io->p + 1, i - 1 } };
	*io = str_tail(*io, i);
	return OK;
}

static enum err next_step(struct str *io, struct arena *scratch, struct step *out)
{
	if (io->p[0] == '.')
		return dotted(io, out);
	if (io->p[0] != '[' || io->n < 2)
		return ERR_SYNTAX;
	if (io->p[1] == '\'' || io->p[1] == '"')
		return quoted(io, scratch, out);
	return indexed(io, out);
}

static enum err parse(struct str path, struct arena *scratch, struct step steps[STEPS_MAX],
		      size_t *out_n)
{
	size_t n = 0;

	if (!str_has_prefix(path, S("$")))
		return ERR_SYNTAX;
	for (path = str_tail(path, 1); path.n > 0; n++) {
		if (n == STEPS_MAX)
			return ERR_LIMIT;
		TRY(next_step(&path, scratch, &steps[n]));
	}
	*out_n = n;
	return n && !steps[0].is_index ? OK : ERR_SYNTAX;
}

/* ---- the text ------------------------------------------------------------------------------ */

static bool is_at(const struct frame *f, const struct step *s)
{
	if (!f->begun || f->is_array != s->is_index)
		return false;
	return f->is_array ? f->index == s->index : str_eq(f->names->s, s->name);
}

static enum err remember(struct gemini_args *g, struct frame *f, struct str name)
{
	for (const struct name *n = f->names; n != NULL; n = n->next)
		if (str_eq(n->s, name))
			return ERR_SYNTAX;
	if (++f->count > NAMES_MAX)
		return ERR_LIMIT;
	struct name *n = NEW(g->a, struct name);
	if (n == NULL)
		return ERR_NOMEM;
	n->s = arena_dup(g->a, name);
	n->next = f->names;
	f->names = n;
	return n->s.p ? OK : ERR_NOMEM;
}

/* enter moves on to the child s of the container f and writes what stands before its value. */
static enum err enter(struct gemini_args *g, struct frame *f, const struct step *s, struct buf *out)
{
	if (f->is_array != s->is_index)
		return ERR_SYNTAX;
	if (f->is_array && s->index != (f->begun ? f->index + 1 : 0))
		return ERR_SYNTAX;
	if (f->begun)
		buf_addc(out, ',');
	f->begun = true;
	f->index = s->index;
	if (f->is_array)
		return OK;
	TRY(remember(g, f, s->name));
	buf_addc(out, '"');
	jw_str_add(out, s->name);
	buf_add(out, S("\":"));
	return OK;
}

static void close_to(struct gemini_args *g, size_t depth, struct buf *out)
{
	if (g->in_string)
		buf_addc(out, '"');
	g->in_string = false;
	while (g->depth > depth)
		buf_addc(out, g->frames[--g->depth].is_array ? ']' : '}');
}

/* go writes everything between the last value and the one at steps. *out_on: the string there
 * goes on. */
static enum err go(struct gemini_args *g, const struct step *steps, size_t n, bool *out_on,
		   struct buf *out)
{
	size_t same = 0;

	while (same < n && same < g->depth && is_at(&g->frames[same], &steps[same]))
		same++;
	*out_on = same == n && same == g->depth && g->in_string;
	if (*out_on)
		return OK;
	/* a value that is complete, or a leaf taken for a container */
	if (same == n || same == g->depth)
		return ERR_SYNTAX;
	close_to(g, same + 1, out);
	TRY(enter(g, &g->frames[same], &steps[same], out));
	for (size_t i = same + 1; i < n; i++) {
		struct frame *f = &g->frames[g->depth++];
		*f = (struct frame){ .is_array = steps[i].is_index };
		buf_addc(out, f->is_array ? '[' : '{');
		TRY(enter(g, f, &steps[i], out));
	}
	return OK;
}

struct piece {
	struct str string, number;
	const struct json *path, *null;
	enum llm_tri boolean;
	bool more;
};

static const struct llm_field piece_rows[] = {
	LLM_FIELD(piece, path, "jsonPath", FIELD_ANY),
	LLM_FIELD(piece, string, "stringValue", FIELD_ESC),
	LLM_FIELD(piece, number, "numberValue", FIELD_NUM),
	LLM_FIELD(piece, boolean, "boolValue", FIELD_TRI),
	LLM_FIELD(piece, null, "nullValue", FIELD_ANY),
	LLM_FIELD(piece, more, "willContinue", FIELD_BOOL),
};

static enum err put_value(struct gemini_args *g, const struct piece *p, bool on, struct buf *out)
{
	if (p->string.p != NULL) {
		if (!on)
			buf_addc(out, '"');
		jw_esc_add(out, p->string);
		if (!p->more)
			buf_addc(out, '"');
		g->in_string = p->more;
		return OK;
	}
	if (on)
		return ERR_SYNTAX; /* a string cannot go on as something else */
	if (p->number.p != NULL)
		buf_add(out, p->number);
	else if (p->boolean != TRI_UNSET)
		buf_add(out, p->boolean == TRI_YES ? S("true") : S("false"));
	else
		buf_add(out, S("null"));
	return OK;
}

static enum err add_piece(struct gemini_args *g, const struct json *v, struct arena *scratch,
			  struct buf *out)
{
	struct llm_at at = { .a = scratch, .prefix = S(""), .camel = true, .lenient = true };
	struct step steps[STEPS_MAX];
	struct piece p = { .more = false };
	size_t n = 0;
	bool on = false;

	TRY(LLM_READ(&at, v, piece_rows, &p));
	if (p.string.p == NULL && p.number.p == NULL && p.boolean == TRI_UNSET && p.null == NULL)
		p.null = json_get(v, S("nullValue"));
	if (p.string.p == NULL && p.number.p == NULL && p.boolean == TRI_UNSET && p.null == NULL)
		return OK; /* no value, nothing to say */
	struct str path = json_str(scratch, p.path);
	if (path.p == NULL)
		return ERR_SYNTAX;
	TRY(parse(path, scratch, steps, &n));
	if (!g->begun)
		buf_addc(out, '{');
	g->begun = true;
	TRY(go(g, steps, n, &on, out));
	TRY(put_value(g, &p, on, out));
	return out->err;
}

enum err gemini_args_add(struct gemini_args *g, const struct json *partial, struct arena *scratch,
			 struct buf *out)
{
	JSON_EACH_ITEM(partial, it)
		TRY(add_piece(g, it, scratch, out));
	return OK;
}

void gemini_args_end(struct gemini_args *g, struct buf *out)
{
	if (!g->begun)
		buf_add(out, S("{}"));
	else
		close_to(g, 0, out);
	g->begun = true;
	g->depth = 0;
}
