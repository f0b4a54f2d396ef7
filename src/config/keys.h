/*
 * config/keys.h - one row for each key that LiteLLM's configuration or our section may hold: how
 * well it is served, why, and what sets it. `yett config check`, the man page's test and the
 * loader all read it. Ring 0.
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

/* A setter reads v into field. On failure l->d has a sentence that begins after the key's name. */
typedef enum err set_fn(struct loader *l, const struct node *v, void *field);

struct key_row {
	struct str name;
	enum config_status status;
	set_fn *set;      /* NULL: nothing to do */
	size_t at;        /* offset of the field in the section's base */
	const char *why;
};

/* section_apply notes every key of map and sets what the rows say. Unknown keys are notes.
 * ERR_CONFIG: l->d names file, line and key. */
MUST_USE enum err section_apply(struct loader *l, enum section s, const struct node *map,
				void *base);

/* key_of_kind gives the row of a kind of keys to which name belongs, or NULL: config/kinds.c. */
const struct key_row *key_of_kind(enum section s, struct str name);

/* key_is_served: name is a key of litellm_params that yett obeys. */
bool key_is_served(struct str name);

/* Setters of single values and of routes: config/set.c. A null leaves the field as it is. */
#define SETTERS(X)                                                                            \
	X(set_bool) X(set_str) X(set_name) X(set_u32) X(set_u64) X(set_i32) X(set_i64)        \
	X(set_ms) X(set_pico) X(set_weight) X(set_node) X(set_base) X(set_default)            \
	X(set_extra_body) X(set_info) X(set_drops) X(set_groups) X(set_strategy)              \
	X(set_retry_policy)                                                                   \
	X(set_fails_policy) X(set_fallbacks) X(set_context_fallbacks)                         \
	X(set_content_fallbacks) X(set_default_fallbacks) X(set_aliases)

/* Setters of general_settings and yett: config/set_server.c. */
#define SERVER_SETTERS(X)                                                                     \
	X(set_master_key) X(set_size_mb) X(set_header_name) X(set_private) X(set_http2)       \
	X(set_pins) X(set_ca) X(set_tls) X(set_vault) X(set_connect_timeout)                  \
	X(set_admin_paths) X(set_user_header) X(set_user_headers)

/* Setters of the proxy: config/proxy.c. */
#define PROXY_SETTERS(X) X(set_proxy) X(set_no_proxy)

#define X(name) enum err name(struct loader *l, const struct node *v, void *field);
/* Each is a set_fn. */
SETTERS(X)
/* These too. */
SERVER_SETTERS(X)
/* And these. */
PROXY_SETTERS(X)
#undef X

#endif
