/* tests/unit/ingress/reply_test.c - the gate's own answers, as they arrive at a client's socket. */
#include "ingress/reply.h"

#include "codec/json.h"

#include "../check.h"

#include <sys/socket.h>

static struct ingress in;
static struct conn conn;
static int client = -1;

static void on_expire(struct timer *t)
{
	(void)t;
}

static struct conn *fresh(void)
{
	int sv[2];
	struct diag d;

	if (in.loop == NULL) {
		in.loop = loop_new(16, &d);
		in.counters = mmap(NULL, sizeof *in.counters, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		arena_init(&in.turn, 1 << 20);
	}
	if (client >= 0) {
		timer_cancel(&conn.timer);
		(void)close(client);
		(void)close(conn.watch.fd);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) != 0)
		abort();
	client = sv[1];
	conn = (struct conn){ .in = &in, .state = C_BUSY, .keep_alive = true, .watch.fd = sv[0] };
	conn.timer.on_expire = on_expire;
	buf_init(&conn.outbuf, 1 << 20);
	in.dirty = NULL;
	return &conn;
}

static struct str sent(void)
{
	static char room[32 << 10];

	conn_flush(&conn);
	arena_reset(&in.turn);
	ssize_t n = recv(client, room, sizeof room, 0);
	return n > 0 ? (struct str){ room, (size_t)n } : S("");
}

static bool holds(struct str s, const char *part)
{
	return str_find(s, str_z(part)) != SIZE_MAX;
}

/* What a client reads: a head that our own strict parser takes, and a body of its length. */
static const struct json *body_of(struct str answer, unsigned status, struct arena *a)
{
	const struct json *root = NULL;
	struct http1_head h;

	CHECK(http1_response(&h, answer, 0, false, NULL) == OK && h.status == status);
	CHECK(h.framing == HTTP1_LENGTH && h.head_bytes + h.content_length == answer.n);
	CHECK(json_read(a, str_tail(answer, h.head_bytes), &root, NULL) == OK);
	return root;
}

CASE(whole)
{
	struct conn *c = fresh();

	reply_whole(c, 200, S("text/plain"), S("x-a: 1\r\n"), S("hello"));
	CHECK_STR(sent(), S("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-a: 1\r\n"
			    "content-length: 5\r\n\r\nhello"));
	CHECK(c->state == C_IDLE && !c->dead);
	c = fresh();
	c->head_only = true;
	reply_whole(c, 200, S("text/plain"), S(""), S("hello"));
	struct str s = sent();
	CHECK(holds(s, "content-length: 5\r\n") && str_has_suffix(s, S("\r\n\r\n")));
}

CASE(connection_lines)
{
	struct conn *c = fresh();

	c->keep_alive = false;
	reply_whole(c, 200, S("a/b"), S(""), S(""));
	CHECK(holds(sent(), "\r\nconnection: close\r\n") && c->state == C_CLOSE);
	c = fresh();
	c->close_after = true; /* a body that was not read */
	reply_plain(c, 413, "too large");
	CHECK(holds(sent(), "\r\nconnection: close\r\n") && c->state == C_CLOSE);
	c = fresh();
	c->http10 = true;
	reply_whole(c, 200, S("a/b"), S(""), S(""));
	CHECK(holds(sent(), "\r\nconnection: keep-alive\r\n"));
}

CASE(errors_in_each_dialect)
{
	struct arena a;
	struct llm_error e;

	arena_init(&a, 1 << 20);
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		struct conn *c = fresh();
		e = (struct llm_error){ 0 };
		llm_error_set(&e, LLM_AUTH, &in.turn, S("no \"key\"\n\x01 here"));
		reply_error(c, (enum llm_dialect)d, &e, S("id-1"), NULL);
		struct str s = sent();
		const struct json *root = body_of(s, e.status, &a);
		CHECK(json_is(json_get(root, S("error")), JSON_OBJECT));
		CHECK(holds(s, "\r\nx-litellm-call-id: id-1\r\n"));
		CHECK(e.status != 401 || holds(s, "\r\nwww-authenticate: Bearer\r\n"));
	}
	arena_done(&a);
}

CASE(error_too_long_to_be_told)
{
	static char text[40 << 10];
	struct conn *c = fresh();
	struct llm_error e = { 0 };
	struct arena a;

	arena_init(&a, 1 << 20);
	memset(text, 'x', sizeof text);
	llm_error_set(&e, LLM_UPSTREAM, &in.turn, (struct str){ text, sizeof text });
	reply_error(c, DIALECT_OPENAI, &e, S(""), NULL);
	(void)body_of(sent(), e.status, &a);
	arena_done(&a);
}

CASE(limits_in_headers)
{
	struct reply_limits lim = { .limit_requests = 10,
				    .remaining_requests = -3,
				    .limit_tokens = -1,
				    .reset_s = 7,
				    .retry_after_s = 9 };
	char room[512];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	reply_limits_write(&b, &lim);
	CHECK_STR(buf_str(&b), S("x-ratelimit-limit-requests: 10\r\n"
				 "x-ratelimit-remaining-requests: 0\r\n"
				 "x-ratelimit-reset-requests: 7\r\nretry-after: 9\r\n"));
	buf_fixed(&b, room, sizeof room);
	reply_limits_write(&b, &(struct reply_limits){ .limit_requests = -1, .limit_tokens = -1 });
	CHECK(b.n == 0);
}

CASE(no_route)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	reply_no_route(fresh(), S("/v1/chat/completions"), ERR_UNSUPPORTED);
	(void)body_of(sent(), 405, &a);
	reply_no_route(fresh(), S("/v1/nope"), ERR_NOT_FOUND);
	const struct json *error = json_get(body_of(sent(), 404, &a), S("error"));
	CHECK(json_str_eq(json_get(error, S("code")), S("unknown_url"))); /* no model is missing */
	reply_no_route(fresh(), S("/v1/messages/x"), ERR_NOT_FOUND);
	CHECK(json_str_eq(json_get(body_of(sent(), 404, &a), S("type")), S("error")));
	arena_done(&a);
}

CASE(without_memory_the_connection_ends)
{
	struct conn *c = fresh();
	struct arena kept = in.turn;

	arena_init(&in.turn, 16);
	reply_whole(c, 200, S("a/b"), S(""), S("x"));
	CHECK(c->dead);
	arena_done(&in.turn);
	in.turn = kept;
	in.dead_conns = NULL;
}

TESTS(CASE_ROW(whole), CASE_ROW(connection_lines), CASE_ROW(errors_in_each_dialect),
      CASE_ROW(error_too_long_to_be_told), CASE_ROW(limits_in_headers), CASE_ROW(no_route),
      CASE_ROW(without_memory_the_connection_ends))
