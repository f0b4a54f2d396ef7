/*
 * llm/openai_response.c - chat completions, both ways, and the words they share with streams.
 * Ring 0, pure. Takes what compatible servers send: reasoning_content, calls without ids or types,
 * content in parts, usage that counts reasoning apart.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_response_fuzz.c
 */
#include "llm/openai.h"

#include <assert.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

enum { CHOICES_MAX = 128 };

/* ---- usage --------------------------------------------------------------------------------- */

static int64_t number(const struct json *v, struct str name)
{
	int64_t n = 0;
	const struct json *m = json_get(v, name);

	if (!json_is(m, JSON_NUMBER) || json_i64(m, &n) != OK || n < 0)
		return 0;
	return n < (int64_t)1 << 53 ? n : (int64_t)1 << 53;
}

bool oa_usage(const struct json *v, struct llm_usage *out)
{
	const struct json *in = json_get(v, S("prompt_tokens_details"));
	const struct json *gen = json_get(v, S("completion_tokens_details"));

	if (!json_is(v, JSON_OBJECT))
		return false;
	*out = (struct llm_usage){
		.known = true,
		.input = number(v, S("prompt_tokens")),
		.cache_read = number(in, S("cached_tokens")),
		.cache_write = number(in, S("cache_write_tokens")),
		.output = number(v, S("completion_tokens")),
		.reasoning = number(gen, S("reasoning_tokens")),
	};
	if (out->cache_read == 0) /* DeepSeek's own name */
		out->cache_read = number(v, S("prompt_cache_hit_tokens"));
	if (out->cache_write == 0) /* LiteLLM's */
		out->cache_write = number(v, S("cache_creation_input_tokens"));
	/* xAI leaves reasoning out of completion_tokens; its total shows that. */
	if (out->reasoning > 0 &&
	    number(v, S("total_tokens")) == out->input + out->output + out->reasoning)
		out->output += out->reasoning;
	return true;
}

void oa_usage_write(struct buf *b, const struct llm_usage *u)
{
	jw_obj(b);
	jw_kv_int(b, S("prompt_tokens"), u->input);
	jw_kv_int(b, S("completion_tokens"), u->output);
	jw_kv_int(b, S("total_tokens"), u->input + u->output);
	jw_key(b, S("prompt_tokens_details"));
	jw_obj(b);
	jw_kv_int(b, S("cached_tokens"), u->cache_read);
	if (u->cache_write)
		jw_kv_int(b, S("cache_write_tokens"), u->cache_write);
	jw_obj_end(b);
	jw_key(b, S("completion_tokens_details"));
	jw_obj(b);
	jw_kv_int(b, S("reasoning_tokens"), u->reasoning);
	jw_obj_end(b);
	if (u->cache_read || u->cache_write) { /* where LiteLLM's clients look */
		jw_kv_int(b, S("cache_creation_input_tokens"), u->cache_write);
		jw_kv_int(b, S("cache_read_input_tokens"), u->cache_read);
	}
	jw_obj_end(b);
}

/* ---- finish reasons ------------------------------------------------------------------------ */

static const struct {
	struct str word;
	enum llm_finish finish;
} finishes[] = {
	{ SC("stop"), FINISH_STOP },          { SC("length"), FINISH_LENGTH },
	{ SC("tool_calls"), FINISH_TOOLS },   { SC("function_call"), FINISH_TOOLS },
	{ SC("content_filter"), FINISH_FILTER },
};

enum llm_finish oa_finish(const struct json *reason)
{
	if (!json_is(reason, JSON_STRING))
		return FINISH_NONE;
	for (size_t i = 0; i < COUNT(finishes); i++)
		if (json_str_eq(reason, finishes[i].word))
			return finishes[i].finish;
	return FINISH_OTHER;
}

struct str oa_finish_word(enum llm_finish f)
{
	static const struct str words[FINISH_COUNT] = {
		[FINISH_NONE] = SC("stop"),          [FINISH_STOP] = SC("stop"),
		[FINISH_LENGTH] = SC("length"),      [FINISH_TOOLS] = SC("tool_calls"),
		[FINISH_STOP_SEQUENCE] = SC("stop"), [FINISH_FILTER] = SC("content_filter"),
		[FINISH_REFUSAL] = SC("content_filter"), [FINISH_PAUSE] = SC("stop"),
		[FINISH_CONTEXT] = SC("length"),     [FINISH_BAD_CALL] = SC("stop"),
		[FINISH_OTHER] = SC("stop"),
	};

