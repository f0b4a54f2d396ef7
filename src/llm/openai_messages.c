/*
 * llm/openai_messages.c - a chat completion's messages are read.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_request_fuzz.c
 */
#include "llm/openai.h"

#include <stdio.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

static enum err bad(const struct oa_reader *rd, const char *field, const char *what)
{
	char name[80];

	(void)snprintf(name, sizeof name, "messages[%u]%s", rd->msg, field);
	return oa_bad(rd, name, what);
}

/* ---- media --------------------------------------------------------------------------------- */

/* What base64 begins with when what is in it says its own media type; else p is NULL. */
static struct str mime_of_data(struct str data)
{
	static const struct {
		struct str begin, mime;
	} kinds[] = {
		{ SC("iVBORw0KGgo"), SC("image/png") },	  { SC("/9j/"), SC("image/jpeg") },
		{ SC("R0lGOD"), SC("image/gif") },	  { SC("UklGR"), SC("image/webp") },
		{ SC("JVBERi0"), SC("application/pdf") },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_has_prefix(data, kinds[i].begin))
			return kinds[i].mime;
	return (struct str){ NULL, 0 };
}

/* One URL field says data: or a place; it may also be bare base64 (a file's) when mime is known. */
static void read_url(struct arena *a, const struct json *v, struct llm_media *m)
{
	struct str url = oa_plain_esc(a, v), mime = { NULL, 0 };

	if (!llm_data_url(url, &mime, &m->data)) {
		m->url = url;
		return;
	}
	if (mime.p || m->mime.p == NULL)
		m->mime = mime.p ? mime : mime_of_data(m->data);
}

void oa_image(struct arena *a, const struct json *v, struct llm_media *m)
{
	if (json_is(v, JSON_STRING)) {
		read_url(a, v, m);
		return;
	}
	m->mime = oa_plain_esc(a, json_get(v, S("format")));
	m->detail = oa_esc_or_null(json_get(v, S("detail")));
	read_url(a, json_get(v, S("url")), m);
}

static bool is_data(struct str url)
{
	return str_ieq(str_head(url, 5), S("data:"));
}

static enum err check_format(const struct oa_reader *rd, const struct llm_media *m)
{
	return m->mime.p && !llm_is_mime(m->mime)
		       ? bad(rd, ".content", "media of a type such as image/png")
		       : OK;
}

/* A data URL that is not base64 would have to be decoded and coded again: nobody sends one. */
static enum err check_url(const struct oa_reader *rd, const struct llm_media *m, const char *field)
{
	if (m->data.p ? m->mime.p == NULL : m->url.n == 0 || is_data(m->url))
		return bad(rd, field, "a URL, or a data URL in base64 with its media type");
	return check_format(rd, m);
}

static enum err part_image(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	oa_image(rd->arena, json_get(v, S("image_url")), &p->media);
	return check_url(rd, &p->media, ".content.image_url.url");
}

static enum err part_video(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	oa_image(rd->arena, json_get(v, S("video_url")), &p->media);
	return check_url(rd, &p->media, ".content.video_url.url");
}

static enum err part_audio(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	static const struct str formats[] = { SC("wav"),  SC("mp3"), SC("flac"), SC("opus"),
					      SC("aac"),  SC("ogg"), SC("aiff") };
	static const struct str mimes[] = { SC("audio/wav"),  SC("audio/mpeg"), SC("audio/flac"),
					    SC("audio/opus"), SC("audio/aac"),  SC("audio/ogg"),
					    SC("audio/aiff") };
	const struct json *audio = json_get(v, S("input_audio"));
	int format = oa_word(json_get(audio, S("format")), formats, COUNT(formats));

	if (!json_is(json_get(audio, S("data")), JSON_STRING))
		return bad(rd, ".content.input_audio.data", "a string in base64");
	if (format < 0)
		return bad(rd, ".content.input_audio.format",
			   "wav, mp3, flac, opus, aac, ogg or aiff");
	p->media.data = oa_plain_esc(rd->arena, json_get(audio, S("data")));
	p->media.mime = mimes[format];
	return OK;
}

