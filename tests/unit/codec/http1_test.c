/*
 * tests/unit/codec/http1_test.c
 * Proves T-07.
 */
#include "codec/http1.h"

#include "../check.h"

static struct http1_head head;
static const char *why;

/* parse reads a request that ends at an unmapped page. The slices stay readable: the page leaks. */
static enum err parse(struct str in)
{
	why = "";
	return http1_request(&head, check_guard(in), 0, &why);
}

static enum err answer(struct str in)
{
	why = "";
	return http1_response(&head, check_guard(in), 0, false, &why);
}

#define REQ(fields) S("POST /v1/messages HTTP/1.1\r\nHost: a\r\n" fields "\r\n")
#define RES(fields) S("HTTP/1.1 200 OK\r\n" fields "\r\n")

static const struct str sdk_request = SC(
	"POST /v1/chat/completions?a=1&key=k%20 HTTP/1.1\r\n"
	"Host: 127.0.0.1:4000\r\n"
	"Accept-Encoding: gzip, deflate\r\n"
	"Connection: keep-alive\r\n"
	"Accept: application/json\r\n"
	"Content-Type: application/json\r\n"
	"User-Agent: OpenAI/Python 1.99.1\r\n"
	"X-Stainless-Lang: python\r\n"
	"X-Empty:\r\n"
	"X-Tab: \ta\tb \t\r\n"
	"authorization: Bearer sk-gw-0123456789abcdef\r\n"
	"CONTENT-LENGTH: 512\r\n"
	"\r\n");

CASE(a_request)
{
	CHECK(parse(sdk_request) == OK);
	CHECK_STR(head.method, S("POST"));
	CHECK_STR(head.target, S("/v1/chat/completions?a=1&key=k%20"));
	CHECK_STR(head.path, S("/v1/chat/completions"));
	CHECK_STR(head.query, S("a=1&key=k%20"));
	CHECK_STR(http1_query_get(head.query, S("key")), S("k%20"));
	CHECK_STR(http1_query_get(head.query, S("a")), S("1"));
	CHECK(http1_query_get(head.query, S("ke")).p == NULL);
	CHECK(head.minor == 1 && head.keep_alive && !head.expect_continue);
	CHECK(head.framing == HTTP1_LENGTH && head.content_length == 512);
	CHECK(head.n_fields == 11 && head.head_bytes == sdk_request.n);
	CHECK_STR(head.known[H_AUTHORIZATION], S("Bearer sk-gw-0123456789abcdef"));
	CHECK_STR(head.known[H_HOST], S("127.0.0.1:4000"));
	CHECK_STR(head.fields[7].value, S(""));
	CHECK_STR(head.fields[8].value, S("a\tb"));
	CHECK(head.known[H_X_API_KEY].p == NULL);
}

CASE(every_prefix_waits)
{
	for (size_t n = 0; n < sdk_request.n; n++) {
		struct str in = check_guard(str_head(sdk_request, n));
		CHECK(http1_request(&head, in, 0, &why) == ERR_AGAIN);
		CHECK(http1_request(&head, in, n / 2, &why) == ERR_AGAIN);
		check_unguard(in);
	}
	for (size_t from = 0; from < sdk_request.n; from++)
		CHECK(http1_request(&head, sdk_request, from, &why) == OK);
}

CASE(every_known_field_is_found)
{
#define X(name, text)                                                                       \
	CHECK(answer(S("HTTP/1.1 200\r\n" text ": 1\r\n\r\n")) != ERR_AGAIN && head.known[name].p);
	HTTP1_KNOWN(X)
#undef X
	CHECK(answer(RES("X-LITELLM-End-User-ID: u\r\nX-Litellm-Tagz: 1\r\nDatf: 1\r\n")) == OK);
	CHECK_STR(head.known[H_X_LITELLM_END_USER_ID], S("u"));
	CHECK(head.known[H_X_LITELLM_TAGS].p == NULL && head.known[H_DATE].p == NULL);
}

