/*
 * proto/policy.h - the compiled configuration as ingress and admin see it: names, routes, limits,
 * prices. Ring 0. No secret and no host is in it; the master key is there as a hash.
 */
#ifndef PROTO_POLICY_H
#define PROTO_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

enum { POLICY_HASH = 32, POLICY_DEFAULTS = 32 };

enum policy_provider_kind { SERVES_OPENAI, SERVES_ANTHROPIC, SERVES_GEMINI, SERVES_ECHO,
			    SERVES_COUNT };

/* Money: pico-dollars (1e-12) a token; -1 unknown. */
struct policy_price {
	int64_t input, output, cache_read, cache_write, reasoning;
};

/* A request parameter that the configuration sets where the client does not: name and JSON text. */
struct policy_default {
	struct str name, value;
};

struct policy_deployment {
	struct str id;              /* model_info.id, else a hash of the parameters */
	struct str provider;        /* "openai", "anthropic", "gemini", "echo", ... */
	struct str upstream_model;  /* may hold one '*': what the public name's '*' matched */
	struct str base_model;      /* price key, or "" */
	enum policy_provider_kind serves;
	bool compatible;            /* OpenAI's format, not OpenAI itself */
	uint16_t upstream;          /* number in egress's table; unused for echo */
	uint32_t weight;            /* 0: unset */
	uint32_t rpm, max_parallel; /* 0: unlimited */
	uint64_t tpm;
	uint32_t order;             /* lower first; 0: unset */
	uint32_t timeout_ms, stream_timeout_ms; /* 0: the router's */
	int32_t max_retries;        /* -1: the router's */
	uint32_t cooldown_ms;       /* UINT32_MAX: the router's */
	bool drop_params;
	int64_t max_output_tokens;  /* 0 unknown */
	int64_t max_input_tokens;   /* 0 unknown; for enable_pre_call_checks */
	struct policy_price price;  /* given in the row, else -1 each */
	struct policy_default *defaults;
	uint32_t n_defaults;
	struct policy_default *extra_body; /* set always, over the client's */
	uint32_t n_extra_body;
	struct str *drops;          /* additional_drop_params */
	uint32_t n_drops;
	struct policy_default *info; /* what else model_info holds: only told, by /model/info */
	uint32_t n_info;
};

struct policy_model {
	struct str name;            /* may hold one '*' */
	uint32_t *deployments;      /* indexes */
	uint32_t n_deployments;
	struct str *access_groups;
	uint32_t n_access_groups;
	bool hidden;                /* not in /v1/models */
};

struct policy_alias {
	struct str name, model;
	bool hidden;
};

enum { POLICY_USER_HEADERS = 8 };

enum policy_fallback_kind { FALLBACK_GENERAL, FALLBACK_CONTEXT, FALLBACK_CONTENT };

struct policy_fallback {
	enum policy_fallback_kind kind;
	struct str model;           /* whose; "*" for default_fallbacks */
	struct str *to;
	uint32_t n_to;
};

/* Retries and cooldowns by class of failure; -1: not set, the general number counts. */
struct policy_by_class {
	int32_t bad_request, auth, timeout, rate_limit, content, internal;
};

enum policy_strategy { ROUTE_SHUFFLE, ROUTE_LEAST_BUSY, ROUTE_LATENCY, ROUTE_USAGE, ROUTE_COST,
		       ROUTE_COUNT };

struct policy_price_row {
	struct str model;           /* as LiteLLM's price table names it, sorted */
	struct policy_price price;
	int64_t max_input_tokens, max_output_tokens; /* 0 unknown */
};

struct policy {
	uint64_t generation;
	uint8_t config_hash[POLICY_HASH];  /* SHA-256 of the effective configuration */
	bool has_master;
	uint8_t master_hash[POLICY_HASH];  /* SHA-256 of the master key */
	bool open;                         /* no master key and no keys asked for: loopback only */
	bool admin_on_inference;           /* LiteLLM's admin paths also on the inference port */
	struct str key_header;             /* litellm_key_header_name, lower case, or "" */
	struct str price_version;

	struct policy_deployment *deployments;
	uint32_t n_deployments;
	struct policy_model *models;       /* exact names, sorted; then wildcards, longest first */
	uint32_t n_models, n_exact;
	struct policy_alias *aliases;      /* sorted */
	uint32_t n_aliases;
	struct policy_fallback *fallbacks;
	uint32_t n_fallbacks;
	struct policy_price_row *prices;
	uint32_t n_prices;

	enum policy_strategy strategy;
	int32_t num_retries, max_fallbacks;
	uint32_t retry_after_ms, timeout_ms, stream_timeout_ms;
	uint32_t allowed_fails, cooldown_ms;
	bool disable_cooldowns, pre_call_checks, drop_params;
	struct policy_by_class retry_policy, allowed_fails_policy;
	uint32_t max_body_bytes;           /* LIMIT_BODY at most */
	uint32_t global_max_parallel;      /* 0: unlimited */
	bool always_include_usage;
	bool metrics_auth;                 /* /metrics asks for a key */
	bool enforce_user;                 /* a call names its end user */
	struct str *user_headers;          /* that name the end user; lower case */
	uint32_t n_user_headers;
};

/* policy_encode appends the blob; its form is canonical: decoding and encoding gives the same
 * bytes. */
void policy_encode(const struct policy *p, struct buf *out);
/* policy_decode borrows strings from blob and takes arrays from a. ERR_SYNTAX, ERR_LIMIT,
 * ERR_NOMEM; *p is set only on OK. */
MUST_USE enum err policy_decode(struct policy *p, struct str blob, struct arena *a);

/* policy_model_find resolves aliases, then exact names, then wildcards. *out_star is what '*'
 * matched. NULL: no such model. */
const struct policy_model *policy_model_find(const struct policy *p, struct str name,
					     struct str *out_star);

/* policy_row_find gives the table's row for a deployment's model: by its base_model, as
 * "provider/model", or by the model itself. NULL: none. The deployment's own price is not looked
 * at. */
const struct policy_price_row *policy_row_find(const struct policy *p,
					       const struct policy_deployment *d,
					       struct str upstream_model);

/* policy_price_find: the deployment's own price, else the table's row for base_model,
 * "provider/model", or the model itself. Unknown prices are -1. */
struct policy_price policy_price_find(const struct policy *p, const struct policy_deployment *d,
				      struct str upstream_model);

#endif
