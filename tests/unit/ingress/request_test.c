/* tests/unit/ingress/request_test.c - what goes to the provider when the dialects are the same. */
#include "../failing.h"
#include "base/buf.c"

#include "ingress/request.h"

#include "../check.h"

static struct ingress in;
static struct generation gen;
static struct policy_deployment dep;
static struct route route;
static struct exchange x;
static struct call call;
static char text[256 << 10];

static void fresh(enum llm_dialect d, enum endpoint ep)
{
	arena_done(&in.turn);
	arena_done(&x.arena);
	arena_init(&in.turn, 16 << 20);
	buf_free(&in.encoded);
	buf_init(&in.encoded, 16 << 20);
	dep = (struct policy_deployment){ .upstream_model = S("up-1"), .upstream = 7 };
	gen.policy = (struct policy){ .timeout_ms = 60000, .generation = 3 };
	route = (struct route){ .endpoint = ep, .dialect = d };
	x = (struct exchange){ .in = &in,
			       .gen = &gen,
			       .dep = &dep,
			       .route = &route,
			       .client = d,
			       .up = d,
			       .same = true };
	arena_init(&x.arena, 1 << 20);
	x.star = S("");
	x.retries_asked = -1;
}

static enum err look(const char *body, struct diag *d)
{
	const struct json *root = NULL;

	*d = (struct diag){ 0 };
	CHECK(json_read(&in.turn, str_z(body), &root, NULL) == OK);
	return request_look(&x, root, d);
}

/* Parses, looks, builds; the body that egress would send. */
static struct str built(struct str body, bool shared)
{
	static char out[256 << 10];
	const struct json *root = NULL;
	struct diag d = { 0 };
	struct buf b;

	memcpy(text, body.p, body.n);
	x.body = (struct body){
		.p = text, .n = body.n, .cap = sizeof text, .at = 4096, .shared = shared
	};
	CHECK(json_read(&in.turn, (struct str){ text, body.n }, &root, NULL) == OK);
	CHECK(request_look(&x, root, &d) == OK);
	CHECK(request_build(&x, root, &call, &d) == OK);
	buf_fixed(&b, out, sizeof out);
	for (unsigned i = 0; i < call.n_segments; i++) {
		struct call_segment *s = &call.segments[i];
		CHECK(s->bytes.p != NULL || (shared && s->at >= 4096));
		buf_add(&b, s->bytes.p ? s->bytes : (struct str){ text + (s->at - 4096), s->n });
	}
	CHECK(b.err == OK && b.n == call.body_bytes);
	return buf_str(&b);
}

CASE(splice_changes_the_model_only)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(S("{ \"z\":1.50,\"model\" : \"gpt\",\"b\":[1e3] }"), false),
		  S("{ \"z\":1.50,\"model\" : \"up-1\",\"b\":[1e3] }"));
	CHECK(call.upstream == 7 && call.generation == 3 && call.path == PATH_CHAT);
	CHECK_STR(x.model, S("gpt"));
	fresh(DIALECT_ANTHROPIC, EP_MESSAGES);
	CHECK_STR(built(S("{\"model\":\"up-1\"}"), false), S("{\"model\":\"up-1\"}"));
	CHECK(call.n_segments == 1 && call.path == PATH_MESSAGES);
	CHECK_STR(call.fields[FIELD_ANTHROPIC_VERSION], S("2023-06-01"));
}

/* The name once went on without a look at the buffer's error: half of it, or an assert. */
CASE(a_name_that_has_no_memory_is_refused)
{
	const struct json *root = NULL;
	struct diag d;

	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("{\"model\":\"gpt\"}", &d) == OK);
	CHECK(json_read(&in.turn, S("{\"model\":\"gpt\"}"), &root, NULL) == OK);
	buf_free(&in.encoded);
	fail_at = 1;
	CHECK(request_build(&x, root, &call, &d) == ERR_NOMEM && d.text[0] != '\0');
	CHECK(fail_at == 0);
}

CASE(what_lies_in_the_arena_goes_by_reference)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(S("{\"model\":\"gpt\",\"a\":\"bcd\"}"), true),
		  S("{\"model\":\"up-1\",\"a\":\"bcd\"}"));
	CHECK(call.n_segments == 3);
	CHECK(call.segments[0].bytes.p == NULL && call.segments[0].at == 4096);
	CHECK(call.segments[1].bytes.p != NULL);
	CHECK(call.segments[2].bytes.p == NULL);
}

CASE(usage_of_a_stream_is_asked_for)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(S("{\"model\":\"up-1\",\"stream\":true}"), false),
		  S("{\"model\":\"up-1\",\"stream\":true,"
		    "\"stream_options\":{\"include_usage\":true}}"));
	CHECK(x.stream && !x.wants_usage);
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(S("{\"model\":\"up-1\",\"stream\":true,"
			  "\"stream_options\":{\"include_usage\":false}}"),
			false),
		  S("{\"model\":\"up-1\",\"stream\":true,"
		    "\"stream_options\":{\"include_usage\":true}}"));
	fresh(DIALECT_OPENAI, EP_CHAT);
	struct str asks = S("{\"model\":\"up-1\",\"stream\":true,"
			    "\"stream_options\":{\"include_usage\":true}}");
	CHECK_STR(built(asks, false), asks);
	CHECK(x.wants_usage);
}

