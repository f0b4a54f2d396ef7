/*
 * tests/unit/config/load_test.c - LiteLLM's configurations, from its documentation and from the wild.
 * Proves T-18.
 */
#include "sample.h"

CASE(simple)
{
	struct sample s = {
		.files = { { "/etc/yett/config.yaml",
			     "model_list:\n"
			     "  - model_name: gpt-4o\n"
			     "    litellm_params:\n"
			     "      model: openai/gpt-4o\n"
			     "      api_key: os.environ/OPENAI_API_KEY\n"
			     "      rpm: 60\n"
			     "      tpm: 100000\n"
			     "  - model_name: claude\n"
			     "    litellm_params: {model: claude-sonnet-4-5, api_key: os.environ/ANTHROPIC}\n"
			     "  - model_name: gemini\n"
			     "    litellm_params: {model: gemini/gemini-2.5-flash}\n"
			     "general_settings:\n"
			     "  master_key: sk-1234\n" } },
		.env = { { "OPENAI_API_KEY", "sk-openai" }, { "ANTHROPIC", "sk-ant" }, { "GEMINI_API_KEY", "AIza" } },
	};

	sample_load(&s);
	CHECK(s.err == OK);
	CHECK_STR(str_z(s.d.text), S(""));
	const struct policy_deployment *d = sample_dep(&s, "gpt-4o", 0);
	CHECK(d && d->serves == SERVES_OPENAI && !d->compatible && d->rpm == 60 && d->tpm == 100000);
	if (d)
		CHECK_STR(d->upstream_model, S("gpt-4o"));
	const struct upstream *u = sample_up(&s, "gpt-4o", 0);
	CHECK(u && u->https && u->port == 443 && u->auth == AUTH_BEARER && !u->allow_private);
	if (u) {
		CHECK_STR(u->host, S("api.openai.com"));
		CHECK_STR(u->path_prefix, S("/v1"));
	}
	CHECK_STR(sample_key(&s, "gpt-4o", 0), S("sk-openai"));
	u = sample_up(&s, "claude", 0);
	CHECK(u && u->auth == AUTH_X_API_KEY);
	if (u)
		CHECK_STR(u->path_prefix, S("/v1"));
	u = sample_up(&s, "gemini", 0);
	CHECK(u && u->auth == AUTH_X_GOOG_API_KEY);
	if (u)
		CHECK_STR(u->path_prefix, S("/v1beta"));
	CHECK(s.c.policy.has_master && !s.c.policy.open && s.c.master_weak);
	CHECK(!sample_has(&s, "gpt-5"));
	CHECK(sample_dep(&s, "gpt-4o", 0)->max_output_tokens == 16384);
	CHECK(sample_dep(&s, "gpt-4o", 0)->max_input_tokens == 128000);
	struct policy_price p = policy_price_find(&s.c.policy, sample_dep(&s, "gpt-4o", 0), S("gpt-4o"));
	CHECK(p.input == 2500000 && p.output == 10000000 && p.cache_read == 1250000);
	p = policy_price_find(&s.c.policy, sample_dep(&s, "gemini", 0), S("gemini-2.5-flash"));
	CHECK(p.input == 300000);
	sample_done(&s);
}


#define YAML(text) .files = { { "/c/c.yaml", text } }

static struct str value_of_default(const struct policy_deployment *d, const char *name)
{
	for (uint32_t i = 0; d && i < d->n_defaults; i++)
		if (str_eq(d->defaults[i].name, str_z(name)))
			return d->defaults[i].value;
	return S("absent");
}

CASE(load_balancing)
{
	struct sample s = { YAML(
		"model_list:\n"
		"- {model_name: g, litellm_params: {model: openai/a, api_key: sk-1, weight: 3, order: 1}}\n"
		"- {model_name: g, litellm_params: {model: openai/a, api_key: sk-2, weight: 1, max_parallel_requests: 5}}\n"
		"- {model_name: g, litellm_params: {model: openai/a, api_key: sk-2, timeout: 2.5, stream_timeout: '7',\n"
		"   max_retries: 0, cooldown_time: 30}, model_info: {id: third}}\n") };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 1 && s.c.policy.n_deployments == 3);
	const struct policy_deployment *a = sample_dep(&s, "g", 0), *b = sample_dep(&s, "g", 1);
	const struct policy_deployment *c = sample_dep(&s, "g", 2);
	CHECK(a->weight == 3 && a->order == 1 && b->weight == 1 && b->max_parallel == 5);
	CHECK(!str_eq(a->id, b->id) && a->id.n == 16);
	CHECK_STR(c->id, S("third"));
	CHECK(c->timeout_ms == 2500 && c->stream_timeout_ms == 7000 && c->max_retries == 0 && c->cooldown_ms == 30000);
	CHECK(a->max_retries == -1 && a->cooldown_ms == UINT32_MAX);
	CHECK_STR(sample_key(&s, "g", 0), S("sk-1"));
	CHECK_STR(sample_key(&s, "g", 1), S("sk-2"));
	/* The same place and the same key: one row, one pool of connections. */
	CHECK(b->upstream == c->upstream && a->upstream != b->upstream && s.c.n_secrets == 2);
	CHECK(sample_note(&s, "model_list[].litellm_params.api_key", "yett vault add g"));
	sample_done(&s);
}

CASE(fractional_weights)
{
	struct sample s = { YAML("model_list:\n"
				 "- {model_name: g, litellm_params: {model: echo/openai, weight: 0.9}}\n"
				 "- {model_name: g, litellm_params: {model: echo/openai, weight: 0.1}}\n") };

	sample_load(&s);
	CHECK(s.err == OK && sample_dep(&s, "g", 0)->weight == 900 && sample_dep(&s, "g", 1)->weight == 100);
	sample_done(&s);
}

