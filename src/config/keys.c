/*
 * config/keys.c - the table of keys. A key that is missing here is unknown: noted, never fatal.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include <stddef.h>

#define EXACT(name, set, at, why) { SC(name), CONFIG_EXACT, set, at, why }
#define APPROX(name, set, at, why) { SC(name), CONFIG_APPROXIMATE, set, at, why }
#define MANUAL(name, why) { SC(name), CONFIG_MANUAL, NULL, 0, why }
#define NONE(name, why) { SC(name), CONFIG_UNSUPPORTED, NULL, 0, why }
#define READ(name, why) { SC(name), CONFIG_EXACT, NULL, 0, why } /* nothing to set */
#define PAR(field) offsetof(struct params, field)
#define DEP(field) offsetof(struct params, d.field)
#define POL(field) offsetof(struct policy, field)
#define CFG(field) offsetof(struct config, field)

#define WHY_CALLBACKS "nothing is called; see /metrics, `yett usage` and the audit log"
#define WHY_CLOUD "its provider is not served yet"
#define WHY_DB "the store is built in; its file lies under --data"
#define WHY_DEFAULT "set where the client sends none"
#define WHY_CACHE "answers are not cached"
#define WHY_TEAMS "teams and users are not served yet"
#define WHY_REDIS "limits are shared inside of one gate only"
#define WHY_ALERT "no alerts are sent; scrape /metrics"
#define WHY_GUARD "guardrails are not served yet"
#define WHY_TOLD "told by /model/info"
#define WHY_MCP "MCP is not served yet"

static const struct key_row top[] = {
	READ("model_list", "deployments, grouped by model_name"),
	READ("litellm_settings", "read"),
	READ("router_settings", "read; wins over the same key in litellm_settings"),
	READ("general_settings", "read"),
	READ("environment_variables", "used by os.environ/NAME in the file; nothing is exported"),
	READ("credential_list", "used by litellm_credential_name"),
	READ("include",
	      "relative to the file that names it; lists are extended, all else replaced"),
	READ("yett", "what LiteLLM has no word for"),
	NONE("guardrails", WHY_GUARD),
	NONE("policies", WHY_GUARD),
	NONE("policy_attachments", WHY_GUARD),
	NONE("mcp_servers", WHY_MCP),
	NONE("vector_store_registry", "vector stores are not served yet"),
	NONE("search_tools", "search tools are not served yet"),
	NONE("agent_list", "agents are not served yet"),
	NONE("callback_settings", WHY_CALLBACKS),
	NONE("files_settings", "files are not served yet"),
	NONE("finetune_settings", "fine-tuning is not served yet"),
	NONE("assistant_settings", "assistants are not served yet"),
	NONE("prompts", "stored prompts are not served yet"),
	NONE("model_group_settings", "headers are not forwarded by group"),
	NONE("sandbox_tools", "tools are the client's"),
};

static const struct key_row model[] = {
	EXACT("model_name", set_name, PAR(model_name),
	      "the public name; one '*' may stand for anything"),
	READ("litellm_params", "read"),
	READ("model_info", "read"),
	NONE("tpm", "belongs under litellm_params"),
	NONE("rpm", "belongs under litellm_params"),
};

