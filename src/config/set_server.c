/*
 * config/set_server.c - setters of general_settings and of our own section.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include "base/ascii.h"
#include "codec/base64.h"
#include "crypto/sha256.h"

#include <stdio.h>

enum { PEM_MAX = 1 << 20, MASTER_STRONG = 20 };

/* Keys that stand in tutorials, and whatever can be tried out. */
static bool weak(struct str key)
{
	static const struct str known[] = { SC("sk-1234567890abcdef1234"),
					    SC("sk-change-me-please-now") };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_eq(key, known[i]))
			return true;
	return key.n < MASTER_STRONG;
}

enum err set_master_key(struct loader *l, const struct node *v, void *field)
{
	struct policy *p = field;
	struct value got;

	TRY(value_of(l, v, true, &got));
	if (node_null(v))
		return OK;
	if (got.from == FROM_ENV)
		TRY(env_name_add(l, got.name));
	if (got.text.n == 0) {
		/* LiteLLM would run without a master key. A typing error must not open the gate. */
		if (!l->io->survey)
			return diag_set(l->d, ERR_CONFIG, "names '%.*s', which is not set",
					FMT(got.name));
		p->has_master = true;
		return OK;
	}
	if (!str_has_prefix(got.text, S("sk-")))
		return diag_set(l->d, ERR_CONFIG, "does not start with 'sk-'");
	if (got.from == FROM_FILE)
		note(l, CONFIG_MANUAL, S("general_settings.master_key"), v,
		     "a literal in the file works; move it: yett vault add master, then "
		     "master_key: vault/master");
	sha256(got.text, p->master_hash);
	p->has_master = true;
	l->out->master_weak = weak(got.text);
	return OK;
}

enum err set_size_mb(struct loader *l, const struct node *v, void *field)
{
	uint32_t *out = field;
	int64_t n = -1;

	TRY(value_scaled(l, v, 6, &n));
	if (n == -1)
		return OK;
	if (n <= 0)
		return diag_set(l->d, ERR_CONFIG, "is not a size");
	/* LiteLLM's megabyte is 2^20 bytes. */
	uint64_t bytes = n > 1000000000 ? LIMIT_BODY : (uint64_t)n * (1 << 20) / 1000000;
	if (bytes >= LIMIT_BODY) {
		note(l, CONFIG_APPROXIMATE, S("general_settings.max_request_size_mb"), v,
		     "%d MB is the most a request may have", LIMIT_BODY >> 20);
		bytes = LIMIT_BODY;
	}
	*out = (uint32_t)bytes;
	return OK;
}

static bool token_char(char c)
{
	return ascii_alnum(c) || c == '-' || c == '_';
}

enum err set_header_name(struct loader *l, const struct node *v, void *field)
{
	struct str *out = field, s;
	char room[LIMIT_NAME];

	TRY(set_name(l, v, &s));
	for (size_t i = 0; i < s.n; i++) {
		if (!token_char(s.p[i]))
			return diag_set(l->d, ERR_CONFIG, "is no name of a header");
		room[i] = ascii_lower(s.p[i]);
	}
	return keep(l, (struct str){ room, s.n }, out);
}

static enum err user_header_add(struct loader *l, const struct node *v, struct policy *p)
{
	struct str name = S("");

	TRY(set_header_name(l, v, &name));
	if (name.n == 0)
		return OK;
	if (p->n_user_headers == POLICY_USER_HEADERS)
		return diag_set(l->d, ERR_LIMIT, "names more than %d headers", POLICY_USER_HEADERS);
	if (p->user_headers == NULL)
		p->user_headers = NEW_ARRAY(l->a, struct str, POLICY_USER_HEADERS);
	if (p->user_headers == NULL)
		return diag_set(l->d, ERR_NOMEM, "needs too much memory");
	p->user_headers[p->n_user_headers++] = name;
	return OK;
}

/* The mappings come before the one name, wherever they stand. */
enum err set_user_header(struct loader *l, const struct node *v, void *field)
{
	struct policy *p = field;

	return p->n_user_headers ? OK : user_header_add(l, v, p);
}

enum err set_user_headers(struct loader *l, const struct node *v, void *field)
{
	struct policy *p = field;
	struct node only, list = { .kind = NODE_LIST, .first = &only };
	struct str role;

	if (node_null(v))
		return OK;
	if (v->kind == NODE_SCALAR)
		return diag_set(l->d, ERR_CONFIG, "is not a list of maps");
	only = *v; /* LiteLLM takes one without a list, too */
	only.next = NULL;
	p->n_user_headers = 0;
	NODE_EACH(v->kind == NODE_LIST ? v : &list, it) {
		const struct node *name = node_get(it, S("header_name"));
		const struct node *whose = node_get(it, S("litellm_user_role"));
		if (name == NULL || whose == NULL)
			return diag_set(l->d, ERR_CONFIG,
					"has an entry without header_name and litellm_user_role");
		TRY(value_str(l, whose, &role));
		if (str_eq(role, S("customer")))
			TRY(user_header_add(l, name, p));
	}
	return OK;
}

/* ---- yett ---- */

static enum err rule_for(struct loader *l, struct str host, struct host_rule **out)
{
	if (host.n == 0 || host.n > LIMIT_NAME)
		return diag_set(l->d, ERR_CONFIG, "names no host");
	*out = host_rule_at(l, host);
	if (*out)
		return OK;
	return l->n_hosts == HOST_RULES_MAX ? diag_set(l->d, ERR_LIMIT, "names too many hosts")
					    : diag_set(l->d, ERR_NOMEM, "needs too much memory");
}

