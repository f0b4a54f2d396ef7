/*
 * llm/gemini_part.c - one part of a content, read and written.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c
 */
#include "codec/base64.h"
#include "codec/utf8.h"
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------- */

static const struct llm_field part_rows[] = {
	LLM_FIELD(gemini_part, text, "text", FIELD_ESC),
	LLM_FIELD(gemini_part, thought, "thought", FIELD_BOOL),
	LLM_FIELD(gemini_part, signature, "thoughtSignature", FIELD_ESC),
	LLM_FIELD(gemini_part, call, "functionCall", FIELD_OBJ),
	LLM_FIELD(gemini_part, response, "functionResponse", FIELD_OBJ),
	LLM_FIELD(gemini_part, inline_data, "inlineData", FIELD_OBJ),
	LLM_FIELD(gemini_part, file_data, "fileData", FIELD_OBJ),
	LLM_FIELD(gemini_part, code, "executableCode", FIELD_OBJ),
	LLM_FIELD(gemini_part, code_result, "codeExecutionResult", FIELD_OBJ),
};

enum err gemini_part_read(const struct llm_at *at, const struct json *v, struct gemini_part *out)
{
	*out = (struct gemini_part){ .thought = false };
	TRY(LLM_READ(at, v, part_rows, out));
	int kinds = (out->text.p != NULL) + (out->call != NULL) + (out->response != NULL) +
		    (out->inline_data != NULL) + (out->file_data != NULL) + (out->code != NULL) +
		    (out->code_result != NULL);
	if (kinds > 1 && !at->lenient)
		return llm_bad(at, S("text"), "the only content of its part");
	return OK;
}

static const struct llm_field call_rows[] = {
	LLM_FIELD(gemini_call, id, "id", FIELD_ESC),
	LLM_FIELD(gemini_call, name, "name", FIELD_ESC),
	LLM_FIELD(gemini_call, args, "args", FIELD_OBJ),
	LLM_FIELD(gemini_call, partial, "partialArgs", FIELD_LIST),
	LLM_FIELD(gemini_call, more, "willContinue", FIELD_BOOL),
};

enum err gemini_call_read(const struct llm_at *at, const struct json *v, struct gemini_call *out)
{
	*out = (struct gemini_call){ .more = false };
	return LLM_READ(at, v, call_rows, out);
}

struct media {
	struct str mime, data, uri, name;
};

static const struct llm_field media_rows[] = {
	LLM_FIELD(media, mime, "mimeType", FIELD_ESC),
	LLM_FIELD(media, data, "data", FIELD_ESC),
	LLM_FIELD(media, uri, "fileUri", FIELD_ESC),
	LLM_FIELD(media, name, "displayName", FIELD_ESC),
};

static const struct ending {
	struct str ending, mime;
} endings[] = {
	{ SC(".png"), SC("image/png") },        { SC(".jpg"), SC("image/jpeg") },
	{ SC(".jpeg"), SC("image/jpeg") },      { SC(".webp"), SC("image/webp") },
	{ SC(".gif"), SC("image/gif") },        { SC(".heic"), SC("image/heic") },
	{ SC(".pdf"), SC("application/pdf") },  { SC(".txt"), SC("text/plain") },
	{ SC(".mp3"), SC("audio/mp3") },        { SC(".wav"), SC("audio/wav") },
	{ SC(".mp4"), SC("video/mp4") },        { SC(".mov"), SC("video/mov") },
};

/* A file by URL needs a type; where the client's dialect has none, the path's ending tells. */
static struct str mime_of_url(struct str url)
{
	struct str query, path = str_cut(url, '?', &query);

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		size_t n = endings[i].ending.n;
		if (path.n > n && str_ieq(str_tail(path, path.n - n), endings[i].ending))
			return endings[i].mime;
	}
	return (struct str){ NULL, 0 };
}

static enum llm_part_kind kind_of(struct str mime, struct str url)
{
	if (mime.n == 0 && str_find(url, S("youtube.com/")) != SIZE_MAX)
		return PART_VIDEO;
	if (mime.n == 0)
		mime = mime_of_url(url);
	if (str_has_prefix(mime, S("image")))
		return PART_IMAGE;
	if (str_has_prefix(mime, S("audio")))
		return PART_AUDIO;
	return str_has_prefix(mime, S("video")) ? PART_VIDEO : PART_DOCUMENT;
}

/* google-genai writes bytes in base64's URL alphabet; the other dialects take the standard one
 * only. */
static struct str standard(struct arena *a, struct str esc)
{
	struct buf b;
	size_t room = esc.n + 4;
	bool plain = str_chr(esc, '-') == SIZE_MAX && str_chr(esc, '_') == SIZE_MAX;

	if (plain && str_chr(esc, '\\') == SIZE_MAX && esc.n % 4 == 0)
		return esc;
	char *p = arena_alloc(a, room, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, p, room);
	json_unescape(&b, esc);
	for (size_t i = 0; i < b.n; i++)
		p[i] = p[i] == '-' ? '+' : p[i] == '_' ? '/' : p[i];
	while (b.n % 4 != 0 && b.n % 4 != 1)
		buf_addc(&b, '=');
	return buf_str(&b);
}

/* text gives the esc text of a base64 text/plain, p == NULL when it is none: it stays base64
 * then. */