CASE(ids_are_stable_and_hold_no_secret)
{
	struct sample a = { YAML("model_list: [{model_name: g, litellm_params: {model: openai/a, api_key: sk-1}}]\n") };
	struct sample b = { YAML("model_list: [{model_name: g, litellm_params: {model: openai/a, api_key: sk-2}}]\n") };
	struct sample c = { YAML("model_list: [{model_name: g, litellm_params: {model: openai/a, api_key: vault/x}}]\n"),
			    .vault = { { "x", "sk-1" } } };

	sample_load(&a);
	sample_load(&b);
	sample_load(&c);
	CHECK_STR(sample_dep(&a, "g", 0)->id, sample_dep(&b, "g", 0)->id);
	CHECK(!str_eq(sample_dep(&a, "g", 0)->id, sample_dep(&c, "g", 0)->id));
	CHECK(memcmp(a.c.policy.config_hash, b.c.policy.config_hash, POLICY_HASH) == 0);
	CHECK(memcmp(a.c.policy.config_hash, c.c.policy.config_hash, POLICY_HASH) != 0);
	sample_done(&a);
	sample_done(&b);
	sample_done(&c);
}

CASE(wildcards)
{
	struct sample s = {
		YAML("model_list:\n"
		     "- {model_name: 'anthropic/*', litellm_params: {model: 'anthropic/*', api_key: k}}\n"
		     "- {model_name: 'claude-*', litellm_params: {model: 'anthropic/claude-*', api_key: k}}\n"
		     "- {model_name: 'my-*-latest', litellm_params: {model: 'openai/gpt-*', api_key: k}}\n"
		     "- {model_name: '*', litellm_params: {model: 'openai/gpt-4o', api_key: k}}\n"
		     "- {model_name: 'a*b*', litellm_params: {model: 'openai/*', api_key: k}}\n"
		     "- {model_name: plain, litellm_params: {model: 'openai/*', api_key: k}}\n") };
	struct str star;

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 4 && s.c.policy.n_exact == 0);
	const struct policy_model *m = policy_model_find(&s.c.policy, S("anthropic/claude-opus-4-5"), &star);
	CHECK(m && str_eq(m->name, S("anthropic/*")));
	CHECK_STR(star, S("claude-opus-4-5"));
	m = policy_model_find(&s.c.policy, S("my-5-latest"), &star);
	CHECK(m != NULL);
	CHECK_STR(star, S("5"));
	m = policy_model_find(&s.c.policy, S("anything"), &star);
	CHECK(m && str_eq(m->name, S("*")));
	CHECK_STR(sample_dep(&s, "claude-x", 0)->upstream_model, S("claude-*"));
	CHECK(sample_note(&s, "model_list[4]", "more than one '*'") && sample_note(&s, "model_list[5]", "has none"));
	sample_done(&s);
}

CASE(everything_star)
{
	struct sample s = { YAML("model_list: [{model_name: '*', litellm_params: {model: '*'}}]\n"),
			    .env = { { "ANTHROPIC_API_KEY", "k" }, { "GROQ_API_KEY", "g" } } };

	sample_load(&s);
	CHECK(s.err == OK && sample_has(&s, "anthropic/x") && sample_has(&s, "claude-x") &&
	      sample_has(&s, "groq/llama") && !sample_has(&s, "gpt-4o") && !sample_has(&s, "echo"));
	sample_done(&s);
}

CASE(aliases_and_fallbacks)
{
	struct sample s = { YAML(
		"model_list:\n"
		"- {model_name: a, litellm_params: {model: echo/openai}}\n"
		"- {model_name: b, litellm_params: {model: echo/anthropic}}\n"
		"litellm_settings:\n"
		"  fallbacks: [{a: [x]}, {b: [a]}]\n"
		"  num_retries: 7\n"
		"  request_timeout: 10\n"
		"router_settings:\n"
		"  model_group_alias: {gpt-4: a, old: {model: b, hidden: true}, gone: nowhere}\n"
		"  fallbacks: [{a: [b]}]\n"
		"  context_window_fallbacks: [{a: [b]}]\n"
		"  content_policy_fallbacks: [{a: b}]\n"
		"  default_fallbacks: [b]\n"
		"  num_retries: 3\n"
		"  allowed_fails: 1\n"
		"  cooldown_time: 30\n"
		"  retry_policy: {TimeoutErrorRetries: 2, RateLimitErrorRetries: 0}\n"
		"  allowed_fails_policy: {InternalServerErrorAllowedFails: 20}\n"
		"  enable_pre_call_checks: true\n") };

	sample_load(&s);
	const struct policy *p = &s.c.policy;
	CHECK(s.err == OK && sample_dep(&s, "gpt-4", 0) == sample_dep(&s, "a", 0));
	CHECK(p->n_aliases == 3 && p->aliases[2].hidden && sample_has(&s, "old") && !sample_has(&s, "gone"));
	CHECK(sample_note(&s, "router_settings.model_group_alias", "no model"));
	CHECK(p->n_fallbacks == 5);
	CHECK_STR(p->fallbacks[0].to[0], S("b")); /* router_settings wins */
	CHECK(p->fallbacks[4].kind == FALLBACK_GENERAL);
	CHECK_STR(p->fallbacks[4].model, S("*"));
	CHECK(p->num_retries == 3 && p->timeout_ms == 10000 && p->stream_timeout_ms == 10000);
	CHECK(p->allowed_fails == 1 && p->cooldown_ms == 30000 && p->pre_call_checks);
	CHECK(p->retry_policy.timeout == 2 && p->retry_policy.rate_limit == 0 && p->retry_policy.auth == -1);
	CHECK(p->allowed_fails_policy.internal == 20);
	sample_done(&s);
}