	assert((unsigned)f < FINISH_COUNT);
	return words[f];
}

/* ---- decoding ------------------------------------------------------------------------------ */

/* All but the n names in known become extras; empty lists and objects say nothing. */
static enum err note_extras(struct oa_reader *rd, const char *prefix, const struct json *v,
			    const struct str *known, size_t n)
{
	if (!json_is(v, JSON_OBJECT))
		return OK;
	JSON_EACH_MEMBER(v, key) {
		bool list = json_is(key + 1, JSON_ARRAY) || json_is(key + 1, JSON_OBJECT);
		if (oa_word(key, known, n) < 0 && !(list && json_count(key + 1) == 0))
			TRY(oa_extra(rd, prefix, key));
	}
	return OK;
}

static enum err add_text(struct arena *a, struct llm_part **list, enum llm_part_kind kind,
			 const struct json *v)
{
	if (!json_is(v, JSON_STRING) || v->n == 0)
		return OK;
	struct llm_part *p = llm_part_add(a, list, kind);
	if (p == NULL)
		return ERR_NOMEM;
	p->text = json_esc(v);
	return OK;
}

/* Mistral's content is a list: text, and thinking that is itself a list of text. */
static enum err read_parts(struct oa_reader *rd, const struct json *list, struct llm_part **parts)
{
	JSON_EACH_ITEM(list, it) {
		const struct json *thinking = json_get(it, S("thinking"));
		if (json_str_eq(json_get(it, S("type")), S("text"))) {
			TRY(add_text(rd->arena, parts, PART_TEXT, json_get(it, S("text"))));
		} else if (json_is(thinking, JSON_ARRAY)) {
			JSON_EACH_ITEM(thinking, piece)
				TRY(add_text(rd->arena, parts, PART_THINKING,
					     json_get(piece, S("text"))));
		} else {
			struct llm_part *p = llm_part_add(rd->arena, parts, PART_OPAQUE);
			if (p == NULL)
				return ERR_NOMEM;
			p->origin = DIALECT_OPENAI;
			p->name = oa_esc_or_null(json_get(it, S("type")));
			p->raw = json_raw(it);
		}
	}
	return OK;
}

static enum err read_thoughts(struct oa_reader *rd, const struct json *msg, struct llm_part **parts)
{
	const struct json *blocks = json_get(msg, S("thinking_blocks"));
	const struct json *text = json_get(msg, S("reasoning_content"));

	if (json_is(blocks, JSON_ARRAY) && json_count(blocks) > 0)
		return oa_thinking_blocks(rd->arena, blocks, parts);
	if (!json_is(text, JSON_STRING))
		text = json_get(msg, S("reasoning"));
	return add_text(rd->arena, parts, PART_THINKING, text);
}

static enum err read_calls(struct oa_reader *rd, const struct json *calls, struct str seed,
			   struct llm_part **parts)
{
	JSON_EACH_ITEM(calls, it) {
		struct str id = oa_made_id(rd->arena, seed, rd->calls++);
		if (id.p == NULL)
			return ERR_NOMEM;
		enum err e = oa_call(rd->arena, it, id, parts);
		if (e == OK)
			continue;
		if (e != ERR_SYNTAX)
			return e;
		struct llm_part *p = llm_part_add(rd->arena, parts, PART_OPAQUE);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = DIALECT_OPENAI; /* a custom tool's call */
		p->name = oa_esc_or_null(json_get(it, S("type")));
		p->raw = json_raw(it);
	}
	return OK;
}

static enum err read_images(struct oa_reader *rd, const struct json *images,
			    struct llm_part **parts)
{
	if (!json_is(images, JSON_ARRAY))
		return OK;
	JSON_EACH_ITEM(images, it) {
		struct llm_part *p = llm_part_add(rd->arena, parts, PART_IMAGE);
		if (p == NULL)
			return ERR_NOMEM;
		oa_image(rd->arena, json_get(it, S("image_url")), &p->media);
	}
	return OK;
}

