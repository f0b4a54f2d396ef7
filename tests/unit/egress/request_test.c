/* tests/unit/egress/request_test.c - heads, credentials, and the hosts file. */
#include "egress/request.h"

#include "../check.h"
#include "codec/http1.h"
#include "egress/auth.h"
#include "egress/hosts.h"

static uint8_t secrets_map[512];
static const struct str secrets_in[] = { SC("sk-1"), SC("v") };
static struct str secrets;

static struct upstream row(void)
{
	secrets_put(secrets_in, 2, secrets_map);
	secrets = (struct str){ (const char *)secrets_map, secrets_size(secrets_in, 2) };
	return (struct upstream){
		.id = SC("t"), .https = true, .host = SC("api.example"), .port = 443, .path_prefix = SC("/v1"),
		.query = SC(""), .auth = AUTH_BEARER, .paths = UINT32_MAX,
	};
}

static struct http1_head head;

/* build makes a head and reads it back with the strict parser. */
static void build(const struct upstream *u, const struct call *c)
{
	static char storage[65536];
	struct buf b;

	buf_fixed(&b, storage, sizeof storage);
	request_head(&b, u, c, secrets);
	CHECK(b.err == OK);
	CHECK(http1_request(&head, buf_str(&b), 0, NULL) == OK && head.head_bytes == b.n);
}

CASE(credentials)
{
	static const struct {
		enum upstream_auth auth;
		enum http1_known field;
		struct str value;
	} ways[] = {
		{ AUTH_BEARER, H_AUTHORIZATION, SC("Bearer sk-1") },
		{ AUTH_X_API_KEY, H_X_API_KEY, SC("sk-1") },
		{ AUTH_API_KEY, H_API_KEY, SC("sk-1") },
		{ AUTH_X_GOOG_API_KEY, H_X_GOOG_API_KEY, SC("sk-1") },
	};
	struct upstream u = row();
	struct call c = { .path = PATH_CHAT, .body_bytes = 12345 };

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		u.auth = ways[i].auth;
		build(&u, &c);
		CHECK_STR(head.known[ways[i].field], ways[i].value);
		CHECK(head.framing == HTTP1_LENGTH && head.content_length == 12345);
		CHECK_STR(head.known[H_HOST], S("api.example"));
		CHECK_STR(head.target, S("/v1/chat/completions"));
	}
	u.auth = AUTH_NONE;
	build(&u, &c);
	CHECK(head.known[H_AUTHORIZATION].p == NULL);
}

CASE(targets)
{
	struct upstream u = row();
	struct call c = { .path = PATH_STREAM_GENERATE, .model = SC("a/b?c#d e\xc3\xa9") };

	u.query = S("api-version=1");
	u.port = 8443;
	build(&u, &c);
	CHECK_STR(head.target,
		  S("/v1/models/a%2Fb%3Fc%23d%20e%C3%A9:streamGenerateContent?alt=sse&api-version=1"));
	CHECK_STR(head.known[H_HOST], S("api.example:8443"));
	c.path = PATH_MESSAGES;
	build(&u, &c);
	CHECK_STR(head.target, S("/v1/messages?api-version=1"));
	u.host = S("2001:db8::1");
	build(&u, &c);
	CHECK_STR(head.known[H_HOST], S("[2001:db8::1]:8443"));
}

CASE(fields)
{
	struct upstream u = row();
	struct call c = { .path = PATH_CHAT };

	u.n_headers = 1;
	u.headers[0] = (struct upstream_header){ SC("x-static"), 1 };
	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++)
		c.fields[i] = call_field_name[i];
	build(&u, &c);
	CHECK(head.n_fields == CALL_FIELD_COUNT + 5);
	CHECK_STR(head.known[H_CONTENT_TYPE], S("content-type"));
}

CASE(what_may_be_called)
{
	struct upstream u = row();
	struct call c = { .path = PATH_GENERATE, .model = SC("m") };

	CHECK(request_allowed(&u, &c));
	c.model = S(".");
	CHECK(!request_allowed(&u, &c));
	c.model = S("..");
	CHECK(!request_allowed(&u, &c));
	c.model = S("");
	CHECK(!request_allowed(&u, &c));
	c.path = PATH_CHAT;
	CHECK(request_allowed(&u, &c));
	u.paths = 1 << PATH_MESSAGES;
	CHECK(!request_allowed(&u, &c));
}

CASE(what_may_be_attached)
{
	CHECK(auth_secret_ok(S("sk-a b")) && !auth_secret_ok(S("")) && !auth_secret_ok(S("a\r\nb: c")));
	CHECK(!auth_secret_ok(S("a\n")) && !auth_secret_ok(S(" a")) && !auth_secret_ok(S("\xc3\xa9")));
	CHECK(auth_header_ok(S("x-org")) && !auth_header_ok(S("Host")) && !auth_header_ok(S("content-length")));
	CHECK(!auth_header_ok(S("transfer-encoding")) && !auth_header_ok(S("a b")) && !auth_header_ok(S("")));
}

CASE(hosts)
{
	static const struct str text = SC("# 10.0.0.9 a\n127.0.0.1\tlocalhost a # c\r\n::1 A\n10.0.0.1 bb\nx y\n1.2.3.4 a");
	struct addresses list;

	CHECK(hosts_find(text, S("a"), &list) && list.n == 3);
	CHECK(list.list[0].bytes[0] == 127 && list.list[1].v6 && list.list[2].bytes[3] == 4);
	CHECK(hosts_find(text, S("bb"), &list) && list.n == 1);
	CHECK(!hosts_find(text, S("c"), &list) && !hosts_find(text, S("y"), &list));
	CHECK(!hosts_find(S(""), S("a"), &list));
}

TESTS(CASE_ROW(credentials), CASE_ROW(targets), CASE_ROW(fields), CASE_ROW(what_may_be_called),
      CASE_ROW(what_may_be_attached), CASE_ROW(hosts))
