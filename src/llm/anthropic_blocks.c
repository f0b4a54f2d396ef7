/*
 * llm/anthropic_blocks.c - content blocks read into parts, and an answer's parts written as blocks.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_request_fuzz.c
 */
#include "llm/anthropic.h"

#include "base/ascii.h"

#include <assert.h>
#include <string.h>

static const struct str none = { NULL, 0 };

enum { DEPTH_MAX = 2 }; /* a tool result or a document holds blocks; those hold none */

struct block {
	struct str text, cache, citations, title, id, tool_use_id, name, thinking, signature, data;
	const struct json *source, *input, *content, *caller;
	enum llm_tri is_error;
};

#define ROW(member, name, kind) LLM_FIELD(block, member, name, kind)
#define TYPE { SC("type"), FIELD_SKIP, 0 }

static const struct llm_field text_rows[] = {
	TYPE,
	ROW(text, "text", FIELD_ESC),
	ROW(cache, "cache_control", FIELD_RAW),
	ROW(citations, "citations", FIELD_RAW),
};

static const struct llm_field image_rows[] = {
	TYPE,
	ROW(source, "source", FIELD_OBJ),
	ROW(cache, "cache_control", FIELD_RAW),
};

static const struct llm_field document_rows[] = {
	TYPE,
	ROW(source, "source", FIELD_OBJ),
	ROW(cache, "cache_control", FIELD_RAW),
	ROW(title, "title", FIELD_ESC),
	ROW(content, "citations", FIELD_OBJ),
};

static const struct llm_field call_rows[] = {
	TYPE,
	ROW(id, "id", FIELD_ESC),
	ROW(name, "name", FIELD_ESC),
	ROW(input, "input", FIELD_OBJ),
	ROW(cache, "cache_control", FIELD_RAW),
	ROW(caller, "caller", FIELD_OBJ),
};

static const struct llm_field result_rows[] = {
	TYPE,
	ROW(tool_use_id, "tool_use_id", FIELD_ESC),
	ROW(content, "content", FIELD_ANY),
	ROW(is_error, "is_error", FIELD_TRI),
	ROW(cache, "cache_control", FIELD_RAW),
};

static const struct llm_field thinking_rows[] = {
	TYPE,
	ROW(thinking, "thinking", FIELD_ESC),
	ROW(signature, "signature", FIELD_ESC),
	ROW(cache, "cache_control", FIELD_RAW),
};

static const struct llm_field redacted_rows[] = {
	TYPE,
	ROW(data, "data", FIELD_ESC),
	ROW(cache, "cache_control", FIELD_RAW),
};

/* ---- sources of images and documents --------------------------------------------------------- */

struct source {
	struct str media_type, data, url, file_id;
	const struct json *content;
};

static const struct llm_field source_rows[] = {
	TYPE,
	LLM_FIELD(source, media_type, "media_type", FIELD_ESC),
	LLM_FIELD(source, data, "data", FIELD_ESC),
	LLM_FIELD(source, url, "url", FIELD_ESC),
	LLM_FIELD(source, file_id, "file_id", FIELD_ESC),
	LLM_FIELD(source, content, "content", FIELD_ANY),
};

static enum err set_source(const struct llm_at *at, const struct json *v, const struct source *s,
			   bool image, struct llm_media *m)
{
	const struct json *type = json_get(v, S("type"));

	if (s->media_type.p && !at->lenient && !llm_is_mime(s->media_type))
		return llm_bad(at, S("media_type"), "a media type");
	if (json_str_eq(type, S("base64")) && s->data.p && s->media_type.p)
		*m = (struct llm_media){ .mime = s->media_type, .data = s->data, .name = m->name };
	else if (json_str_eq(type, S("url")) && s->url.p)
		/* The API takes nothing but PDF by URL as a document. */
		*m = (struct llm_media){ .url = s->url, .name = m->name,
					 .mime = image ? none : S("application/pdf") };
	else if (json_str_eq(type, S("file")) && s->file_id.p)
		*m = (struct llm_media){ .file_id = s->file_id, .name = m->name };
	else if (json_str_eq(type, S("text")) && s->data.p && !image)
		*m = (struct llm_media){ .mime = S("text/plain"), .data = s->data, .name = m->name,
					 .is_text = true };
	else
		return llm_bad(at, S("type"), "base64, url, file, text or content, with its data");
	return OK;
}

