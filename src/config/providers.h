/*
 * config/providers.h - one row for each provider: what it speaks, where it is, how the key goes
 * along. Ring 0. docs/adding-a-provider.md: a provider that speaks OpenAI's format is one row and
 * nothing else.
 */
#ifndef CONFIG_PROVIDERS_H
#define CONFIG_PROVIDERS_H

#include "proto/policy.h"
#include "proto/upstream.h"

struct provider {
	struct str name;             /* LiteLLM's prefix of `model` */
	enum policy_provider_kind serves;
	enum upstream_auth auth;
	bool compatible;             /* OpenAI's format, not OpenAI itself */
	bool key_optional;           /* usually runs without a key */
	struct str base;             /* default api_base; "" when the file must give one */
	struct str append;           /* put behind an api_base that does not end in a version */
	const char *base_env[2];     /* variables that replace the default api_base */
	const char *key_env[3];      /* variables that hold the key, first found wins */
	const char *const *names;    /* wildcards served without a file, or NULL */
};

/* provider_find gives the row, or NULL. */
const struct provider *provider_find(struct str name);

/* provider_later: a name that LiteLLM serves and yett does not yet. */
bool provider_later(struct str name);

/* provider_guess knows the families that LiteLLM accepts without a prefix. NULL: none. */
const struct provider *provider_guess(struct str model);

/* provider_at walks the table; NULL at its end. */
const struct provider *provider_at(size_t i);

#endif
