/*
 * tests/unit/llm/answer_text.h - an answer as text that says the same for every spelling of the same thing:
 * pieces of one kind joined, escapes resolved, arguments compared as values. For comparing two answers.
 */
#ifndef TESTS_ANSWER_TEXT_H
#define TESTS_ANSWER_TEXT_H

#include "llm_util.h"

static const char *const finish_words[FINISH_COUNT] = {
	[FINISH_NONE] = "none",         [FINISH_STOP] = "stop",
	[FINISH_LENGTH] = "length",     [FINISH_TOOLS] = "tools",
	[FINISH_STOP_SEQUENCE] = "stop sequence", [FINISH_FILTER] = "filter",
	[FINISH_REFUSAL] = "refusal",   [FINISH_PAUSE] = "pause",
	[FINISH_CONTEXT] = "context",   [FINISH_BAD_CALL] = "bad call",
	[FINISH_OTHER] = "other",
};

/* What of an answer is told; a dialect that has no word for the rest cannot bring it back. */
struct telling {
	const enum llm_finish *finish;   /* what each becomes, or NULL */
	bool cache_write, reasoning;     /* of the usage */
	bool redacted, images, signatures, text_signatures;
};

static void tell_value(struct buf *b, const struct json *v)
{
	for (const struct json *t = v, *end = v + v->skip; t < end; t++) {
		switch ((enum json_type)t->type) {
		case JSON_ARRAY:
		case JSON_OBJECT:
			buf_addf(b, t->type == JSON_ARRAY ? "[%zu " : "{%zu ", json_count(t));
			break;
		case JSON_STRING:
			buf_addc(b, '"');
			json_unescape(b, json_esc(t));
			buf_addc(b, '"');
			break;
		case JSON_NULL:
		case JSON_TRUE:
		case JSON_FALSE:
		case JSON_NUMBER:
			buf_add(b, json_raw(t));
			buf_addc(b, ' ');
			break;
		}
	}
}

static void tell_raw(struct world *w, struct str raw)
{
	const struct json *v = raw.n ? parsed(w, raw) : NULL;

	if (v)
		tell_value(&w->out, v);
}

static void tell_kind(struct buf *b, const char *name, const struct llm_part *p, enum llm_part_kind kind)
{
	size_t before = b->n, at;

	buf_addf(b, "%s: ", name);
	at = b->n;
	for (; p != NULL; p = p->next)
		if (p->kind == kind)
			json_unescape(b, p->text);
	if (b->n == at)
		b->n = before;
	else
		buf_addc(b, '\n');
}

static void tell_signature(struct buf *b, const struct llm_part *p)
{
	if (p->signature.n == 0)
		return;
	buf_addf(b, " signed %s ", llm_dialect_name(p->origin));
	json_unescape(b, p->signature);
}

static void tell_part(struct world *w, const struct llm_part *p, const struct telling *t)
{
	struct buf *b = &w->out;

	if (p->kind == PART_TOOL_CALL) {
		buf_addf(b, "call %.*s %.*s ", FMT(p->id), FMT(p->name));
		tell_raw(w, p->args);
		if (t->signatures)
			tell_signature(b, p);
		buf_addc(b, '\n');
	} else if (p->kind == PART_REDACTED && t->redacted) {
		buf_addf(b, "redacted %s %.*s\n", llm_dialect_name(p->origin), FMT(p->text));
	} else if (p->kind == PART_IMAGE && t->images) {
		buf_addf(b, "image %.*s %.*s%.*s\n", FMT(p->media.mime), FMT(p->media.data),
			 FMT(p->media.url));
	} else if (p->signature.n && (p->kind == PART_TEXT ? t->text_signatures : t->signatures)) {
		buf_addf(b, p->kind == PART_TEXT ? "text" : "thinking");
		tell_signature(b, p);
		buf_addc(b, '\n');
	}
}

static bool has_call(const struct llm_part *p)
{
	for (; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_CALL)
			return true;
	return false;
}

__attribute__((unused)) static struct str answer_text(struct world *w, const struct llm_response *r,
						      const struct telling *t)
{
	struct buf *b = &w->out;
	unsigned n = 0;

	buf_reset(b);
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next) {
		buf_addf(b, "choice %u\n", n++);
		tell_kind(b, "thinking", c->parts, PART_THINKING);
		tell_kind(b, "text", c->parts, PART_TEXT);
		tell_kind(b, "refusal", c->parts, PART_REFUSAL);
		for (const struct llm_part *p = c->parts; p != NULL; p = p->next)
			tell_part(w, p, t);
		enum llm_finish finish = t->finish ? t->finish[c->finish] : c->finish;
		if (t->finish && finish == FINISH_STOP && has_call(c->parts))
			finish = FINISH_TOOLS;
		buf_addf(b, "finish %s\n", finish_words[finish]);
	}
	const struct llm_usage *u = &r->usage;
	/* Anthropic has no answers without a usage: zeros come back for what was not said. */
	bool known = u->known && (u->input || u->output);
	if (known)
		buf_addf(b, "usage %lld %lld %lld\n", (long long)u->input, (long long)u->output,
			 (long long)u->cache_read);
	if (known && t->cache_write)
		buf_addf(b, "cache write %lld\n", (long long)u->cache_write);
	if (known && t->reasoning)
		buf_addf(b, "reasoning %lld\n", (long long)u->reasoning);
	return kept(w);
}

#endif