static enum err read_media(const struct llm_at *at, const struct block *b, bool image,
			   struct llm_part **list)
{
	struct llm_at under = llm_under(at, S("messages.content.source."));
	struct llm_media m = { .name = b->title };
	struct source s = { 0 };

	if (b->source == NULL)
		return llm_bad(at, S("source"), "an object");
	TRY(LLM_READ(&under, b->source, source_rows, &s));
	s.media_type = llm_plain_esc(at->a, s.media_type);
	s.url = llm_plain_esc(at->a, s.url);
	if (!image && json_str_eq(json_get(b->source, S("type")), S("content"))) {
		/* The chunks of such a document matter to citations only: others read the parts. */
		if (s.content == NULL || at->depth >= DEPTH_MAX ||
		    (s.content->type != JSON_ARRAY && s.content->type != JSON_STRING))
			return llm_bad(&under, S("content"), "a string or blocks");
		if (s.content->type == JSON_ARRAY) {
			if (b->title.p)
				TRY(llm_unknown(at, S("title"), S("null")));
			under.depth = at->depth + 1;
			return anthropic_content(&under, s.content, list);
		}
		m.mime = S("text/plain");
		m.data = json_esc(s.content);
		m.is_text = true;
	} else {
		TRY(set_source(&under, b->source, &s, image, &m));
	}
	struct llm_part *p = llm_part_add(at->a, list, image ? PART_IMAGE : PART_DOCUMENT);
	if (p == NULL)
		return ERR_NOMEM;
	p->media = m;
	p->cache = b->cache;
	return OK;
}

/* ---- one function for each type of block ----------------------------------------------------- */

static struct llm_part *add(const struct llm_at *at, const struct block *b, enum llm_part_kind kind,
			    struct llm_part **list)
{
	struct llm_part *p = llm_part_add(at->a, list, kind);

	if (p != NULL) {
		p->origin = DIALECT_ANTHROPIC;
		p->cache = b->cache;
	}
	return p;
}

static enum err read_text(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, text_rows, &b));
	if (b.text.p == NULL)
		return llm_bad(at, S("text"), "a string");
	struct llm_part *p = add(at, &b, PART_TEXT, list);
	if (p == NULL)
		return ERR_NOMEM;
	p->text = b.text;
	p->extra = b.citations;
	return OK;
}

static enum err read_image(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, image_rows, &b));
	return read_media(at, &b, true, list);
}

static enum err read_document(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, document_rows, &b));
	if (b.content != NULL && json_bool(json_get(b.content, S("enabled"))))
		TRY(llm_unknown(at, S("citations"), json_raw(b.content)));
	return read_media(at, &b, false, list);
}

static enum err read_call(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, call_rows, &b));
	if (b.id.p == NULL)
		return llm_bad(at, S("id"), "a string");
	if (b.name.p == NULL)
		return llm_bad(at, S("name"), "a string");
	if (b.caller != NULL && !json_str_eq(json_get(b.caller, S("type")), S("direct")))
		TRY(llm_unknown(at, S("caller"), json_raw(b.caller)));
	struct llm_part *p = add(at, &b, PART_TOOL_CALL, list);
	if (p == NULL)
		return ERR_NOMEM;
	p->id = llm_id_split(at->a, b.id, &p->origin, &p->signature);
	if (p->signature.p == NULL)
		p->origin = DIALECT_ANTHROPIC;
	p->name = b.name;
	p->args = b.input ? json_raw(b.input) : S("{}");
	return OK;
}