CASE(credentials_are_merged)
{
	struct sample s = {
		YAML("credential_list:\n"
		     "- credential_name: one\n"
		     "  credential_values: {api_key: os.environ/KEY, api_base: 'https://gate.example/v1'}\n"
		     "model_list:\n"
		     "- {model_name: a, litellm_params: {model: openai/m, litellm_credential_name: one}}\n"
		     "- {model_name: b, litellm_params: {model: openai/m, litellm_credential_name: one, api_key: own}}\n"
		     "- {model_name: c, litellm_params: {model: openai/m, litellm_credential_name: two}}\n"),
		.env = { { "KEY", "from-env" } } };

	sample_load(&s);
	CHECK(s.err == OK);
	CHECK_STR(sample_key(&s, "a", 0), S("from-env"));
	CHECK_STR(sample_key(&s, "b", 0), S("own"));
	CHECK_STR(sample_up(&s, "a", 0)->host, S("gate.example"));
	CHECK(sample_dep(&s, "a", 0)->compatible);
	CHECK(sample_note(&s, "model_list[2]", "no 'two'"));
	CHECK(s.c.n_env_names == 1);
	CHECK_STR(s.c.env_names[0], S("KEY"));
	sample_done(&s);
}

/* The name to move a literal under: one for each key, however often it stands. */
CASE(literals_are_named)
{
	struct sample s = { YAML("model_list:\n"
				 "- {model_name: m, litellm_params: {model: openai/a, api_key: sk-one}}\n"
				 "- {model_name: m, litellm_params: {model: openai/b, api_key: sk-two}}\n"
				 "- {model_name: n, litellm_params: {model: openai/c, api_key: sk-one}}\n") };
	sample_load(&s);
	CHECK(s.err == OK && s.c.n_secrets == 2);
	CHECK_STR(s.c.secrets[0].name, S("m"));
	CHECK(s.c.secrets[0].places == 2 && s.c.secrets[0].line == 2);
	CHECK_STR(s.c.secrets[1].name, S("m-2"));
	CHECK(s.c.secrets[1].places == 1 && s.c.secrets[1].line == 3);
	CHECK(sample_status(&s, "model_list[].litellm_params.api_key", "yett vault add m-2,") == CONFIG_MANUAL);
	sample_done(&s);
}

CASE(environment)
{
	struct sample s = {
		YAML("environment_variables: {HERE: sk-here, THERE: os.environ/REAL, T: 12}\n"
		     "model_list:\n"
		     "- {model_name: a, litellm_params: {model: openai/m, api_key: os.environ/HERE, timeout: os.environ/T}}\n"
		     "- {model_name: b, litellm_params: {model: os.environ/MODEL, api_key: os.environ/THERE, rpm: os.environ/NONE}}\n"
		     "- {model_name: c, litellm_params: {model: openai/m, api_key: os.environ/MISSING}}\n"
		     "- {model_name: d, litellm_params: {model: openai/m, api_base: os.environ/MISSING, api_key: x}}\n"),
		.env = { { "REAL", "sk-real" }, { "MODEL", "anthropic/claude" } } };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 2);
	CHECK_STR(sample_key(&s, "a", 0), S("sk-here"));
	CHECK(sample_dep(&s, "a", 0)->timeout_ms == 12000);
	CHECK_STR(sample_key(&s, "b", 0), S("sk-real"));
	CHECK(sample_dep(&s, "b", 0)->serves == SERVES_ANTHROPIC && sample_dep(&s, "b", 0)->rpm == 0);
	CHECK(sample_note(&s, "model_list[2]", "'MISSING' is not set"));
	/* Without its address a prompt for a server of the house must not go to OpenAI. */
	CHECK(sample_note(&s, "model_list[3]", "'MISSING', which is not set"));
	sample_done(&s);
}

CASE(a_survey_judges_the_file_not_the_machine)
{
	struct sample s = { YAML("model_list:\n"
				 "- {model_name: a, litellm_params: {model: openai/m, api_key: os.environ/MISSING}}\n"
				 "- {model_name: b, litellm_params: {model: anthropic/m, api_key: vault/none}}\n"
				 "- {model_name: c, litellm_params: {model: gemini/m}}\n"
				 "- {model_name: d, litellm_params: {model: openai/m, api_base: os.environ/BASE}}\n"
				 "general_settings: {master_key: os.environ/MASTER}\n"),
			    .survey = true };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 4 && s.c.policy.has_master);
	CHECK(s.c.secrets[0].source == SOURCE_ENV && s.c.secrets[1].source == SOURCE_VAULT);
	CHECK_STR(s.c.secrets[2].name, S("GEMINI_API_KEY"));
	sample_done(&s);
}

struct base_case {
	const char *model, *base, *host, *prefix;
	bool https, is_private;
	uint16_t port;
};

