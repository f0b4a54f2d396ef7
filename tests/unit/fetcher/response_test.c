/* tests/unit/fetcher/response_test.c - every answer cut at every place. */
#include "fetcher/response.h"

#include "../check.h"

static enum err feed(struct response *r, struct str in, struct buf *body)
{
	while (in.n && !r->done) {
		struct str span;
		TRY(response_feed(r, &in, &span));
		buf_add(body, span);
	}
	return OK;
}

/* The body that is read whatever the cut; NULL: the answer is refused with these words. */
static void answers(const char *text, bool clean, const char *body, const char *why)
{
	size_t n = strlen(text);

	for (size_t cut = 0; cut <= n; cut++) {
		struct str first = check_guard((struct str){ text, cut });
		struct str second = check_guard((struct str){ text + cut, n - cut });
		struct response r;
		struct buf b;
		response_init(&r);
		buf_init(&b, 4096);
		enum err e = feed(&r, first, &b);
		if (e == OK)
			e = feed(&r, second, &b);
		if (e == OK)
			e = response_end(&r, clean);
		CHECK((e == OK) == (body != NULL));
		if (body)
			CHECK_STR(buf_str(&b), str_z(body));
		else
			CHECK_STR(str_z(r.why), str_z(why));
		response_done(&r);
		buf_free(&b);
		check_unguard(first);
		check_unguard(second);
	}
}

/* Answers before the answer: some are passed over, a server that sends nothing else is left. */
CASE(interim)
{
	char text[1024] = "";

	for (unsigned i = 0; i < RESPONSE_INTERIM_MAX; i++)
		memcpy(text + 25 * i, "HTTP/1.1 100 Continue\r\n\r\n", 26);
	size_t n = strlen(text);
	memcpy(text + n, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 41);
	answers(text, false, "ok", NULL);
	memcpy(text + n, "HTTP/1.1 103 Early\r\n\r\n", 23);
	answers(text, false, NULL, "the server sends one interim answer after the other");
}

CASE(framings)
{
	answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "hello", NULL);
	answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, "", NULL);
	answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", false, "hello", NULL);
	answers("HTTP/1.1 200 OK\r\n\r\nhello", true, "hello", NULL);
	answers("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx", true, "x", NULL);
}

CASE(refused)
{
	answers("HTTP/1.1 200 OK\r\n\r\nhello", false, NULL, "the answer was cut short");
	answers("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", true, NULL, "the answer was cut short");
	answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", true, NULL, "the answer was cut short");
	answers("HTTP/1.1 200 OK\r\nConten", true, NULL, "no answer came");
	answers("", true, NULL, "no answer came");
	answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", true, NULL, "the body is not chunked as it says");
	answers("HTTP/1.1 101 Switch\r\n\r\n", true, NULL, "the server wants to speak something else");
}

CASE(parts)
{
	struct response r;
	struct str span, in = S("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Type: application/json\r\n"
				"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n");

	response_init(&r);
	CHECK(response_feed(&r, &in, &span) == OK && r.status == 302 && r.encoded && !r.done && r.left == 9);
	CHECK_STR(r.location, S("/x"));
	CHECK_STR(r.type, S("application/json"));
	response_done(&r);
}

TESTS(CASE_ROW(interim), CASE_ROW(framings), CASE_ROW(refused), CASE_ROW(parts))