static enum err read_result(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct llm_at under = llm_under(at, S("messages.content.content."));
	enum llm_dialect ignored_origin;
	struct str ignored_signature;
	struct block b = { 0 };

	TRY(LLM_READ(at, v, result_rows, &b));
	if (b.tool_use_id.p == NULL)
		return llm_bad(at, S("tool_use_id"), "a string");
	struct llm_part *p = add(at, &b, PART_TOOL_RESULT, list);
	if (p == NULL)
		return ERR_NOMEM;
	p->id = llm_id_split(at->a, b.tool_use_id, &ignored_origin, &ignored_signature);
	p->is_error = b.is_error == TRI_YES;
	under.depth = at->depth + 1;
	return b.content ? anthropic_content(&under, b.content, &p->content) : OK;
}

static enum err read_thinking(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, thinking_rows, &b));
	struct llm_part *p = add(at, &b, PART_THINKING, list);
	if (p == NULL)
		return ERR_NOMEM;
	p->text = b.thinking.p ? b.thinking : S("");
	if (b.signature.n)
		p->signature = llm_untag(b.signature, DIALECT_ANTHROPIC, &p->origin);
	return OK;
}

static enum err read_redacted(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };

	TRY(LLM_READ(at, v, redacted_rows, &b));
	if (b.data.p == NULL)
		return llm_bad(at, S("data"), "a string");
	struct llm_part *p = add(at, &b, PART_REDACTED, list);
	if (p == NULL)
		return ERR_NOMEM;
	p->text = llm_untag(b.data, DIALECT_ANTHROPIC, &p->origin);
	return OK;
}

static enum err read_opaque(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	struct block b = { 0 };
	struct llm_part *p = add(at, &b, PART_OPAQUE, list);

	if (p == NULL)
		return ERR_NOMEM;
	p->raw = json_raw(v);
	return OK;
}

static const struct {
	struct str type;
	bool outer; /* not inside another block */
	enum err (*read)(const struct llm_at *, const struct json *, struct llm_part **);
} readers[] = {
	{ SC("text"), false, read_text },
	{ SC("image"), false, read_image },
	{ SC("document"), false, read_document },
	{ SC("tool_use"), true, read_call },
	{ SC("tool_result"), true, read_result },
	{ SC("thinking"), true, read_thinking },
	{ SC("redacted_thinking"), true, read_redacted },
};

enum err anthropic_block(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	const struct json *type = json_get(v, S("type"));

	assert(at->depth <= DEPTH_MAX);
	if (!json_is(type, JSON_STRING))
		return llm_bad(at, S("type"), "a string");
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (json_str_eq(type, readers[i].type) && !(readers[i].outer && at->depth > 0))
			return readers[i].read(at, v, list);
	return read_opaque(at, v, list);
}

enum err anthropic_content(const struct llm_at *at, const struct json *v, struct llm_part **list)
{
	if (v->type == JSON_STRING) {
		struct llm_part *p = llm_part_add(at->a, list, PART_TEXT);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = DIALECT_ANTHROPIC;
		p->text = json_esc(v);
		return OK;
	}
	if (v->type != JSON_ARRAY)
		return llm_bad(at, S("*"), "a string or an array of blocks");
	JSON_EACH_ITEM(v, it)
		TRY(anthropic_block(at, it, list));
	return OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

bool anthropic_is_delta(struct str raw)
{
	static const struct str head = SC("{\"type\":\"");
	struct str rest;

	return str_has_prefix(raw, head) &&
	       str_has_suffix(str_cut(str_tail(raw, head.n), '"', &rest), S("_delta"));
}

bool anthropic_blank(struct str esc)
{
	for (size_t i = 0; i < esc.n; i++) {
		if (esc.p[i] == '\\' && i + 1 < esc.n && memchr("nrtf", esc.p[i + 1], 4))
			i++;
		else if (esc.p[i] != ' ')
			return false;
	}
	return true;
}

static bool id_char(char c)
{
	return ascii_alnum(c) || c == '_' || c == '-';
}

struct str anthropic_id(struct arena *a, struct str id)
{
	size_t i = 0;