CASE(addresses)
{
	static const struct base_case cases[] = {
		{ "openai/m", "https://api.example.com/v1", "api.example.com", "/v1", true, false, 443 },
		{ "openai/m", "https://api.example.com", "api.example.com", "", true, false, 443 },
		{ "openai/m", "https://api.example.com/v1/", "api.example.com", "/v1", true, false, 443 },
		{ "openai/m", "https://api.example.com/v1/chat/completions", "api.example.com", "/v1", true, false, 443 },
		{ "openai/m", "http://vllm.internal:8000/v1", "vllm.internal", "/v1", false, true, 8000 },
		{ "openai/m", "https://10.1.2.3/v1", "10.1.2.3", "/v1", true, true, 443 },
		{ "openai/m", "https://localhost:8443", "localhost", "", true, true, 8443 },
		{ "openai/m", "https://[::1]:9/x", "::1", "/x", true, true, 9 },
		{ "openai/m", "https://169.254.169.254/", "169.254.169.254", "", true, false, 443 },
		{ "openai/m", "http://169.254.169.254/", "169.254.169.254", "", false, false, 80 },
		{ "openai/m", "http://[::ffff:169.254.1.2]/", "::ffff:169.254.1.2", "", false, false, 80 },
		{ "openai/m", "http://[fe80::1]/", "fe80::1", "", false, false, 80 },
		{ "openai/m", "https://[::ffff:192.168.0.1]/", "::ffff:192.168.0.1", "", true, true, 443 },
		{ "openai/m", "https://[fd00::1]/", "fd00::1", "", true, true, 443 },
		{ "openai/m", "https://100.64.0.1/", "100.64.0.1", "", true, true, 443 },
		{ "openai/m", "https://172.32.0.1/", "172.32.0.1", "", true, false, 443 },
		{ "openai/m", "https://[2001:db8::1]/", "2001:db8::1", "", true, false, 443 },
		{ "openai/m", "https://LISTED.example/v1", "listed.example", "/v1", true, true, 443 },
		{ "anthropic/m", "https://a.example", "a.example", "/v1", true, false, 443 },
		{ "anthropic/m", "https://a.example/v1", "a.example", "/v1", true, false, 443 },
		{ "anthropic/m", "https://a.example/v1/messages", "a.example", "/v1", true, false, 443 },
		{ "anthropic/m", "https://a.example/proxy", "a.example", "/proxy/v1", true, false, 443 },
		{ "gemini/m", "https://g.example", "g.example", "/v1beta", true, false, 443 },
		{ "gemini/m", "https://g.example/google/", "g.example", "/google", true, false, 443 },
		{ "gemini/m", "https://g.example/v1", "g.example", "/v1", true, false, 443 },
		{ "gemini/m", "https://g.example/v1alpha", "g.example", "/v1alpha", true, false, 443 },
		{ "ollama/m", "http://127.0.0.1:11434", "127.0.0.1", "/v1", false, true, 11434 },
		{ "ollama_chat/m", "http://127.0.0.1:11434/v1", "127.0.0.1", "/v1", false, true, 11434 },
		{ "hosted_vllm/m", "https://v.example/v1", "v.example", "/v1", true, false, 443 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[512];
		(void)snprintf(text, sizeof text,
			       "yett: {private_upstreams: [listed.example]}\n"
			       "model_list: [{model_name: a, litellm_params: {model: %s, api_base: '%s', api_key: k}}]\n",
			       cases[i].model, cases[i].base);
		struct sample s = { .files = { { "/c/c.yaml", text } } };
		sample_load(&s);
		const struct upstream *u = sample_up(&s, "a", 0);
		if (u == NULL) {
			fprintf(stderr, "%s %s: %s\n", cases[i].model, cases[i].base, s.d.text);
			CHECK(u != NULL);
		} else {
			CHECK_STR(u->host, str_z(cases[i].host));
			CHECK_STR(u->path_prefix, str_z(cases[i].prefix));
			CHECK(u->https == cases[i].https && u->port == cases[i].port);
			CHECK(u->allow_private == cases[i].is_private);
		}
		sample_done(&s);
	}
}

/* One deployment at https://api.example.com, as the file and the environment say. */
static void proxy_case(const char *yett, const char *env, const char *value, const char *want, const char *secret)
{
	char text[512], got[256] = "direct";

	(void)snprintf(text, sizeof text, "%s\nmodel_list: [{model_name: a, litellm_params: {model: openai/m, "
		       "api_base: 'https://api.example.com/v1', api_key: k}}]\n", yett);
	struct sample s = { .files = { { "/c/c.yaml", text } }, .env = { { env, value } },
			    .vault = { { "p", "http://u:p%3Aw@vault.example:8" } } };
	sample_load(&s);
	const struct upstream *u = sample_up(&s, "a", 0);
	const struct upstream_proxy *p = &s.c.upstreams.proxy;
	if (s.err != OK)
		(void)snprintf(got, sizeof got, "%s", s.d.text);
	else if (u->proxied)
		(void)snprintf(got, sizeof got, "%.*s:%u", FMT(p->host), p->port);
	CHECK_STR(str_z(got), str_z(want));
	if (u->proxied && secret[0])
		CHECK_STR(s.c.secrets[p->secret].value, str_z(secret));
	else if (u->proxied)
		CHECK(p->secret == UPSTREAM_NO_SECRET);
	sample_done(&s);
}

CASE(proxies)
{
	static const struct {
		const char *yett, *env, *value, *want, *secret;
	} cases[] = {
		{ "", "HTTPS_PROXY", "http://proxy.example:3128", "proxy.example:3128", "" },
		{ "", "https_proxy", "proxy.example", "proxy.example:80", "" },
		{ "", "ALL_PROXY", "HTTP://10.1.2.3:8/", "10.1.2.3:8", "" },
		{ "", "HTTPS_PROXY", "http://[::1]:3128", "::1:3128", "" },
		{ "", "HTTPS_PROXY", "http://me:a%40b@p.example:1", "p.example:1", "Basic bWU6YUBi" },
		{ "", "HTTPS_PROXY", "http://me@p.example:1", "p.example:1", "Basic bWU6" },
		{ "", "HTTPS_PROXY", "socks5://p.example:1", "direct", "" },
		{ "", "HTTPS_PROXY", "http://p.example:1/path", "direct", "" },
		{ "", "HTTPS_PROXY", "http://a%zz:b@p.example:1", "direct", "" },
		{ "", "HTTP_PROXY", "http://proxy.example:3128", "direct", "" },
		{ "yett: {proxy: false}", "HTTPS_PROXY", "http://p.example:1", "direct", "" },
		{ "yett: {proxy: 'http://q.example:2'}", "HTTPS_PROXY", "http://p.example:1", "q.example:2", "" },
		{ "yett: {proxy: os.environ/P}", "P", "http://p.example:1", "p.example:1", "" },
		{ "yett: {proxy: vault/p}", "", "", "vault.example:8", "Basic dTpwOnc=" },
		{ "yett: {proxy: os.environ/P}", "", "", "/c/c.yaml:1: 'yett.proxy' names 'P', which is not there", "" },
		{ "yett: {proxy: sk-a-key-by-mistake}", "", "", "/c/c.yaml:1: 'yett.proxy' is not http://host:port", "" },
		{ "yett: {proxy: 'https://q.example:2'}", "", "",
		  "/c/c.yaml:1: 'yett.proxy' is no http:// proxy; others are not served", "" },
		{ "yett: {proxy: 'http://q', no_proxy: [example.com]}", "", "", "direct", "" },
		{ "yett: {proxy: 'http://q', no_proxy: [API.example.com]}", "", "", "direct", "" },
		{ "yett: {proxy: 'http://q', no_proxy: 'x.example, .example.com'}", "", "", "direct", "" },
		{ "yett: {proxy: 'http://q', no_proxy: '*'}", "", "", "direct", "" },
		{ "yett: {proxy: 'http://q', no_proxy: [ple.com, pi.example.com, .api.example.com]}", "", "", "q:80", "" },
		{ "yett: {proxy: 'http://q'}", "NO_PROXY", "localhost,example.com", "direct", "" },
		{ "yett: {proxy: 'http://q', no_proxy: []}", "no_proxy", "example.com", "q:80", "" },
		{ "yett: {proxy: 'http://q', private_upstreams: [api.example.com]}", "", "", "direct", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		proxy_case(cases[i].yett, cases[i].env, cases[i].value, cases[i].want, cases[i].secret);
}

CASE(refused_addresses)
{
	static const char *const bad[] = { "ftp://x/v1", "https://user:pw@x/v1", "x.example/v1", "https://",
		"https://x/v1?api_key=secret", "https://x/#f", "https://2130706433/" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[256];
		(void)snprintf(text, sizeof text,
			       "model_list: [{model_name: a, litellm_params: {model: openai/m, api_base: '%s', api_key: k}}]\n",
			       bad[i]);
		struct sample s = { .files = { { "/c/c.yaml", text } } };
		sample_load(&s);
		CHECK(s.err == ERR_CONFIG && s.c.n_secrets == 0 && sample_note(&s, "model_list[0]", "api_base"));
		CHECK(str_find(str_z(s.d.text), S("secret")) == SIZE_MAX);
		sample_done(&s);
	}
}

CASE(an_implicit_key_stays_at_home)
{
	struct sample s = { YAML("model_list:\n"
				 "- {model_name: a, litellm_params: {model: openai/m, api_base: 'https://other.example/v1'}}\n"
				 "- {model_name: b, litellm_params: {model: openai/m}}\n"),
			    .env = { { "OPENAI_API_KEY", "sk-real" } } };

	sample_load(&s);
	CHECK(s.err == OK && sample_up(&s, "a", 0)->auth == AUTH_NONE && sample_up(&s, "b", 0)->auth == AUTH_BEARER);
	CHECK(sample_up(&s, "a", 0)->secret == UPSTREAM_NO_SECRET);
	CHECK(sample_note(&s, "model_list[].litellm_params.api_base", "nothing is sent"));
	sample_done(&s);
}

CASE(headers)
{
	struct sample s = { YAML(
		"model_list:\n"
		"- {model_name: a, litellm_params: {model: openai/m, api_key: k, organization: [o1, o2],\n"
		"   extra_headers: {X-Team: core, Anthropic-Beta: os.environ/BETA}, headers: {X-Other: v}}}\n"
		"- {model_name: b, litellm_params: {model: openai/m, api_key: k, extra_headers: {Authorization: x}}}\n"
		"- {model_name: c, litellm_params: {model: openai/m, api_key: k, extra_headers: {'x y': x}}}\n"
		"- {model_name: d, litellm_params: {model: openai/m, api_key: k, extra_headers: {x: \"a\\r\\nb: c\"}}}\n"
		"- {model_name: e, litellm_params: {model: openai/m, api_key: \"a\\nb\"}}\n"),
		.env = { { "BETA", "tools-1" } } };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 1 && s.c.policy.n_deployments == 2);
	const struct upstream *u = sample_up(&s, "a", 0), *v = sample_up(&s, "a", 1);
	CHECK(u->n_headers == 4 && v->n_headers == 4);
	CHECK_STR(u->headers[0].name, S("openai-organization"));
	CHECK_STR(s.c.secrets[u->headers[0].secret].value, S("o1"));
	CHECK_STR(s.c.secrets[v->headers[0].secret].value, S("o2"));
	CHECK_STR(u->headers[3].name, S("anthropic-beta"));
	CHECK_STR(s.c.secrets[u->headers[3].secret].value, S("tools-1"));
	CHECK(sample_note(&s, "model_list[1]", "'authorization'") && sample_note(&s, "model_list[2]", "header") &&
	      sample_note(&s, "model_list[3]", "cannot be sent") && sample_note(&s, "model_list[4]", "control characters"));
	sample_done(&s);
}

CASE(request_defaults)
{
	struct sample s = { YAML(
		"model_list:\n"
		"- model_name: a\n"
		"  litellm_params:\n"
		"    model: echo/openai\n"
		"    temperature: 0.5\n"
		"    max_tokens: 1_000\n"
		"    top_p: os.environ/TOP\n"
		"    seed: os.environ/UNSET\n"
		"    stop: [a, 'b', 1, true, ~]\n"
		"    user: 'yes'\n"
		"    response_format: {type: json_object, deep: {list: [], map: {}}}\n"
		"    extra_body: {k: 1, s: \"q\\\"\"}\n"
		"    drop_params: yes\n"
		"    additional_drop_params: [user, tools]\n"
		"    input_cost_per_token: 0.0000015\n"
		"    output_cost_per_token: 2e-6\n"), .env = { { "TOP", "0.9" } } };

	sample_load(&s);
	const struct policy_deployment *d = sample_dep(&s, "a", 0);
	CHECK(s.err == OK && d && d->n_defaults == 6 && d->n_extra_body == 2 && d->n_drops == 2 && d->drop_params);
	CHECK_STR(value_of_default(d, "temperature"), S("0.5"));
	CHECK_STR(value_of_default(d, "max_tokens"), S("1000"));
	CHECK_STR(value_of_default(d, "top_p"), S("0.9"));
	CHECK_STR(value_of_default(d, "seed"), S("absent"));
	CHECK_STR(value_of_default(d, "stop"), S("[\"a\",\"b\",1,true,null]"));
	CHECK_STR(value_of_default(d, "user"), S("\"yes\""));
	CHECK_STR(value_of_default(d, "response_format"),
		  S("{\"type\":\"json_object\",\"deep\":{\"list\":[],\"map\":{}}}"));
	CHECK_STR(d->extra_body[1].value, S("\"q\\\"\""));
	CHECK(d->price.input == 1500000 && d->price.output == 2000000 && d->price.cache_read == -1);
	sample_done(&s);
}

CASE(includes)
{
	struct sample s = {
		.files = { { "/c/c.yaml", "include: [models/a.yaml, b.yaml]\n"
					  "model_list: [{model_name: m, litellm_params: {model: echo/openai}}]\n"
					  "router_settings: {num_retries: 9}\n" },
			   { "/c/models/a.yaml", "include: [more.yaml, ../b.yaml]\n"
						 "model_list: [{model_name: a, litellm_params: {model: echo/openai}}]\n" },
			   { "/c/models/more.yaml", "model_list: [{model_name: more, litellm_params: {model: echo/openai}}]\n" },
			   { "/c/b.yaml", "router_settings: {num_retries: 1}\n" },
			   { "/c/models/../b.yaml", "{}" } } };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 3 && s.c.policy.num_retries == 1);
	sample_done(&s);

	struct sample missing = { YAML("include: nothing.yaml\n") };
	sample_load(&missing);
	CHECK(missing.err == ERR_NOT_FOUND && str_find(str_z(missing.d.text), S("/c/nothing.yaml")) != SIZE_MAX);
	sample_done(&missing);

	struct sample loop = { YAML("include: [c.yaml]\nmodel_list: [{model_name: m, litellm_params: {model: echo/x}}]\n") };
	sample_load(&loop);
	CHECK(loop.err == OK && loop.c.policy.n_deployments == 1);
	sample_done(&loop);
}

CASE(general)
{
	struct sample s = { YAML(
		"model_list: [{model_name: m, litellm_params: {model: echo/gemini}}]\n"
		"litellm_settings: {drop_params: true, callbacks: [x], cache: false}\n"
		"general_settings: {master_key: sk-0123456789abcdef01234, max_request_size_mb: 2,\n"
		"  litellm_key_header_name: X-My-Key, always_include_stream_usage: true, database_url: 'postgres://u:pw@h/d',\n"
		"  global_max_parallel_requests: 10, no_such_key: 1}\n"
		"yett:\n"
		"  listen: 0.0.0.0:80\n"
		"  admin: /run/yett/admin.sock\n"
		"  workers: 3\n"
		"  drain_timeout: 1.5\n"
		"  connect_timeout: 2\n"
		"  admin_on_inference: true\n"
		"  tls: {certificate: cert.pem, key: /k/key.pem}\n") };

	sample_load(&s);
	const struct config *c = &s.c;
	CHECK(s.err == OK && c->policy.has_master && !c->master_weak && !c->policy.open && c->policy.drop_params);
	CHECK(c->policy.max_body_bytes == 2 << 20 && c->policy.always_include_usage && c->policy.admin_on_inference);
	CHECK_STR(c->policy.key_header, S("x-my-key"));
	CHECK(c->policy.global_max_parallel == 10 && c->workers == 3 && c->drain_timeout_ms == 1500);
	CHECK_STR(c->listen, S("0.0.0.0:80"));
	CHECK_STR(c->admin, S("/run/yett/admin.sock"));
	CHECK_STR(c->tls_certificate, S("/c/cert.pem"));
	CHECK_STR(c->tls_key, S("/k/key.pem"));
	CHECK(sample_status(&s, "general_settings.no_such_key", "unknown key") == CONFIG_UNSUPPORTED);
	CHECK(sample_status(&s, "litellm_settings.cache", "off") == CONFIG_EXACT);
	CHECK(sample_status(&s, "general_settings.database_url", "built in") == CONFIG_MANUAL);
	CHECK(config_listen_ok(c, S("0.0.0.0:80"), NULL) == OK);
	sample_done(&s);
}

CASE(the_gate_never_opens_by_mistake)
{
	static const char *const bad[] = { "nope", "os.environ/UNSET", "vault/unset", "[sk-1]" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[256];
		(void)snprintf(text, sizeof text,
			       "model_list: [{model_name: m, litellm_params: {model: echo/x}}]\n"
			       "general_settings: {master_key: %s}\n", bad[i]);
		struct sample s = { .files = { { "/c/c.yaml", text } } };
		sample_load(&s);
		CHECK(s.err == ERR_CONFIG && str_find(str_z(s.d.text), S("/c/c.yaml:2: 'general_settings.master_key'")) == 0);
		sample_done(&s);
	}
	struct sample open = { YAML("model_list: [{model_name: m, litellm_params: {model: echo/x}}]\n") };
	sample_load(&open);
	CHECK(open.err == OK && open.c.policy.open);
	CHECK(config_listen_ok(&open.c, S("127.0.0.1:4000"), NULL) == OK);
	CHECK(config_listen_ok(&open.c, S("[::1]:4000"), NULL) == OK);
	CHECK(config_listen_ok(&open.c, S("0.0.0.0:4000"), NULL) == ERR_CONFIG);
	CHECK(config_listen_ok(&open.c, S("10.0.0.1:4000"), NULL) == ERR_CONFIG);
	sample_done(&open);
	struct sample weak = { YAML("model_list: [{model_name: m, litellm_params: {model: echo/x}}]\n"),
			       .env = { { "LITELLM_MASTER_KEY", "sk-1234" } } };
	sample_load(&weak);
	CHECK(weak.err == OK && weak.c.policy.has_master && weak.c.master_weak);
	CHECK(weak.c.n_env_names == 1);
	CHECK(config_listen_ok(&weak.c, S(":4000"), NULL) == ERR_CONFIG);
	sample_done(&weak);
}

CASE(wrong_values_name_their_place)
{
	static const char *const bad[][2] = {
		{ "router_settings: {num_retries: many}", "'router_settings.num_retries' is not a number" },
		{ "router_settings: {num_retries: -1}", "negative" },
		{ "router_settings: {routing_strategy: magic}", "no routing strategy" },
		{ "router_settings: {fallbacks: {a: [b]}}", "is not a list" },
		{ "router_settings: []", "is not a map" },
		{ "model_list: {}", "is not a list" },
		{ "litellm_settings: {drop_params: perhaps}", "neither true nor false" },
		{ "yett: {pins: {h: [x]}}", "SHA-256" },
		{ "yett: {tls: {certificate: c}}", "both" },
		{ "yett: {ca: {h: none.pem}}", "cannot be read" },
		{ "yett: {workers: 1e99}", "too large" },
		{ "general_settings: {litellm_key_header_name: 'a b'}", "no name of a header" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sample s = { .files = { { "/c/c.yaml", bad[i][0] } } };
		sample_load(&s);
		if (s.err != ERR_CONFIG || str_find(str_z(s.d.text), str_z(bad[i][1])) == SIZE_MAX ||
		    str_find(str_z(s.d.text), S("/c/c.yaml:1: '")) != 0)
			fprintf(stderr, "%s: %d %s\n", bad[i][0], s.err, s.d.text);
		CHECK(s.err == ERR_CONFIG && str_find(str_z(s.d.text), str_z(bad[i][1])) != SIZE_MAX);
		sample_done(&s);
	}
}

CASE(what_cannot_be_served_is_left_out)
{
	struct sample s = { YAML(
		"model_list:\n"
		"- {model_name: az, litellm_params: {model: azure/gpt, api_key: k, api_base: 'https://x'}}\n"
		"- {model_name: em, litellm_params: {model: openai/text-embedding-3-small, api_key: k}, model_info: {mode: embedding}}\n"
		"- {model_name: no, litellm_params: {model: somebody/model, api_key: k}}\n"
		"- {model_name: bl, litellm_params: {model: openai/m, api_key: k}, model_info: {blocked: true}}\n"
		"- {model_name: nn, litellm_params: {model: openai/m, api_key: k, rpm: lots}}\n"
		"- {litellm_params: {model: openai/m, api_key: k}}\n"
		"- {model_name: nm}\n"
		"- just text\n"
		"- {model_name: ok, litellm_params: {model: x, custom_llm_provider: openai, api_key: k}}\n") };

	sample_load(&s);
	CHECK(s.err == OK && s.c.policy.n_models == 1 && sample_has(&s, "ok"));
	CHECK(sample_note(&s, "model_list[0]", "'azure' is not served yet") && sample_note(&s, "model_list[1]", "embedding") &&
	      sample_note(&s, "model_list[2]", "names no provider") && sample_note(&s, "model_list[3]", "blocked") &&
	      sample_note(&s, "model_list[4]", "is not a number") && sample_note(&s, "model_list[5]", "no model_name") &&
	      sample_note(&s, "model_list[6]", "litellm_params.model") && sample_note(&s, "model_list[7]", "not a map"));
	sample_done(&s);

	struct sample none = { YAML("model_list: [{model_name: az, litellm_params: {model: azure/gpt}}]\n") };
	sample_load(&none);
	CHECK(none.err == ERR_CONFIG && str_find(str_z(none.d.text), S("'azure' is not served yet")) != SIZE_MAX);
	CHECK(none.c.n_notes > 0);
	sample_done(&none);
}

CASE(pins_and_switches_of_hosts)
{
	struct sample s = {
		.files = { { "/c/c.yaml",
			     "yett:\n"
			     "  http2: [anthropic, g.example]\n"
			     "  pins: {g.example: sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=}\n"
			     "  ca: {g.example: ca.pem}\n"
			     "model_list:\n"
			     "- {model_name: a, litellm_params: {model: anthropic/m, api_key: k}}\n"
			     "- {model_name: g, litellm_params: {model: gemini/m, api_key: k, api_base: 'https://g.example'}}\n"
			     "- {model_name: o, litellm_params: {model: openai/m, api_key: k}}\n" },
			   { "/c/ca.pem", "-----BEGIN CERTIFICATE-----\n" } } };

	sample_load(&s);
	CHECK(s.err == OK && sample_up(&s, "a", 0)->http2 && sample_up(&s, "g", 0)->http2 && !sample_up(&s, "o", 0)->http2);
	const struct upstream *u = sample_up(&s, "g", 0);
	CHECK(u->n_pins == 1 && u->pins[0].n == 32 && (uint8_t)u->pins[0].p[0] == 0xe3 && u->ca_pem.n > 0);
	sample_done(&s);
}

CASE(without_a_file)
{
	struct sample none = { .env = { { "PATH", "/bin" } } };
	struct sample some = { .env = { { "OPENAI_API_KEY", "sk-o" }, { "GOOGLE_API_KEY", "g" }, { "OPENAI_BASE_URL", "https://eu.example/v1" } } };

	sample_load(&none);
	CHECK(none.err == OK && none.c.policy.n_models == 4 && none.c.n_secrets == 0 && none.c.policy.open);
	CHECK_STR(sample_dep(&none, "echo-gemini", 0)->upstream_model, S("gemini"));
	CHECK(sample_dep(&none, "echo", 0)->serves == SERVES_ECHO);
	sample_done(&none);
	sample_load(&some);
	CHECK(some.err == OK && sample_has(&some, "gpt-4o") && sample_has(&some, "openai/gpt-4o") &&
	      sample_has(&some, "gemini-2.5-pro") && sample_has(&some, "o3-mini") && !sample_has(&some, "claude-x"));
	CHECK_STR(sample_up(&some, "gpt-4o", 0)->host, S("eu.example"));
	CHECK_STR(sample_key(&some, "gemini/x", 0), S("g"));
	sample_done(&some);
}

CASE(a_flood_of_keys_is_bounded)
{
	struct buf b;

	buf_init(&b, 4 << 20);
	buf_add(&b, S("model_list: [{model_name: m, litellm_params: {model: echo/x}}]\ngeneral_settings:\n"));
	for (unsigned i = 0; i < 20000; i++)
		buf_addf(&b, "  k%u: %u\n", i, i);
	buf_addc(&b, 0);
	struct sample s = { .files = { { "/c/c.yaml", b.p } } };
	sample_load(&s);
	CHECK(s.err == OK && s.c.n_notes <= 1024);
	CHECK(sample_note(&s, "...", "more"));
	sample_done(&s);
	buf_free(&b);
}

CASE(short_memory_is_an_error_and_nothing_worse)
{
	struct sample s = { .files = { { "/c/c.yaml",
		"credential_list: [{credential_name: c, credential_values: {api_key: k}}]\n"
		"model_list:\n"
		"- {model_name: a, litellm_params: {model: openai/m, litellm_credential_name: c, stop: [x], rpm: 1,\n"
		"   extra_headers: {X-A: b}, extra_body: {k: v}}, model_info: {access_groups: [g], id: i}}\n"
		"- {model_name: 'b/*', litellm_params: {model: 'anthropic/*', api_key: os.environ/K}}\n"
		"router_settings: {fallbacks: [{a: [b/x]}], model_group_alias: {z: a}}\n"
		"yett: {private_upstreams: [h], proxy: 'http://u:p@q', no_proxy: [x], listen: '127.0.0.1:1'}\n" } }, .env = { { "K", "v" } } };
	struct config_io io = { sample_env, sample_vault, sample_read, &s, false };
	bool fits = false;

	for (size_t budget = 0; budget < 200000 && !fits; budget += budget < 8000 ? 61 : 4999) {
		arena_init(&s.arena, budget);
		s.err = config_load("/c/c.yaml", &io, &s.arena, &s.c, &s.d);
		fits = s.err == OK;
		CHECK(fits || (s.err == ERR_NOMEM && s.d.text[0] != 0 && s.c.policy.n_deployments == 0));
		arena_done(&s.arena);
	}
	CHECK(fits);
}

TESTS(CASE_ROW(simple), CASE_ROW(load_balancing), CASE_ROW(fractional_weights), CASE_ROW(ids_are_stable_and_hold_no_secret), CASE_ROW(wildcards), CASE_ROW(everything_star), CASE_ROW(aliases_and_fallbacks), CASE_ROW(credentials_are_merged), CASE_ROW(literals_are_named), CASE_ROW(environment), CASE_ROW(a_survey_judges_the_file_not_the_machine), CASE_ROW(addresses), CASE_ROW(proxies), CASE_ROW(refused_addresses), CASE_ROW(an_implicit_key_stays_at_home), CASE_ROW(headers), CASE_ROW(request_defaults), CASE_ROW(includes), CASE_ROW(general), CASE_ROW(the_gate_never_opens_by_mistake), CASE_ROW(wrong_values_name_their_place), CASE_ROW(what_cannot_be_served_is_left_out), CASE_ROW(pins_and_switches_of_hosts), CASE_ROW(without_a_file), CASE_ROW(a_flood_of_keys_is_bounded), CASE_ROW(short_memory_is_an_error_and_nothing_worse))
