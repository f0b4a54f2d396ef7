/*
 * config/kinds.c - keys of LiteLLM's that come in kinds: a part of the name tells as much as a row
 * in keys.c would, for keys of releases to come, too.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#define KIND(section, part, why) { section, { SC(part), CONFIG_UNSUPPORTED, NULL, 0, why } }

static const struct {
	enum section section;
	struct key_row row;
} kinds[] = {
	KIND(SECT_PARAMS, "_cost", "rates other than a token's base rates are not counted"),
	KIND(SECT_PARAMS, "_router_", "no model is chosen by content"),
	KIND(SECT_PARAMS, "aws_", "its provider is not served yet"),
	KIND(SECT_PARAMS, "azure_", "its provider is not served yet"),
	KIND(SECT_PARAMS, "vertex_", "its provider is not served yet"),
	KIND(SECT_PARAMS, "s3_", "its provider is not served yet"),
	KIND(SECT_LITELLM, "prometheus_", "/metrics has one form"),
	KIND(SECT_LITELLM, "langfuse_", "nothing is called"),
	KIND(SECT_LITELLM, "datadog_", "nothing is called"),
	KIND(SECT_LITELLM, "_callback_", "nothing is called"),
	KIND(SECT_LITELLM, "guardrail", "guardrails are not served yet"),
	KIND(SECT_LITELLM, "mcp_", "MCP is not served yet"),
	KIND(SECT_LITELLM, "redis_", "limits are shared inside of one gate only"),
	KIND(SECT_LITELLM, "_interception_", "tools are the client's"),
	KIND(SECT_ROUTER, "redis_", "limits are shared inside of one gate only"),
	KIND(SECT_ROUTER, "health_check_", "health is what calls show"),
	KIND(SECT_ROUTER, "tag_", "tag routing is not served yet"),
	KIND(SECT_GENERAL, "_redis", "limits are shared inside of one gate only"),
	KIND(SECT_GENERAL, "database_", "the store is built in; its file lies under --data"),
	KIND(SECT_GENERAL, "health_check_", "health is what calls show"),
	KIND(SECT_GENERAL, "maximum_", "usage is kept"),
	KIND(SECT_GENERAL, "alert_", "no alerts are sent; scrape /metrics"),
	KIND(SECT_GENERAL, "mcp_", "MCP is not served yet"),
	KIND(SECT_GENERAL, "team_", "teams and users are not served yet"),
	KIND(SECT_GENERAL, "custom_", "nothing of Python runs here"),
	KIND(SECT_GENERAL, "otel", "nothing is called"),
};

/* LiteLLM takes any key in model_info, and tells it. */
static const struct key_row any_info = { SC(""), CONFIG_EXACT, set_info, 0, "told by /model/info" };

const struct key_row *key_of_kind(enum section s, struct str name)
{
	if (s == SECT_INFO)
		return &any_info;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].section == s && str_find(name, kinds[i].row.name) != SIZE_MAX)
			return &kinds[i].row;
	return NULL;
}
