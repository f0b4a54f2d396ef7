/*
 * llm/openai_encode.c - the neutral request becomes a chat completion request.
 * Ring 0, pure. What OpenAI's format has no word for is refused or dropped by its name in the client's
 * own dialect; what only servers of the compatible kind understand is said to them alone.
 */
#include "llm/openai.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])
#define ME DIALECT_OPENAI

struct writer {
	const struct llm_request *r;
	struct llm_opts *o;
	struct buf *b;
};

/* How the client spells what cannot be said here. */
enum cannot {
	C_TOP_K,
	C_STOP,
	C_CHOICE,
	C_TIER,
	C_THINKING,
	C_FILE_ID,
	C_DOCUMENT_URL,
	C_AUDIO,
	C_VIDEO,
	C_BLOCK,
	C_COUNT,
};

static const char *const names[C_COUNT][DIALECT_COUNT] = {
	[C_TOP_K] = { "top_k", "top_k", "generationConfig.topK" },
	[C_STOP] = { "stop", "stop_sequences", "generationConfig.stopSequences" },
	[C_CHOICE] = { "tool_choice", "tool_choice", "toolConfig.functionCallingConfig" },
	[C_TIER] = { "service_tier", "service_tier", "serviceTier" },
	[C_THINKING] = { "thinking", "thinking", "generationConfig.thinkingConfig" },
	[C_FILE_ID] = { "messages.content.file.file_id", "messages.content.source.file_id",
			"contents.parts.fileData" },
	[C_DOCUMENT_URL] = { "messages.content.file.file_id", "messages.content.source.url",
			     "contents.parts.fileData" },
	[C_AUDIO] = { "messages.content.input_audio", "messages.content.source",
		      "contents.parts.inlineData" },
	[C_VIDEO] = { "messages.content.video_url", "messages.content.source",
		      "contents.parts.inlineData" },
	[C_BLOCK] = { "messages.content", "messages.content", "contents.parts" },
};

static enum err cannot(struct writer *w, enum cannot what)
{
	return llm_cannot(w->o, names[what][w->r->origin], ME);
}

/* ---- parts ------------------------------------------------------------------------------------ */

void oa_media_url(struct buf *b, const struct llm_media *m)
{
	jw_quote_open(b);
	if (m->data.p) {
		jw_esc_add(b, S("data:"));
		jw_esc_add(b, m->mime.p ? m->mime : S("application/octet-stream"));
		jw_esc_add(b, S(";base64,"));
		jw_esc_add(b, m->data);
	} else {
		jw_esc_add(b, m->url);
	}
	jw_quote_close(b);
}

static void open_part(struct buf *b, struct str type)
{
	jw_obj(b);
	jw_kv_str(b, S("type"), type);
}

