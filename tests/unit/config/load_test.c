/* tests/unit/config/load_test.c - LiteLLM's configurations, from its documentation and from the wild. */
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
	CHECK(sample_dep(&s, "gpt-5", 0) == NULL);
	struct policy_price p = policy_price_find(&s.c.policy, sample_dep(&s, "gpt-4o", 0), S("gpt-4o"));
	CHECK(p.input == 2500000 && p.output == 10000000 && p.cache_read == 1250000);
	p = policy_price_find(&s.c.policy, sample_dep(&s, "gemini", 0), S("gemini-2.5-flash"));
	CHECK(p.input == 300000);
	sample_done(&s);
}

TESTS(CASE_ROW(simple))
