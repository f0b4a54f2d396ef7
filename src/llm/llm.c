/*
 * llm/llm.c - what the dialects share: lists, refusals, tool arguments, data URLs, conversions.
 * Ring 0, pure. Reads strings of JSON that json_parse accepted. Memory: the request's arena.
 */
#include "llm/llm.h"

#include "base/ascii.h"

#include <assert.h>
#include <string.h>

static const char *const dialect_names[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = "openai",
	[DIALECT_ANTHROPIC] = "anthropic",
	[DIALECT_GEMINI] = "gemini",
};

const char *llm_dialect_name(enum llm_dialect d)
{
	assert((unsigned)d < DIALECT_COUNT);
	return dialect_names[d];
}

void llm_request_init(struct llm_request *r, enum llm_dialect origin)
{
	*r = (struct llm_request){
		.origin = origin,
		.max_tokens = -1,
		.n = -1,
		.top_logprobs = -1,
		.thinking_budget = -1,
	};
}

/* ---- lists --------------------------------------------------------------------------------- */

/*
 * A body of 32 MB can hold a million items, so walking to the end for each would take for ever.
 * last may be behind when somebody linked two lists by hand; the loop catches up.
 */
#define LIST_ADD(a, list, type)                                       \
	do {                                                          \
		type *new_ = NEW(a, type);                            \
		if (new_ == NULL)                                     \
			return NULL;                                  \
		type *at_ = *(list);                                  \
		if (at_ == NULL) {                                    \
			*(list) = new_;                               \
		} else {                                              \
			at_ = at_->last ? at_->last : at_;            \
			while (at_->next)                             \
				at_ = at_->next;                      \
			at_->next = new_;                             \
		}                                                     \
		(*(list))->last = new_;                               \
		return new_;                                          \
	} while (0)

static struct llm_part *add_part(struct arena *a, struct llm_part **list)
{
	LIST_ADD(a, list, struct llm_part);
}

static struct llm_msg *add_msg(struct arena *a, struct llm_msg **list)
{
	LIST_ADD(a, list, struct llm_msg);
}

static struct llm_str *add_str(struct arena *a, struct llm_str **list)
{
	LIST_ADD(a, list, struct llm_str);
}

static struct llm_extra *add_extra(struct arena *a, struct llm_extra **list)
{
	LIST_ADD(a, list, struct llm_extra);
}

struct llm_tool *llm_tool_add(struct arena *a, struct llm_tool **list)
{
	LIST_ADD(a, list, struct llm_tool);
}

struct llm_answer_choice *llm_choice_add(struct arena *a, struct llm_answer_choice **list)
{
	LIST_ADD(a, list, struct llm_answer_choice);
}

struct llm_part *llm_part_add(struct arena *a, struct llm_part **list, enum llm_part_kind kind)
{
	struct llm_part *p = add_part(a, list);

	if (p != NULL)
		p->kind = kind;
	return p;
}

struct llm_msg *llm_msg_add(struct arena *a, struct llm_msg **list, enum llm_role role)
{
	struct llm_msg *m = add_msg(a, list);

	if (m != NULL)
		m->role = role;
	return m;
}

enum err llm_str_add(struct arena *a, struct llm_str **list, struct str s)
{
	struct llm_str *item = add_str(a, list);

	if (item == NULL)
		return ERR_NOMEM;
	item->s = s;
	return OK;
}

enum err llm_extra_add(struct arena *a, struct llm_extra **list, struct str name, struct str value)
{
	struct llm_extra *item = add_extra(a, list);

	if (item == NULL)
		return ERR_NOMEM;
	item->name = name;
	item->value = value;
	return OK;
}

/* ---- refusals ------------------------------------------------------------------------------ */

/* Names dropped of one request: more is no client's mistake, and looking them up is linear. */
enum { DROPPED_MAX = 128 };

static enum err cannot(struct llm_opts *opts, struct str field, enum llm_dialect target)
{
	if (field.n == 0) /* JSON allows it */
		field = S("\"\"");
	if (!opts->drop_params)
		return diag_param(opts->diag, ERR_UNSUPPORTED, field, "%s cannot express '%.*s'",
				  llm_dialect_name(target), FMT(field));
	unsigned n = 0;
	for (const struct llm_str *x = opts->dropped; x != NULL; x = x->next, n++)
		if (str_eq(x->s, field))
			return OK;
	if (n == DROPPED_MAX)
		return diag_param(opts->diag, ERR_LIMIT, str_head(field, 64),
				  "more than %d unknown fields", DROPPED_MAX);
	struct str name = arena_dup(opts->arena, field);
	return name.p ? llm_str_add(opts->arena, &opts->dropped, name) : ERR_NOMEM;
}

