/*
 * llm/echo.c - the built-in offline provider.
 * Ring 0. Input: hostile (clients').   Runs in: ingress.   Fuzz: fuzz/echo_fuzz.c
 */
#include "llm/echo.h"

#include "base/ascii.h"

#include <assert.h>
#include <string.h>

enum {
	CALLS_MAX = 16,
	CHOICES_MAX = 128,
	STOPS_MAX = 64,
	TRIES_MAX = 1024, /* looks for a function's name among all tools */
	INSTANCE_MAX = 256 << 10, /* bytes of one minimal instance */
	ANSWER_MAX = 64 << 20,
};

static const struct str none = { NULL, 0 };

struct call {
	const struct llm_tool *tool;
	struct str name, args; /* esc; raw */
};

struct echo {
	const struct llm_request *r;
	struct arena *a;
	struct str text;         /* plain: the last user text */
	const struct llm_msg *last;
	struct call calls[CALLS_MAX];
	size_t call_count;
	size_t calls_before;     /* in the conversation, so that ids do not repeat */
	struct str answer;       /* plain */
	struct str answer_esc;
	struct str thought;      /* esc */
	struct str stop;         /* esc: the stop sequence that was met */
	bool cut;                /* by max_tokens */
};

/* ---- strings ------------------------------------------------------------------------------- */

static struct str plain(struct arena *a, struct str esc)
{
	struct buf b;

	if (esc.n == 0 || memchr(esc.p, '\\', esc.n) == NULL)
		return esc.p ? esc : S("");
	char *p = arena_alloc(a, esc.n, 1);
	if (p == NULL)
		return none;
	buf_fixed(&b, p, esc.n);
	json_unescape(&b, esc);
	return buf_str(&b);
}

static struct str escaped(struct arena *a, struct str text)
{
	struct buf b;
	struct str out = none;

	buf_init(&b, ANSWER_MAX);
	jw_str_add(&b, text);
	if (b.err == OK)
		out = arena_dup(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static bool is_word_end(struct str s, size_t i)
{
	return s.p[i] != ' ' && (i + 1 == s.n || s.p[i + 1] == ' ');
}

static int64_t words(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_word_end(s, i);
	return n;
}

/* cut_words keeps the first n words of s. */
static struct str cut_words(struct str s, int64_t n)
{
	size_t end = 0;

	for (size_t i = 0; i < s.n && n > 0; i++)
		if (is_word_end(s, i)) {
			end = i + 1;
			n--;
		}
	return str_head(s, end);
}

/* ---- reading the conversation -------------------------------------------------------------- */

static enum err read_last(struct echo *e)
{
	struct str esc = S("");

	for (const struct llm_msg *m = e->r->msgs; m != NULL; m = m->next) {
		if (m->role != ROLE_SYSTEM)
			e->last = m;
		for (const struct llm_part *p = m->parts; p != NULL; p = p->next) {
			e->calls_before += p->kind == PART_TOOL_CALL;
			if (m->role == ROLE_USER && p->kind == PART_TEXT)
				esc = p->text;
		}
	}
	e->text = plain(e->a, esc);
	return e->text.p ? OK : ERR_NOMEM;
}

static const struct llm_part *first_result(const struct echo *e)
{
	const struct llm_part *p = e->last ? e->last->parts : NULL;

	while (p != NULL && p->kind != PART_TOOL_RESULT)
		p = p->next;
	return p;
}

static int64_t count_parts(const struct llm_part *p)
{
	int64_t n = 0;

	for (; p != NULL; p = p->next) {
		n += words(p->text);
		for (const struct llm_part *c = p->content; c != NULL; c = c->next)
			n += words(c->text);
		if (p->kind == PART_TOOL_CALL)
			n += words(p->args) + 1;
		else if (p->kind >= PART_IMAGE && p->kind <= PART_VIDEO)
			n++;
	}
	return n;
}

static int64_t count_input(const struct llm_request *r)
{
	int64_t n = count_parts(r->instructions);

	for (const struct llm_msg *m = r->msgs; m != NULL; m = m->next)
		n += count_parts(m->parts);
	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next)
		n += words(t->description) + words(t->schema) + 1;
	return n;
}

/* ---- calls --------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
	return ascii_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* object_at gives the JSON object that s begins with after spaces, p == NULL when there is none. */
static struct str object_at(struct arena *a, struct str s)
{
	const struct json *root = NULL;
	size_t depth = 0;
	bool in_string = false;