/* A file with the type of a picture is one. */
static enum llm_part_kind kind_of(struct str mime)
{
	static const struct {
		struct str prefix;
		enum llm_part_kind kind;
	} kinds[] = {
		{ SC("image/"), PART_IMAGE },
		{ SC("audio/"), PART_AUDIO },
		{ SC("video/"), PART_VIDEO },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_has_prefix(mime, kinds[i].prefix))
			return kinds[i].kind;
	return PART_DOCUMENT;
}

static enum err part_file(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	const struct json *file = json_get(v, S("file"));
	const struct json *data = json_get(file, S("file_data"));
	struct llm_media *m = &p->media;

	m->mime = oa_plain_esc(rd->arena, json_get(file, S("format")));
	m->name = oa_esc_or_null(json_get(file, S("filename")));
	m->file_id = oa_plain_esc(rd->arena, json_get(file, S("file_id")));
	if (json_is(data, JSON_STRING)) {
		read_url(rd->arena, data, m);
		if (is_data(m->url))
			return bad(rd, ".content.file.file_data", "base64");
		if (m->url.p) { /* LiteLLM's clients send bare base64 too */
			m->data = m->url;
			m->url = (struct str){ NULL, 0 };
		}
		if (m->mime.p == NULL)
			m->mime = S("application/pdf");
	} else if (m->file_id.n == 0) {
		return bad(rd, ".content.file", "given by file_data or file_id");
	} else if (str_find(m->file_id, S("://")) != SIZE_MAX) { /* LiteLLM: an id may be a URL */
		m->url = m->file_id;
		m->file_id = (struct str){ NULL, 0 };
	}
	p->kind = kind_of(m->mime);
	return check_format(rd, m);
}

/* ---- content ------------------------------------------------------------------------------- */

static enum err part_text(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	const struct json *text = json_get(v, S("text"));

	if (!json_is(text, JSON_STRING))
		return bad(rd, ".content.text", "a string");
	p->text = json_esc(text);
	return OK;
}

static enum err part_refusal(struct oa_reader *rd, const struct json *v, struct llm_part *p)
{
	const struct json *text = json_get(v, S("refusal"));

	if (!json_is(text, JSON_STRING))
		return bad(rd, ".content.refusal", "a string");
	p->text = json_esc(text);
	return OK;
}

static const struct part_type {
	struct str word, field; /* field holds what the type is about, all else is an extra */
	enum llm_part_kind kind;
	enum err (*read)(struct oa_reader *, const struct json *, struct llm_part *);
} part_types[] = {
	{ SC("text"), SC("text"), PART_TEXT, part_text },
	{ SC("image_url"), SC("image_url"), PART_IMAGE, part_image },
	{ SC("input_audio"), SC("input_audio"), PART_AUDIO, part_audio },
	{ SC("file"), SC("file"), PART_DOCUMENT, part_file },
	{ SC("video_url"), SC("video_url"), PART_VIDEO, part_video },
	{ SC("refusal"), SC("refusal"), PART_REFUSAL, part_refusal },
};

static enum err read_part(struct oa_reader *rd, const struct json *v, struct llm_part **list)
{
	const struct json *type = json_get(v, S("type"));
	const struct part_type *t = NULL;

	if (!json_is(type, JSON_STRING))
		return bad(rd, ".content.type", "a string");
	for (size_t i = 0; i < COUNT(part_types) && t == NULL; i++)
		if (json_str_eq(type, part_types[i].word))
			t = &part_types[i];
	struct llm_part *p = llm_part_add(rd->arena, list, t ? t->kind : PART_OPAQUE);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_OPENAI;
	if (t == NULL) {
		p->name = json_esc(type);
		p->raw = json_raw(v);
		return OK;
	}
	TRY(t->read(rd, v, p));
	JSON_EACH_MEMBER (v, key) {
		if (json_str_eq(key, S("cache_control")) && json_is(key + 1, JSON_OBJECT))
			p->cache = json_raw(key + 1);
		else if (!json_str_eq(key, S("type")) && !json_str_eq(key, t->field))
			TRY(oa_extra(rd, "messages.content.", key));
	}
	return OK;
}

