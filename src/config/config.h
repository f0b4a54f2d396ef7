/*
 * config/config.h - LiteLLM's config.yaml, with our `yett:` section, compiled into what the
 * processes need. Ring 0: files, variables and the vault are reached through the caller's struct
 * config_io.
 *
 * Values of credentials are in secrets[] and nowhere else: not in notes, diagnostics, the policy
 * or the table of upstreams. Literal ones lie in the caller's arena: arena_wipe it once they have
 * been moved. (libyaml frees memory that it does not wipe; a process that outlives the load sets
 * M_PERTURB.)
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "proto/policy.h"
#include "proto/upstream.h"

#include "base/diag.h"

/* How well a key of LiteLLM is served. */
enum config_status { CONFIG_EXACT, CONFIG_APPROXIMATE, CONFIG_MANUAL, CONFIG_UNSUPPORTED,
		     CONFIG_STATUS_COUNT };
extern const char *const config_status_text[CONFIG_STATUS_COUNT];

struct config_note {
	enum config_status status;
	struct str path;    /* "model_list[].litellm_params.rpm"; "model_list[3]" for one */
	struct str why;     /* one line; never a secret */
	struct str file;    /* where first */
	uint32_t line;
	uint32_t count;
};

enum config_source { SOURCE_LITERAL, SOURCE_ENV, SOURCE_VAULT };

struct config_secret {
	struct str value;   /* "" in a survey */
	enum config_source source;
	struct str name;    /* the variable or the entry of the vault; for a literal a name that
			     * the vault could give it, "" for that of a header */
	struct str file;    /* where it is named first; "" without a file */
	uint32_t line, places;
};

struct config_io {
	/* env gives the value of a variable, p NULL when it is not set. It must live as long as
	 * the config. */
	struct str (*env)(void *ctx, struct str name);
	/* vault does the same for a credential of the vault. NULL: there is no vault. */
	struct str (*vault)(void *ctx, struct str name);
	/* read adds a whole file to out, LIMIT_CONFIG_FILE bytes at the most. */
	enum err (*read)(void *ctx, const char *path, struct buf *out, struct diag *d);
	void *ctx;
	/* For `config check` and `explain`: credentials that this machine lacks count as present,
	 * so that the file is judged and not the machine. */
	bool survey;
};

struct config {
	struct policy policy;
	struct upstreams upstreams;
	struct config_secret *secrets; /* by the numbers that upstreams uses */
	uint32_t n_secrets;
	struct str *env_names;      /* variables that hold credentials, to be erased by the owner */
	uint32_t n_env_names;

	struct str listen, admin;   /* "127.0.0.1:4000"; admin also as a path */
	uint32_t workers;           /* 0: one a core */
	struct str tls_certificate, tls_key; /* files, or "" */
	struct str vault_file, vault_key_file; /* or "": under the data directory */
	uint32_t drain_timeout_ms;
	bool admin_paths_said;      /* the file says where LiteLLM's admin paths answer */
	bool master_weak;           /* short or well known: for loopback only */

	struct config_note *notes;  /* set also when loading failed */
	uint32_t n_notes;
	uint32_t n_left_out;        /* deployments that cannot be used */
};

/* config_load reads the file and what it includes. ERR_CONFIG, ERR_SYNTAX or ERR_LIMIT with a
 * sentence that names file and line; out then holds notes only. */
MUST_USE enum err config_load(const char *path, const struct config_io *io, struct arena *a,
			      struct config *out, struct diag *d);

/* config_default is the configuration without a file: a provider for each usual variable that is
 * set, and echo. */
MUST_USE enum err config_default(const struct config_io *io, struct arena *a, struct config *out,
				 struct diag *d);

/* config_listen_ok refuses a listener other machines can reach when there is no master key, or a
 * weak one. where is "ADDR:PORT". */
MUST_USE enum err config_listen_ok(const struct config *c, struct str where, struct diag *d);

/* config_settle fills in what depends on the address that is really listened on. */
void config_settle(struct config *c, struct str where);

/* config_secret_values gives the values alone, for secrets_put. NULL: no memory. */
const struct str *config_secret_values(const struct config *c, struct arena *a);

/* config_key_count and config_key_at list the keys that are known, for the man page's test.
 * *out_path has room for cap bytes. */
size_t config_key_count(void);
enum config_status config_key_at(size_t i, struct buf *out_path, const char **out_why);

#endif