	s = str_trim(s);
	if (s.n == 0 || s.p[0] != '{')
		return none;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && --depth == 0) {
			struct str object = str_head(s, i + 1);
			return json_read(a, object, &root, NULL) == OK ? object : none;
		}
	}
	return none;
}

static enum err minimal(struct arena *a, struct str schema, struct str *out)
{
	struct buf b;

	buf_init(&b, INSTANCE_MAX);
	enum err e = echo_instance(a, schema, &b);
	*out = e == OK ? arena_dup(a, buf_str(&b)) : S("{}");
	buf_free(&b);
	return e == ERR_NOMEM || out->p == NULL ? ERR_NOMEM : OK;
}

static enum err add_call(struct echo *e, const struct llm_tool *tool, struct str name,
			 struct str args)
{
	struct call *c = &e->calls[e->call_count];

	assert(e->call_count < CALLS_MAX);
	*c = (struct call){ tool, name, args };
	if (args.p == NULL)
		TRY(minimal(e->a, tool ? tool->schema : none, &c->args));
	if (c->args.p[0] != '{') /* arguments are an object whatever the schema says */
		c->args = S("{}");
	e->call_count++;
	return OK;
}

/* named finds the function that s begins with. */
static const struct llm_tool *named(const struct echo *e, struct str s, size_t *out_n)
{
	size_t n = 0;

	while (n < s.n && is_name_char(s.p[n]))
		n++;
	*out_n = n;
	for (const struct llm_tool *t = e->r->tools; t != NULL && n > 0; t = t->next)
		if (t->raw.p == NULL && str_eq(t->name, str_head(s, n)))
			return t;
	return NULL;
}

static enum err find_calls(struct echo *e)
{
	struct str rest = e->text;
	size_t at, n, most = e->r->parallel == TRI_NO ? 1 : CALLS_MAX;
	unsigned tries = 0;

	while (e->call_count < most && tries++ < TRIES_MAX &&
	       (at = str_find(rest, S("call "))) != SIZE_MAX) {
		bool inside = at > 0 && is_name_char(rest.p[at - 1]);
		rest = str_tail(rest, at + 5);
		const struct llm_tool *tool = inside ? NULL : named(e, rest, &n);
		if (tool == NULL)
			continue;
		rest = str_tail(rest, n);
		struct str args = object_at(e->a, rest);
		TRY(add_call(e, tool, tool->name, args));
		if (args.p != NULL)
			rest = str_tail(rest, (size_t)(args.p - rest.p) + args.n);
	}
	return OK;
}

static enum err force_call(struct echo *e)
{
	const struct llm_str *wanted = e->r->choice == CHOICE_NAMED ? e->r->choice_names : NULL;

	for (const struct llm_tool *t = e->r->tools; t != NULL; t = t->next)
		if (t->raw.p == NULL && (wanted == NULL || str_eq(wanted->s, t->name)))
			return add_call(e, t, t->name, none);
	return OK;
}

static enum err make_calls(struct echo *e)
{
	if (e->r->tools == NULL || e->r->choice == CHOICE_NONE || first_result(e) != NULL)
		return OK;
	TRY(find_calls(e));
	if (e->call_count == 0 && (e->r->choice == CHOICE_REQUIRED || e->r->choice == CHOICE_NAMED))
		return force_call(e);
	return OK;
}

/* ---- text ---------------------------------------------------------------------------------- */

static const char *const media_words[PART_KINDS] = {
	[PART_IMAGE] = " [image]", [PART_DOCUMENT] = " [document]",
	[PART_AUDIO] = " [audio]", [PART_VIDEO] = " [video]",
};