static enum err write_text(struct writer *w, const struct llm_part *p)
{
	open_part(w->b, S("text"));
	jw_kv_esc(w->b, S("text"), p->text);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_url_part(struct writer *w, const struct llm_part *p, struct str type)
{
	open_part(w->b, type);
	jw_key(w->b, type);
	jw_obj(w->b);
	jw_key(w->b, S("url"));
	oa_media_url(w->b, &p->media);
	if (p->media.detail.p)
		jw_kv_esc(w->b, S("detail"), p->media.detail);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_image(struct writer *w, const struct llm_part *p)
{
	if (p->media.data.p == NULL && p->media.url.p == NULL)
		return cannot(w, C_FILE_ID);
	return write_url_part(w, p, S("image_url"));
}

static enum err write_video(struct writer *w, const struct llm_part *p)
{
	if (!w->o->compatible || (p->media.data.p == NULL && p->media.url.p == NULL))
		return cannot(w, C_VIDEO);
	return write_url_part(w, p, S("video_url"));
}

static enum err write_audio(struct writer *w, const struct llm_part *p)
{
	static const struct {
		struct str mime, format;
	} formats[] = {
		{ SC("audio/wav"), SC("wav") },   { SC("audio/x-wav"), SC("wav") },
		{ SC("audio/mpeg"), SC("mp3") },  { SC("audio/mp3"), SC("mp3") },
		{ SC("audio/flac"), SC("flac") }, { SC("audio/opus"), SC("opus") },
		{ SC("audio/aac"), SC("aac") },
	};

	for (size_t i = 0; i < COUNT(formats) && p->media.data.p; i++) {
		if (!str_ieq(p->media.mime, formats[i].mime))
			continue;
		open_part(w->b, S("input_audio"));
		jw_key(w->b, S("input_audio"));
		jw_obj(w->b);
		jw_kv_esc(w->b, S("data"), p->media.data);
		jw_kv_str(w->b, S("format"), formats[i].format);
		jw_obj_end(w->b);
		jw_obj_end(w->b);
		return OK;
	}
	return cannot(w, C_AUDIO);
}

static enum err write_document(struct writer *w, const struct llm_part *p)
{
	const struct llm_media *m = &p->media;

	if (m->is_text) { /* its text is what the model reads of it anyway */
		open_part(w->b, S("text"));
		jw_key(w->b, S("text"));
		jw_quote_open(w->b);
		if (m->name.n) {
			jw_esc_add(w->b, m->name);
			jw_str_add(w->b, S("\n\n"));
		}
		jw_esc_add(w->b, m->data);
		jw_quote_close(w->b);
		jw_obj_end(w->b);
		return OK;
	}
	if (m->data.p == NULL && m->file_id.p == NULL)
		return cannot(w, C_DOCUMENT_URL);
	/* An id of another provider's file store means nothing here. */
	if (m->data.p == NULL && w->r->origin != ME)
		return cannot(w, C_FILE_ID);
	open_part(w->b, S("file"));
	jw_key(w->b, S("file"));
	jw_obj(w->b);
	if (m->data.p) {
		jw_key(w->b, S("file_data"));
		oa_media_url(w->b, m);
		/* OpenAI refuses file_data without a name. */
		jw_kv_esc(w->b, S("filename"), m->name.n ? m->name : S("document.pdf"));
	} else {
		jw_kv_esc(w->b, S("file_id"), m->file_id);
	}
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_opaque(struct writer *w, const struct llm_part *p)
{
	char name[96];

	if (p->origin == ME) {
		jw_raw(w->b, p->raw);
		return OK;
	}
	(void)snprintf(name, sizeof name, "%s.%.*s", names[C_BLOCK][w->r->origin], FMT(p->name));
	return llm_cannot(w->o, p->name.n ? name : names[C_BLOCK][w->r->origin], ME);
}

/* What is no content: tool traffic has its own messages, thoughts of others are not for OpenAI. */
static enum err write_nothing(struct writer *w, const struct llm_part *p)
{
	(void)w;
	(void)p;
	return OK;
}

static enum err (*const part_writers[PART_KINDS])(struct writer *, const struct llm_part *) = {
	[PART_TEXT] = write_text,           [PART_IMAGE] = write_image,
	[PART_DOCUMENT] = write_document,   [PART_AUDIO] = write_audio,
	[PART_VIDEO] = write_video,         [PART_TOOL_CALL] = write_nothing,
	[PART_TOOL_RESULT] = write_nothing, [PART_THINKING] = write_nothing,
	[PART_REDACTED] = write_nothing,    [PART_REFUSAL] = write_text,
	[PART_OPAQUE] = write_opaque,
};

static enum err write_part(struct writer *w, const struct llm_part *p)
{
	assert((unsigned)p->kind < PART_KINDS);
	return part_writers[p->kind](w, p);
}

static bool is_content(const struct llm_part *p)
{
	return p->kind <= PART_VIDEO || p->kind == PART_OPAQUE;
}

/* Servers of the compatible kind often know only strings, and every text can be one. */
static void write_joined(struct buf *b, const struct llm_part *p, struct str between)
{
	bool first = true;

	jw_quote_open(b);
	for (; p != NULL; p = p->next) {
		if (p->kind != PART_TEXT)
			continue;
		if (!first)
			jw_str_add(b, between);
		jw_esc_add(b, p->text);
		first = false;
	}
	jw_quote_close(b);
}

static size_t count_kind(const struct llm_part *p, enum llm_part_kind kind)
{
	size_t n = 0;

	for (; p != NULL; p = p->next)
		n += p->kind == kind;
	return n;
}

static size_t count_content(const struct llm_part *p)
{
	size_t n = 0;

	for (; p != NULL; p = p->next)
		n += is_content(p);
	return n;
}

static enum err write_content(struct writer *w, const struct llm_part *parts, struct str between)
{
	size_t texts = count_kind(parts, PART_TEXT);

	jw_key(w->b, S("content"));
	if (texts == count_content(parts) && (texts <= 1 || w->o->compatible)) {
		write_joined(w->b, parts, between);
		return OK;
	}
	jw_arr(w->b);
	size_t empty = w->b->n;
	for (const struct llm_part *p = parts; p != NULL; p = p->next)
		TRY(write_part(w, p));
	if (w->b->n > empty) {
		jw_arr_end(w->b);
		return OK;
	}
	w->b->n = empty - 1; /* all parts were dropped: no list without items, but no content */
	write_joined(w->b, NULL, between);
	return OK;
}

/* ---- messages --------------------------------------------------------------------------------- */

static void open_message(struct writer *w, struct str role)
{
	jw_obj(w->b);
	jw_kv_str(w->b, S("role"), role);
}

static void write_calls(struct writer *w, const struct llm_part *parts)
{
	jw_key(w->b, S("tool_calls"));
	jw_arr(w->b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (p->kind != PART_TOOL_CALL)
			continue;
		jw_obj(w->b);
		jw_kv_esc(w->b, S("id"), p->id);
		jw_kv_str(w->b, S("type"), S("function"));
		jw_key(w->b, S("function"));
		jw_obj(w->b);
		jw_kv_esc(w->b, S("name"), p->name);
		jw_kv_esc(w->b, S("arguments"), llm_args_esc(w->o->arena, p->args));
		jw_obj_end(w->b);
		jw_obj_end(w->b);
	}
	jw_arr_end(w->b);
}

static void write_all(struct buf *b, const struct llm_part *p, enum llm_part_kind kind)
{
	jw_quote_open(b);
	for (; p != NULL; p = p->next)
		if (p->kind == kind)
			jw_esc_add(b, p->text);
	jw_quote_close(b);
}

/* Pieces of an assistant's text belong together: they were cut where citations stood. */
static enum err write_assistant(struct writer *w, const struct llm_msg *m)
{
	size_t calls = count_kind(m->parts, PART_TOOL_CALL);
	size_t texts = count_kind(m->parts, PART_TEXT);

	open_message(w, S("assistant"));
	if (m->name.p)
		jw_kv_esc(w->b, S("name"), m->name);
	if (texts < count_content(m->parts)) {
		TRY(write_content(w, m->parts, S("")));
	} else {
		jw_key(w->b, S("content"));
		if (texts == 0 && (calls || count_kind(m->parts, PART_REFUSAL)))
			jw_null(w->b);
		else
			write_joined(w->b, m->parts, S(""));
	}
	if (count_kind(m->parts, PART_REFUSAL)) {
		jw_key(w->b, S("refusal"));
		write_all(w->b, m->parts, PART_REFUSAL);
	}
	if (w->o->compatible && count_kind(m->parts, PART_THINKING)) {
		jw_key(w->b, S("reasoning_content"));
		write_all(w->b, m->parts, PART_THINKING);
	}
	if (calls)
		write_calls(w, m->parts);
	jw_obj_end(w->b);
	return OK;
}

/* A tool message holds text and no flag: a failure is said in words, pictures follow in a user message. */
static void write_result(struct writer *w, const struct llm_part *p)
{
	size_t texts = count_kind(p->content, PART_TEXT);

	open_message(w, S("tool"));
	jw_kv_esc(w->b, S("tool_call_id"), p->id);
	jw_key(w->b, S("content"));
	jw_quote_open(w->b);
	if (p->is_error)
		jw_esc_add(w->b, S("Error: "));
	bool first = true;
	for (const struct llm_part *c = p->content; c != NULL; c = c->next) {
		if (c->kind != PART_TEXT)
			continue;
		if (!first)
			jw_str_add(w->b, S("\n"));
		jw_esc_add(w->b, c->text);
		first = false;
	}
	if (texts == 0 && count_content(p->content))
		jw_esc_add(w->b, S("The result is attached to the next message."));
	jw_quote_close(w->b);
	jw_obj_end(w->b);
}

static size_t count_attached(const struct llm_part *parts)
{
	size_t n = 0;

	for (const struct llm_part *p = parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_RESULT)
			n += count_content(p->content) - count_kind(p->content, PART_TEXT);
	return n;
}

static enum err write_attached(struct writer *w, const struct llm_part *result)
{
	for (const struct llm_part *c = result->content; c != NULL; c = c->next) {
		if (c->kind == PART_TEXT || !is_content(c))
			continue;
		open_part(w->b, S("text"));
		jw_key(w->b, S("text"));
		jw_quote_open(w->b);
		jw_esc_add(w->b, S("Result of tool call "));
		jw_esc_add(w->b, result->id);
		jw_esc_add(w->b, S(":"));
		jw_quote_close(w->b);
		jw_obj_end(w->b);
		TRY(write_part(w, c));
	}
	return OK;
}

static enum err write_user(struct writer *w, const struct llm_msg *m)
{
	size_t results = 0;

	for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_RESULT && ++results)
			write_result(w, p);
	size_t attached = count_attached(m->parts);
	if (results && attached == 0 && count_content(m->parts) == 0)
		return OK;
	open_message(w, S("user"));
	if (m->name.p)
		jw_kv_esc(w->b, S("name"), m->name);
	if (attached == 0) {
		TRY(write_content(w, m->parts, S("\n")));
	} else {
		jw_key(w->b, S("content"));
		jw_arr(w->b);
		for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
			TRY(p->kind == PART_TOOL_RESULT ? write_attached(w, p) : write_part(w, p));
		jw_arr_end(w->b);
	}
	jw_obj_end(w->b);
	return OK;
}

static enum err write_system(struct writer *w, const struct llm_part *parts, struct str name)
{
	open_message(w, S("system"));
	if (name.p)
		jw_kv_esc(w->b, S("name"), name);
	TRY(write_content(w, parts, S("\n\n")));
	jw_obj_end(w->b);
	return OK;
}

static enum err write_messages(struct writer *w)
{
	jw_key(w->b, S("messages"));
	jw_arr(w->b);
	if (w->r->instructions)
		TRY(write_system(w, w->r->instructions, (struct str){ NULL, 0 }));
	for (const struct llm_msg *m = w->r->msgs; m != NULL; m = m->next) {
		switch (m->role) {
		case ROLE_USER:
			TRY(write_user(w, m));
			break;
		case ROLE_ASSISTANT:
			TRY(write_assistant(w, m));
			break;
		case ROLE_SYSTEM:
			TRY(write_system(w, m->parts, m->name));
			break;
		}
	}
	jw_arr_end(w->b);
	return OK;
}

/* ---- tools ------------------------------------------------------------------------------------ */

static enum err write_builtin(struct writer *w, const struct llm_tool *t)
{
	char name[96];

	if (t->origin == ME) {
		jw_raw(w->b, t->raw);
		return OK;
	}
	(void)snprintf(name, sizeof name, "tools.%.*s", FMT(t->name));
	return llm_cannot(w->o, name, ME);
}

static void write_tri(struct buf *b, struct str name, enum llm_tri v)
{
	if (v != TRI_UNSET)
		jw_kv_bool(b, name, v == TRI_YES);
}

/* OpenAI's strict mode takes only schemas whose objects are closed and require all they have. Elsewhere
 * strict means less, so a foreign schema that would be refused goes without it. */
static bool fits_strict(const struct writer *w, struct str schema)
{
	const struct json *root = NULL;

	if (w->r->origin == ME)
		return true;
	if (json_read(w->o->arena, schema, &root, NULL) != OK)
		return false;
	for (const struct json *v = root, *end = root + root->skip; v < end; v++) {
		const struct json *has = json_is(v, JSON_OBJECT) ? json_get(v, S("properties")) : NULL;
		const struct json *needs = has ? json_get(v, S("required")) : NULL;
		if (!json_is(has, JSON_OBJECT))
			continue;
		if (!json_is(json_get(v, S("additionalProperties")), JSON_FALSE) ||
		    json_count(has) != (json_is(needs, JSON_ARRAY) ? json_count(needs) : 0))
			return false;
	}
	return true;
}

static void write_strict(struct writer *w, enum llm_tri strict, struct str schema)
{
	if (strict == TRI_YES && (schema.p == NULL || !fits_strict(w, schema)))
		return;
	write_tri(w->b, S("strict"), strict);
}

static enum err write_tool(struct writer *w, const struct llm_tool *t)
{
	if (t->raw.p)
		return write_builtin(w, t);
	jw_obj(w->b);
	jw_kv_str(w->b, S("type"), S("function"));
	jw_key(w->b, S("function"));
	jw_obj(w->b);
	jw_kv_esc(w->b, S("name"), t->name);
	if (t->description.p)
		jw_kv_esc(w->b, S("description"), t->description);
	jw_kv_raw(w->b, S("parameters"),
		  t->schema.p ? t->schema : S("{\"type\":\"object\",\"properties\":{}}"));
	write_strict(w, t->strict, t->schema);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static void write_named(struct buf *b, struct str name)
{
	jw_obj(b);
	jw_kv_str(b, S("type"), S("function"));
	jw_key(b, S("function"));
	jw_obj(b);
	jw_kv_esc(b, S("name"), name);
	jw_obj_end(b);
	jw_obj_end(b);
}

static enum err write_choice(struct writer *w)
{
	static const struct str words[] = {
		[CHOICE_AUTO] = SC("auto"),
		[CHOICE_NONE] = SC("none"),
		[CHOICE_REQUIRED] = SC("required"),
	};
	const struct llm_str *n = w->r->choice_names;

	if (w->r->choice == CHOICE_UNSET)
		return OK;
	if (w->r->choice != CHOICE_NAMED) {
		jw_kv_str(w->b, S("tool_choice"), words[w->r->choice]);
		return OK;
	}
	if (n == NULL || (n->next && w->o->compatible))
		return cannot(w, C_CHOICE);
	jw_key(w->b, S("tool_choice"));
	if (n->next == NULL) {
		write_named(w->b, n->s);
		return OK;
	}
	jw_obj(w->b);
	jw_kv_str(w->b, S("type"), S("allowed_tools"));
	jw_key(w->b, S("allowed_tools"));
	jw_obj(w->b);
	jw_kv_str(w->b, S("mode"), S("required"));
	jw_key(w->b, S("tools"));
	jw_arr(w->b);
	for (; n != NULL; n = n->next)
		write_named(w->b, n->s);
	jw_arr_end(w->b);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_tools(struct writer *w)
{
	size_t before = w->b->n, empty;

	if (w->r->tools == NULL)
		return OK;
	jw_key(w->b, S("tools"));
	jw_arr(w->b);
	empty = w->b->n;
	for (const struct llm_tool *t = w->r->tools; t != NULL; t = t->next)
		TRY(write_tool(w, t));
	if (w->b->n == empty) { /* all were dropped, and OpenAI refuses an empty list */
		w->b->n = before;
		return OK;
	}
	jw_arr_end(w->b);
	TRY(write_choice(w));
	write_tri(w->b, S("parallel_tool_calls"), w->r->parallel);
	return OK;
}

/* ---- parameters ------------------------------------------------------------------------------- */

/* The models that think before they answer: o1, o3-mini, gpt-5, gpt-5.1-codex, ... */
static bool reasons(struct str model)
{
	if (str_has_prefix(model, S("ft:")))
		model = str_tail(model, 3);
	if (model.n >= 2 && model.p[0] == 'o' && model.p[1] >= '1' && model.p[1] <= '9')
		return true;
	struct str version = str_tail(model, 4);
	return (str_has_prefix(model, S("gpt-")) && version.n && version.p[0] >= '5' &&
		version.p[0] <= '9') ||
	       str_has_prefix(model, S("codex-"));
}

/* The word for "do not think" changed with each generation. */
static struct str least_effort(struct str model)
{
	if (model.p[0] == 'o')
		return S("low");
	return str_has_prefix(model, S("gpt-5.")) ? S("none") : S("minimal");
}

static enum err write_effort(struct writer *w)
{
	const struct llm_request *r = w->r;
	bool thinks = reasons(w->o->model);
	struct str word = r->effort;

	if (word.p == NULL && r->thinking_budget == 0) {
		if (!thinks)
			return OK; /* there is nothing to switch off */
		word = least_effort(w->o->model);
	} else if (word.p == NULL) {
		word = llm_budget_effort(r->thinking_budget);
	}
	if (word.p == NULL)
		return OK;
	if (r->origin != ME && !thinks && !w->o->compatible &&
	    (str_has_prefix(w->o->model, S("gpt-")) || str_has_prefix(w->o->model, S("chatgpt-"))))
		return cannot(w, C_THINKING);
	jw_kv_esc(w->b, S("reasoning_effort"), word);
	return OK;
}

static void write_format(struct writer *w)
{
	const struct llm_request *r = w->r;

	if (r->format == FORMAT_UNSET)
		return;
	jw_key(w->b, S("response_format"));
	jw_obj(w->b);
	if (r->format != FORMAT_SCHEMA || r->format_schema.p == NULL) {
		jw_kv_str(w->b, S("type"), r->format == FORMAT_TEXT ? S("text") : S("json_object"));
		jw_obj_end(w->b);
		return;
	}
	jw_kv_str(w->b, S("type"), S("json_schema"));
	jw_key(w->b, S("json_schema"));
	jw_obj(w->b);
	jw_kv_esc(w->b, S("name"), r->format_name.n ? r->format_name : S("response"));
	if (r->format_description.p)
		jw_kv_esc(w->b, S("description"), r->format_description);
	jw_kv_raw(w->b, S("schema"), r->format_schema);
	write_strict(w, r->format_strict, r->format_schema);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
}

static enum err write_stop(struct writer *w)
{
	size_t n = 0;

	for (const struct llm_str *s = w->r->stop; s != NULL; s = s->next)
		n++;
	if (n == 0)
		return OK;
	if (n > 4 && !w->o->compatible)
		return cannot(w, C_STOP);
	jw_key(w->b, S("stop"));
	jw_arr(w->b);
	for (const struct llm_str *s = w->r->stop; s != NULL; s = s->next)
		jw_esc(w->b, s->s);
	jw_arr_end(w->b);
	return OK;
}

static enum err write_tier(struct writer *w)
{
	struct str tier = w->r->service_tier;

	if (tier.p == NULL)
		return OK;
	if (w->r->origin != ME && !str_eq(tier, S("auto"))) {
		if (!str_eq(tier, S("standard_only")) && !str_eq(tier, S("standard")))
			return cannot(w, C_TIER);
		tier = S("default");
	}
	jw_kv_esc(w->b, S("service_tier"), tier);
	return OK;
}

static void write_raw(struct buf *b, struct str name, struct str value)
{
	if (value.p)
		jw_kv_raw(b, name, value);
}

static void write_count(struct buf *b, struct str name, int64_t value)
{
	if (value >= 0)
		jw_kv_int(b, name, value);
}

static enum err write_sampling(struct writer *w)
{
	const struct llm_request *r = w->r;
	bool old = w->o->compatible || !reasons(w->o->model);

	write_count(w->b, old ? S("max_tokens") : S("max_completion_tokens"), r->max_tokens);
	write_count(w->b, S("n"), r->n);
	write_raw(w->b, S("temperature"), r->temperature);
	write_raw(w->b, S("top_p"), r->top_p);
	write_raw(w->b, S("frequency_penalty"), r->frequency_penalty);
	write_raw(w->b, S("presence_penalty"), r->presence_penalty);
	write_raw(w->b, S("seed"), r->seed);
	write_raw(w->b, S("logit_bias"), r->logit_bias);
	write_tri(w->b, S("logprobs"), r->logprobs);
	write_count(w->b, S("top_logprobs"), r->top_logprobs);
	if (r->top_k.p) {
		if (!w->o->compatible)
			TRY(cannot(w, C_TOP_K));
		else
			jw_kv_raw(w->b, S("top_k"), r->top_k);
	}
	return write_stop(w);
}

/* The client's own extras go home as they came; those from within something larger cannot. */
static enum err write_extras(struct writer *w)
{
	const char *const *harmless = dialects[w->r->origin]->harmless;

	if (w->r->origin != ME)
		return llm_refuse_extras(w->r, w->o, harmless, ME);
	for (const struct llm_extra *x = w->r->extras; x != NULL; x = x->next) {
		if (str_chr(x->name, '.') == SIZE_MAX) {
			jw_str(w->b, x->name); /* not jw_key: it may need escapes */
			buf_addc(w->b, ':');
			jw_raw(w->b, x->value);
			continue;
		}
		const struct llm_request one = { .extras = &(struct llm_extra){ .name = x->name } };
		TRY(llm_refuse_extras(&one, w->o, harmless, ME));
	}
	return OK;
}

enum err openai_encode_request(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	struct writer w = { .r = r, .o = opts, .b = out };

	jw_obj(out);
	jw_kv_str(out, S("model"), opts->model);
	TRY(write_messages(&w));
	TRY(write_tools(&w));
	TRY(write_sampling(&w));
	TRY(write_effort(&w));
	write_format(&w);
	if (r->stream) {
		/* The gate counts tokens whether or not the client wants to see them. */
		jw_kv_bool(out, S("stream"), true);
		jw_kv_raw(out, S("stream_options"), S("{\"include_usage\":true}"));
	}
	if (r->user.p)
		jw_kv_esc(out, S("user"), r->user);
	TRY(write_tier(&w));
	write_raw(out, S("metadata"), r->metadata);
	TRY(write_extras(&w));
	jw_obj_end(out);
	return out->err;
}