static const struct key_row params[] = {
	EXACT("model", set_name, PAR(model),
	      "provider/model; without a prefix the provider is guessed from the name"),
	EXACT("custom_llm_provider", set_name, PAR(provider),
	      "the provider, whatever model begins with"),
	EXACT("litellm_credential_name", set_name, PAR(credential),
	      "fills in what the deployment does not say itself"),
	EXACT("organization", set_node, PAR(organization), "a list makes one deployment for each"),
	EXACT("api_base", set_base, PAR(api_base), "where calls go"),
	EXACT("base_url", set_base, PAR(api_base), "the same as api_base"),
	EXACT("api_key", set_node, PAR(api_key), "os.environ/NAME, vault/NAME or a literal"),
	NONE("api_version", WHY_CLOUD),
	NONE("region_name", WHY_CLOUD),
	EXACT("extra_headers", set_node, PAR(extra_headers),
	      "sent with each call; values are kept as secrets"),
	EXACT("headers", set_node, PAR(headers), "the same as extra_headers"),
	EXACT("extra_body", set_extra_body, 0, "set in each request, over the client's"),
	NONE("use_in_pass_through", "pass-through paths are not served yet"),
	NONE("use_chat_completions_api", "there is no other API to choose yet"),
	NONE("aws_access_key_id", WHY_CLOUD), NONE("aws_secret_access_key", WHY_CLOUD),
	NONE("aws_session_token", WHY_CLOUD), NONE("aws_region_name", WHY_CLOUD),
	NONE("aws_session_name", WHY_CLOUD), NONE("aws_profile_name", WHY_CLOUD),
	NONE("aws_role_name", WHY_CLOUD), NONE("aws_web_identity_token", WHY_CLOUD),
	NONE("aws_sts_endpoint", WHY_CLOUD), NONE("aws_external_id", WHY_CLOUD),
	NONE("aws_bedrock_runtime_endpoint", WHY_CLOUD),
	NONE("vertex_project", WHY_CLOUD), NONE("vertex_location", WHY_CLOUD),
	NONE("vertex_credentials", WHY_CLOUD), NONE("gcs_bucket_name", WHY_CLOUD),
	NONE("azure_ad_token", WHY_CLOUD),
	NONE("tenant_id", WHY_CLOUD),
	NONE("client_id", WHY_CLOUD),
	NONE("client_secret", WHY_CLOUD),
	NONE("azure_scope", WHY_CLOUD),
	NONE("azure_username", WHY_CLOUD),
	NONE("azure_password", WHY_CLOUD), NONE("watsonx_region_name", WHY_CLOUD),

	EXACT("rpm", set_u32, DEP(rpm), "limit a minute, and the share where no weight is given"),
	EXACT("tpm", set_u64, DEP(tpm),
	      "limit a minute, and the share where neither weight nor rpm is given"),
	NONE("itpm", "input and output tokens are limited together by tpm"),
	NONE("otpm", "input and output tokens are limited together by tpm"),
	EXACT("max_parallel_requests", set_u32, DEP(max_parallel), "calls in flight"),
	EXACT("timeout", set_ms, DEP(timeout_ms), "seconds to the whole answer's head"),
	EXACT("request_timeout", set_ms, DEP(timeout_ms), "the same as timeout"),
	EXACT("stream_timeout", set_ms, DEP(stream_timeout_ms),
	      "seconds to the first byte of a stream"),
	EXACT("max_retries", set_i32, DEP(max_retries), "retries of a call to this deployment"),
	EXACT("num_retries", set_i32, DEP(max_retries), "the same as max_retries"),
	EXACT("cooldown_time", set_ms, DEP(cooldown_ms), "seconds out of rotation after failures"),
	NONE("default_api_key_rpm_limit", "limits of keys stand with the keys"),
	NONE("default_api_key_tpm_limit", "limits of keys stand with the keys"),
	NONE("max_file_size_mb", "files are not served yet"),
	NONE("keepalive_seconds", "idle connections are kept as long as the provider keeps them"),
	EXACT("weight", set_weight, DEP(weight), "share of the calls within its group"),
	EXACT("order", set_u32, DEP(order), "lower numbers are tried first"),
	NONE("tags", "tag routing is not served yet"),
	NONE("tag_regex", "tag routing is not served yet"),
	NONE("provider_affinity_header", "no session is tied to a deployment"),

	EXACT("input_cost_per_token", set_pico, DEP(price.input),
	      "dollars a token, over the price table"),
	EXACT("output_cost_per_token", set_pico, DEP(price.output),
	      "dollars a token, over the price table"),
	EXACT("cache_read_input_token_cost", set_pico, DEP(price.cache_read), "dollars a token"),
	EXACT("cache_creation_input_token_cost", set_pico, DEP(price.cache_write),
	      "dollars a token"),
	EXACT("output_cost_per_reasoning_token", set_pico, DEP(price.reasoning), "dollars a token"),
	NONE("input_cost_per_second", "time is not priced"),
	NONE("output_cost_per_second", "time is not priced"),
	NONE("max_budget", "budgets stand with keys, not with deployments"),
	NONE("budget_duration", "budgets stand with keys, not with deployments"),

	EXACT("temperature", set_default, 0, WHY_DEFAULT),
	EXACT("top_p", set_default, 0, WHY_DEFAULT),
	EXACT("top_k", set_default, 0, WHY_DEFAULT), EXACT("n", set_default, 0, WHY_DEFAULT),
	EXACT("max_tokens", set_default, 0, WHY_DEFAULT),
	EXACT("max_completion_tokens", set_default, 0, WHY_DEFAULT),
	EXACT("seed", set_default, 0, WHY_DEFAULT), EXACT("stop", set_default, 0, WHY_DEFAULT),
	EXACT("presence_penalty", set_default, 0, WHY_DEFAULT),
	EXACT("frequency_penalty", set_default, 0, WHY_DEFAULT),
	EXACT("logit_bias", set_default, 0, WHY_DEFAULT),
	EXACT("logprobs", set_default, 0, WHY_DEFAULT),
	EXACT("top_logprobs", set_default, 0, WHY_DEFAULT),
	EXACT("user", set_default, 0, WHY_DEFAULT),
	EXACT("tools", set_default, 0, WHY_DEFAULT),
	EXACT("tool_choice", set_default, 0, WHY_DEFAULT),
	EXACT("parallel_tool_calls", set_default, 0, WHY_DEFAULT),
	EXACT("response_format", set_default, 0, WHY_DEFAULT),
	EXACT("reasoning_effort", set_default, 0, WHY_DEFAULT),
	EXACT("thinking", set_default, 0, WHY_DEFAULT),
	EXACT("verbosity", set_default, 0, WHY_DEFAULT),
	EXACT("service_tier", set_default, 0, WHY_DEFAULT),
	EXACT("store", set_default, 0, WHY_DEFAULT),
	EXACT("stream_options", set_default, 0, WHY_DEFAULT),
	EXACT("min_p", set_default, 0, WHY_DEFAULT),
	EXACT("repetition_penalty", set_default, 0, WHY_DEFAULT),
	EXACT("modalities", set_default, 0, WHY_DEFAULT),
	EXACT("prediction", set_default, 0, WHY_DEFAULT),
	EXACT("web_search_options", set_default, 0, WHY_DEFAULT),
	EXACT("safety_settings", set_default, 0, WHY_DEFAULT),
	EXACT("chat_template_kwargs", set_default, 0, WHY_DEFAULT),
	NONE("stream", "the client says whether it streams"),
	NONE("metadata", "stays with LiteLLM's callbacks"),

	EXACT("drop_params", set_bool, DEP(drop_params),
	      "what the provider cannot express is dropped, not refused"),
	EXACT("additional_drop_params", set_drops, 0, "removed from every request"),
	NONE("allowed_openai_params", "known parameters are always passed"),
	NONE("merge_reasoning_content_in_choices", "reasoning stays in its own field"),
	NONE("mock_response", "use the built-in provider: model: echo/openai"),
	NONE("cache_control_injection_points", "cache marks are the client's"),
	NONE("configurable_clientside_auth_params", "clients never choose the host or the key"),
	NONE("ssl_verify", "TLS to providers is always verified; trust a private CA with yett.ca"),
	NONE("max_fallbacks", "belongs under router_settings"),
	NONE("guardrails", WHY_GUARD),
	NONE("auto_router_config_path", "no model is chosen by content"),
	NONE("auto_router_default_model", "no model is chosen by content"),
	NONE("auto_router_embedding_model", "no model is chosen by content"),
};

