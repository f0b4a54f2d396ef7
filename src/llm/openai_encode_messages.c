/*
 * llm/openai_encode_messages.c - the neutral conversation becomes a chat completion's messages.
 * Ring 0, pure. Results of tools become messages of their own, with their pictures in a user
 * message behind them.
 */
#include "llm/openai.h"

#include <assert.h>
#include <stdio.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])
#define ME	 DIALECT_OPENAI

/* ---- parts --------------------------------------------------------------------------------- */

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

static enum err write_text(struct oa_writer *w, const struct llm_part *p)
{
	open_part(w->b, S("text"));
	jw_kv_esc(w->b, S("text"), p->text);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_url_part(struct oa_writer *w, const struct llm_part *p, struct str type)
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

static enum err write_image(struct oa_writer *w, const struct llm_part *p)
{
	if (p->media.data.p == NULL && p->media.url.p == NULL)
		return oa_cannot(w, OA_FILE_ID);
	return write_url_part(w, p, S("image_url"));
}

static enum err write_video(struct oa_writer *w, const struct llm_part *p)
{
	if (!w->o->compatible || (p->media.data.p == NULL && p->media.url.p == NULL))
		return oa_cannot(w, OA_VIDEO);
	return write_url_part(w, p, S("video_url"));
}

static enum err write_audio(struct oa_writer *w, const struct llm_part *p)
{
	static const struct {
		struct str mime, format;
	} formats[] = {
		{ SC("audio/wav"), SC("wav") },	  { SC("audio/x-wav"), SC("wav") },
		{ SC("audio/mpeg"), SC("mp3") },  { SC("audio/mp3"), SC("mp3") },
		{ SC("audio/flac"), SC("flac") }, { SC("audio/opus"), SC("opus") },
		{ SC("audio/aac"), SC("aac") },	  { SC("audio/ogg"), SC("ogg") },
		{ SC("audio/aiff"), SC("aiff") },
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
	return oa_cannot(w, OA_AUDIO);
}

static enum err write_document(struct oa_writer *w, const struct llm_part *p)
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
		return oa_cannot(w, OA_DOCUMENT_URL);
	/* An id of another provider's file store means nothing here. */
	if (m->data.p == NULL && w->r->origin != ME)
		return oa_cannot(w, OA_FILE_ID);
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

/* A custom tool's call has an id, which no part of a content has. */
static bool is_call(const struct llm_part *p)
{
	return p->kind == PART_TOOL_CALL ||
	       (p->kind == PART_OPAQUE && p->origin == ME && p->id.p != NULL);
}

static bool is_content(const struct llm_part *p)
{
	return (p->kind <= PART_VIDEO || p->kind == PART_OPAQUE) && !is_call(p);
}

static enum err write_opaque(struct oa_writer *w, const struct llm_part *p)
{
	static const char *const names[DIALECT_COUNT] = { "messages.content", "messages.content",
							  "contents.parts" };
	const char *block = names[w->r->origin];
	char name[96];

	if (p->origin == ME) {
		if (is_content(p))
			jw_raw(w->b, p->raw);
		return OK;
	}
	(void)snprintf(name, sizeof name, "%s.%.*s", block, FMT(p->name));
	return llm_cannot(w->o, p->name.n ? name : block, ME);
}

/* What is no content: tool traffic has its own messages, thoughts of others are not for OpenAI. */
static enum err write_nothing(struct oa_writer *w, const struct llm_part *p)
{
	(void)w;
	(void)p;
	return OK;
}

static const struct {
	enum err (*write)(struct oa_writer *, const struct llm_part *);
} part_writers[PART_KINDS] = {
	[PART_TEXT] = { write_text },		[PART_IMAGE] = { write_image },
	[PART_DOCUMENT] = { write_document },	[PART_AUDIO] = { write_audio },
	[PART_VIDEO] = { write_video },		[PART_TOOL_CALL] = { write_nothing },
	[PART_TOOL_RESULT] = { write_nothing }, [PART_THINKING] = { write_nothing },
	[PART_REDACTED] = { write_nothing },	[PART_REFUSAL] = { write_text },
	[PART_OPAQUE] = { write_opaque },
};

static enum err write_part(struct oa_writer *w, const struct llm_part *p)
{
	assert((unsigned)p->kind < PART_KINDS);
	return part_writers[p->kind].write(w, p);
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

static size_t count(const struct llm_part *p, bool (*counts)(const struct llm_part *))
{
	size_t n = 0;

	for (; p != NULL; p = p->next)
		n += counts(p);
	return n;
}

static enum err write_content(struct oa_writer *w, const struct llm_part *parts, struct str between)
{
	size_t texts = count_kind(parts, PART_TEXT);

	jw_key(w->b, S("content"));
	if (texts == count(parts, is_content) && (texts <= 1 || w->o->compatible)) {
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

/* ---- messages ------------------------------------------------------------------------------ */

static void open_message(struct oa_writer *w, struct str role)
{
	jw_obj(w->b);
	jw_kv_str(w->b, S("role"), role);
}

static void write_calls(struct oa_writer *w, const struct llm_part *parts)
{
	jw_key(w->b, S("tool_calls"));
	jw_arr(w->b);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		if (!is_call(p))
			continue;
		if (p->kind == PART_OPAQUE) {
			jw_raw(w->b, p->raw);
			continue;
		}
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

static bool has_thoughts(const struct llm_part *p)
{
	for (; p != NULL; p = p->next)
		if (p->kind == PART_THINKING && p->text.n)
			return true;
	return false;
}

/* Pieces of an assistant's text belong together: they were cut where citations stood. */
static enum err write_assistant(struct oa_writer *w, const struct llm_msg *m)
{
	size_t calls = count(m->parts, is_call);
	size_t texts = count_kind(m->parts, PART_TEXT);

	open_message(w, S("assistant"));
	if (m->name.p)
		jw_kv_esc(w->b, S("name"), m->name);
	if (texts < count(m->parts, is_content)) {
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
	if (w->o->compatible && has_thoughts(m->parts)) {
		jw_key(w->b, S("reasoning_content"));
		write_all(w->b, m->parts, PART_THINKING);
	}
	if (calls)
		write_calls(w, m->parts);
	jw_obj_end(w->b);
	return OK;
}

/* A tool message holds text and no flag: a failure is said in words, pictures follow. */
static void write_result(struct oa_writer *w, const struct llm_part *p)
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
	if (texts == 0 && count(p->content, is_content))
		jw_esc_add(w->b, S("The result is attached to the next message."));
	jw_quote_close(w->b);
	jw_obj_end(w->b);
}

static size_t count_attached(const struct llm_part *parts)
{
	size_t n = 0;

	for (const struct llm_part *p = parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_RESULT)
			n += count(p->content, is_content) - count_kind(p->content, PART_TEXT);
	return n;
}

static enum err write_attached(struct oa_writer *w, const struct llm_part *result)
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

static enum err write_user(struct oa_writer *w, const struct llm_msg *m)
{
	size_t results = 0;

	for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_RESULT && ++results)
			write_result(w, p);
	size_t attached = count_attached(m->parts);
	if (results && attached == 0 && count(m->parts, is_content) == 0)
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

static enum err write_system(struct oa_writer *w, const struct llm_part *parts, struct str name)
{
	open_message(w, S("system"));
	if (name.p)
		jw_kv_esc(w->b, S("name"), name);
	TRY(write_content(w, parts, S("\n\n")));
	jw_obj_end(w->b);
	return OK;
}

enum err oa_write_messages(struct oa_writer *w)
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
