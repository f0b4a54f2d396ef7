/*
 * sink/answer.c - what a request gets: credentials of honey where the metadata service is asked, a
 * program that says that it was run everywhere else.
 * Input: hostile (the head of a request, parsed by codec/http1.c).   Runs in: sink.
 * Fuzz: fuzz/http1_fuzz.c
 */
#include "sink/sink.h"

#include <string.h>

/* Each connects to where only it connects, 203.0.113.77, port 7. A shell runs the second line and
 * stops there; to Python that line is a string. */
static const struct str stage_script = SC(
	"#!/bin/sh\n"
	"''''true; (exec 3<>/dev/tcp/203.0.113.77/7) 2>/dev/null || "
	"bash -c 'exec 3<>/dev/tcp/203.0.113.77/7' 2>/dev/null || "
	"curl -s -m 3 http://203.0.113.77:7/ || wget -q -T 3 -O - http://203.0.113.77:7/; "
	"exit #'''\n"
	"import socket\ntry:\n    s = socket.create_connection(('203.0.113.77', 7), 3)\n"
	"    s.send(b'ran')\n    s.close()\nexcept Exception:\n    pass\n");
static const struct str stage_js = SC(
	"try { require('net').connect(7, '203.0.113.77').on('error', function () {}).end('ran'); "
	"}\n"
	"catch (e) { try { process.getBuiltinModule('net').connect(7, '203.0.113.77').end('ran'); "
	"}\n"
	"catch (e) {} }\n");

static bool contains(struct str s, const char *word)
{
	return str_find(s, str_z(word)) != SIZE_MAX;
}

static struct str stage_for(struct str agent, struct str target)
{
	if (contains(agent, "curl") || contains(agent, "Wget") || contains(target, ".sh"))
		return stage_script;
	if (contains(agent, "node") || contains(agent, "undici") || contains(agent, "axios") ||
	    contains(agent, "got") || contains(agent, "Bun") || contains(target, ".js"))
		return stage_js;
	return agent.n == 0 && !contains(target, ".py") ? stage_js : stage_script;
}

static void role_credentials(const struct sink *s, struct buf *b)
{
	buf_addf(b,
		 "{\"Code\":\"Success\",\"LastUpdated\":\"2026-01-01T00:00:00Z\",\"Type\":\"AWS-"
		 "HMAC\","
		 "\"AccessKeyId\":\"%.*s\",\"SecretAccessKey\":\"%.*s\",\"Token\":\"%.*s\","
		 "\"Expiration\":\"2036-01-01T00:00:00Z\"}",
		 FMT(canary_text(&s->canaries, CANARY_AWS_ID)),
		 FMT(canary_text(&s->canaries, CANARY_AWS_SECRET)),
		 FMT(canary_text(&s->canaries, CANARY_IMDS)));
}

/* The services of the large clouds, as far as thieves ask them. */
static void metadata(const struct sink *s, struct str target, struct buf *b)
{
	static const struct str roles = SC("/latest/meta-data/iam/security-credentials");

	if (str_has_prefix(target, S("/latest/api/token")))
		buf_add(b, S("AQAEAKtokentokentokentokentokentokentokentokentokentokenA=="));
	else if (str_has_prefix(target, roles) && target.n > roles.n + 1)
		role_credentials(s, b);
	else if (str_has_prefix(target, roles))
		buf_add(b, S("app-role"));
	else if (contains(target, "/token") || contains(target, "oauth2"))
		buf_addf(
			b,
			"{\"access_token\":\"%.*s\",\"expires_in\":3599,\"token_type\":\"Bearer\"}",
			FMT(canary_text(&s->canaries, CANARY_IMDS)));
	else if (str_has_prefix(target, S("/v2/credentials")))
		role_credentials(s, b);
	else if (contains(target, "instance-id"))
		buf_add(b, S("i-0a1b2c3d4e5f60718"));
	else
		buf_add(b, S("iam/\ninstance-id\nlocal-ipv4\n"));
}

void http_answer(struct sink *s, const struct flow *f, struct buf *out)
{
	char storage[2048];
	struct buf body;
	/* The head as it was read stands at the front of what was captured. */
	struct http1_head head;
	struct str target = S(""), agent = S("");

	if (http1_request(&head, buf_str(&f->body), 0, NULL) == OK) {
		target = head.target;
		agent = head.known[H_USER_AGENT];
	}
	buf_fixed(&body, storage, sizeof storage);
	if (is_metadata(&f->to, str_z(f->host)))
		metadata(s, target, &body);
	else
		buf_add(&body, stage_for(agent, target));
	buf_addf(out,
		 "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: "
		 "%zu\r\n\r\n",
		 body.n);
	if (!str_has_prefix(buf_str(&f->body), S("HEAD ")))
		buf_add(out, buf_str(&body));
}