static struct str text_of(struct arena *a, struct str data)
{
	struct str none = { NULL, 0 };
	struct buf plain, esc;
	char *p = arena_alloc(a, data.n + 1, 1);

	if (p == NULL)
		return none;
	buf_fixed(&plain, p, data.n + 1);
	if (base64_decode(&plain, data, BASE64_STD) != OK || utf8_valid(buf_str(&plain)) != plain.n)
		return none;
	char *q = arena_alloc(a, plain.n * 6 + 1, 1);
	if (q == NULL)
		return none;
	buf_fixed(&esc, q, plain.n * 6 + 1);
	jw_str_add(&esc, buf_str(&plain));
	return esc.err == OK ? buf_str(&esc) : none;
}

enum err gemini_media_read(const struct llm_at *at, const struct gemini_part *in,
			   enum llm_part_kind *out_kind, struct llm_media *out)
{
	struct media m = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	const struct json *v = in->inline_data ? in->inline_data : in->file_data;

	TRY(LLM_READ(at, v, media_rows, &m));
	m.mime = llm_plain_esc(at->a, m.mime);
	m.uri = llm_plain_esc(at->a, m.uri);
	if (in->inline_data != NULL && !at->lenient && (m.data.p == NULL || m.mime.p == NULL))
		return llm_bad(at, S("inlineData"), "complete: mimeType and data");
	if (m.mime.p != NULL && !llm_is_mime(m.mime)) {
		if (!at->lenient)
			return llm_bad(at, S("mimeType"), "a media type");
		m.mime = S("application/octet-stream");
	}
	if (in->inline_data == NULL && !at->lenient && m.uri.p == NULL)
		return llm_bad(at, S("fileData"), "complete: fileUri");
	*out = (struct llm_media){ .mime = m.mime, .name = m.name };
	*out_kind = kind_of(m.mime, m.uri.p ? m.uri : S(""));
	if (in->inline_data == NULL) {
		out->url = m.uri.p ? m.uri : S("");
		return OK;
	}
	out->data = standard(at->a, m.data.p ? m.data : S(""));
	if (out->data.p == NULL)
		return ERR_NOMEM;
	if (!base64_valid(out->data, BASE64_STD)) {
		if (!at->lenient)
			return llm_bad(at, S("inlineData.data"), "base64");
		/* Resolved it could end the string that it is written into. */
		out->data = m.data.p ? m.data : S("");
	}
	struct str text = { NULL, 0 };
	if (str_eq(m.mime, S("text/plain")))
		text = text_of(at->a, out->data);
	if (text.p != NULL) {
		out->data = text;
		out->is_text = true;
	}
	return OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

static enum err put_text_file(struct arena *a, struct str esc, struct buf *out)
{
	struct buf plain;
	char *p = arena_alloc(a, esc.n + 1, 1);

	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&plain, p, esc.n + 1);
	json_unescape(&plain, esc);
	jw_key(out, S("data"));
	jw_quote_open(out);
	base64_encode(out, buf_str(&plain), BASE64_STD);
	jw_quote_close(out);
	return out->err;
}

enum err gemini_put_media(struct arena *a, const struct llm_media *m, struct buf *out)
{
	bool by_url = m->url.p != NULL;
	struct str mime = m->mime;

	if (mime.n == 0 && by_url)
		mime = mime_of_url(m->url);
	else if (mime.n == 0)
		mime = m->is_text ? S("text/plain") : S("application/octet-stream");
	jw_key(out, by_url ? S("fileData") : S("inlineData"));
	jw_obj(out);
	if (mime.n)
		jw_kv_esc(out, S("mimeType"), mime);
	if (by_url)
		jw_kv_esc(out, S("fileUri"), m->url);
	else if (m->is_text)
		TRY(put_text_file(a, m->data, out));
	else
		jw_kv_esc(out, S("data"), m->data);
	jw_obj_end(out);
	return out->err;
}

static void put_call(const struct llm_part *p, struct buf *out)
{
	jw_key(out, S("functionCall"));
	jw_obj(out);
	if (p->id.n)
		jw_kv_esc(out, S("id"), p->id);
	jw_kv_esc(out, S("name"), p->name);
	jw_kv_raw(out, S("args"), p->args.n ? p->args : S("{}"));
	jw_obj_end(out);
}

enum err gemini_put_part(struct arena *a, const struct llm_part *p, struct buf *out)
{
	bool redacted = p->kind == PART_REDACTED;
	struct str proof = redacted ? p->text : p->signature;

	if (p->kind == PART_OPAQUE) {
		jw_raw(out, p->raw);
		return OK;
	}
	jw_obj(out);
	if (p->kind == PART_TOOL_CALL)
		put_call(p, out);
	else if (p->kind >= PART_IMAGE && p->kind <= PART_VIDEO)
		TRY(gemini_put_media(a, &p->media, out));
	else
		jw_kv_esc(out, S("text"), redacted ? S("") : p->text);
	if (redacted || p->kind == PART_THINKING)
		jw_kv_bool(out, S("thought"), true);
	if (proof.n) {
		struct str sign = gemini_sign(a, p->origin, proof, redacted);
		if (sign.p == NULL)
			return ERR_NOMEM;
		jw_kv_esc(out, S("thoughtSignature"), sign);
	}
	jw_obj_end(out);
	return out->err;
}