static const struct key_row info[] = {
	EXACT("id", set_name, PAR(id), "the deployment's name in logs and headers"),
	EXACT("base_model", set_name, DEP(base_model), "the price table's key"),
	EXACT("mode", set_name, PAR(mode), "chat, completion and responses are served as chat"),
	EXACT("access_groups", set_groups, 0, "keys may name the group in place of the model"),
	EXACT("blocked", set_bool, PAR(blocked), "the deployment is left out"),
	EXACT("max_tokens", set_i64, DEP(max_output_tokens), "the most it can write"),
	EXACT("max_output_tokens", set_i64, DEP(max_output_tokens), "the most it can write"),
	EXACT("max_input_tokens", set_i64, DEP(max_input_tokens), "for enable_pre_call_checks"),
	EXACT("input_cost_per_token", set_pico, DEP(price.input),
	      "dollars a token, over the price table"),
	EXACT("output_cost_per_token", set_pico, DEP(price.output),
	      "dollars a token, over the price table"),
	EXACT("cache_read_input_token_cost", set_pico, DEP(price.cache_read), "dollars a token"),
	EXACT("cache_creation_input_token_cost", set_pico, DEP(price.cache_write),
	      "dollars a token"),
	NONE("team_id", WHY_TEAMS),
	NONE("team_public_model_name", WHY_TEAMS),
	NONE("access_windows", "no times of day are kept"),
	NONE("health_check_model", "no model is called for its health"),
	NONE("health_check_timeout", "no model is called for its health"),
	NONE("disable_background_health_check", "no model is called for its health"),
	EXACT("supports_vision", set_info, 0, WHY_TOLD),
	EXACT("supports_function_calling", set_info, 0, WHY_TOLD),
	EXACT("supports_reasoning", set_info, 0, WHY_TOLD),
	EXACT("supports_response_schema", set_info, 0, WHY_TOLD),
	EXACT("supports_prompt_caching", set_info, 0, WHY_TOLD),
	NONE("region", "no region is checked"),
	NONE("db_model", "models stand in the file only"),
	READ("key", "told by /model/info as the model's name at the provider"),
	READ("litellm_provider", "told by /model/info as the provider"),
	NONE("tier", "tag routing is not served yet"),
	EXACT("version", set_info, 0, WHY_TOLD),
	EXACT("description", set_info, 0, WHY_TOLD),
};

