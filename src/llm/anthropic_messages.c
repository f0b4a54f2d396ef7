/*
 * llm/anthropic_messages.c - system and messages of a neutral request for the Messages API.
 * Ring 0, pure. Memory: the call's arena.
 *
 * Messages of one role in a row become one. In a user's turn the tool results stand first, as the
 * API demands; in an assistant's that was put together elsewhere, thinking does.
 */
#include "llm/anthropic.h"

#include "codec/base64.h"

#include <assert.h>
#include <string.h>

struct writer {
	const struct llm_request *r;
	struct llm_opts *opts;
	struct buf *out;
	int open;            /* the open message's role, -1 for none */
	size_t start, empty; /* where it begins, and where its first block would */
	bool mid;            /* the model takes system messages in mid-conversation */
	unsigned pass;       /* bit set of enum llm_part_kind to write */
	const struct llm_part *prefill; /* the text that the answer is to go on with, or NULL */
};

#define B(kind) (1u << (kind))
enum { ALL = (1u << PART_KINDS) - 1 };

static void close_message(struct writer *w)
{
	if (w->open < 0)
		return;
	w->open = -1;
	if (w->out->n == w->empty) {
		w->out->n = w->start; /* all its parts were dropped */
		return;
	}
	jw_arr_end(w->out);
	jw_obj_end(w->out);
}

static void open_message(struct writer *w, enum llm_role role)
{
	static const struct str words[] = {
		[ROLE_USER] = SC("user"),
		[ROLE_ASSISTANT] = SC("assistant"),
		[ROLE_SYSTEM] = SC("system"),
	};

	if (w->open == (int)role)
		return;
	close_message(w);
	w->start = w->out->n;
	jw_obj(w->out);
	jw_kv_str(w->out, S("role"), words[role]);
	jw_key(w->out, S("content"));
	jw_arr(w->out);
	w->empty = w->out->n;
	w->open = (int)role;
}