static enum err read_content(struct oa_reader *rd, const struct json *v, struct llm_part **list)
{
	if (json_is(v, JSON_STRING)) {
		struct llm_part *p = llm_part_add(rd->arena, list, PART_TEXT);
		if (p == NULL)
			return ERR_NOMEM;
		p->text = json_esc(v);
		return OK;
	}
	if (!json_is(v, JSON_ARRAY))
		return bad(rd, ".content", "a string or an array of parts");
	JSON_EACH_ITEM (v, it)
		TRY(read_part(rd, it, list));
	return OK;
}

/* ---- what assistants say ------------------------------------------------------------------- */

/* A conversation that LiteLLM began has Gemini's proof of a call in its id or beside it. */
static struct str split_thought(struct str id, struct str *out_signature)
{
	static const struct str mark = SC("__thought__");
	size_t at = str_find(id, mark);

	if (at == SIZE_MAX || at == 0)
		return id;
	*out_signature = str_tail(id, at + mark.n);
	return str_head(id, at);
}

/* What LiteLLM lets stand beside a call: a cache mark, and Gemini's proof. */
static void read_beside(const struct json *call, struct llm_part *p)
{
	const struct json *cache = json_get(call, S("cache_control"));
	const struct json *fields = json_get(call, S("provider_specific_fields"));
	struct str signature = json_esc(json_get(fields, S("thought_signature")));

	if (json_is(cache, JSON_OBJECT))
		p->cache = json_raw(cache);
	p->id = split_thought(p->id, &signature);
	if (p->signature.n || signature.n == 0)
		return;
	p->signature = signature;
	p->origin = DIALECT_GEMINI;
}

static enum err read_calls(struct oa_reader *rd, const struct json *calls, struct llm_part **list)
{
	static const struct str known[] = { SC("id"), SC("type"), SC("function"), SC("index"),
					    SC("provider_specific_fields"),
					    SC("cache_control") };

	if (!json_is(calls, JSON_ARRAY))
		return bad(rd, ".tool_calls", "an array");
	JSON_EACH_ITEM (calls, it) {
		const struct json *type = json_get(it, S("type"));
		if (type != NULL && !json_str_eq(type, S("function"))) {
			struct llm_part *p = llm_part_add(rd->arena, list, PART_OPAQUE);
			if (p == NULL)
				return ERR_NOMEM;
			p->origin = DIALECT_OPENAI;
			p->id = json_esc(json_get(it, S("id")));
			p->name = json_esc(type);
			p->raw = json_raw(it);
			continue;
		}
		if (!json_is(json_get(it, S("id")), JSON_STRING))
			return bad(rd, ".tool_calls.id", "a string");
		if (json_esc(json_get(json_get(it, S("function")), S("name"))).n == 0)
			return bad(rd, ".tool_calls.function.name", "a function's name");
		TRY(oa_call(rd->arena, it, S(""), list));
		read_beside(it, (*list)->last);
		JSON_EACH_MEMBER (it, key)
			if (oa_word(key, known, COUNT(known)) < 0)
				TRY(oa_extra(rd, "messages.tool_calls.", key));
	}
	return OK;
}

static enum err read_legacy_call(struct oa_reader *rd, const struct json *call,
				 struct llm_part **list)
{
	rd->legacy_id = oa_made_id(rd->arena, S("function"), rd->calls++);
	if (rd->legacy_id.p == NULL)
		return ERR_NOMEM;
	if (json_esc(json_get(call, S("name"))).n == 0)
		return bad(rd, ".function_call.name", "a function's name");
	return oa_call(rd->arena, call, rd->legacy_id, list);
}