static const struct key_row credential[] = {
	READ("credential_name", "read"),
	READ("credential_values", "read"),
	READ("credential_info", "for people; nothing reads it"),
};

/* Keys that router_settings and litellm_settings share. */
#define ROUTER_TWINS                                                                               \
	EXACT("num_retries", set_i32, POL(num_retries), "retries within the group"),               \
	EXACT("fallbacks", set_fallbacks, 0, "other groups, in order, after the retries"),         \
	EXACT("context_window_fallbacks", set_context_fallbacks, 0,                                \
	      "when the prompt is too long"),                                                      \
	EXACT("content_policy_fallbacks", set_content_fallbacks, 0,                                \
	      "when the provider refuses the content"),                                            \
	EXACT("default_fallbacks", set_default_fallbacks, 0,                                       \
	      "for models without fallbacks of their own"),                                        \
	EXACT("allowed_fails", set_u32, POL(allowed_fails),                                        \
	      "failures a minute before a deployment cools down"),                                 \
	EXACT("cooldown_time", set_ms, POL(cooldown_ms), "seconds out of rotation"),               \
	EXACT("model_group_alias", set_aliases, 0,                                                 \
	      "other names for a group; hidden ones are not listed"),                              \
	EXACT("retry_policy", set_retry_policy, POL(retry_policy), "retries by class of failure"), \
	APPROX("allowed_fails_policy", set_fails_policy, POL(allowed_fails_policy),                \
	       "a number for each class; failures of all classes count together"),                \
	EXACT("max_fallbacks", set_i32, POL(max_fallbacks),                                        \
	      "fallbacks tried for one call; 5 at the most"),                                      \
	EXACT("retry_after", set_ms, POL(retry_after_ms),                                          \
	      "the least wait; the provider's Retry-After wins"),                                  \
	EXACT("stream_timeout", set_ms, POL(stream_timeout_ms),                                    \
	      "seconds to the first byte of a stream")

