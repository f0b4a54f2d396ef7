/*
 * llm/count.c - counting a prompt's tokens: requests, replies, and an estimate.
 * Ring 0, pure. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/count_fuzz.c
 */
#include "llm/count.h"

#include "base/limits.h"

#include <assert.h>

enum {
	ASCII_BYTES = 4, /* of one token */
	OTHER_BYTES = 3,
	MESSAGE_TOKENS = 4,
	TOOL_TOKENS = 12,
	IMAGE_TOKENS = 1600,
	PDF_BYTES = 40,
	SOUND_BYTES = 500,
};

const struct json *llm_count_body(enum llm_dialect d, const struct json *root)
{
	const struct json *wrapped = json_get(root, S("generateContentRequest"));

	if (d != DIALECT_GEMINI)
		return root;
	if (wrapped == NULL)
		wrapped = json_get(root, S("generate_content_request"));
	return json_is(wrapped, JSON_OBJECT) ? wrapped : root;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* What Anthropic's count endpoint takes of a message request; it refuses the rest. */
static const struct str anthropic_takes[] = {
	SC("model"), SC("messages"), SC("system"), SC("tools"), SC("tool_choice"), SC("thinking"),
	SC("output_config"), SC("cache_control"),
};

static bool takes(const struct json *key)
{
	for (size_t i = 0; i < sizeof anthropic_takes / sizeof anthropic_takes[0]; i++)
		if (json_str_eq(key, anthropic_takes[i]))
			return true;
	return false;
}

static void put_anthropic(const struct json *body, struct buf *out)
{
	jw_obj(out);
	JSON_EACH_MEMBER(body, key) {
		if (!takes(key))
			continue;
		jw_key(out, json_esc(key));
		jw_raw(out, json_raw(key + 1));
	}
	jw_obj_end(out);
}

/* Google counts system instructions and tools only inside a whole request, which must name the
 * model. */
static void put_gemini(const struct json *body, struct str model, struct buf *out)
{
	jw_obj(out);
	jw_key(out, S("generateContentRequest"));
	jw_obj(out);
	jw_key(out, S("model"));
	jw_quote_open(out);
	if (!str_has_prefix(model, S("models/")))
		jw_str_add(out, S("models/"));
	jw_str_add(out, model);
	jw_quote_close(out);
	JSON_EACH_MEMBER(body, key) {
		if (json_str_eq(key, S("model")))
			continue;
		jw_key(out, json_esc(key));
		jw_raw(out, json_raw(key + 1));
	}
	jw_obj_end(out);
	jw_obj_end(out);
}

static enum err recode(enum llm_dialect target, struct str text, const struct llm_opts *opts,
		       struct buf *out)
{
	const struct json *body = NULL;

	TRY(json_read(opts->arena, text, &body, NULL));
	if (target == DIALECT_ANTHROPIC)
		put_anthropic(body, out);
	else
		put_gemini(body, opts->model, out);
	return out->err;
}

enum err llm_count_encode_request(enum llm_dialect target, const struct llm_request *r,
				  struct llm_opts *opts, struct buf *out)
{
	struct llm_request plain = *r;
	struct buf whole;

	assert((unsigned)target < DIALECT_COUNT);
	if (target == DIALECT_OPENAI)
		return diag_set(opts->diag, ERR_UNSUPPORTED, "the upstream cannot count tokens");
	plain.stream = false;
	buf_init(&whole, LIMIT_BODY);
	enum err e = dialects[target]->encode_request(&plain, opts, &whole);
	if (e == OK)
		e = recode(target, buf_str(&whole), opts, out);
	buf_free(&whole);
	return e;
}

/* ---- replies --------------------------------------------------------------------------------- */

static const struct str number_name[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = SC("input_tokens"),
	[DIALECT_ANTHROPIC] = SC("input_tokens"),
	[DIALECT_GEMINI] = SC("totalTokens"),
};

enum err llm_count_decode(enum llm_dialect d, const struct json *root, int64_t *out_tokens)
{
	int64_t n = 0;

	assert((unsigned)d < DIALECT_COUNT);
	if (json_i64(json_get(root, number_name[d]), &n) != OK || n < 0)
		return ERR_SYNTAX;
	*out_tokens = n;
	return OK;
}

void llm_count_encode(enum llm_dialect d, int64_t tokens, struct buf *out)
{
	assert((unsigned)d < DIALECT_COUNT && tokens >= 0);
	jw_obj(out);
	if (d == DIALECT_OPENAI)
		jw_kv_str(out, S("object"), S("response.input_tokens"));
	jw_kv_int(out, number_name[d], tokens);
	jw_obj_end(out);
}

/* ---- the estimate ---------------------------------------------------------------------------- */

struct bytes {
	uint64_t ascii, other, tokens;
};

static void add_text(struct bytes *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		b->other += (unsigned char)s.p[i] >= 0x80;
	b->ascii += s.n;
}

static void add_media(struct bytes *b, const struct llm_part *p)
{
	uint64_t per = p->kind == PART_DOCUMENT ? PDF_BYTES : SOUND_BYTES;

	if (p->kind == PART_IMAGE)
		b->tokens += IMAGE_TOKENS;
	else if (p->media.is_text)
		add_text(b, p->media.data);
	else
		b->tokens += p->media.data.n / per + 1;
}

static void add_part(struct bytes *b, const struct llm_part *p)
{
	add_text(b, p->text);
	add_text(b, p->name);
	add_text(b, p->args);
	add_text(b, p->raw);
	if (p->kind == PART_IMAGE || p->kind == PART_DOCUMENT || p->kind == PART_AUDIO ||
	    p->kind == PART_VIDEO)
		add_media(b, p);
}

static void add_parts(struct bytes *b, const struct llm_part *list)
{
	for (const struct llm_part *p = list; p != NULL; p = p->next) {
		add_part(b, p);
		for (const struct llm_part *c = p->content; c != NULL; c = c->next)
			add_part(b, c);
	}
}

int64_t llm_count_estimate(const struct llm_request *r)
{
	struct bytes b = { 0 };

	add_parts(&b, r->instructions);
	for (const struct llm_msg *m = r->msgs; m != NULL; m = m->next) {
		add_parts(&b, m->parts);
		b.tokens += MESSAGE_TOKENS;
	}
	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next) {
		add_text(&b, t->name);
		add_text(&b, t->description);
		add_text(&b, t->schema);
		add_text(&b, t->raw);
		b.tokens += TOOL_TOKENS;
	}
	add_text(&b, r->format_schema);
	b.ascii -= b.other;
	b.tokens += (b.ascii + ASCII_BYTES - 1) / ASCII_BYTES;
	b.tokens += (b.other + OTHER_BYTES - 1) / OTHER_BYTES;
	return (int64_t)b.tokens;
}