static enum err read_thoughts(struct oa_reader *rd, const struct json *v, struct llm_msg *m)
{
	const struct json *blocks = json_get(v, S("thinking_blocks"));
	const struct json *text = json_get(v, S("reasoning_content"));

	if (json_is(blocks, JSON_ARRAY) && json_count(blocks) > 0)
		return oa_thinking_blocks(rd->arena, blocks, &m->parts);
	if (!json_is(text, JSON_STRING))
		text = json_get(v, S("reasoning"));
	if (!json_is(text, JSON_STRING) || text->n == 0)
		return OK;
	struct llm_part *p = llm_part_add(rd->arena, &m->parts, PART_THINKING);
	if (p == NULL)
		return ERR_NOMEM;
	p->text = json_esc(text);
	return OK;
}

/* Pictures of an answer, as LiteLLM and this gate write them. */
static enum err read_images(struct oa_reader *rd, const struct json *images, struct llm_part **list)
{
	if (oa_is_null(images))
		return OK;
	if (!json_is(images, JSON_ARRAY))
		return bad(rd, ".images", "an array");
	JSON_EACH_ITEM (images, it) {
		struct llm_part *p = llm_part_add(rd->arena, list, PART_IMAGE);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = DIALECT_OPENAI;
		TRY(part_image(rd, it, p));
	}
	return OK;
}

static enum err read_assistant(struct oa_reader *rd, const struct json *v, struct llm_msg *m)
{
	const struct json *content = json_get(v, S("content"));
	const struct json *refusal = json_get(v, S("refusal"));
	const struct json *calls = json_get(v, S("tool_calls"));
	const struct json *call = json_get(v, S("function_call"));

	m->name = oa_esc_or_null(json_get(v, S("name")));
	TRY(read_thoughts(rd, v, m));
	/* Beside calls an empty text is no text: OpenAI's own have null there, others "". */
	bool empty = json_is(content, JSON_STRING) && content->n == 0;
	if (!oa_is_null(content) && !(empty && (!oa_is_null(calls) || !oa_is_null(call))))
		TRY(read_content(rd, content, &m->parts));
	TRY(read_images(rd, json_get(v, S("images")), &m->parts));
	if (json_is(refusal, JSON_STRING)) {
		struct llm_part *p = llm_part_add(rd->arena, &m->parts, PART_REFUSAL);
		if (p == NULL)
			return ERR_NOMEM;
		p->text = json_esc(refusal);
	}
	if (!oa_is_null(calls))
		TRY(read_calls(rd, calls, &m->parts));
	TRY(oa_text_signatures(rd->arena, json_get(v, S("provider_specific_fields")), &m->parts));
	return oa_is_null(call) ? OK : read_legacy_call(rd, call, &m->parts);
}

static enum err read_result(struct oa_reader *rd, const struct json *v, struct llm_msg *m)
{
	const struct json *id = json_get(v, S("tool_call_id"));
	struct llm_part *p = llm_part_add(rd->arena, &m->parts, PART_TOOL_RESULT);
	enum llm_dialect origin;
	struct str signature; /* the call's, which has it too */

	if (p == NULL)
		return ERR_NOMEM;
	if (!json_is(id, JSON_STRING))
		return bad(rd, ".tool_call_id", "a string");
	p->id = llm_id_split(rd->arena, json_esc(id), &origin, &signature);
	p->id = split_thought(p->id, &signature);
	p->name = oa_esc_or_null(json_get(v, S("name")));
	return read_content(rd, json_get(v, S("content")), &p->content);
}

/* The form of 2023: the answer to the latest function_call. */
static enum err read_legacy_result(struct oa_reader *rd, const struct json *v, struct llm_msg *m)
{
	const struct json *content = json_get(v, S("content"));