static const struct key_row litellm[] = {
	ROUTER_TWINS,
	EXACT("drop_params", set_bool, POL(drop_params),
	      "what a provider cannot express is dropped, not refused"),
	EXACT("request_timeout", set_ms, POL(timeout_ms), "seconds; router_settings.timeout wins"),
	EXACT("disable_cooldowns", set_bool, POL(disable_cooldowns),
	      "no deployment is ever taken out"),
	NONE("modify_params", "requests are translated, not repaired"),
	NONE("callbacks", WHY_CALLBACKS), NONE("success_callback", WHY_CALLBACKS),
	NONE("failure_callback", WHY_CALLBACKS), NONE("service_callbacks", WHY_CALLBACKS),
	NONE("service_callback", WHY_CALLBACKS), NONE("audit_log_callbacks", WHY_CALLBACKS),
	NONE("cache", WHY_CACHE),
	NONE("cache_params", WHY_CACHE),
	NONE("enable_redis_auth_cache", WHY_REDIS),
	READ("turn_off_message_logging", "prompts and answers are never logged"),
	READ("redact_user_api_key_info", "keys are logged by their id only"),
	NONE("json_logs", "logs are lines of text"),
	NONE("set_verbose", "the log has one level"), NONE("verbose", "the log has one level"),
	MANUAL("ssl_verify",
	      "TLS to providers is always verified; trust a private CA with yett.ca"),
	MANUAL("ssl_certificate",
	      "client certificates are not sent; trust a private CA with yett.ca"),
	NONE("force_ipv4", "addresses are tried as the resolver orders them"),
	NONE("max_budget", "budgets stand with keys"),
	NONE("budget_duration", "budgets stand with keys"),
	NONE("default_internal_user_params", WHY_TEAMS), NONE("default_team_params", WHY_TEAMS),
	NONE("default_team_settings", WHY_TEAMS), NONE("max_end_user_budget", WHY_TEAMS),
	NONE("max_internal_user_budget", WHY_TEAMS),
	NONE("internal_user_budget_duration", WHY_TEAMS),
	NONE("default_key_generate_params", "keys get what /key/generate is asked for"),
	NONE("upperbound_key_generate_params", "keys get what /key/generate is asked for"),
	NONE("key_generation_settings", "keys are made with the master key"),
	NONE("disable_end_user_cost_tracking", "end users are recorded, not limited"),
	NONE("cost_discount_config", "prices are the table's or the deployment's"),
	NONE("cost_margin_config", "prices are the table's or the deployment's"),
	EXACT("require_auth_for_metrics_endpoint", set_bool, POL(metrics_auth),
	      "/metrics asks for a key; the admin listener's for the master key"),
	NONE("enable_json_schema_validation", "answers are not checked against schemas"),
	NONE("route_all_chat_openai_to_responses", "the Responses API is not served yet"),
	READ("use_chat_completions_url_for_anthropic_messages",
	     "always so: OpenAI is called by chat completions"),
	NONE("network_mock", "use the built-in provider: model: echo/openai"),
	NONE("public_model_groups", "/v1/models lists what the key may use"),
	NONE("mcp_aliases", WHY_MCP), NONE("guardrails", WHY_GUARD),
	NONE("prometheus_metrics_config", "/metrics has one form"),
	NONE("custom_prometheus_metadata_labels", "/metrics has one form"),
	READ("telemetry", "none is sent"),
	NONE("tag_budget_config", WHY_TEAMS), NONE("langfuse_default_tags", WHY_CALLBACKS),
	NONE("s3_callback_params", WHY_CALLBACKS), NONE("datadog_params", WHY_CALLBACKS),
	NONE("custom_provider_map", "providers are rows of a table in the program"),
	NONE("return_response_headers", "x-litellm-* headers are always sent"),
	READ("aiohttp_trust_env", "always so: HTTPS_PROXY counts"),
	READ("store_audit_logs", "always so: yett audit export"),
	NONE("num_retries_per_request", "a request's own num_retries counts"),
	NONE("model_alias_map", "use router_settings.model_group_alias"),
	NONE("overwrite_user_with_key_hash", "the user field goes to the provider as it is"),
	NONE("default_soft_budget", "no alerts are sent; scrape /metrics"),
	NONE("blocked_user_list", "block the key: yett key block"),
	NONE("banned_keywords_list", "guardrails are not served yet"),
	NONE("priority_reservation", "limits stand with keys and deployments"),
	NONE("log_raw_request_response", "prompts and answers are never logged"),
	NONE("disable_stop_sequence_limit", "stop sequences are never cut"),
	NONE("include_cost_in_streaming_usage", "the cost is in /spend/logs"),
	NONE("add_function_to_prompt", "tools are translated, never put into the prompt"),
};

