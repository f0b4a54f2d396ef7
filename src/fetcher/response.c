/*
 * fetcher/response.c - one HTTP/1.1 answer, fed in pieces.
 * Input: hostile.   Runs in: fetcher.   Fuzz: fuzz/response_fuzz.c
 */
#include "fetcher/response.h"

#include <string.h>

void response_init(struct response *r)
{
	*r = (struct response){ .location = S(""), .type = S("") };
	buf_init(&r->head, LIMIT_HEAD);
}

void response_done(struct response *r)
{
	buf_free(&r->head);
}

/* The head is whole: takes out of it what we go by. */
static void begin_body(struct response *r, const struct http1_head *h)
{
	r->framing = h->framing;
	r->left = r->length = h->framing == HTTP1_LENGTH ? h->content_length : 0;
	r->encoded = h->known[H_CONTENT_ENCODING].p &&
		     !str_ieq(h->known[H_CONTENT_ENCODING], S("identity"));
	r->location = h->known[H_LOCATION].p ? h->known[H_LOCATION] : S("");
	r->type = h->known[H_CONTENT_TYPE].p ? h->known[H_CONTENT_TYPE] : S("");
	r->status = h->status;
	r->done = r->framing == HTTP1_NONE || (r->framing == HTTP1_LENGTH && r->left == 0);
}

/* feed_head gathers bytes until the head is whole. Interim answers are skipped. */
static enum err feed_head(struct response *r, struct str *in)
{
	struct http1_head h;

	while (in->n && r->status == 0) {
		/* Up to the next line's end: what follows the head must stay in *in. */
		size_t at = str_chr(*in, '\n');
		struct str line = str_head(*in, at == SIZE_MAX ? in->n : at + 1);
		buf_add(&r->head, line);
		*in = str_tail(*in, line.n);
		if (r->head.err != OK) {
			r->why = "the head of the answer is too large";
			return ERR_LIMIT;
		}
		if (!str_has_suffix(buf_str(&r->head), S("\n\r\n")) &&
		    !str_has_suffix(buf_str(&r->head), S("\n\n")))
			continue;
		enum err e = http1_response(&h, buf_str(&r->head), 0, false, &r->why);
		if (e != OK)
			return e == ERR_LIMIT ? e : ERR_SYNTAX;
		if (h.status == 101) {
			r->why = "the server wants to speak something else";
			return ERR_SYNTAX;
		}
		if (h.status >= 200) {
			begin_body(r, &h);
			return OK;
		}
		if (++r->interim > RESPONSE_INTERIM_MAX) {
			r->why = "the server sends one interim answer after the other";
			return ERR_LIMIT;
		}
		buf_reset(&r->head);
	}
	return OK;
}

enum err response_feed(struct response *r, struct str *in, struct str *out)
{
	*out = S("");
	if (r->status == 0)
		TRY(feed_head(r, in));
	if (r->status == 0 || r->done)
		return OK;
	if (r->framing == HTTP1_CHUNKED) {
		enum err e = http1_chunked_next(&r->chunked, in, out);
		r->done = r->chunked.done;
		if (e != OK)
			r->why = "the body is not chunked as it says";
		return e;
	}
	*out = r->framing == HTTP1_LENGTH && r->left < in->n ? str_head(*in, (size_t)r->left) : *in;
	*in = str_tail(*in, out->n);
	if (r->framing == HTTP1_LENGTH) {
		r->left -= out->n;
		r->done = r->left == 0;
	}
	return OK;
}

enum err response_end(struct response *r, bool clean)
{
	if (r->status && r->framing == HTTP1_CLOSE && clean)
		r->done = true;
	if (!r->done)
		r->why = r->status ? "the answer was cut short" : "no answer came";
	return r->done ? OK : ERR_UPSTREAM;
}