static void say_media(struct buf *b, const struct llm_part *p)
{
	for (; p != NULL; p = p->next)
		if (media_words[p->kind] != NULL)
			buf_add(b, str_z(media_words[p->kind]));
}

static void quote_results(struct echo *e, struct buf *b)
{
	for (const struct llm_part *p = e->last->parts; p != NULL; p = p->next) {
		if (p->kind != PART_TOOL_RESULT)
			continue;
		buf_add(b, p->is_error ? S(" failed") : S(" result"));
		if (p->name.n) {
			buf_add(b, S(" of "));
			json_unescape(b, p->name);
		}
		buf_addc(b, ':');
		for (const struct llm_part *c = p->content; c != NULL; c = c->next) {
			if (c->kind == PART_TEXT) {
				buf_addc(b, ' ');
				json_unescape(b, c->text);
			}
		}
		say_media(b, p->content);
	}
}

static enum err compose(struct echo *e, struct buf *b)
{
	if (e->r->format == FORMAT_SCHEMA && e->r->format_schema.n)
		return echo_instance(e->a, e->r->format_schema, b);
	if (e->r->format == FORMAT_JSON || e->r->format == FORMAT_SCHEMA) {
		jw_obj(b);
		jw_kv_str(b, S("echo"), e->text);
		jw_obj_end(b);
		return b->err;
	}
	buf_add(b, S("echo:"));
	if (first_result(e) != NULL) {
		quote_results(e, b);
		return b->err;
	}
	if (e->text.n)
		buf_addc(b, ' ');
	buf_add(b, e->text);
	if (e->last != NULL)
		say_media(b, e->last->parts);
	return b->err;
}

/* stop cuts the answer before the first stop sequence in it. */
static enum err stop(struct echo *e)
{
	size_t first = SIZE_MAX;
	int tried = 0;

	for (const struct llm_str *s = e->r->stop; s != NULL && tried++ < STOPS_MAX; s = s->next) {
		struct str word = plain(e->a, s->s);
		if (word.p == NULL)
			return ERR_NOMEM;
		size_t at = word.n ? str_find(e->answer, word) : SIZE_MAX;
		if (at < first) {
			first = at;
			e->stop = s->s;
		}
	}
	if (first != SIZE_MAX)
		e->answer = str_head(e->answer, first);
	return OK;
}

static bool wants_thought(const struct llm_request *r)
{
	if (r->thinking_shown == TRI_NO)
		return false;
	if (r->effort.n)
		return !str_eq(r->effort, S("none"));
	return r->thinking_budget > 0 || r->thinking_budget == -2;
}

static enum err make_text(struct echo *e)
{
	struct buf b;

	if (wants_thought(e->r))
		e->thought = e->call_count ? S("A tool was asked for.") : S("I shall say it back.");
	if (e->call_count > 0)
		return OK;
	buf_init(&b, ANSWER_MAX);
	enum err err = compose(e, &b);
	e->answer = err == OK ? arena_dup(e->a, buf_str(&b)) : none;
	buf_free(&b);
	if (e->answer.p == NULL)
		return ERR_NOMEM;
	TRY(stop(e));
	int64_t room = e->r->max_tokens - words(e->thought);
	if (e->r->max_tokens >= 0 && words(e->answer) > room) {
		e->answer = cut_words(e->answer, room > 0 ? room : 0);
		e->cut = true;
		e->stop = none;
	}
	e->answer_esc = escaped(e->a, e->answer);
	return e->answer_esc.p ? OK : ERR_NOMEM;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static enum err numbered(struct arena *a, struct str prefix, uint64_t n, struct str *out)
{
	struct buf b;
	char *p = arena_alloc(a, prefix.n + 20, 1);

	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, p, prefix.n + 20);
	buf_add(&b, prefix);
	buf_addu(&b, n);
	return buf_finish(&b, out);
}