static enum err mark_hosts(struct loader *l, const struct node *v, bool http2)
{
	struct host_rule *r;
	struct str host;

	if (node_null(v))
		return OK;
	if (v->kind != NODE_LIST)
		return diag_set(l->d, ERR_CONFIG, "is not a list");
	NODE_EACH(v, it) {
		TRY(value_str(l, it, &host));
		TRY(rule_for(l, host, &r));
		if (http2)
			r->http2 = true;
		else
			r->is_private = true;
	}
	return OK;
}

enum err set_private(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return mark_hosts(l, v, false);
}

enum err set_http2(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return mark_hosts(l, v, true);
}

/* "sha256/BASE64", as curl and browsers write it; the prefix may be missing. */
static enum err add_pin(struct loader *l, const struct node *v, struct host_rule *r)
{
	char room[64];
	struct buf pin;
	struct str s;

	TRY(value_str(l, v, &s));
	for (size_t i = 0; i < 2; i++) {
		struct str prefix = i ? S("sha256/") : S("sha256//");
		if (str_has_prefix(s, prefix)) {
			s = str_tail(s, prefix.n);
			break;
		}
	}
	buf_fixed(&pin, room, sizeof room);
	if (base64_decode(&pin, s, BASE64_STD) != OK || pin.n != SHA256_BYTES)
		return diag_set(l->d, ERR_CONFIG, "has a pin that is not a SHA-256 in base64");
	if (r->n_pins == UPSTREAM_PINS)
		return diag_set(l->d, ERR_CONFIG, "has more than %d pins for one host",
				UPSTREAM_PINS);
	return keep(l, buf_str(&pin), &r->pins[r->n_pins++]);
}

enum err set_pins(struct loader *l, const struct node *v, void *field)
{
	struct host_rule *r;

	(void)field;
	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map of hosts");
	NODE_EACH(v, host) {
		TRY(rule_for(l, host->name, &r));
		if (host->kind == NODE_SCALAR)
			TRY(add_pin(l, host, r));
		else
			NODE_EACH(host, pin)
				TRY(add_pin(l, pin, r));
	}
	return OK;
}

/* Paths in the file are relative to the file, as include's are. */
static enum err path_beside(struct loader *l, const struct node *v, struct str *out)
{
	char room[LIMIT_URL * 2];
	struct str s, dir = v->file;
	struct buf b;

	TRY(value_str(l, v, &s));
	while (dir.n && dir.p[dir.n - 1] != '/')
		dir.n--;
	buf_fixed(&b, room, sizeof room);
	if (s.n && s.p[0] != '/')
		buf_add(&b, dir);
	buf_add(&b, s);
	if (b.err != OK)
		return diag_set(l->d, ERR_CONFIG, "is too long");
	return keep(l, buf_str(&b), out);
}

static enum err read_file(struct loader *l, struct str path, struct buf *out)
{
	char z[LIMIT_URL * 2 + 1];

	if (path.n == 0 || path.n >= sizeof z || l->io->read == NULL)
		return diag_set(l->d, ERR_CONFIG, "names no file");
	(void)snprintf(z, sizeof z, "%.*s", FMT(path));
	if (l->io->read(l->io->ctx, z, out, NULL) != OK)
		return diag_set(l->d, ERR_CONFIG, "names a file that cannot be read: '%.180s'", z);
	return OK;
}

static enum err add_ca(struct loader *l, const struct node *v)
{
	struct host_rule *r;
	struct str path;
	struct buf pem;

	TRY(rule_for(l, v->name, &r));
	TRY(path_beside(l, v, &path));
	buf_init(&pem, PEM_MAX);
	enum err e = read_file(l, path, &pem);
	if (e == OK && str_find(buf_str(&pem), S("-----BEGIN CERTIFICATE-----")) == SIZE_MAX)
		e = diag_set(l->d, ERR_CONFIG, "names a file without a certificate in PEM form");
	if (e == OK)
		e = keep(l, buf_str(&pem), &r->ca_pem);
	buf_free(&pem);
	return e;
}

enum err set_ca(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map of hosts");
	NODE_EACH(v, it)
		TRY(add_ca(l, it));
	return OK;
}

/* A map of two files; another key in it is a mistake worth stopping for. */
static enum err two_paths(struct loader *l, const struct node *v, struct str a, struct str *out_a,
			  struct str b, struct str *out_b)
{
	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map");
	NODE_EACH(v, it) {
		if (str_eq(it->name, a))
			TRY(path_beside(l, it, out_a));
		else if (str_eq(it->name, b))
			TRY(path_beside(l, it, out_b));
		else
			return diag_set(l->d, ERR_CONFIG, "takes %.*s and %.*s only", FMT(a),
					FMT(b));
	}
	return OK;
}

enum err set_admin_paths(struct loader *l, const struct node *v, void *field)
{
	struct config *c = field;

	TRY(value_bool(l, v, &c->policy.admin_on_inference));
	c->admin_paths_said = true;
	return OK;
}

enum err set_tls(struct loader *l, const struct node *v, void *field)
{
	struct config *c = field;

	TRY(two_paths(l, v, S("certificate"), &c->tls_certificate, S("key"), &c->tls_key));
	if ((c->tls_certificate.n == 0) != (c->tls_key.n == 0))
		return diag_set(l->d, ERR_CONFIG, "takes certificate and key, both");
	return OK;
}

enum err set_vault(struct loader *l, const struct node *v, void *field)
{
	struct config *c = field;

	return two_paths(l, v, S("file"), &c->vault_file, S("key_file"), &c->vault_key_file);
}

enum err set_connect_timeout(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return set_ms(l, v, &l->connect_timeout_ms);
}