	while (i < id.n && id_char(id.p[i]))
		i++;
	if (i == id.n)
		return id;
	char *p = arena_alloc(a, id.n, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (i = 0; i < id.n; i++)
		p[i] = id_char(id.p[i]) ? id.p[i] : '_';
	return (struct str){ p, id.n };
}

bool anthropic_put_source(const struct llm_part *p, struct buf *out)
{
	const struct llm_media *m = &p->media;

	if (m->data.p == NULL && m->url.p == NULL && m->file_id.p == NULL)
		return false;
	jw_obj(out);
	jw_kv_str(out, S("type"), p->kind == PART_IMAGE ? S("image") : S("document"));
	jw_key(out, S("source"));
	jw_obj(out);
	if (m->data.p) {
		jw_kv_str(out, S("type"), m->is_text ? S("text") : S("base64"));
		jw_kv_esc(out, S("media_type"), m->is_text ? S("text/plain") : m->mime);
		jw_kv_esc(out, S("data"), m->data);
	} else if (m->url.p) {
		jw_kv_str(out, S("type"), S("url"));
		jw_kv_esc(out, S("url"), m->url);
	} else {
		jw_kv_str(out, S("type"), S("file"));
		jw_kv_esc(out, S("file_id"), m->file_id);
	}
	jw_obj_end(out);
	if (p->kind == PART_DOCUMENT && m->name.n)
		jw_kv_esc(out, S("title"), m->name);
	return true;
}

enum err anthropic_put_call(struct arena *a, const struct llm_part *p, struct str input,
			    struct buf *out)
{
	struct str id = anthropic_id(a, p->id);

	/* Another provider's signature of the call comes back in the id. */
	if (id.p && p->signature.n && p->origin != DIALECT_ANTHROPIC)
		id = llm_id_join(a, id, p->origin, p->signature);
	if (id.p == NULL)
		return ERR_NOMEM;
	jw_obj(out);
	jw_kv_str(out, S("type"), S("tool_use"));
	jw_kv_esc(out, S("id"), id);
	jw_kv_esc(out, S("name"), p->name);
	jw_kv_raw(out, S("input"), input.n ? input : S("{}"));
	return OK;
}

static void put_text(struct str text, struct str citations, struct buf *out)
{
	jw_obj(out);
	jw_kv_str(out, S("type"), S("text"));
	jw_kv_esc(out, S("text"), text);
	if (citations.p)
		jw_kv_raw(out, S("citations"), citations);
	jw_obj_end(out);
}

static enum err put_signed(struct arena *a, const struct llm_part *p, struct buf *out)
{
	bool redacted = p->kind == PART_REDACTED;
	struct str sign = redacted ? p->text : p->signature;

	if (sign.n && p->origin != DIALECT_ANTHROPIC)
		sign = llm_tag(a, p->origin, sign);
	if (sign.p == NULL && (redacted || p->signature.n))
		return ERR_NOMEM;
	jw_obj(out);
	jw_kv_str(out, S("type"), redacted ? S("redacted_thinking") : S("thinking"));
	if (!redacted)
		jw_kv_esc(out, S("thinking"), p->text);
	jw_kv_esc(out, redacted ? S("data") : S("signature"), sign);
	jw_obj_end(out);
	return OK;
}

enum err anthropic_put_block(struct arena *a, const struct llm_part *p, struct buf *out)
{
	bool own = p->origin == DIALECT_ANTHROPIC;

	switch (p->kind) {
	case PART_TEXT:
	case PART_REFUSAL:
		/* An empty text block would be refused when it comes back. */
		if (p->text.n)
			put_text(p->text, own ? p->extra : none, out);
		return OK;
	case PART_THINKING:
	case PART_REDACTED:
		return put_signed(a, p, out);
	case PART_TOOL_CALL:
		TRY(anthropic_put_call(a, p, p->args, out));
		jw_obj_end(out);
		return OK;
	case PART_IMAGE:
	case PART_DOCUMENT:
		if (anthropic_put_source(p, out))
			jw_obj_end(out);
		return OK;
	case PART_OPAQUE:
		if (own && !anthropic_is_delta(p->raw))
			jw_raw(out, p->raw);
		return OK;
	case PART_AUDIO:
	case PART_VIDEO:
	case PART_TOOL_RESULT:
	case PART_KINDS:
		break;
	}
	return OK;
}
