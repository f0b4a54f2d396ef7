/*
 * keeper/loader.c - configuration and credentials, loaded in a process of its own that then ends.
 * Input: the operator's file and environment.   Runs in: loader.   Fuzz: fuzz/config_fuzz.c
 */
#include "keeper/loader.h"

#include "crypto/certificate.h"
#include "base/rd.h"
#include "config/config.h"
#include "keeper/jail.h"
#include "keeper/vault.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/roots.h"
#include "sys/secret.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	LOADER_MEMORY = 512 << 20, /* what one configuration may take */
	LOADER_BLOB = 256 << 20,   /* the policy, encoded */
	LOADER_CPU_S = 60,
	LOADER_TLS_FILE = 64 << 10,
	PERTURB = 0xa5,
};

struct loading {
	const struct loader_args *args;
	struct str env; /* mapped secret memory */
	struct arena arena;
	struct config config;
	struct vault vault;
	enum { VAULT_UNTRIED, VAULT_IS_OPEN, VAULT_IS_NOT } vault_state;
	struct diag vault_trouble;
	struct loaded loaded;
	int fds[LOADER_FDS + 1];
	unsigned n_fds;
};

static struct str env_of(void *ctx, struct str name)
{
	return env_get(((struct loading *)ctx)->env, name);
}

/* path_of makes a NUL-terminated path of s, or of name below the data directory when s is "". */
static bool path_of(const struct loading *l, struct str s, const char *name, char *out, size_t cap)
{
	int n = s.n > 0 ? snprintf(out, cap, "%.*s", FMT(s))
			: snprintf(out, cap, "%s/%s", l->args->data.p, name);

	return n > 0 && (size_t)n < cap;
}

/* vault_of opens the vault when the first of its entries is asked for: by then the configuration
 * has said where it is, and a gate that uses none needs none. */
static struct str vault_of(void *ctx, struct str name)
{
	struct loading *l = ctx;
	struct diag *d = &l->vault_trouble;
	char file[LIMIT_URL], key_file[LIMIT_URL];
	struct vault_io io = { .env = env_of,
			       .ctx = l,
			       .passphrase = env_of(l, S("YETT_VAULT_PASSPHRASE")) };

	if (l->vault_state == VAULT_UNTRIED) {
		l->vault_state = VAULT_IS_NOT;
		if (l->config.vault_key_file.n > 0 &&
		    path_of(l, l->config.vault_key_file, "", key_file, sizeof key_file))
			io.key_file = key_file;
		if (!path_of(l, l->config.vault_file, LOADER_VAULT, file, sizeof file))
			(void)diag_set(d, ERR_LIMIT, "the path of the vault is too long");
		else if (vault_open(&l->vault, file, &io, d) == OK)
			l->vault_state = VAULT_IS_OPEN;
		if (l->vault_state == VAULT_IS_NOT)
			log_msg(LOG_ERROR, "no credential of the vault: %s", diag_text(d));
	}
	return l->vault_state == VAULT_IS_OPEN ? vault_lookup(&l->vault, name)
					       : (struct str){ NULL, 0 };
}

static enum err read_file(void *ctx, const char *path, struct buf *out, struct diag *d)
{
	(void)ctx;
	return fs_read(path, 0, out, d);
}

/* say_notes writes what the configuration asks for and does not get, one line each, to the log. */
static void say_notes(struct loading *l)
{
	char path[160], file[160], where[192];

	for (uint32_t i = 0; i < l->config.n_notes; i++) {
		const struct config_note *n = &l->config.notes[i];
		if (n->status == CONFIG_EXACT)
			continue;
		/* What is said of no line is said of the built-in configuration. */
		where[0] = 0;
		if (n->file.n > 0)
			(void)snprintf(where, sizeof where,
				       "%s:%u: ", log_str(n->file, file, sizeof file), n->line);
		log_msg(LOG_WARN, "%s%s: %s: %.*s", where, log_str(n->path, path, sizeof path),
			config_status_text[n->status], FMT(n->why));
		if (l->loaded.n_warnings++ == 0)
			l->loaded.warning = str_head(n->why, LOADER_TEXT);
	}
}

/* blob_put makes a sealed memory file of what an encoder wrote. */
static enum err blob_put(struct loading *l, const char *name, const struct buf *b, struct diag *d)
{
	if (b->err != OK)
		return diag_set(d, b->err, "the configuration is too large");
	TRY(fs_memfd(name, buf_str(b), &l->fds[l->n_fds], d));
	l->n_fds++;
	return OK;
}

static enum err put_tables(struct loading *l, struct diag *d)
{
	struct buf b;

	buf_init(&b, LOADER_BLOB);
	policy_encode(&l->config.policy, &b);
	enum err e = blob_put(l, "yett-policy", &b, d);
	buf_reset(&b);
	if (e == OK) {
		upstreams_encode(&l->config.upstreams, &b);
		e = blob_put(l, "yett-upstreams", &b, d);
	}
	buf_free(&b);
	return e;
}

static enum err put_secrets(struct loading *l, struct diag *d)
{
	const struct str *values = config_secret_values(&l->config, &l->arena);
	uint8_t *map;

	if (values == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for the credentials");
	TRY(secret_memfd(secrets_size(values, l->config.n_secrets), &l->fds[l->n_fds], &map, d));
	secrets_put(values, l->config.n_secrets, map);
	l->n_fds++;
	return OK;
}

static enum err read_named(struct str name, unsigned flags, struct buf *out, struct diag *d)
{
	char path[LIMIT_URL];

