/*
 * tests/unit/ingress/auth_test.c - whose request is it: every place of a credential, every refusal.
 * Proves T-06, T-39.
 */
#include "ingress/auth.h"

#include "crypto/sha256.h"

#include "../check.h"

#define KEY    "sk-virtual-0123456789"
#define MASTER "sk-master-0123456789"

static struct ingress in;
static struct generation gen;
static const char *host = "localhost";

static void fresh(void)
{
	struct control_key key = { .id = 7, .slot = 3, .rpm = -1, .tpm = -1, .parallel = -1 };
	struct diag d;

	if (in.loop == NULL) {
		in.loop = loop_new(16, &d);
		in.digest = calloc(1, sizeof *in.digest);
		in.keys = keys_new();
		CHECK(in.loop && in.digest && in.keys && sha256_init(in.digest) == OK);
	}
	in.gen = &gen;
	gen.policy = (struct policy){ .has_master = true };
	sha256_with(in.digest, S(MASTER), gen.policy.master_hash);
	sha256_with(in.digest, S(KEY), key.hash);
	CHECK(keys_set(in.keys, &key) == OK);
}

static enum err ask(const char *lines, const char *target, struct caller *out, struct diag *d)
{
	static char text[2048];
	struct http1_head h;

	int n = snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, host,
			 lines);
	CHECK(http1_request(&h, (struct str){ text, (size_t)n }, 0, NULL) == OK);
	*d = (struct diag){ 0 };
	return auth_caller(&in, &h, out, d);
}

static bool known(const char *lines, const char *target)
{
	struct caller c;
	struct diag d;

	return ask(lines, target, &c, &d) == OK && c.key != NULL && c.key->id == 7 && !c.master;
}

CASE(every_place)
{
	fresh();
	CHECK(known("Authorization: Bearer " KEY "\r\n", "/v1/x"));
	CHECK(known("authorization: bearer   " KEY " \r\n", "/v1/x"));
	CHECK(known("authorization: " KEY "\r\n", "/v1/x"));
	CHECK(known("x-litellm-api-key: " KEY "\r\n", "/v1/x"));
	CHECK(known("authorization: Bearer sk-ant-oat01-x\r\nX-LiteLLM-API-Key: Bearer " KEY "\r\n",
		    "/v1/x"));
	CHECK(known("Ocp-Apim-Subscription-Key: " KEY "\r\n", "/v1/x"));
	CHECK(known("x-api-key: " KEY "\r\n", "/v1/x"));
	CHECK(known("api-key: " KEY "\r\n", "/v1/x"));
	CHECK(known("x-goog-api-key: " KEY "\r\n", "/v1/x"));
	CHECK(known("", "/v1/x?alt=sse&key=" KEY));
	CHECK(!known("x-my-key: " KEY "\r\n", "/v1/x"));
	gen.policy.key_header = S("x-my-key");
	CHECK(known("X-My-Key: Bearer " KEY "\r\n", "/v1/x"));
	/* The first place counts, also when it is wrong. */
	CHECK(!known("authorization: Bearer sk-wrong\r\nx-api-key: " KEY "\r\n", "/v1/x"));
}

CASE(master)
{
	struct caller c;
	struct diag d;

	fresh();
	CHECK(ask("authorization: Bearer " MASTER "\r\n", "/", &c, &d) == OK && c.master && !c.key);
	gen.policy.has_master = false;
	CHECK(ask("authorization: Bearer " MASTER "\r\n", "/", &c, &d) == ERR_AUTH && !c.master);
}

CASE(open_gate)
{
	struct caller c;
	struct diag d;

	fresh();
	CHECK(ask("", "/", &c, &d) == ERR_AUTH);
	CHECK(ask("authorization:\r\n", "/", &c, &d) == ERR_AUTH);
	/* what is sent where the variable with the key is empty */
	CHECK(ask("authorization: Bearer \r\n", "/", &c, &d) == ERR_AUTH);
	CHECK(str_find(str_z(d.text), S("no API key")) == 0);
	gen.policy.open = true;
	CHECK(ask("", "/", &c, &d) == OK && !c.key && !c.master);
	CHECK(ask("x-api-key: anything\r\n", "/", &c, &d) == OK && !c.key && !c.master);
	CHECK(known("x-api-key: " KEY "\r\n", "/"));
}