static enum err read_annotations(struct oa_reader *rd, const struct json *v, struct llm_part *parts)
{
	if (!json_is(v, JSON_ARRAY) || json_count(v) == 0)
		return OK;
	for (struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_TEXT)
			continue;
		p->origin = DIALECT_OPENAI;
		p->extra = json_raw(v);
		return OK;
	}
	return llm_extra_add(rd->arena, rd->extras, S("choices.message.annotations"), json_raw(v));
}

static enum err read_message(struct oa_reader *rd, const struct json *msg, struct str seed,
			     struct llm_part **parts)
{
	static const struct str known[] = {
		SC("role"), SC("content"), SC("refusal"), SC("reasoning_content"), SC("reasoning"),
		SC("thinking_blocks"), SC("tool_calls"), SC("function_call"), SC("images"),
		SC("annotations"), SC("provider_specific_fields"),
	};
	const struct json *content = json_get(msg, S("content"));
	const struct json *calls = json_get(msg, S("tool_calls"));
	const struct json *call = json_get(msg, S("function_call"));

	TRY(read_thoughts(rd, msg, parts));
	if (json_is(content, JSON_ARRAY))
		TRY(read_parts(rd, content, parts));
	else
		TRY(add_text(rd->arena, parts, PART_TEXT, content));
	TRY(oa_text_signatures(rd->arena, json_get(msg, S("provider_specific_fields")), parts));
	TRY(read_annotations(rd, json_get(msg, S("annotations")), *parts));
	TRY(add_text(rd->arena, parts, PART_REFUSAL, json_get(msg, S("refusal"))));
	TRY(read_images(rd, json_get(msg, S("images")), parts));
	if (json_is(calls, JSON_ARRAY))
		TRY(read_calls(rd, calls, seed, parts));
	if (json_is(call, JSON_OBJECT)) {
		struct str id = oa_made_id(rd->arena, seed, rd->calls++);
		if (id.p == NULL)
			return ERR_NOMEM;
		TRY(oa_call(rd->arena, call, id, parts));
	}
	return note_extras(rd, "choices.message.", msg, known, COUNT(known));
}

static bool has_call(const struct llm_part *p)
{
	for (; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_CALL)
			return true;
	return false;
}

static enum err read_choice(struct oa_reader *rd, const struct json *v, struct llm_response *out)
{
	static const struct str known[] = {
		SC("index"), SC("message"), SC("finish_reason"), SC("logprobs"), SC("stop_reason"),
	};
	const struct json *reason = json_get(v, S("finish_reason"));
	const struct json *stop = json_get(v, S("stop_reason"));
	const struct json *logprobs = json_get(v, S("logprobs"));
	struct llm_answer_choice *c = llm_choice_add(rd->arena, &out->choices);

	if (c == NULL)
		return ERR_NOMEM;
	if (!json_is(json_get(v, S("message")), JSON_OBJECT))
		return oa_bad(rd, "choices.message", "an object");
	TRY(read_message(rd, json_get(v, S("message")), out->id, &c->parts));
	c->finish = oa_finish(reason);
	if (c->finish == FINISH_OTHER)
		c->finish_text = json_esc(reason);
	if (c->finish == FINISH_STOP && has_call(c->parts))
		c->finish = FINISH_TOOLS; /* some servers say "stop" whatever they did */
	if (c->finish == FINISH_STOP && json_is(stop, JSON_STRING)) { /* vLLM: what it stopped at */
		c->finish = FINISH_STOP_SEQUENCE;
		c->finish_text = json_esc(stop);
	}
	if (json_is(logprobs, JSON_OBJECT))
		c->logprobs = json_raw(logprobs);
	return note_extras(rd, "choices.", v, known, COUNT(known));
}

/* The one whose index is i, or where no index says otherwise, the one in place i. */
static const struct json *choice_at(const struct json *list, int64_t i)
{
	const struct json *placed = NULL;
	int64_t at = 0, index;

	JSON_EACH_ITEM(list, it) {
		const struct json *v = json_get(it, S("index"));
		if (v != NULL && json_is(v, JSON_NUMBER) && json_i64(v, &index) == OK) {
			if (index == i)
				return it;
		} else if (at == i) {
			placed = it;
		}
		at++;
	}
	return placed;
}