	if (name.n >= sizeof path)
		return diag_set(d, ERR_LIMIT, "the path of a certificate is too long");
	memcpy(path, name.p, name.n);
	path[name.n] = '\0';
	return fs_read(path, flags, out, d);
}

/* put_tls stores the certificate chain and its key as the body of MSG_TLS. */
static enum err put_tls(struct loading *l, struct diag *d)
{
	struct buf chain, key, body;
	uint8_t *map = NULL;

	if (l->config.tls_certificate.n == 0)
		return OK;
	buf_init(&chain, LOADER_TLS_FILE);
	buf_init(&key, LOADER_TLS_FILE / 2);
	enum err e = read_named(l->config.tls_certificate, 0, &chain, d);
	if (e == OK)
		e = read_named(l->config.tls_key, FS_PRIVATE, &key, d);
	if (e == OK)
		e = certificate_check(buf_str(&chain), buf_str(&key), d);
	size_t n = 8 + chain.n + key.n;
	if (e == OK)
		e = secret_memfd(n, &l->fds[l->n_fds], &map, d);
	if (e == OK) {
		buf_fixed(&body, map, n);
		wr_str(&body, buf_str(&chain));
		wr_str(&body, buf_str(&key));
		l->n_fds++;
	}
	buf_wipe(&key);
	buf_free(&key);
	buf_free(&chain);
	return e;
}

/* take_file keeps what a file of the system says; what cannot be read says nothing. */
static enum err take_file(struct loading *l, enum err (*read)(struct buf *, struct diag *),
			  size_t max, const char *what, struct str *out, struct diag *d)
{
	struct diag why = { 0 };
	struct buf b;

	buf_init(&b, max);
	if (read(&b, &why) != OK) {
		log_msg(LOG_WARN, "no %s: %s", what, diag_text(&why));
		buf_reset(&b);
	}
	*out = arena_dup(&l->arena, buf_str(&b));
	buf_free(&b);
	return out->p != NULL ? OK : diag_set(d, ERR_NOMEM, "no memory for the %s", what);
}

/* put_system reads what egress cannot open itself. A gate for plain upstreams needs no roots. */
static enum err put_system(struct loading *l, struct diag *d)
{
	struct upstreams *u = &l->config.upstreams;

	TRY(take_file(l, hosts_read, UPSTREAM_HOSTS, "hosts file", &u->hosts, d));
	TRY(take_file(l, resolv_read, UPSTREAM_RESOLV, "resolv.conf", &u->resolv, d));
	return take_file(l, roots_read, UPSTREAM_ROOTS, "trusted roots", &u->roots, d);
}

/* A variable of the environment may have said it: who looks for a call's way finds it here. */
static void say_proxy(const struct loading *l)
{
	const struct upstreams *t = &l->config.upstreams;
	char host[LIMIT_NAME];
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		n += t->rows[i].proxied;
	if (n)
		log_msg(LOG_INFO, "%u of %u upstreams are called through the proxy at %s:%u", n,
			t->n, log_str(t->proxy.host, host, sizeof host), t->proxy.port);
}

static struct str first_said(struct str option, struct str configured, struct str otherwise)
{
	return option.n > 0 ? option : configured.n > 0 ? configured : otherwise;
}

static enum err load(struct loading *l, struct diag *d)
{
	const struct loader_args *a = l->args;
	const struct config_io io = {
		.env = env_of, .vault = vault_of, .read = read_file, .ctx = l
	};
	struct config *c = &l->config;
	enum err e = a->config.n > 0 ? config_load(a->config.p, &io, &l->arena, c, d)
				     : config_default(&io, &l->arena, c, d);

	say_notes(l);
	if (e != OK && l->vault_state == VAULT_IS_NOT) /* the cause of the rest */
		return diag_set(d, e, "%s", diag_text(&l->vault_trouble));
	TRY(e);
	struct str where = first_said(a->listen, c->listen, S("127.0.0.1:4000"));
	TRY(config_listen_ok(c, where, d));
	TRY(config_listen_ok(c, first_said(a->admin, c->admin, S("127.0.0.1:4001")), d));
	config_settle(c, where);
	say_proxy(l);
	if (c->policy.open)
		log_msg(LOG_WARN, "there is no master key: programs of this machine need no key, "
				  "all others are refused");
	c->policy.generation = c->upstreams.generation = a->generation;
	l->loaded.listen = c->listen;
	l->loaded.admin = c->admin;
	l->loaded.workers = c->workers;
	l->loaded.drain_ms = c->drain_timeout_ms;
	l->loaded.max_parallel = c->policy.global_max_parallel;
	memcpy(l->loaded.config_hash, c->policy.config_hash, sizeof l->loaded.config_hash);
	TRY(put_system(l, d));
	TRY(put_tables(l, d));
	TRY(put_secrets(l, d));
	return put_tls(l, d);
}

void loader_run(const struct loader_args *args, int env_fd, int result_fd)
{
	const struct rlimit cpu = { LOADER_CPU_S, LOADER_CPU_S };
	const int keep[] = { env_fd, result_fd };
	struct loading l = { .args = args };
	struct diag d = { 0 };
	int landlock;

	log_open("loader", LOG_INFO);
	(void)mallopt(M_PERTURB, PERTURB); /* what the YAML library frees is overwritten */
	(void)setrlimit(RLIMIT_CPU, &cpu);
	arena_init(&l.arena, LOADER_MEMORY);
	enum err e = jail_begin(&loader_jail, keep, 2, &d);
	if (e == OK)
		e = jail_lock(&loader_jail, &landlock, &d);
	if (e == OK)
		e = secret_map(env_fd, &l.env, &d);
	if (e == OK)
		e = load(&l, &d);
	loader_report(result_fd, e, &d, &l.loaded, l.fds, l.n_fds);
	arena_wipe(&l.arena);
	if (l.vault_state == VAULT_IS_OPEN)
		vault_close(&l.vault);
}
