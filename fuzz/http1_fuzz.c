/*
 * fuzz/http1_fuzz.c - heads and chunked bodies. The first byte picks the reader.
 * Oracles: no prefix of a head is accepted, and once refused it stays refused; what was accepted and is
 * written again from its slices reads the same; the chunked decoder gives the same bytes however its
 * input is cut.
 */
#include "fuzz/fuzz.h"

#include "codec/http1.h"

#include <string.h>

enum { MAX_INPUT = 4096 };

static enum err read_head(struct http1_head *h, struct str in, size_t from, int kind)
{
	const char *why = NULL;
	enum err e = kind ? http1_response(h, in, from, kind == 2, &why) : http1_request(h, in, from, &why);

	CHECK(e == OK || e == ERR_AGAIN || (why && *why));
	return e;
}

static void check_known(const struct http1_head *h)
{
#define X(name, text) S(text),
	static const struct str names[] = { HTTP1_KNOWN(X) };
#undef X
	for (size_t k = 0; k < HTTP1_KNOWN_COUNT; k++) {
		struct str first = { NULL, 0 };
		for (unsigned i = h->n_fields; i-- > 0;)
			if (str_ieq(h->fields[i].name, names[k]))
				first = h->fields[i].value;
		CHECK(first.p == h->known[k].p && first.n == h->known[k].n);
	}
}

static void write_again(const struct http1_head *h, int kind, struct buf *out)
{
	if (kind) {
		buf_addf(out, "HTTP/1.%u %u \r\n", h->minor, h->status);
	} else {
		buf_add(out, h->method);
		buf_addc(out, ' ');
		buf_add(out, h->target);
		buf_addf(out, " HTTP/1.%u\r\n", h->minor);
	}
	for (unsigned i = 0; i < h->n_fields; i++) {
		CHECK(http1_token(h->fields[i].name));
		buf_add(out, h->fields[i].name);
		buf_add(out, S(":"));
		buf_add(out, h->fields[i].value);
		buf_add(out, S("\r\n"));
	}
	buf_add(out, S("\r\n"));
}

static void check_same(const struct http1_head *a, const struct http1_head *b)
{
	CHECK(str_eq(a->method, b->method) && str_eq(a->path, b->path) && str_eq(a->query, b->query));
	CHECK(a->status == b->status && a->minor == b->minor && a->n_fields == b->n_fields);
	CHECK(a->framing == b->framing && a->content_length == b->content_length);
	CHECK(a->keep_alive == b->keep_alive && a->expect_continue == b->expect_continue);
	for (unsigned i = 0; i < a->n_fields; i++)
		CHECK(str_eq(a->fields[i].value, b->fields[i].value));
}

static void fuzz_head(struct str in, int kind)
{
	static struct http1_head whole, part;
	enum err e = read_head(&whole, in, 0, kind);
	size_t end = e == OK ? whole.head_bytes : in.n;
	bool refused = false;

	CHECK(e != OK || (end <= in.n && end >= 4));
	for (size_t n = 0; n < end; n++) {
		enum err ep = read_head(&part, str_head(in, n), 0, kind);
		CHECK(ep != OK);
		CHECK(!refused || ep != ERR_AGAIN);
		refused |= ep != ERR_AGAIN;
	}
	CHECK(e != OK || !refused);
	if (e != OK)
		return;
	for (size_t from = 0; from < end; from += 1 + from / 8)
		CHECK(read_head(&part, in, from, kind) == OK && part.head_bytes == end);
	check_known(&whole);

	struct buf again;
	buf_init(&again, 2 * MAX_INPUT);
	write_again(&whole, kind, &again);
	CHECK(again.err == OK && read_head(&part, buf_str(&again), 0, kind) == OK);
	CHECK(part.head_bytes == again.n);
	check_same(&whole, &part);
	buf_free(&again);
}

/* dechunk feeds pieces of step bytes. It returns the error and what was left of the input. */
static enum err dechunk(struct str in, size_t step, struct buf *out, size_t *out_left)
{
	struct http1_chunked c = { 0 };

	while (in.n && !c.done) {
		struct str piece = str_head(in, step), span;
		in = str_tail(in, step);
		while (piece.n && !c.done) {
			enum err e = http1_chunked_next(&c, &piece, &span);
			if (e != OK)
				return e;
			buf_add(out, span);
		}
		*out_left = in.n + piece.n;
	}
	return c.done ? OK : ERR_AGAIN;
}

static void fuzz_chunked(struct str in, size_t step)
{
	struct buf a, b;
	size_t left_a = in.n, left_b = in.n;

	buf_init(&a, MAX_INPUT);
	buf_init(&b, MAX_INPUT);
	enum err ea = dechunk(in, in.n ? in.n : 1, &a, &left_a);
	enum err eb = dechunk(in, step, &b, &left_b);
	CHECK(ea == eb && str_eq(buf_str(&a), buf_str(&b)));
	CHECK(ea != OK || left_a == left_b);
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1 || n > MAX_INPUT)
		return 0;
	struct str in = { (const char *)p + 1, n - 1 };
	if (p[0] % 4 == 3)
		fuzz_chunked(in, 1 + p[0] / 4);
	else
		fuzz_head(in, p[0] % 4);
	return 0;
}