CASE(smuggling_is_refused)
{
	static const struct {
		struct str in;
		enum err want;
	} rows[] = {
		{ REQ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), ERR_SYNTAX },
		{ REQ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), ERR_SYNTAX },
		{ REQ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), ERR_SYNTAX },
		{ REQ("Transfer-Encoding: chunked, identity\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding: chunked, chunked\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding: gzip, chunked\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding: identity\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding: xchunked\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding:\r\n"), ERR_UNSUPPORTED },
		{ REQ("Transfer-Encoding : chunked\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 5\r\nContent-Length: 5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 5\r\nContent-Length: 6\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 5, 5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: +5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: -5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 5 5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 0x5\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length:\r\n"), ERR_SYNTAX },
		{ REQ("Content-Length: 99999999999999999999\r\n"), ERR_SYNTAX },
		{ REQ("Host: b\r\n"), ERR_SYNTAX },
		{ REQ("Content-Type: a\r\nContent-Type: b\r\n"), ERR_SYNTAX },
		{ REQ("Authorization: a\r\nauthorization: b\r\n"), ERR_SYNTAX },
		{ REQ("X: a\r\n b\r\n"), ERR_SYNTAX },
		{ REQ("X: a\r\n\tb\r\n"), ERR_SYNTAX },
		{ REQ(" X: a\r\n"), ERR_SYNTAX },
		{ REQ("X: a\n"), ERR_SYNTAX },
		{ REQ("X: a\rb\r\n"), ERR_SYNTAX },
		{ REQ("X: a\r\r\n"), ERR_SYNTAX },
		{ REQ("X: a\0b\r\n"), ERR_SYNTAX },
		{ REQ("X: a\x7f\r\n"), ERR_SYNTAX },
		{ REQ("X: \x01\r\n"), ERR_SYNTAX },
		{ REQ("X\0: a\r\n"), ERR_SYNTAX },
		{ REQ("X\xe9: a\r\n"), ERR_SYNTAX },
		{ REQ("X\r\n"), ERR_SYNTAX },
		{ REQ(": a\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\nHost: a\n\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\nHost: a\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\nHost: a\r\n\n"), ERR_SYNTAX },
		{ S("\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST  / HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1 \r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST /\tHTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST /#x HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\nHost: \r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\nHost: a/b\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.1\r\nHost: u@a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST a HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), ERR_SYNTAX },
		{ S("POST * HTTP/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), ERR_SYNTAX },
		{ S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ERR_UNSUPPORTED },
		{ S("POST / HTTP/1.2\r\nHost: a\r\n\r\n"), ERR_UNSUPPORTED },
		{ S("POST / http/1.1\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST / HTTP/11\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("POST /\r\nHost: a\r\n\r\n"), ERR_SYNTAX },
		{ S("\x16\x03\x01\x02"), ERR_SYNTAX },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum err e = parse(rows[i].in);
		CHECK(e == rows[i].want && *why);
		if (e != rows[i].want)
			fprintf(stderr, "row %zu: %s: %s\n", i, err_text(e), why);
	}
}

CASE(legal_but_rare)
{
	CHECK(parse(S("GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n")) == OK);
	CHECK_STR(head.path, S("/x"));
	CHECK_STR(head.query, S("y"));
	CHECK(parse(S("GET https://a?y HTTP/1.1\r\nHost: a\r\n\r\n")) == OK);
	CHECK_STR(head.path, S("/"));
	CHECK(parse(S("OPTIONS * HTTP/1.1\r\nHost: [::1]:4000\r\n\r\n")) == OK);
	CHECK(parse(S("GET / HTTP/1.0\r\n\r\n")) == OK && !head.keep_alive);
	CHECK(parse(S("GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n")) == OK && head.keep_alive);
	CHECK(parse(REQ("Connection: keep-alive\r\nConnection: x,close\r\n")) == OK && !head.keep_alive);
	CHECK(parse(REQ("Expect: 100-Continue\r\nContent-Length: 1\r\n")) == OK && head.expect_continue);
	CHECK(parse(REQ("Transfer-Encoding: Chunked\r\n")) == OK && head.framing == HTTP1_CHUNKED);
	CHECK(parse(REQ("Content-Length: 0\r\n")) == OK && head.framing == HTTP1_NONE);
	CHECK(parse(REQ("X: \xc3\xa9\r\n")) == OK);
}

CASE(limits)
{
	static char big[LIMIT_HEAD + 4096];
	struct buf b;

	buf_fixed(&b, big, sizeof big);
	buf_add(&b, S("GET / HTTP/1.1\r\nHost: a\r\n"));
	for (int i = 0; i < LIMIT_HEADERS; i++)
		buf_addf(&b, "x-%d: 1\r\n", i);
	buf_add(&b, S("\r\n"));
	CHECK(parse(buf_str(&b)) == ERR_LIMIT);

	buf_reset(&b);
	buf_add(&b, S("GET / HTTP/1.1\r\nHost: a\r\nX: "));
	while (b.n < LIMIT_HEAD - 4)
		buf_addc(&b, 'a');
	CHECK(parse(buf_str(&b)) == ERR_AGAIN);
	buf_add(&b, S("\r\n\r\n"));
	CHECK(parse(buf_str(&b)) == OK && head.head_bytes == LIMIT_HEAD);
	CHECK(http1_request(&head, buf_str(&b), LIMIT_HEAD - 2, &why) == OK);
	b.n -= 4;
	buf_add(&b, S("aaaaaaaa\r\n\r\n"));
	CHECK(parse(buf_str(&b)) == ERR_LIMIT);
	CHECK(http1_request(&head, buf_str(&b), LIMIT_HEAD - 2, &why) == ERR_LIMIT);

	buf_reset(&b);
	buf_add(&b, S("GET /"));
	while (b.n < LIMIT_TARGET + 10)
		buf_addc(&b, 'a');
	buf_add(&b, S(" HTTP/1.1\r\nHost: a\r\n\r\n"));
	CHECK(parse(buf_str(&b)) == ERR_LIMIT);
}

CASE(responses)
{
	CHECK(answer(RES("Content-Length: 7\r\nRetry-After: 3\r\n")) == OK);
	CHECK(head.status == 200 && head.framing == HTTP1_LENGTH && head.content_length == 7);
	CHECK_STR(head.known[H_RETRY_AFTER], S("3"));
	CHECK(head.keep_alive);
	CHECK(answer(RES("")) == OK && head.framing == HTTP1_CLOSE && !head.keep_alive);
	CHECK(answer(S("HTTP/1.1 204 No Content\r\n\r\n")) == OK && head.framing == HTTP1_NONE);
	CHECK(answer(S("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n")) == OK && head.framing == HTTP1_NONE);
	CHECK(answer(S("HTTP/1.1 100 Continue\r\n\r\n")) == OK && head.framing == HTTP1_NONE);
	CHECK(answer(S("HTTP/1.1 529\r\nTransfer-Encoding: chunked\r\n\r\n")) == OK && head.status == 529);
	CHECK(http1_response(&head, RES("Content-Length: 9\r\n"), 0, true, NULL) == OK &&
	      head.framing == HTTP1_NONE && head.keep_alive);
	CHECK(answer(RES("Content-Length: 7\r\nContent-Length: 7\r\n")) == ERR_SYNTAX);
	CHECK(answer(RES("Content-Length: 7\r\nTransfer-Encoding: chunked\r\n")) == ERR_SYNTAX);
	CHECK(answer(RES("X: a\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/1.1 099 x\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/1.1 600 x\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/1.1 2000 x\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/1.1  200 x\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/2 200\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("HTTP/2.0 200\r\n\r\n")) == ERR_UNSUPPORTED);
	CHECK(answer(S("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) == ERR_SYNTAX);
	CHECK(answer(S("ICY 200 OK\r\n\r\n")) == ERR_SYNTAX);
}

/* dechunk feeds in two pieces; out must hold the whole body. */
static enum err dechunk(struct str in, size_t cut, struct buf *out, size_t *out_left, bool *out_done)
{
	struct http1_chunked c = { 0 };
	struct str part[2] = { str_head(in, cut), str_tail(in, cut) }, span;

	buf_reset(out);
	*out_left = 0;
	for (int i = 0; i < 2; i++) {
		part[i] = check_guard(part[i]);
		struct str left = part[i];
		while (left.n && !c.done) {
			enum err e = http1_chunked_next(&c, &left, &span);
			if (e != OK)
				return e;
			buf_add(out, span);
		}
		*out_left += left.n;
		check_unguard(part[i]);
	}
	*out_done = c.done;
	return OK;
}

CASE(chunked_every_split)
{
	static const struct str in = SC("5\r\nhello\r\n006;a=\"b\"\r\n world\r\n0;x\r\nA: b\r\nC:\r\n\r\nNEXT");
	struct buf out;
	size_t left;
	bool done;

	buf_init(&out, 100);
	for (size_t cut = 0; cut <= in.n; cut++) {
		CHECK(dechunk(in, cut, &out, &left, &done) == OK && done && left == 4);
		CHECK_STR(buf_str(&out), S("hello world"));
	}
	for (size_t n = 0; n < in.n - 4; n++)
		CHECK(dechunk(str_head(in, n), n / 2, &out, &left, &done) == OK && !done && left == 0);
	buf_free(&out);
}

CASE(chunked_refusals)
{
	static const struct str rows[] = {
		SC("\r\n"), SC(";a\r\n"), SC("g\r\n"), SC("-1\r\n"), SC("0x5\r\n"), SC(" 5\r\n"), SC("5 \r\n"),
		SC("5\n"), SC("5\r\r"), SC("5;a\nb"), SC("1\r\nab"), SC("1\r\na\n"), SC("1\r\na\rX"),
		SC("0\r\n\n"), SC("0\r\nA\r\n"), SC("0\r\n A: b\r\n"), SC("0\r\nA: b\n"), SC("0\r\nA:\0\r\n"),
		SC("0\r\n:b\r\n"), SC("0\r\n\r\r"), SC("1000000000000000\r\n"), SC("ffffffffffffffffff\r\n"),
	};
	struct buf out;
	size_t left;
	bool done;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(dechunk(rows[i], 1, &out, &left, &done) == ERR_SYNTAX);
		if (dechunk(rows[i], 1, &out, &left, &done) == OK)
			fprintf(stderr, "row %zu\n", i);
	}

	struct http1_chunked c = { 0 };
	struct str zero = S("0"), span;
	enum err e = OK;
	for (int i = 0; i < LIMIT_HEAD + 8 && e == OK; i++) {
		struct str in = zero;
		e = http1_chunked_next(&c, &in, &span);
	}
	CHECK(e == ERR_SYNTAX);
	buf_free(&out);
}

CASE(small_readers)
{
	CHECK(http1_token(S("x-api_key")) && !http1_token(S("")) && !http1_token(S("a b")));
	CHECK(http1_list_has(S("a, Keep-Alive ,c"), S("keep-alive")) && !http1_list_has(S("keep"), S("kee")));
	CHECK_STR(str_z(http1_reason(429)), S("Too Many Requests"));
	CHECK_STR(str_z(http1_reason(999)), S(""));
	CHECK_STR(http1_query_get(S("a&b=&key=x=y"), S("key")), S("x=y"));
	CHECK(http1_query_get(S("a&b="), S("b")).p && http1_query_get(S("a&b="), S("a")).p);
}

TESTS(CASE_ROW(a_request), CASE_ROW(every_prefix_waits), CASE_ROW(every_known_field_is_found),
      CASE_ROW(smuggling_is_refused), CASE_ROW(legal_but_rare), CASE_ROW(limits), CASE_ROW(responses),
      CASE_ROW(chunked_every_split), CASE_ROW(chunked_refusals), CASE_ROW(small_readers))