static const struct key_row router[] = {
	ROUTER_TWINS,
	APPROX("routing_strategy", set_strategy, POL(strategy),
	      "counts and latencies are those of this gate"),
	NONE("routing_strategy_args", "windows are one minute"),
	EXACT("timeout", set_ms, POL(timeout_ms), "seconds to the whole answer's head"),
	EXACT("disable_cooldowns", set_bool, POL(disable_cooldowns),
	      "no deployment is ever taken out"),
	NONE("model_group_retry_policy", "retry_policy counts for every group"),
	APPROX("enable_pre_call_checks", set_bool, POL(pre_call_checks),
	      "the context window is checked, no region"),
	NONE("optional_pre_call_checks", "no deployment affinity and no budget of a provider"),
	NONE("enable_tag_filtering", "tag routing is not served yet"),
	NONE("tag_filtering_match_any", "tag routing is not served yet"),
	NONE("provider_budget_config", "budgets stand with keys"),
	NONE("redis_host", WHY_REDIS),
	NONE("redis_port", WHY_REDIS),
	NONE("redis_password", WHY_REDIS),
	NONE("redis_url", WHY_REDIS), NONE("redis_db", WHY_REDIS), NONE("cache_kwargs", WHY_REDIS),
	NONE("cache_responses", WHY_CACHE), NONE("caching_groups", WHY_CACHE),
	NONE("client_ttl", "connections are kept as long as the provider keeps them"),
	NONE("default_max_parallel_requests", "set max_parallel_requests in each deployment"),
	NONE("default_litellm_params", "use a YAML anchor and '<<'"),
	APPROX("ignore_invalid_deployments", NULL, 0, "always so; each one left out is named"),
	NONE("enable_health_check_routing", "health is what calls show"),
	NONE("health_check_staleness_threshold", "health is what calls show"),
	NONE("set_verbose", "the log has one level"), NONE("debug_level", "the log has one level"),
	NONE("alerting_config", WHY_ALERT),
	NONE("assistants_config", "assistants are not served yet"),
	NONE("search_tools", "search tools are not served yet"),
	NONE("guardrail_list", WHY_GUARD),
	NONE("enable_weighted_failover", "a retry is chosen like the first try"),
	NONE("default_priority", "requests are served as they come"),
	NONE("routing_groups", "one strategy counts for every group"),
	NONE("model_group_affinity_config", "there is no deployment affinity"),
	NONE("polling_interval", "nothing is polled"),
};