static enum llm_finish reason(const struct echo *e)
{
	if (e->call_count > 0)
		return FINISH_TOOLS;
	if (e->cut)
		return FINISH_LENGTH;
	return e->stop.p ? FINISH_STOP_SEQUENCE : FINISH_STOP;
}

static enum err add_choice(struct echo *e, struct llm_response *out)
{
	struct llm_answer_choice *c = llm_choice_add(e->a, &out->choices);
	struct llm_part *p;

	if (c == NULL)
		return ERR_NOMEM;
	if (e->thought.p != NULL) {
		p = llm_part_add(e->a, &c->parts, PART_THINKING);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = e->r->origin; /* the client's own, so that it comes back as it went */
		p->text = e->thought;
		p->signature = S("ZWNobw==");
	}
	for (size_t i = 0; i < e->call_count; i++) {
		p = llm_part_add(e->a, &c->parts, PART_TOOL_CALL);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = e->r->origin;
		p->name = e->calls[i].name;
		p->args = e->calls[i].args;
		TRY(numbered(e->a, S("call_echo_"), e->calls_before + i + 1, &p->id));
	}
	c->finish = reason(e);
	c->finish_text = e->stop;
	if (e->call_count > 0 || e->answer.n == 0)
		return OK;
	p = llm_part_add(e->a, &c->parts, PART_TEXT);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = e->r->origin;
	p->text = e->answer_esc;
	return OK;
}

static struct llm_usage count(const struct echo *e, int64_t n)
{
	int64_t output = words(e->thought) + words(e->answer);

	for (size_t i = 0; i < e->call_count; i++)
		output += words(e->calls[i].args) + 1;
	return (struct llm_usage){
		.known = true,
		.input = count_input(e->r),
		.output = output * n,
		.reasoning = words(e->thought) * n,
	};
}

enum err echo_answer(const struct llm_request *r, struct arena *a, struct llm_response *out)
{
	struct echo *e = NEW(a, struct echo);
	int64_t n = r->n < 1 ? 1 : r->n > CHOICES_MAX ? CHOICES_MAX : r->n;

	if (e == NULL)
		return ERR_NOMEM;
	e->r = r;
	e->a = a;
	TRY(read_last(e));
	TRY(make_calls(e));
	TRY(make_text(e));
	*out = (struct llm_response){ .origin = r->origin, .model = r->model };
	if (out->model.p == NULL)
		out->model = S("echo");
	TRY(numbered(a, S("echo-"), str_hash(e->text), &out->id));
	for (int64_t i = 0; i < n; i++)
		TRY(add_choice(e, out));
	out->usage = count(e, n);
	return OK;
}

/* ---- the stream ---------------------------------------------------------------------------- */

/* Stands before the caller's sink and sends a delta for each word. */
struct splitter {
	struct llm_sink sink;
	struct llm_sink *to;
	struct arena *a;
	enum err err;
};

static void split(struct splitter *s, const struct llm_event *ev, struct str text)
{
	struct llm_event piece = *ev;

	piece.kind = EV_PART_DELTA;
	piece.args = none;
	while (text.n > 0) {
		/* A word is sent with the space before it, as models do. */
		size_t n = 0;
		while (n < text.n && !is_word_end(text, n))
			n++;
		piece.text = str_head(text, n + 1);
		text = str_tail(text, piece.text.n);
		s->to->on_event(s->to, &piece);
	}
}

static void on_event(struct llm_sink *sink, const struct llm_event *ev)
{
	struct splitter *s = (struct splitter *)(void *)sink;

	if (ev->kind == EV_PART_DELTA) {
		split(s, ev, ev->text);
		return;
	}
	if (ev->kind == EV_PART_END && ev->args.p != NULL)
		split(s, ev, llm_args_esc(s->a, ev->args));
	s->to->on_event(s->to, ev);
}

enum err echo_stream(const struct llm_request *r, struct arena *a, struct llm_sink *sink)
{
	struct splitter s = { .sink = { on_event }, .to = sink, .a = a };
	struct llm_response answer;

	TRY(echo_answer(r, a, &answer));
	llm_replay(&answer, &s.sink);
	return OK;
}