enum err openai_decode_response(const struct json *root, struct llm_response *out, struct arena *a,
				struct diag *d)
{
	static const struct str known[] = { SC("id"),      SC("object"), SC("model"),
					    SC("created"), SC("choices"), SC("usage"),
					    SC("service_tier") };
	static const struct str counts[] = {
		SC("prompt_tokens"), SC("completion_tokens"), SC("total_tokens"),
		SC("prompt_tokens_details"), SC("completion_tokens_details"),
		SC("prompt_cache_hit_tokens"), SC("cache_creation_input_tokens"),
		SC("cache_read_input_tokens"),
	};
	struct oa_reader rd = { .arena = a, .diag = d, .extras = &out->extras };
	const struct json *choices = json_get(root, S("choices"));

	*out = (struct llm_response){ .origin = DIALECT_OPENAI };
	out->id = oa_esc_or_null(json_get(root, S("id")));
	out->model = oa_esc_or_null(json_get(root, S("model")));
	out->created = number(root, S("created"));
	out->service_tier = oa_esc_or_null(json_get(root, S("service_tier")));
	size_t n = json_is(choices, JSON_ARRAY) ? json_count(choices) : 0;
	if (n == 0 || n > CHOICES_MAX)
		return diag_set(d, ERR_SYNTAX, "the provider's answer has no choices");
	for (size_t i = 0; i < n; i++) {
		const struct json *c = choice_at(choices, (int64_t)i);
		if (c == NULL)
			return diag_set(d, ERR_SYNTAX, "the provider's answer lacks a choice");
		TRY(read_choice(&rd, c, out));
	}
	(void)oa_usage(json_get(root, S("usage")), &out->usage);
	TRY(note_extras(&rd, "usage.", json_get(root, S("usage")), counts, COUNT(counts)));
	return note_extras(&rd, "", root, known, COUNT(known));
}

/* ---- encoding ------------------------------------------------------------------------------ */

void oa_sig_write(struct buf *b, enum llm_dialect origin, struct str signature)
{
	jw_quote_open(b);
	if (origin != DIALECT_ANTHROPIC) {
		jw_str_add(b, str_z(llm_dialect_name(origin)));
		jw_esc_add(b, S("."));
	}
	jw_esc_add(b, signature);
	jw_quote_close(b);
}

struct str oa_call_id(struct arena *a, const struct llm_part *p)
{
	if (p->signature.n == 0)
		return p->id;
	struct str id = llm_id_join(a, p->id, p->origin, p->signature);
	return id.p ? id : p->id;
}

static bool has_kind(const struct llm_part *p, enum llm_part_kind kind)
{
	for (; p != NULL; p = p->next)
		if (p->kind == kind)
			return true;
	return false;
}

static void write_joined(struct buf *b, struct str name, const struct llm_part *p,
			 enum llm_part_kind kind)
{
	jw_key(b, name);
	jw_quote_open(b);
	for (; p != NULL; p = p->next)
		if (p->kind == kind)
			jw_esc_add(b, p->text);
	jw_quote_close(b);
}