static const struct key_row general[] = {
	EXACT("master_key", set_master_key, 0, "kept as a hash"),
	EXACT("litellm_key_header_name", set_header_name, POL(key_header),
	      "read before the usual headers"),
	EXACT("max_request_size_mb", set_size_mb, POL(max_body_bytes), "larger requests are 413"),
	EXACT("always_include_stream_usage", set_bool, POL(always_include_usage),
	      "streams end with their usage"),
	EXACT("global_max_parallel_requests", set_u32, POL(global_max_parallel),
	      "calls in flight, all together"),
	NONE("max_parallel_requests", "limits of keys stand with the keys"),
	NONE("max_response_size_mb", "answers are bounded by the program"),
	NONE("custom_auth", "keys are the gate's own"),
	NONE("enable_jwt_auth", "JWT is not served yet"),
	NONE("litellm_jwtauth", "JWT is not served yet"),
	NONE("enable_oauth2_auth", "OAuth2 is not served yet"),
	NONE("enable_oauth2_proxy_auth", "OAuth2 is not served yet"),
	NONE("oauth2_config_mappings", "OAuth2 is not served yet"),
	NONE("allowed_routes", "routes are limited by key and listener"),
	NONE("public_routes", "every route but health asks for a key"),
	NONE("admin_only_routes", "admin routes are on their own listener"),
	NONE("allowed_ips", "use the firewall in front of the listener"),
	NONE("use_x_forwarded_for", "the peer's address is taken as it is"),
	APPROX("enforce_user_param", set_bool, POL(enforce_user),
	       "a header that names the end user will do, too"),
	APPROX("user_header_name", set_user_header, 0,
	       "names the end user of a call in the records; it is not sent on"),
	APPROX("user_header_mappings", set_user_headers, 0,
	       "those of customers, likewise; internal users are not served yet"),
	NONE("allow_client_side_credentials", "clients never choose the host or the key"),
	NONE("reject_clientside_metadata_tags", "tag routing is not served yet"),
	MANUAL("database_url", WHY_DB),
	NONE("database_type", WHY_DB),
	NONE("database_args", WHY_DB),
	NONE("database_connection_pool_limit", WHY_DB), NONE("database_connection_timeout", WHY_DB),
	NONE("store_model_in_db", "the file is the truth: models are not changed at run time"),
	NONE("supported_db_objects", "the file is the truth: models are not changed at run time"),
	APPROX("allow_requests_on_db_unavailable", NULL, 0,
	      "always so: known keys are served from memory"),
	NONE("disable_prisma_schema_update", WHY_DB),
	NONE("user_api_key_cache_ttl", "changes of keys count at once"),
	NONE("proxy_batch_write_at", "usage is written in groups within 100 ms"),
	NONE("proxy_config_reload_interval_seconds", "use `yett reload`"),
	NONE("use_redis_transaction_buffer", WHY_REDIS),
	NONE("disable_spend_logs", "usage is always recorded"),
	NONE("disable_spend_updates", "usage is always recorded"),
	NONE("disable_error_logs", "usage is always recorded"),
	NONE("store_prompts_in_spend_logs", "prompts and answers are never stored"),
	NONE("maximum_spend_logs_retention_period", "usage is kept"),
	NONE("maximum_spend_logs_retention_interval", "usage is kept"),
	NONE("maximum_spend_logs_cleanup_cron", "usage is kept"),
	NONE("proxy_budget_rescheduler_min_time", "budgets are reset when they are due"),
	NONE("proxy_budget_rescheduler_max_time", "budgets are reset when they are due"),
	NONE("disable_reset_budget", "budgets are reset when they are due"),
	NONE("token_rate_limit_type", "input and output tokens count together"),
	MANUAL("key_management_system", "put the credentials into the vault: yett vault import"),
	MANUAL("key_management_settings", "put the credentials into the vault: yett vault import"),
	NONE("background_health_checks", "health is what calls show"),
	NONE("health_check_interval", "health is what calls show"),
	NONE("health_check_details", "health is what calls show"),
	NONE("use_shared_health_check", "health is what calls show"),
	NONE("pass_through_endpoints", "pass-through paths are not served yet"),
	NONE("forward_client_headers_to_llm_api", "a closed list of headers is forwarded"),
	NONE("forward_llm_provider_auth_headers", "clients' credentials are never forwarded"),
	NONE("forward_openai_org_id", "set organization in the deployment"),
	NONE("completion_model", "the client names the model"),
	NONE("embedding_model", "embeddings are not served yet"),
	NONE("infer_model_from_keys", "without model_list the usual variables are read"),
	NONE("alerting", WHY_ALERT),
	NONE("alerting_threshold", WHY_ALERT),
	NONE("alert_types", WHY_ALERT),
	NONE("alerting_args", WHY_ALERT), NONE("alert_to_webhook_url", WHY_ALERT),
	NONE("spend_report_frequency", WHY_ALERT),
	NONE("litellm_license", "there is none"),
	NONE("ui_access_mode", "there is no page; see `yett status` and `yett key list`"),
	NONE("control_plane_url", "each gate stands alone"),
	NONE("disable_responses_id_security", "the Responses API is not served yet"),
	NONE("role_permissions", WHY_TEAMS), NONE("default_team_disabled", WHY_TEAMS),
	NONE("mcp_client_side_auth_header_name", WHY_MCP), NONE("mcp_internal_ip_ranges", WHY_MCP),
	NONE("enable_public_model_hub", "/v1/models lists what the key may use"),
	NONE("disable_adding_master_key_hash_to_db", "the master key is never in the store"),
	READ("cancel_on_disconnect", "always so"),
	MANUAL("use_azure_key_vault", "put the credentials into the vault: yett vault import"),
	MANUAL("use_google_kms", "put the credentials into the vault: yett vault import"),
	NONE("disable_budget_reservation", "what a call under way may cost always counts"),
	NONE("enforced_params", "only the end user is enforced: enforce_user_param"),
	NONE("moderation_model", "moderations are not served yet"),
	NONE("image_generation_model", "images are not served yet"),
	NONE("disable_retry_on_max_parallel_request_limit_error",
	      "a full gate answers 429 at once"),
};

static const struct key_row yett[] = {
	EXACT("listen", set_str, CFG(listen), "ADDR:PORT for clients; default 127.0.0.1:4000"),
	EXACT("admin", set_str, CFG(admin), "ADDR:PORT or a socket's path; default 127.0.0.1:4001"),
	EXACT("workers", set_u32, CFG(workers), "pairs of processes; default one a core"),
	EXACT("admin_on_inference", set_admin_paths, 0,
	      "LiteLLM's admin paths also on listen; default: when that is loopback"),
	EXACT("tls", set_tls, 0, "certificate and key: files for the listener of clients"),
	EXACT("drain_timeout", set_ms, CFG(drain_timeout_ms),
	      "seconds that running calls get at the end"),
	EXACT("connect_timeout", set_connect_timeout, 0, "seconds to connect to a provider"),
	EXACT("private_upstreams", set_private, 0, "hosts that may have private addresses"),
	EXACT("proxy", set_proxy, 0,
	      "http://user:password@host:port to providers; false: none; default: HTTPS_PROXY"),
	EXACT("no_proxy", set_no_proxy, 0,
	      "hosts and domains called directly; default: NO_PROXY"),
	EXACT("http2", set_http2, 0, "providers or hosts that are called with HTTP/2"),
	EXACT("pins", set_pins, 0, "host: SHA-256 of the public keys it may show, base64"),
	EXACT("ca", set_ca, 0, "host: file with the only roots trusted for it"),
	EXACT("vault", set_vault, 0, "file and key_file"),
};