static void end_block(struct writer *w, struct str cache)
{
	if (cache.p)
		jw_kv_raw(w->out, S("cache_control"), cache);
	jw_obj_end(w->out);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void put_text(struct writer *w, const struct llm_part *p)
{
	jw_obj(w->out);
	jw_kv_str(w->out, S("type"), S("text"));
	jw_kv_esc(w->out, S("text"), p->text);
	if (p->extra.p && p->kind == PART_TEXT && p->origin == DIALECT_ANTHROPIC)
		jw_kv_raw(w->out, S("citations"), p->extra);
	end_block(w, p->cache);
}

/* Text documents come as base64 from elsewhere and go as text. false: no text after all. */
static bool text_document(struct arena *a, const struct llm_media *m, struct llm_media *to)
{
	struct buf plain, esc;
	size_t room = m->data.n + 4;
	char *p = arena_alloc(a, room, 1);
	char *q = p ? arena_alloc(a, room * 6, 1) : NULL;

	if (q == NULL)
		return false;
	buf_fixed(&plain, p, room);
	if (base64_decode(&plain, m->data, BASE64_STD) != OK)
		return false;
	buf_fixed(&esc, q, room * 6);
	jw_str_add(&esc, buf_str(&plain));
	*to = *m;
	to->data = buf_str(&esc);
	to->is_text = true;
	return esc.err == OK;
}

static bool is_text_mime(struct str mime)
{
	return str_has_prefix(mime, S("text/")) || str_eq(mime, S("application/json"));
}

static enum err put_media(struct writer *w, const struct llm_part *p)
{
	struct llm_part copy = *p;
	const struct llm_media *m = &p->media;
	const char *field = p->kind == PART_IMAGE ? "messages.content.image_url" :
						    "messages.content.file";
	bool pdf = str_eq(m->mime, S("application/pdf"));

	/* A file id means nothing at another provider, and it fetches by http only. */
	bool own_file = m->file_id.p != NULL && w->r->origin == DIALECT_ANTHROPIC;
	if (m->data.p == NULL && m->url.p == NULL && !own_file)
		return anthropic_cannot(w->r, w->opts, field);
	if (m->data.p == NULL && m->url.p && !str_has_prefix(m->url, S("http")))
		return anthropic_cannot(w->r, w->opts, field);
	if (p->kind == PART_DOCUMENT && m->data.p && !m->is_text && !pdf) {
		if (!is_text_mime(m->mime) || !text_document(w->opts->arena, m, &copy.media))
			return anthropic_cannot(w->r, w->opts, field);
	}
	if (anthropic_put_source(&copy, w->out))
		end_block(w, p->cache);
	return OK;
}

static enum err put_call(struct writer *w, const struct llm_part *p)
{
	struct llm_part bare = *p;

	bare.signature = (struct str){ NULL, 0 }; /* another provider's, of no use here */
	TRY(anthropic_put_call(w->opts->arena, &bare, p->args, w->out));
	end_block(w, p->cache);
	return OK;
}

static enum err put_inner(struct writer *w, const struct llm_part *p)
{
	switch (p->kind) {
	case PART_TEXT:
	case PART_REFUSAL:
		if (!anthropic_blank(p->text))
			put_text(w, p);
		return OK;
	case PART_IMAGE:
	case PART_DOCUMENT:
		return put_media(w, p);
	case PART_OPAQUE:
		if (p->origin == DIALECT_ANTHROPIC) {
			jw_raw(w->out, p->raw);
			return OK;
		}
		break;
	case PART_AUDIO:
		return anthropic_cannot(w->r, w->opts, "messages.content.input_audio");
	case PART_VIDEO:
		return anthropic_cannot(w->r, w->opts, "messages.content.video");
	case PART_TOOL_CALL:
	case PART_TOOL_RESULT:
	case PART_THINKING:
	case PART_REDACTED:
	case PART_KINDS:
		break;
	}
	return anthropic_cannot(w->r, w->opts, "messages.content");
}

static enum err put_result(struct writer *w, const struct llm_part *p)
{
	const struct llm_part *c = p->content;
	struct str id = anthropic_id(w->opts->arena, p->id);

	if (id.p == NULL && p->id.n)
		return ERR_NOMEM;
	jw_obj(w->out);
	jw_kv_str(w->out, S("type"), S("tool_result"));
	jw_kv_esc(w->out, S("tool_use_id"), id);
	if (c != NULL && c->next == NULL && c->kind == PART_TEXT && c->cache.p == NULL) {
		jw_kv_esc(w->out, S("content"), c->text);
	} else if (c != NULL) {
		jw_key(w->out, S("content"));
		jw_arr(w->out);
		for (; c != NULL; c = c->next)
			TRY(put_inner(w, c));
		jw_arr_end(w->out);
	}
	if (p->is_error)
		jw_kv_bool(w->out, S("is_error"), true);
	end_block(w, p->cache);
	return OK;
}

static void put_thinking(struct writer *w, const struct llm_part *p)
{
	jw_obj(w->out);
	jw_kv_str(w->out, S("type"),
		  p->kind == PART_REDACTED ? S("redacted_thinking") : S("thinking"));
	if (p->kind == PART_REDACTED) {
		jw_kv_esc(w->out, S("data"), p->text);
	} else {
		jw_kv_esc(w->out, S("thinking"), p->text);
		jw_kv_esc(w->out, S("signature"), p->signature);
	}
	jw_obj_end(w->out);
}

/* What the provider would refuse is left out: empty text, and thinking it did not sign itself. */
static bool left_out(const struct llm_part *p)
{
	if (p->kind == PART_TEXT || p->kind == PART_REFUSAL)
		return anthropic_blank(p->text);
	if (p->kind == PART_THINKING)
		return p->origin != DIALECT_ANTHROPIC || p->signature.n == 0;
	if (p->kind == PART_REDACTED)
		return p->origin != DIALECT_ANTHROPIC;
	return false;
}

/* White space at the end of a prefill is refused, and the model puts its own. */
static struct str trimmed(struct str esc)
{
	for (;;) {
		size_t n = esc.n, slashes = 0;
		if (n && esc.p[n - 1] == ' ') {
			esc.n--;
			continue;
		}
		if (n < 2 || !memchr("nrt", esc.p[n - 1], 3))
			return esc;
		while (slashes < n - 1 && esc.p[n - 2 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return esc;
		esc.n -= 2;
	}
}

static enum err put_part(struct writer *w, enum llm_role role, const struct llm_part *p)
{
	struct llm_part copy = *p;

	if (!(w->pass & B(p->kind)) || left_out(p))
		return OK;
	if (p == w->prefill) {
		copy.text = trimmed(p->text);
		p = &copy;
	}
	open_message(w, role);
	if (p->kind == PART_TOOL_CALL)
		return put_call(w, p);
	if (p->kind == PART_TOOL_RESULT)
		return put_result(w, p);
	if (p->kind != PART_THINKING && p->kind != PART_REDACTED)
		return put_inner(w, p);
	put_thinking(w, p);
	return OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

static enum err put_pass(struct writer *w, const struct llm_msg *from, const struct llm_msg *to,
			 unsigned pass)
{
	w->pass = pass;
	for (const struct llm_msg *m = from; m != to; m = m->next)
		if (m->role != ROLE_SYSTEM)
			for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
				TRY(put_part(w, m->role, p));
	return OK;
}

/* A user's turn reaches to the next answer; system messages that went to the top do not cut it. */
static const struct llm_msg *turn_end(const struct writer *w, const struct llm_msg *m)
{
	while (m != NULL && (m->role == ROLE_USER || (m->role == ROLE_SYSTEM && !w->mid)))
		m = m->next;
	return m;
}

static enum err put_assistant(struct writer *w, const struct llm_msg *m)
{
	unsigned thinking = B(PART_THINKING) | B(PART_REDACTED);

	/* Anthropic's own order is kept: it may think between its calls. */
	if (w->r->origin == DIALECT_ANTHROPIC)
		return put_pass(w, m, m->next, ALL);
	TRY(put_pass(w, m, m->next, thinking));
	return put_pass(w, m, m->next, ALL & ~thinking);
}

static enum err put_messages(struct writer *w)
{
	const struct llm_msg *m = w->r->msgs, *end;

	while (m != NULL) {
		if (m->role == ROLE_ASSISTANT) {
			TRY(put_assistant(w, m));
			m = m->next;
			continue;
		}
		if (m->role == ROLE_SYSTEM && w->mid) {
			w->pass = ALL;
			for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
				TRY(put_part(w, ROLE_SYSTEM, p));
			m = m->next;
			continue;
		}
		end = turn_end(w, m);
		TRY(put_pass(w, m, end, B(PART_TOOL_RESULT)));
		TRY(put_pass(w, m, end, ALL & ~B(PART_TOOL_RESULT)));
		m = end;
	}
	close_message(w);
	return OK;
}

/* ---- system ---------------------------------------------------------------------------------- */

static enum err put_instructions(struct writer *w, const struct llm_part *list)
{
	for (const struct llm_part *p = list; p != NULL; p = p->next) {
		if (p->kind != PART_TEXT)
			TRY(anthropic_cannot(w->r, w->opts, "messages.content"));
		else if (!anthropic_blank(p->text))
			put_text(w, p);
	}
	return OK;
}

/* Models that take no system message in mid-conversation get it where it is obeyed: at the top. */
static bool hoists(const struct writer *w)
{
	for (const struct llm_msg *m = w->r->msgs; m != NULL && !w->mid; m = m->next)
		if (m->role == ROLE_SYSTEM)
			return true;
	return false;
}

static enum err put_system(struct writer *w)
{
	const struct llm_part *p = w->r->instructions;
	bool more = hoists(w);
	size_t mark = w->out->n;

	if (p == NULL && !more)
		return OK;
	jw_key(w->out, S("system"));
	if (p != NULL && p->next == NULL && p->cache.p == NULL && !more &&
	    !anthropic_blank(p->text)) {
		jw_esc(w->out, p->text);
		return OK;
	}
	jw_arr(w->out);
	size_t empty = w->out->n;
	TRY(put_instructions(w, p));
	for (const struct llm_msg *m = w->r->msgs; m != NULL && more; m = m->next)
		if (m->role == ROLE_SYSTEM)
			TRY(put_instructions(w, m->parts));
	if (w->out->n == empty)
		w->out->n = mark;
	else
		jw_arr_end(w->out);
	return OK;
}

enum err anthropic_put_messages(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	struct writer w = { .r = r, .opts = opts, .out = out, .open = -1 };
	const struct llm_msg *last = r->msgs ? r->msgs->last : NULL;

	w.mid = anthropic_generation(opts->model) >= ANTHROPIC_GEN_SYSTEM;
	if (last != NULL && last->role == ROLE_ASSISTANT && last->parts != NULL)
		w.prefill = last->parts->last->kind == PART_TEXT ? last->parts->last : NULL;
	TRY(put_system(&w));
	jw_key(out, S("messages"));
	jw_arr(out);
	TRY(put_messages(&w));
	jw_arr_end(out);
	return OK;
}
