/*
 * fuzz/ingress_request_fuzz.c - the input is a byte of choices and a client's body, spliced for an
 * upstream of the same dialect. Oracle: what is sent parses; it has the upstream's model, the
 * operator's extra field and, on a stream of OpenAI's, include_usage; every other member is there
 * byte for byte and in the same order, but for LiteLLM's own, which are gone; no field that could
 * steer the gate got through; and a body that lies in the shared arena gives the same bytes as one
 * that does not. Proves T-08.
 */
#include "fuzz/fuzz.h"

#include "ingress/request.h"

#include <string.h>

static struct ingress in;
static struct exchange x;
static struct call call;
static struct policy_default extra[] = { { SC("service_tier"), SC("\"flex\"") } };
static struct policy_default defaults[] = { { SC("temperature"), SC("0.5") } };

static void world(uint8_t choices, struct str body, bool shared)
{
	static struct generation gen;
	static struct policy_deployment dep;
	static struct route route;
	enum llm_dialect d = (enum llm_dialect)(choices % DIALECT_COUNT);

	arena_done(&in.turn);
	arena_done(&x.arena);
	arena_init(&in.turn, 64 << 20);
	buf_free(&in.encoded);
	buf_init(&in.encoded, 16 << 20);
	dep = (struct policy_deployment){ .upstream_model = S("up\"1"),
					  .extra_body = extra,
					  .n_extra_body = choices >> 4 & 1,
					  .defaults = defaults,
					  .n_defaults = choices >> 5 & 1 };
	gen.policy = (struct policy){ .timeout_ms = 60000 };
	route = (struct route){ .endpoint = EP_CHAT, .dialect = d };
	x = (struct exchange){ .in = &in,
			       .gen = &gen,
			       .dep = &dep,
			       .route = &route,
			       .client = d,
			       .up = d,
			       .same = true,
			       .star = S("") };
	x.body = (struct body){ .p = (char *)(uintptr_t)body.p,
				.n = body.n,
				.cap = body.n,
				.at = 12345,
				.shared = shared };
	arena_init(&x.arena, 1 << 20);
	if (d == DIALECT_GEMINI)
		x.query_model = S("g");
}

/* The body that egress would send, or false where the request is refused. */
static bool sent(uint8_t choices, struct str body, bool shared, struct buf *out)
{
	const struct json *root = NULL;
	struct diag d = { 0 };

	world(choices, body, shared);
	if (json_read(&in.turn, body, &root, NULL) != OK || request_look(&x, root, &d) != OK)
		return false;
	CHECK(x.model.n > 0);
	if (request_build(&x, root, &call, &d) != OK) {
		CHECK(d.err != OK);
		return false;
	}
	CHECK(call.n_segments <= CALL_SEGMENTS);
	for (unsigned i = 0; i < call.n_segments; i++) {
		struct call_segment *s = &call.segments[i];
		if (s->bytes.p == NULL) {
			CHECK(shared && s->at >= 12345 && s->at + s->n <= 12345 + body.n);
			buf_add(out, (struct str){ body.p + (s->at - 12345), s->n });
		} else {
			CHECK(s->bytes.n == s->n);
			buf_add(out, s->bytes);
		}
	}
	CHECK(out->err == OK && out->n == call.body_bytes);
	return true;
}

static bool is_ours(struct str name)
{
	static const struct str ours[] = { SC("model"), SC("stream_options"), SC("service_tier"),
					   SC("temperature"), SC("generationConfig") };

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (str_eq(name, ours[i]))
			return true;
	return false;
}

/* What LiteLLM's clients say to LiteLLM. */
static bool is_litellms(struct str name, const struct json *root)
{
	static const struct str names[] = {
		SC("tags"),
		SC("cache"),
		SC("no-log"),
		SC("timeout"),
		SC("caching"),
		SC("verbose"),
		SC("fallbacks"),
		SC("guardrails"),
		SC("num_retries"),
		SC("max_retries"),
		SC("drop_params"),
		SC("langfuse_host"),
		SC("stream_timeout"),
		SC("request_timeout"),
		SC("litellm_call_id"),
		SC("langfuse_secret"),
		SC("litellm_metadata"),
		SC("litellm_trace_id"),
		SC("langsmith_api_key"),
		SC("langsmith_project"),
		SC("litellm_session_id"),
		SC("langsmith_base_url"),
		SC("langfuse_public_key"),
		SC("langfuse_secret_key"),
		SC("allowed_openai_params"),
		SC("litellm_request_debug"),
		SC("additional_drop_params"),
		SC("context_window_fallbacks"),
		SC("content_policy_fallbacks"),
		SC("turn_off_message_logging"),
		SC("disable_global_guardrails"),
		SC("context_window_fallback_dict"),
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq(name, names[i]))
			return true;
	return str_eq(name, S("metadata")) && x.client == DIALECT_OPENAI &&
	       !json_bool(json_get(root, S("store")));
}

/* The next member of root, from key on, that the gate leaves alone. */
static const struct json *others(struct arena *a, const struct json *root, const struct json *key)
{
	const struct json *end = root + root->skip;

	while (key < end && (is_ours(json_str(a, key)) || is_litellms(json_str(a, key), root)))
		key += 1 + key[1].skip;
	return key;
}

static void check(uint8_t choices, struct str body, struct str out, struct arena *a)
{
	static const struct str steering[] = { SC("api_base"), SC("api_key"), SC("base_url"),
					       SC("user_config"), SC("model_list") };
	const struct json *was = NULL, *is = NULL;

	CHECK(json_read(a, body, &was, NULL) == OK && json_read(a, out, &is, NULL) == OK);
	CHECK(json_is(is, JSON_OBJECT));
	CHECK(x.client == DIALECT_GEMINI || json_str_eq(json_get(is, S("model")), S("up\"1")));
	CHECK((choices >> 4 & 1) == 0 || json_str_eq(json_get(is, S("service_tier")), S("flex")));
	if (x.client == DIALECT_OPENAI && x.stream)
		CHECK(json_bool(json_get(json_get(is, S("stream_options")), S("include_usage"))));
	for (size_t i = 0; i < sizeof steering / sizeof steering[0]; i++)
		CHECK(json_get(is, steering[i]) == NULL);
	JSON_EACH_MEMBER (is, key)
		CHECK(!is_litellms(json_str(a, key), is));
	const struct json *w = others(a, was, was + 1), *s = others(a, is, is + 1);
	while (w < was + was->skip && s < is + is->skip) {
		CHECK(str_eq(json_raw(w), json_raw(s)) && str_eq(json_raw(w + 1), json_raw(s + 1)));
		w = others(a, was, w + 1 + w[1].skip);
		s = others(a, is, s + 1 + s[1].skip);
	}
	CHECK(w == was + was->skip && s == is + is->skip);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str body = { (const char *)p + 1, n - 1 };
	struct buf one, two;
	struct arena a;

	if (n == 0)
		return 0;
	arena_init(&a, 64 << 20);
	buf_init(&one, n + 4096);
	buf_init(&two, n + 4096);
	bool taken = sent(p[0], body, false, &one);
	if (taken)
		check(p[0], body, buf_str(&one), &a);
	CHECK(sent(p[0], body, true, &two) == taken);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
	return 0;
}