static const struct {
	const char *prefix;
	const struct key_row *rows;
	size_t n;
} sections[SECT_COUNT] = {
#define ROWS(r) (r), sizeof(r) / sizeof(r)[0]
	[SECT_TOP] = { "", ROWS(top) },
	[SECT_MODEL] = { "model_list[].", ROWS(model) },
	[SECT_PARAMS] = { "model_list[].litellm_params.", ROWS(params) },
	[SECT_INFO] = { "model_list[].model_info.", ROWS(info) },
	[SECT_CREDENTIAL] = { "credential_list[].", ROWS(credential) },
	[SECT_LITELLM] = { "litellm_settings.", ROWS(litellm) },
	[SECT_ROUTER] = { "router_settings.", ROWS(router) },
	[SECT_GENERAL] = { "general_settings.", ROWS(general) },
	[SECT_YETT] = { "yett.", ROWS(yett) },
};

static const struct key_row *row_find(enum section s, struct str name)
{
	for (size_t i = 0; i < sections[s].n; i++)
		if (str_eq(sections[s].rows[i].name, name))
			return &sections[s].rows[i];
	return NULL;
}

bool key_is_served(struct str name)
{
	const struct key_row *row = row_find(SECT_PARAMS, name);

	return row && row->set;
}

static struct str path_of(enum section s, struct str name, struct buf *b)
{
	buf_reset(b);
	buf_add(b, str_z(sections[s].prefix));
	buf_add(b, name);
	return buf_str(b);
}

/* A switch for something yett lacks does no harm while it is off; a check that is off does. */
static bool harmless(struct loader *l, const struct key_row *row, const struct node *v)
{
	return row->status == CONFIG_UNSUPPORTED && row->set == NULL && value_off(l, v);
}

enum err section_apply(struct loader *l, enum section s, const struct node *map, void *base)
{
	char room[2 * LIMIT_NAME];
	struct buf path;

	buf_fixed(&path, room, sizeof room);
	if (node_null(map))
		return OK;
	if (map->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "%.*s:%u: '%.*s' is not a map", FMT(map->file),
				map->line, FMT(map->name));
	NODE_EACH(map, v) {
		const struct key_row *row = row_find(s, v->name);
		struct str at = path_of(s, v->name, &path);
		if (row == NULL)
			row = key_of_kind(s, v->name);
		if (row == NULL) {
			note(l, CONFIG_UNSUPPORTED, at, v,
			     s == SECT_PARAMS ? "unknown key, not sent; extra_body would send it"
					      : "unknown key, ignored");
			continue;
		}
		if (harmless(l, row, v))
			note(l, CONFIG_EXACT, at, v, "switched off");
		else
			note(l, row->status, at, v, "%s", row->why);
		if (row->set == NULL)
			continue;
		struct diag d = { .text = "cannot be read" }, *outer = l->d;
		l->d = &d;
		enum err e = row->set(l, v, base ? (char *)base + row->at : NULL);
		l->d = outer;
		if (e != OK)
			return diag_set(outer, e, "%.*s:%u: '%.*s' %s", FMT(v->file), v->line,
					FMT(at), d.text);
	}
	return OK;
}

size_t config_key_count(void)
{
	size_t n = 0;

	for (size_t s = 0; s < SECT_COUNT; s++)
		n += sections[s].n;
	return n;
}

enum config_status config_key_at(size_t i, struct buf *out_path, const char **out_why)
{
	size_t s = 0;

	while (i >= sections[s].n)
		i -= sections[s++].n;
	const struct key_row *row = &sections[s].rows[i];
	(void)path_of((enum section)s, row->name, out_path);
	*out_why = row->why;
	return row->status;
}