enum err llm_cannot(struct llm_opts *opts, const char *field, enum llm_dialect target)
{
	return cannot(opts, str_z(field), target);
}

static bool is_harmless(const char *const *harmless, struct str name)
{
	for (; harmless != NULL && *harmless != NULL; harmless++)
		if (str_eq(str_z(*harmless), name))
			return true;
	return false;
}

enum err llm_refuse_extras(const struct llm_request *r, struct llm_opts *opts,
			   const char *const *harmless, enum llm_dialect target)
{
	for (const struct llm_extra *x = r->extras; x != NULL; x = x->next)
		if (!is_harmless(harmless, x->name))
			TRY(cannot(opts, x->name, target));
	return OK;
}

/* ---- tool arguments ------------------------------------------------------------------------ */

static struct str unescape(struct arena *a, struct str esc)
{
	struct buf b;

	if (esc.n == 0 || memchr(esc.p, '\\', esc.n) == NULL)
		return esc;
	char *p = arena_alloc(a, esc.n, 1); /* the resolved form is never longer */
	if (p == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, p, esc.n);
	json_unescape(&b, esc);
	return b.err == OK ? buf_str(&b) : (struct str){ NULL, 0 };
}

static bool is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" \t\r\n", s.p[i]) == NULL || s.p[i] == '\0')
			return false;
	return true;
}

enum err llm_args_parse(struct arena *a, struct str esc, struct str *out_raw)
{
	const struct json *root = NULL;
	struct str text = unescape(a, esc);

	if (text.p == NULL && esc.n > 0)
		return ERR_NOMEM;
	if (is_blank(text)) {
		*out_raw = S("{}");
		return OK;
	}
	TRY(json_read(a, text, &root, NULL));
	if (!json_is(root, JSON_OBJECT))
		return ERR_SYNTAX;
	*out_raw = json_raw(root);
	return OK;
}

enum err llm_args_any(struct arena *a, struct str esc, struct str *out_raw)
{
	static const char open[] = "{\"__malformed_arguments\":\"", close[] = "\"}";
	enum err e = llm_args_parse(a, esc, out_raw);

	if (e == OK || e == ERR_NOMEM)
		return e;
	size_t n = sizeof open - 1 + esc.n + sizeof close - 1;
	char *p = arena_alloc(a, n, 1);
	if (p == NULL)
		return ERR_NOMEM;
	memcpy(p, open, sizeof open - 1);
	memcpy(p + sizeof open - 1, esc.p, esc.n);
	memcpy(p + n - (sizeof close - 1), close, sizeof close - 1);
	*out_raw = (struct str){ p, n };
	return OK;
}

/* escape_of gives the letter of a two-character escape, 0 for what stands for itself. */
static char escape_of(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

struct str llm_args_esc(struct arena *a, struct str raw)
{
	size_t n = raw.n;

	for (size_t i = 0; i < raw.n; i++)
		n += escape_of(raw.p[i]) != 0;
	if (n == raw.n)
		return raw;
	char *p = arena_alloc(a, n, 1), *to = p;
	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < raw.n; i++) {
		char letter = escape_of(raw.p[i]);
		if (letter)
			*to++ = '\\';
		*to++ = letter ? letter : raw.p[i];
	}
	assert(to == p + n);
	return (struct str){ p, n };
}

/* ---- small conversions --------------------------------------------------------------------- */

struct str llm_plain_esc(struct arena *a, struct str esc)
{
	struct buf plain;

	char *p = esc.p && str_chr(esc, '\\') != SIZE_MAX ? arena_take(a, esc.n, 1) : NULL;
	if (p == NULL)
		return esc;
	buf_fixed(&plain, p, esc.n);
	json_unescape(&plain, esc);
	for (size_t i = 0; i < plain.n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == '"' || p[i] == '\\')
			return esc;
	return plain.err == OK ? buf_str(&plain) : esc;
}

/* How many bytes of s, from its first, may stand in a media type's names. */
static size_t mime_name(struct str s)
{
	size_t n = 0;

	while (n < s.n && (ascii_alnum(s.p[n]) || str_chr(S(".+-_"), s.p[n]) != SIZE_MAX))
		n++;
	return n;
}