CASE(wildcard)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	dep.upstream_model = S("org/*-it");
	x.star = S("g\"7");
	CHECK_STR(built(S("{\"model\":\"m\"}"), false), S("{\"model\":\"org/g\\\"7-it\"}"));
	dep.upstream_model = S("*");
	x.star = S("");
	struct diag d = { 0 };
	const struct json *root;
	CHECK(json_read(&in.turn, S("{\"model\":\"m\"}"), &root, NULL) == OK);
	CHECK(request_build(&x, root, &call, &d) == ERR_SYNTAX);
}

CASE(the_model_of_the_path_counts)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	x.query_model = S("azure");
	CHECK_STR(built(S("{\"messages\":[]}"), false), S("{\"messages\":[],\"model\":\"up-1\"}"));
	CHECK_STR(x.model, S("azure"));
	fresh(DIALECT_GEMINI, EP_STREAM_GENERATE);
	x.query_model = S("g");
	x.stream = true;
	CHECK_STR(built(S("{\"contents\":[]}"), false), S("{\"contents\":[]}"));
	CHECK(call.path == PATH_STREAM_GENERATE);
	CHECK_STR(call.model, S("up-1"));
}

CASE(look_refuses)
{
	struct diag d;

	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("[]", &d) == ERR_SYNTAX);
	CHECK(look("{}", &d) == ERR_SYNTAX && strcmp(d.param, "model") == 0);
	CHECK(look("{\"model\":5}", &d) == ERR_SYNTAX);
	CHECK(look("{\"model\":\"\"}", &d) == ERR_SYNTAX);
	CHECK(look("{\"model\":\"m\",\"stream\":1}", &d) == ERR_SYNTAX);
	CHECK(strcmp(d.param, "stream") == 0);
	CHECK(look("{\"model\":\"m\",\"stream\":null}", &d) == OK && !x.stream);
}

/* Proves T-04: a request cannot say where it goes, or with which key. */
CASE(a_request_cannot_steer)
{
	static const char *const fields[] = { "api_base",      "api_key",    "base_url",
					      "user_config",   "model_list", "mock_response",
					      "api\\u005fbase" };
	char body[128];
	struct diag d;

	fresh(DIALECT_OPENAI, EP_CHAT);
	for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		(void)snprintf(body, sizeof body, "{\"model\":\"m\",\"%s\":\"http://x\"}",
			       fields[i]);
		CHECK(look(body, &d) == ERR_DENIED && d.param[0]);
	}
}

CASE(what_is_for_the_gate_does_not_go_to_the_provider)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(S("{\"model\":\"up-1\",\"tags\":[\"a\"],\"metadata\":{\"k\":{\"v\":1}},"
			  "\"num_retries\":3,\"timeout\":2.5,\"stream_timeout\":1,\"seed\":7,"
			  "\"no\\u002dlog\":true,\"cache\":{},\"drop_params\":true}"),
			false),
		  S("{\"model\":\"up-1\",\"seed\":7}"));
	CHECK(x.retries_asked == 3 && x.drop_params && call.head_timeout_ms == 2500);
	struct str stores = S("{\"model\":\"up-1\",\"store\":true,\"metadata\":{\"k\":\"v\"}}");
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(built(stores, false), stores);
	struct str own = S("{\"model\":\"up-1\",\"metadata\":{\"user_id\":\"u\"}}");
	fresh(DIALECT_ANTHROPIC, EP_MESSAGES);
	CHECK_STR(built(own, false), own);
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK_STR(
		built(S("{\"model\":\"up-1\",\"stream\":true,\"stream_timeout\":1,\"timeout\":2}"),
		      false),
		S("{\"model\":\"up-1\",\"stream\":true,"
		  "\"stream_options\":{\"include_usage\":true}}"));
	CHECK(call.head_timeout_ms == 1000);
}

#define ASKED "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"

CASE(a_translation_does_not_refuse_what_is_for_the_gate)
{
	static const char *const rest[] = {
		"\"tags\":[\"a\"],\"litellm_session_id\":\"s\",\"guardrails\":[\"g\"]}",
		"\"seed\":1,\"drop_params\":true}",
	};
	char body[256];

	for (unsigned i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		fresh(DIALECT_OPENAI, EP_CHAT);
		x.up = DIALECT_ANTHROPIC;
		x.same = false;
		(void)snprintf(body, sizeof body, ASKED "%s", rest[i]);
		struct str sent = built(str_z(body), false);
		CHECK(str_find(sent, S("tags")) == SIZE_MAX && str_find(sent, S("seed")) == SIZE_MAX);
	}
}

