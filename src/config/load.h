/* config/load.h - what the files of config/ share while one configuration is compiled. Ring 0. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"
#include "config/node.h"
#include "config/providers.h"

enum { NOTES_MAX = 1024, HOST_RULES_MAX = 256 };

/* A group of deployments under one public name, while the list grows. */
struct group {
	struct str name;
	uint32_t *deployments, n, cap;
	struct str *access_groups;
	uint32_t n_access_groups, cap_access_groups;
};

/* What `yett:` says of a host (or of a provider, for http2). */
struct host_rule {
	struct str host;
	bool is_private, http2;
	struct str ca_pem;
	struct str pins[UPSTREAM_PINS];
	uint8_t n_pins;
};

struct loader {
	const struct config_io *io;
	struct arena tree;          /* nodes: wiped at the end */
	struct arena *a;            /* what out keeps */
	struct config *out;
	struct diag *d;
	struct node_budget budget;
	const struct node *env_vars, *credentials;
	struct group *groups;
	uint32_t n_groups, cap_groups;
	struct host_rule *hosts;
	uint32_t n_hosts, cap_hosts;
	uint32_t cap_notes, cap_secrets, cap_deployments, cap_upstreams, cap_env;
	uint32_t cap_fallbacks, cap_aliases;
	uint32_t connect_timeout_ms;
	const struct node *proxy;   /* yett.proxy; NULL: what the environment says */
	struct str no_proxy;        /* likewise; p NULL */
	bool weights_whole;         /* no weight has a fraction so far */
	bool raw;                   /* value_json writes references as they stand */
};

/* A deployment's parameters as the file gives them, before they are judged. */
struct params {
	uint32_t index;             /* in model_list, for notes */
	const struct node *entry;   /* NULL for built-in ones */
	struct str model_name, model, provider, credential, api_base, api_version, id;
	const struct node *api_key, *organization, *headers, *extra_headers;
	struct policy_deployment d;
	uint32_t cap_defaults, cap_extra, cap_drops, cap_info;
	struct str *access_groups;
	uint32_t n_access_groups, cap_access_groups;
	bool blocked;
	struct str mode;
};

/* ---- notes ---- */

/* note adds one line for path, or counts one more. why is copied. */
void note(struct loader *l, enum config_status s, struct str path, const struct node *at,
	  const char *why, ...)
	__attribute__((format(printf, 5, 6)));

/* grow makes room for one more item behind *slot, a pointer to items of size bytes, which may move.
 * false: no memory, the diag says so, and the items are as they were. */
bool grow(struct loader *l, void *slot, uint32_t n, uint32_t *cap, size_t size);
#define GROW(l, items, n, cap) grow((l), &(items), (n), (cap), sizeof *(items))

/* keep copies s into what out keeps. */
MUST_USE enum err keep(struct loader *l, struct str s, struct str *out);

/* ---- values (config/value.c) ---- */

/* A failure of these is a sentence in l->d that starts after the key's name: "is not a number". */
enum from { FROM_FILE, FROM_ENV, FROM_VAULT };
struct value {
	struct str text;  /* p NULL: null, or a variable that is not set */
	enum from from;
	struct str name;  /* of the variable or the entry */
	bool quoted;
};

/* value_of resolves os.environ/NAME and, where the caller takes secrets, vault/NAME. */
MUST_USE enum err value_of(struct loader *l, const struct node *v, bool secret, struct value *out);
/* env_of looks NAME up in environment_variables, then in the process environment. */
struct str env_of(struct loader *l, struct str name);
MUST_USE enum err value_str(struct loader *l, const struct node *v, struct str *out); /* not kept */
MUST_USE enum err value_bool(struct loader *l, const struct node *v, bool *out);
MUST_USE enum err value_scaled(struct loader *l, const struct node *v, unsigned scale,
			       int64_t *out);
/* value_json appends v as JSON text. */
MUST_USE enum err value_json(struct loader *l, const struct node *v, struct buf *out);
/* value_off: null, false, empty, 0 or []: a switch that is not on. */
bool value_off(struct loader *l, const struct node *v);

/* ---- deployments (config/deploy.c), credentials (config/credential.c) ---- */

/* deploy_add compiles one deployment and puts it under its public name. A deployment that cannot be
 * used gets a note and is left out; only memory and limits are errors. */
MUST_USE enum err deploy_add(struct loader *l, struct params *p);

/* secret_add gives the number of a credential, the same for the same one. */
MUST_USE enum err secret_add(struct loader *l, const struct value *v, const struct node *at,
			     uint16_t *out);

/* env_name_add remembers a variable that holds a credential. */
MUST_USE enum err env_name_add(struct loader *l, struct str name);

/* credential_get finds credential_list's values by name; NULL: none. */
const struct node *credential_get(struct loader *l, struct str name);

/* key_find resolves which credential a deployment uses. *out_secret UPSTREAM_NO_SECRET: none is
 * sent. A sentence in l->d and ERR_NOT_FOUND when one is needed and missing. */
MUST_USE enum err key_find(struct loader *l, const struct params *p, const struct provider *row,
			   bool own_base, uint16_t *out_secret);

/* headers_add turns a map of static headers into secrets. */
MUST_USE enum err headers_add(struct loader *l, const struct node *map, struct upstream *u);
MUST_USE enum err header_add(struct loader *l, struct str name, const struct value *v,
			     const struct node *at, struct upstream *u);

/* ---- endpoints (config/endpoint.c) ---- */

/* endpoint_set fills scheme, host, port, path and switches from an api_base. */
MUST_USE enum err endpoint_set(struct loader *l, const struct provider *row, struct str base,
			       struct upstream *u);
/* host_rule_at finds or makes the rule for a host. NULL: no memory. */
struct host_rule *host_rule_at(struct loader *l, struct str host);

/* ---- the proxy (config/proxy.c) ---- */

/* proxy_settle finds the proxy and marks the upstreams that are called through it; all are known
 * by then. */
MUST_USE enum err proxy_settle(struct loader *l);

/* ---- routes (config/route.c) ---- */

/* route_finish sorts the names, checks fallbacks, aliases and ids, and computes the hash. */
MUST_USE enum err route_finish(struct loader *l);
MUST_USE enum err fallbacks_add(struct loader *l, const struct node *v,
				enum policy_fallback_kind kind);
MUST_USE enum err fallbacks_default(struct loader *l, const struct node *v);
MUST_USE enum err aliases_add(struct loader *l, const struct node *v);

/* builtin_add adds the usual names of every provider whose variable is set (all of them in a survey
 * for a file's "*"). echo is added when with_echo. */
MUST_USE enum err builtin_add(struct loader *l, bool with_echo, uint32_t *out_added);

/* params_init sets what an absent key means. */
void params_init(struct params *p);

/* prices_load fills the policy's price table from the data built in. */
MUST_USE enum err prices_load(struct loader *l);

#endif