	if (rd->legacy_id.p == NULL)
		return bad(rd, ".role", "one that follows a function_call");
	struct llm_part *p = llm_part_add(rd->arena, &m->parts, PART_TOOL_RESULT);
	if (p == NULL)
		return ERR_NOMEM;
	p->id = rd->legacy_id;
	p->name = oa_esc_or_null(json_get(v, S("name")));
	return oa_is_null(content) ? OK : read_content(rd, content, &p->content);
}

/* ---- roles --------------------------------------------------------------------------------- */

static enum err read_user(struct oa_reader *rd, const struct json *v, struct llm_msg *m)
{
	m->name = oa_esc_or_null(json_get(v, S("name")));
	return read_content(rd, json_get(v, S("content")), &m->parts);
}

/* All the names that some role's reader takes. */
static const char *const msg_fields[] = {
	"role",
	"content",
	"name",
	"cache_control",
	"tool_calls",
	"function_call",
	"refusal",
	"reasoning_content",
	"reasoning",
	"thinking_blocks",
	"provider_specific_fields",
	"tool_call_id",
	"images",
};

static const struct role {
	struct str word;
	enum llm_role role;
	enum err (*read)(struct oa_reader *, const struct json *, struct llm_msg *);
	unsigned long takes; /* bits of msg_fields */
} roles[] = {
	{ SC("system"), ROLE_SYSTEM, read_user, 0xF },
	{ SC("developer"), ROLE_SYSTEM, read_user, 0xF },
	{ SC("user"), ROLE_USER, read_user, 0xF },
	{ SC("assistant"), ROLE_ASSISTANT, read_assistant, 0x17FF },
	{ SC("tool"), ROLE_USER, read_result, 0x80F },
	{ SC("function"), ROLE_USER, read_legacy_result, 0xF },
};

static enum err note_extras(struct oa_reader *rd, const struct json *v, const struct role *role)
{
	JSON_EACH_MEMBER (v, key) {
		bool known = false;
		for (size_t i = 0; i < COUNT(msg_fields) && !known; i++)
			known = (role->takes >> i & 1) && json_str_eq(key, str_z(msg_fields[i]));
		if (!known)
			TRY(oa_extra(rd, "messages.", key));
	}
	return OK;
}

/* A cache mark of the message counts for its last part. */
static void mark_cache(const struct json *v, struct llm_part *parts)
{
	const struct json *cache = json_get(v, S("cache_control"));

	if (!json_is(cache, JSON_OBJECT) || parts == NULL)
		return;
	struct llm_part *last = parts->last;
	if (last->cache.p == NULL)
		last->cache = json_raw(cache);
}

static enum err read_message(struct oa_reader *rd, const struct json *v, bool *leading)
{
	const struct json *word = json_get(v, S("role"));
	const struct role *role = NULL;
	struct llm_msg head = { .role = ROLE_SYSTEM }, *m = &head;

	if (!json_is(v, JSON_OBJECT))
		return bad(rd, "", "an object");
	for (size_t i = 0; i < COUNT(roles) && role == NULL; i++)
		if (json_str_eq(word, roles[i].word))
			role = &roles[i];
	if (role == NULL)
		return bad(rd, ".role", "system, developer, user, assistant, tool or function");
	*leading = *leading && role->role == ROLE_SYSTEM;
	if (*leading)
		head.parts = rd->req->instructions;
	else
		m = llm_msg_add(rd->arena, &rd->req->msgs, role->role);
	if (m == NULL)
		return ERR_NOMEM;
	TRY(role->read(rd, v, m));
	mark_cache(v, m->parts);
	if (*leading)
		rd->req->instructions = head.parts; /* which have no speaker: a name is left out */
	return note_extras(rd, v, role);
}

enum err oa_messages(struct oa_reader *rd, const struct json *list)
{
	bool leading = true;

	if (!json_is(list, JSON_ARRAY))
		return oa_bad(rd, "messages", "an array");
	JSON_EACH_ITEM (list, it) {
		TRY(read_message(rd, it, &leading));
		rd->msg++;
	}
	return OK;
}
