/*
 * tests/unit/llm/llm_util.h - what tests of dialects need: parse, decode, encode, a stream in and out.
 * Everything lives in one arena and one buffer that world_reset empties.
 */
#ifndef TESTS_LLM_UTIL_H
#define TESTS_LLM_UTIL_H

#include "codec/sse.h"
#include "llm/llm.h"

#include "../check.h"

struct world {
	struct arena arena, scratch;
	struct buf out;
	struct diag diag;
	struct llm_str *dropped;
	struct str model; /* of the upstream, "up" when absent */
	bool drop, compatible;
	struct llm_names *names; /* of the last request that went from one dialect to another */
};

__attribute__((unused)) static struct world *world_new(void)
{
	static struct world w;

	arena_done(&w.arena);
	arena_done(&w.scratch);
	buf_free(&w.out);
	w = (struct world){ 0 };
	arena_init(&w.arena, (size_t)256 << 20);
	arena_init(&w.scratch, (size_t)64 << 20);
	buf_init(&w.out, (size_t)64 << 20);
	return &w;
}

__attribute__((unused)) static struct str kept(struct world *w)
{
	struct str s = arena_dup(&w->arena, buf_str(&w->out));

	buf_reset(&w->out);
	return s;
}

__attribute__((unused)) static const struct json *parsed(struct world *w, struct str text)
{
	const struct json *root = NULL;
	size_t at = 0;

	if (json_read(&w->arena, text, &root, &at) != OK) {
		fprintf(stderr, "no JSON at %zu: %.*s\n", at, FMT(text));
		check_failed++;
		return NULL;
	}
	return root;
}

/* The body as it goes to the upstream, or the name of the field at fault in angle brackets. */
__attribute__((unused)) static struct str recode_request(struct world *w, enum llm_dialect from,
							 enum llm_dialect to, struct str body)
{
	const struct json *root = parsed(w, body);
	struct llm_request r;
	struct llm_opts o = { .model = w->model.p ? w->model : S("up"), .drop_params = w->drop,
			      .compatible = w->compatible, .default_max_tokens = 4096,
			      .arena = &w->arena, .diag = &w->diag };

	w->diag = (struct diag){ 0 };
	buf_reset(&w->out);
	enum err e = root ? dialects[from]->decode_request(root, &r, &w->arena, &w->diag) : ERR_SYNTAX;
	if (e == OK && from != to)
		e = llm_names_fit(&r, to, &w->arena, &w->arena, &w->names);
	if (e == OK)
		e = dialects[to]->encode_request(&r, &o, &w->out);
	w->dropped = o.dropped;
	if (e != OK) {
		buf_reset(&w->out);
		buf_addf(&w->out, e == ERR_UNSUPPORTED ? "<%s>" : "!%s", w->diag.param);
	} else {
		(void)parsed(w, kept(w));
		buf_reset(&w->out);
		e = dialects[to]->encode_request(&r, &o, &w->out);
		w->dropped = o.dropped;
	}
	return kept(w);
}

__attribute__((unused)) static struct str recode_response(struct world *w, enum llm_dialect from,
							  enum llm_dialect to, struct str body)
{
	const struct json *root = parsed(w, body);
	struct llm_response r;

	w->diag = (struct diag){ 0 };
	buf_reset(&w->out);
	enum err e = root ? dialects[from]->decode_response(root, &r, &w->arena, &w->diag) : ERR_SYNTAX;
	if (e == OK)
		llm_names_home(w->names, &r);
	if (e == OK)
		e = dialects[to]->encode_response(&r, &w->arena, &w->out);
	if (e != OK) {
		buf_reset(&w->out);
		buf_addf(&w->out, "!%s", diag_text(&w->diag));
		return kept(w);
	}
	struct str s = kept(w);
	(void)parsed(w, s);
	return s;
}

/* ---- streams ---------------------------------------------------------------------------------- */

/* feed_sse gives every event of an SSE text to a decoder, then its end. */
__attribute__((unused)) static enum err feed_sse(struct world *w, const struct dialect *d, struct str text,
						 struct llm_sink *sink)
{
	struct llm_decoder *dec = d->decoder_new(&w->arena);
	struct sse_event e;
	struct buf data;
	enum err err = OK;

	buf_init(&data, (size_t)16 << 20);
	while (err == OK && sse_next(&text, &e) == OK) {
		buf_reset(&data);
		sse_data(&e, &data);
		struct str copy = arena_dup(&w->scratch, buf_str(&data));
		err = d->decode_event(dec, e.event, copy, &w->scratch, sink);
		/* Nothing may point into an event that is over. */
		memset((void *)(uintptr_t)copy.p, '#', copy.n);
		arena_reset(&w->scratch);
	}
	if (err == OK)
		d->decode_end(dec, sink);
	buf_free(&data);
	return err;
}

struct encoding {
	struct llm_sink sink;
	const struct dialect *d;
	struct llm_encoder *enc;
	struct buf *out;
	const struct llm_names *names;
	enum err err;
};

__attribute__((unused)) static void encode_one(struct llm_sink *sink, const struct llm_event *e)
{
	struct encoding *x = (struct encoding *)(void *)((char *)sink - offsetof(struct encoding, sink));

	struct llm_event own = *e;

	own.name = llm_name_home(x->names, e->name);
	if (x->err == OK)
		x->err = x->d->encode_event(x->enc, &own, x->out);
}

__attribute__((unused)) static void encoding_init(struct world *w, struct encoding *x,
						  const struct dialect *d, const struct llm_request *r)
{
	*x = (struct encoding){ .sink = { encode_one }, .d = d, .enc = d->encoder_new(&w->arena, r),
				.out = &w->out, .names = w->names };
}

/* The client's stream of an upstream's stream. */
__attribute__((unused)) static struct str recode_stream(struct world *w, enum llm_dialect from,
							enum llm_dialect to, struct str text, bool usage)
{
	struct llm_request r;
	struct encoding x;

	llm_request_init(&r, to);
	r.stream = true;
	r.include_usage = usage;
	r.model = S("m");
	encoding_init(w, &x, dialects[to], &r);
	buf_reset(&w->out);
	enum err e = feed_sse(w, dialects[from], text, &x.sink);
	if (e == OK)
		e = x.err;
	if (e != OK) {
		buf_reset(&w->out);
		buf_addf(&w->out, "!%s", err_text(e));
	}
	return kept(w);
}

/* The answer collected from a stream; promises are judged by llm_collect. */
__attribute__((unused)) static enum err collect_stream(struct world *w, enum llm_dialect from,
						       struct str text, struct llm_response *out,
						       struct llm_error *error)
{
	struct llm_collect c;

	llm_collect_init(&c, &w->arena, out);
	enum err e = feed_sse(w, dialects[from], text, &c.sink);
	*error = c.error;
	if (e == OK)
		e = c.err;
	return e == OK && !c.done ? ERR_AGAIN : e;
}

#endif
