/*
 * config/keys.h - one row for each key that LiteLLM's configuration or our section may hold: how well it is
 * served, why, and what sets it. `yett config check`, the man page's test and the loader all read it. Ring 0.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/load.h"

enum section {
	SECT_TOP,         /* base: NULL */
	SECT_MODEL,       /* struct params */
	SECT_PARAMS,      /* struct params */
	SECT_INFO,        /* struct params */
	SECT_CREDENTIAL,  /* NULL */
	SECT_LITELLM,     /* struct policy */
	SECT_ROUTER,      /* struct policy */
	SECT_GENERAL,     /* struct policy */
	SECT_YETT,        /* struct config */
	SECT_COUNT,
};

/* A setter reads v into field. On failure l->d holds a sentence that begins after the key's name. */
typedef enum err set_fn(struct loader *l, const struct node *v, void *field);

struct key_row {
	struct str name;
	enum config_status status;
	set_fn *set;      /* NULL: nothing to do */
	size_t at;        /* offset of the field in the section's base */
	const char *why;
};

/* section_apply notes every key of map and sets what the rows say. Unknown keys are notes. ERR_CONFIG:
 * l->d names file, line and key. */
MUST_USE enum err section_apply(struct loader *l, enum section s, const struct node *map, void *base);

/* key_is_served: name is a key of litellm_params that yett obeys. */
bool key_is_served(struct str name);

/* Setters of single values (config/set.c). A null leaves the field as it is. */
set_fn set_bool, set_str, set_name, set_u32, set_u64, set_i32, set_i64, set_ms, set_pico, set_weight, set_node;

/* Setters of sections (config/set.c). */
set_fn set_base, set_default, set_extra_body, set_drops, set_groups, set_strategy, set_retry_policy, set_fails_policy,
	set_fallbacks, set_context_fallbacks, set_content_fallbacks, set_default_fallbacks, set_aliases;

/* Setters of general_settings and yett (config/set_server.c). */
set_fn set_master_key, set_size_mb, set_header_name, set_private, set_http2, set_pins, set_ca, set_tls, set_vault,
	set_connect_timeout;

#endif