/* The blocks are written when they hold something that the joined text does not. */
static void write_blocks(struct buf *b, const struct llm_part *parts)
{
	bool needed = has_kind(parts, PART_REDACTED);

	for (const struct llm_part *p = parts; p != NULL && !needed; p = p->next)
		needed = p->kind == PART_THINKING && p->signature.n;
	if (!needed)
		return;
	jw_key(b, S("thinking_blocks"));
	jw_arr(b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_THINKING && p->kind != PART_REDACTED)
			continue;
		jw_obj(b);
		if (p->kind == PART_REDACTED) {
			jw_kv_str(b, S("type"), S("redacted_thinking"));
			jw_key(b, S("data"));
			oa_sig_write(b, p->origin, p->text);
		} else {
			jw_kv_str(b, S("type"), S("thinking"));
			jw_kv_esc(b, S("thinking"), p->text);
			if (p->signature.n) {
				jw_key(b, S("signature"));
				oa_sig_write(b, p->origin, p->signature);
			}
		}
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_text_signatures(struct buf *b, const struct llm_part *parts)
{
	bool any = false;

	for (const struct llm_part *p = parts; p != NULL && !any; p = p->next)
		any = p->kind == PART_TEXT && p->signature.n;
	if (!any)
		return;
	jw_key(b, S("provider_specific_fields"));
	jw_obj(b);
	jw_key(b, S("thought_signatures"));
	jw_arr(b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next)
		if (p->kind == PART_TEXT && p->signature.n)
			oa_sig_write(b, p->origin, p->signature);
	jw_arr_end(b);
	jw_obj_end(b);
}

static void write_calls(struct buf *b, struct arena *a, const struct llm_part *parts)
{
	if (!has_kind(parts, PART_TOOL_CALL))
		return;
	jw_key(b, S("tool_calls"));
	jw_arr(b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_TOOL_CALL)
			continue;
		jw_obj(b);
		jw_kv_esc(b, S("id"), oa_call_id(a, p));
		jw_kv_str(b, S("type"), S("function"));
		jw_key(b, S("function"));
		jw_obj(b);
		jw_kv_esc(b, S("name"), p->name);
		jw_kv_esc(b, S("arguments"), llm_args_esc(a, p->args));
		jw_obj_end(b);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_images(struct buf *b, const struct llm_part *parts)
{
	int64_t n = 0;

	if (!has_kind(parts, PART_IMAGE))
		return;
	jw_key(b, S("images"));
	jw_arr(b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_IMAGE)
			continue;
		jw_obj(b);
		jw_kv_str(b, S("type"), S("image_url"));
		jw_kv_int(b, S("index"), n++);
		jw_key(b, S("image_url"));
		jw_obj(b);
		jw_key(b, S("url"));
		oa_media_url(b, &p->media);
		jw_obj_end(b);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_message(struct buf *b, struct arena *a, const struct llm_part *parts)
{
	jw_obj(b);
	jw_kv_str(b, S("role"), S("assistant"));
	if (has_kind(parts, PART_TEXT))
		write_joined(b, S("content"), parts, PART_TEXT);
	else
		jw_kv_raw(b, S("content"), S("null"));
	if (has_kind(parts, PART_REFUSAL))
		write_joined(b, S("refusal"), parts, PART_REFUSAL);
	else
		jw_kv_raw(b, S("refusal"), S("null"));
	if (has_kind(parts, PART_THINKING))
		write_joined(b, S("reasoning_content"), parts, PART_THINKING);
	write_blocks(b, parts);
	write_text_signatures(b, parts);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_TEXT || p->extra.p == NULL || p->origin != DIALECT_OPENAI)
			continue;
		jw_kv_raw(b, S("annotations"), p->extra);
		break;
	}
	write_images(b, parts);
	write_calls(b, a, parts);
	jw_obj_end(b);
}

static void write_choice(struct buf *b, struct arena *a, const struct llm_answer_choice *c,
			 int64_t i)
{
	jw_obj(b);
	jw_kv_int(b, S("index"), i);
	jw_key(b, S("message"));
	write_message(b, a, c->parts);
	jw_kv_raw(b, S("logprobs"), c->logprobs.p ? c->logprobs : S("null"));
	jw_kv_str(b, S("finish_reason"), oa_finish_word(c->finish));
	if (c->finish == FINISH_STOP_SEQUENCE && c->finish_text.p)
		jw_kv_esc(b, S("stop_reason"), c->finish_text);
	jw_obj_end(b);
}

enum err openai_encode_response(const struct llm_response *r, struct arena *a, struct buf *out)
{
	int64_t i = 0;

	jw_obj(out);
	jw_kv_esc(out, S("id"), r->id.n ? r->id : S("chatcmpl-0"));
	jw_kv_str(out, S("object"), S("chat.completion"));
	jw_kv_int(out, S("created"), r->created);
	jw_kv_esc(out, S("model"), r->model);
	jw_key(out, S("choices"));
	jw_arr(out);
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next)
		write_choice(out, a, c, i++);
	jw_arr_end(out);
	if (r->usage.known) {
		jw_key(out, S("usage"));
		oa_usage_write(out, &r->usage);
	}
	if (r->service_tier.p)
		jw_kv_esc(out, S("service_tier"), r->service_tier);
	jw_obj_end(out);
	return out->err;
}