static bool guest(const char *as, const char *lines)
{
	struct caller c;
	struct diag d;

	host = as;
	enum err e = ask(lines, "/v1/x", &c, &d);
	host = "localhost";
	CHECK(e == OK || e == ERR_DENIED);
	return e == OK;
}

CASE(open_gate_and_browsers)
{
	fresh();
	gen.policy = (struct policy){ .open = true };
	CHECK(guest("127.0.0.1:4000", "") && guest("127.1.2.3", "") && guest("[::1]:4000", ""));
	CHECK(guest("[::1]", "") && guest("LocalHost:4000", "") && guest("yett.localhost", ""));
	/* a name that leads here today */
	CHECK(!guest("evil.example", "") && !guest("evil.example:4000", ""));
	CHECK(!guest("127.evil.example", "") && !guest("127.0.0.1.evil.example", ""));
	CHECK(!guest("localhost.evil.example", "") && !guest("evillocalhost", ""));
	CHECK(!guest("192.0.2.1", "") && !guest("[::1].evil", "") && !guest("[2001:db8::1]", ""));
	/* a page that sends from elsewhere */
	CHECK(guest("127.0.0.1", "Origin: http://localhost:3000\r\n"));
	CHECK(guest("127.0.0.1", "Origin: https://[::1]:8443\r\n"));
	CHECK(!guest("127.0.0.1", "Origin: https://evil.example\r\n"));
	CHECK(!guest("127.0.0.1", "Origin: null\r\n"));
	CHECK(!guest("127.0.0.1", "Origin: https://localhost.evil.example\r\n"));
	CHECK(!guest("127.0.0.1", "Origin: http://192.0.2.1\r\n"));
	CHECK(!guest("127.0.0.1", "Origin: https://evil.example\r\nx-api-key: sk-wrong\r\n"));
}

/* Who has a key is no guest, wherever the request comes from. */
CASE(keys_and_browsers)
{
	fresh();
	host = "gate.example";
	CHECK(known("Origin: https://app.example\r\nx-api-key: " KEY "\r\n", "/v1/x"));
	gen.policy.open = true;
	CHECK(known("Origin: https://app.example\r\nx-api-key: " KEY "\r\n", "/v1/x"));
	host = "localhost";
}

CASE(blocked_and_expired)
{
	struct control_key key = { .id = 7, .slot = 3, .blocked = true };
	struct caller c;
	struct diag d;

	fresh();
	sha256_with(in.digest, S(KEY), key.hash);
	CHECK(keys_set(in.keys, &key) == OK);
	CHECK(ask("x-api-key: " KEY "\r\n", "/", &c, &d) == ERR_AUTH);
	key.blocked = false;
	key.expires_ms = (int64_t)loop_wall_ms(in.loop);
	CHECK(keys_set(in.keys, &key) == OK);
	CHECK(ask("x-api-key: " KEY "\r\n", "/", &c, &d) == ERR_AUTH);
	key.expires_ms += 60000;
	CHECK(keys_set(in.keys, &key) == OK);
	CHECK(ask("x-api-key: " KEY "\r\n", "/", &c, &d) == OK);
	keys_drop(in.keys, 3);
	CHECK(ask("x-api-key: " KEY "\r\n", "/", &c, &d) == ERR_AUTH);
}

CASE(nothing_is_repeated)
{
	char lines[1024] = "x-api-key: sk-secret-";
	struct caller c;
	struct diag d;

	fresh();
	CHECK(ask("x-api-key: sk-secret-1\r\n", "/", &c, &d) == ERR_AUTH);
	CHECK(strstr(d.text, "secret") == NULL && d.param[0] == '\0');
	size_t n = strlen(lines);
	memset(lines + n, 'a', 600);
	memcpy(lines + n + 600, "\r\n", 3);
	CHECK(ask(lines, "/", &c, &d) == ERR_AUTH && strstr(d.text, "secret") == NULL);
}

TESTS(CASE_ROW(every_place), CASE_ROW(master), CASE_ROW(open_gate), CASE_ROW(open_gate_and_browsers),
      CASE_ROW(keys_and_browsers), CASE_ROW(blocked_and_expired),
      CASE_ROW(nothing_is_repeated))
