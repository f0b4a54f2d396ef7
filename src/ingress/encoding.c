/*
 * ingress/encoding.c - request bodies that a client has compressed: inflated before they are read,
 * because what is judged must be what is sent on.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/encoding_fuzz.c
 */
#include "ingress/encoding.h"

#include "base/limits.h"
#include "codec/inflate.h"

enum { GUESS = 4, FIRST_MIN = 4 << 10 }; /* what JSON compresses by; the smallest first room */

/* What a client may name. RFC 9110, 8.4.1.3: x-gzip is gzip. */
static const struct {
	struct str name;
	enum encoding encoding;
} encodings[] = {
	{ { "gzip", 4 }, ENCODING_GZIP },
	{ { "x-gzip", 6 }, ENCODING_GZIP },
	{ { "deflate", 7 }, ENCODING_DEFLATE },
	{ { "identity", 8 }, ENCODING_IDENTITY },
};

enum err encoding_find(struct str field, enum encoding *out, struct diag *d)
{
	struct str name = str_trim(field);

	*out = ENCODING_IDENTITY;
	if (field.p == NULL)
		return OK;
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
		if (!str_ieq(name, encodings[i].name))
			continue;
		*out = encodings[i].encoding;
		return OK;
	}
	return diag_set(d, ERR_ENCODING,
			"a request body in this Content-Encoding is not read; send it as it is, or "
			"with 'gzip' or 'deflate' alone");
}

static enum err no_memory(enum err e, struct diag *d)
{
	return diag_set(d, e, "no memory for request bodies; try again");
}

/* inflate_into appends what f still has to out, limit bytes at most. ERR_LIMIT: there is more. */
static enum err inflate_into(struct inflate *f, struct bodies *bodies, struct body *out,
			     size_t limit)
{
	size_t n;

	while (!inflate_ended(f)) {
		if (out->n == limit) {
			char over;
			TRY(inflate_read(f, &over, 1, &n));
			if (n)
				return ERR_LIMIT;
			break;
		}
		if (out->n == out->cap)
			TRY(body_grow(bodies, out, out->cap < limit / 2 ? 2 * out->cap : limit));
		size_t room = (out->cap < limit ? out->cap : limit) - out->n;
		TRY(inflate_read(f, out->p + out->n, room, &n));
		out->n += n;
	}
	/* What follows would be a second text that somebody else might read as the first. */
	return inflate_rest(f).n ? ERR_SYNTAX : OK;
}

/* limit_of gives how large what n bytes say may be. */
static size_t limit_of(size_t n, size_t max)
{
	size_t most = n * LIMIT_BODY_RATIO;

	if (most < LIMIT_BODY_RATIO_FROM)
		most = LIMIT_BODY_RATIO_FROM;
	return most < max ? most : max;
}

enum err encoding_decode(enum encoding how, struct bodies *bodies, struct arena *turn,
			 struct body *body, size_t max, struct diag *d)
{
	size_t limit = limit_of(body->n, max), first = body->n * GUESS;
	struct inflate *f = inflate_new(turn);
	struct body out = { 0 };

	if (f == NULL)
		return no_memory(ERR_NOMEM, d);
	if (first < FIRST_MIN)
		first = FIRST_MIN;
	enum err e = body_alloc(bodies, &out, first < limit ? first : limit);
	if (e != OK)
		return no_memory(e, d);
	inflate_start(f, how == ENCODING_GZIP ? INFLATE_GZIP : INFLATE_ZLIB,
		      (struct str){ body->p, body->n });
	e = inflate_into(f, bodies, &out, limit);
	if (e == OK) {
		body_free(bodies, body);
		*body = out;
		return OK;
	}
	body_free(bodies, &out);
	if (e == ERR_SYNTAX)
		return diag_set(d, e, "the request body is not a whole %s stream",
				how == ENCODING_GZIP ? "gzip" : "zlib (Content-Encoding: deflate)");
	if (e != ERR_LIMIT)
		return no_memory(e, d);
	if (limit < max)
		return diag_set(d, e,
				"the request body says suspiciously much for its size; send it "
				"uncompressed");
	return diag_set(
		d, e,
		"the request body, uncompressed, is larger than the limit; send a smaller one");
}