CASE(fallbacks_of_a_request)
{
	struct diag d;

	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("{\"model\":\"m\",\"fallbacks\":[\"a\",{\"model\":\"\\u0062\"}]}", &d) == OK);
	CHECK(x.own_fallbacks->n_to == 2);
	CHECK_STR(x.own_fallbacks->to[1], S("b"));
	static const char *const bad[] = { "\"a\"",
					   "[]",
					   "[1]",
					   "[{\"model\":\"a\",\"api_base\":\"x\"}]",
					   "[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]",
					   "[{}]" };
	char body[128];
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		fresh(DIALECT_OPENAI, EP_CHAT);
		(void)snprintf(body, sizeof body, "{\"model\":\"m\",\"fallbacks\":%s}", bad[i]);
		CHECK(look(body, &d) == ERR_SYNTAX && strcmp(d.param, "fallbacks") == 0);
	}
	static const char *const wrong[] = { "\"num_retries\":-1", "\"timeout\":\"5\"",
					     "\"timeout\":0", "\"max_retries\":1.5" };
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		fresh(DIALECT_OPENAI, EP_CHAT);
		(void)snprintf(body, sizeof body, "{\"model\":\"m\",%s}", wrong[i]);
		CHECK(look(body, &d) == ERR_SYNTAX && d.param[0]);
	}
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("{\"model\":\"m\",\"timeout\":null,\"fallbacks\":null}", &d) == OK);
}

CASE(usage_that_the_configuration_always_wants)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	gen.policy.always_include_usage = true;
	CHECK_STR(built(S("{\"model\":\"up-1\",\"stream\":true}"), false),
		  S("{\"model\":\"up-1\",\"stream\":true,"
		    "\"stream_options\":{\"include_usage\":true}}"));
	CHECK(x.wants_usage);
}

CASE(end_user)
{
	struct diag d;

	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("{\"model\":\"m\",\"user\":\"u-1\"}", &d) == OK);
	CHECK_STR(str_z(x.end_user), S("u-1"));
	CHECK(look("{\"model\":\"m\",\"user\":\"u-2\"}", &d) == OK);
	CHECK_STR(str_z(x.end_user), S("u-1")); /* the header's, or the first */
	fresh(DIALECT_ANTHROPIC, EP_MESSAGES);
	CHECK(look("{\"model\":\"m\",\"user\":\"u\",\"metadata\":{\"user_id\":\"a\"}}", &d) == OK);
	CHECK_STR(str_z(x.end_user), S("a"));
	fresh(DIALECT_OPENAI, EP_CHAT);
	CHECK(look("{\"model\":\"m\",\"metadata\":{\"user_id\":\"b\"},\"safety_identifier\":\"c\"}", &d) == OK);
	CHECK_STR(str_z(x.end_user), S("b"));
	fresh(DIALECT_OPENAI, EP_CHAT);
	gen.policy.enforce_user = true;
	CHECK(look("{\"model\":\"m\",\"user\":\"\"}", &d) == ERR_SYNTAX);
	CHECK_STR(str_z(diag_text(&d)), S("a request has to name its end user: 'user'"));
	CHECK(look("{\"model\":\"m\",\"safety_identifier\":\"c\"}", &d) == OK);
	CHECK_STR(str_z(x.end_user), S("c"));
	gen.policy.enforce_user = false;
}

CASE(timeouts)
{
	fresh(DIALECT_OPENAI, EP_CHAT);
	(void)built(S("{\"model\":\"m\"}"), false);
	CHECK(call.head_timeout_ms == 60000 && call.idle_timeout_ms == 60000);
	x.timeout_ms = 5000;
	(void)built(S("{\"model\":\"m\"}"), false);
	CHECK(call.head_timeout_ms == 5000);
	x.timeout_ms = 90000; /* more than the operator allows */
	dep.timeout_ms = 30000;
	(void)built(S("{\"model\":\"m\"}"), false);
	CHECK(call.head_timeout_ms == 30000);
	dep.stream_timeout_ms = 1000;
	(void)built(S("{\"model\":\"m\",\"stream\":true}"), false);
	CHECK(call.head_timeout_ms == 1000);
}

TESTS(CASE_ROW(splice_changes_the_model_only), CASE_ROW(a_name_that_has_no_memory_is_refused),
      CASE_ROW(what_lies_in_the_arena_goes_by_reference), CASE_ROW(usage_of_a_stream_is_asked_for),
      CASE_ROW(wildcard), CASE_ROW(the_model_of_the_path_counts), CASE_ROW(look_refuses),
      CASE_ROW(a_request_cannot_steer), CASE_ROW(what_is_for_the_gate_does_not_go_to_the_provider),
      CASE_ROW(a_translation_does_not_refuse_what_is_for_the_gate),
      CASE_ROW(fallbacks_of_a_request), CASE_ROW(usage_that_the_configuration_always_wants),
      CASE_ROW(end_user), CASE_ROW(timeouts))