bool llm_is_mime(struct str s)
{
	struct str rest, type = str_cut(s, '/', &rest);
	size_t subtype = mime_name(rest);

	if (type.n == 0 || mime_name(type) != type.n || subtype == 0)
		return false;
	/* Parameters, if any, as in "audio/pcm;rate=16000". */
	rest = str_tail(rest, subtype);
	if (rest.n > 0 && rest.p[0] != ';')
		return false;
	while (rest.n > 0) {
		size_t n = mime_name(rest);
		rest = str_tail(rest, n);
		if (rest.n > 0 && strchr(";= ", rest.p[0]) == NULL)
			return false;
		rest = str_tail(rest, 1);
	}
	return true;
}

bool llm_data_url(struct str esc, struct str *out_mime, struct str *out_data)
{
	struct str data, mime, head;

	if (!str_ieq(str_head(esc, 5), S("data:")))
		return false;
	size_t comma = str_chr(esc, ',');
	if (comma == SIZE_MAX)
		return false;
	head = str_tail(str_head(esc, comma), 5);
	data = str_tail(esc, comma + 1);
	if (head.n < 7 || !str_ieq(str_tail(head, head.n - 7), S(";base64")))
		return false;
	mime = str_cut(head, ';', &head);
	if (mime.n && !llm_is_mime(mime))
		return false;
	*out_mime = mime.n ? mime : (struct str){ NULL, 0 };
	*out_data = data;
	return true;
}

static const struct effort {
	struct str word;
	int64_t budget;
} efforts[] = {
	{ SC("none"), 0 },       { SC("minimal"), 1024 }, { SC("low"), 1024 },
	{ SC("medium"), 2048 },  { SC("high"), 4096 },    { SC("xhigh"), 8192 },
	{ SC("max"), 16384 },
};

int64_t llm_effort_budget(struct str effort)
{
	for (size_t i = 0; i < sizeof efforts / sizeof efforts[0]; i++)
		if (str_eq(efforts[i].word, effort))
			return efforts[i].budget;
	return -1;
}

struct str llm_budget_effort(int64_t budget)
{
	if (budget < 0)
		return (struct str){ NULL, 0 };
	if (budget == 0)
		return S("none");
	if (budget <= 1024)
		return S("low");
	/* Not every model that reasons knows more than high. */
	return budget <= 2048 ? S("medium") : S("high");
}

static void take(int64_t *io, int64_t later)
{
	if (later != 0)
		*io = later;
}

void llm_usage_merge(struct llm_usage *io, const struct llm_usage *later)
{
	io->known = io->known || later->known;
	take(&io->input, later->input);
	take(&io->cache_read, later->cache_read);
	take(&io->cache_write, later->cache_write);
	take(&io->output, later->output);
	take(&io->reasoning, later->reasoning);
	take(&io->tool_input, later->tool_input);
}

#define X(name, openai, anthropic, gemini, http) [name] = (http),
static const unsigned error_http[LLM_ERROR_KINDS] = { LLM_ERROR_LIST(X) };
#undef X

enum llm_error_kind llm_error_kind_of(unsigned http)
{
	static const struct {
		unsigned http;
		enum llm_error_kind kind;
	} kinds[] = {
		{ 0, LLM_UPSTREAM },	 { 401, LLM_AUTH },	 { 402, LLM_BILLING },
		{ 403, LLM_PERMISSION }, { 404, LLM_NOT_FOUND }, { 408, LLM_TIMEOUT },
		{ 413, LLM_TOO_LARGE },	 { 429, LLM_RATE },	 { 502, LLM_UPSTREAM },
		{ 503, LLM_OVERLOADED }, { 504, LLM_TIMEOUT },	 { 529, LLM_OVERLOADED },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].http == http)
			return kinds[i].kind;
	return http >= 400 && http < 500 ? LLM_BAD_REQUEST : LLM_SERVER;
}

void llm_error_set(struct llm_error *e, enum llm_error_kind kind, struct arena *a,
		   struct str message)
{
	struct buf b;
	size_t room = message.n * 6 + 1;
	char *p = arena_alloc(a, room, 1);

	assert((unsigned)kind < LLM_ERROR_KINDS);
	*e = (struct llm_error){ .kind = kind, .status = error_http[kind], .message = S("") };
	if (p == NULL)
		return;
	buf_fixed(&b, p, room);
	jw_str_add(&b, message);
	e->message = buf_str(&b);
}
