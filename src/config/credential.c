/*
 * config/credential.c - which credential a deployment sends, and the list of all of them.
 * A value is only ever borrowed here: from the caller's variables or vault, or kept once in the
 * arena.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/load.h"

#include "base/ascii.h"
#include "proto/call.h"

#include <string.h>

static enum config_source source_of(enum from f)
{
	return f == FROM_ENV ? SOURCE_ENV : f == FROM_VAULT ? SOURCE_VAULT : SOURCE_LITERAL;
}

enum err env_name_add(struct loader *l, struct str name)
{
	struct config *c = l->out;

	for (uint32_t i = 0; i < c->n_env_names; i++)
		if (str_eq(c->env_names[i], name))
			return OK;
	if (!GROW(l, c->env_names, c->n_env_names, &l->cap_env))
		return ERR_NOMEM;
	TRY(keep(l, name, &c->env_names[c->n_env_names]));
	c->n_env_names++;
	return OK;
}

static bool same(const struct config_secret *s, enum config_source source, const struct value *v)
{
	if (s->source != source)
		return false;
	return source == SOURCE_LITERAL ? str_eq(s->value, v->text) : str_eq(s->name, v->name);
}

enum err secret_add(struct loader *l, const struct value *v, const struct node *at, uint16_t *out)
{
	struct config *c = l->out;
	enum config_source source = source_of(v->from);

	for (uint32_t i = 0; i < c->n_secrets; i++) {
		if (!same(&c->secrets[i], source, v))
			continue;
		c->secrets[i].places++;
		*out = (uint16_t)i;
		return OK;
	}
	if (v->text.n > LIMIT_SECRET)
		return diag_set(l->d, ERR_CONFIG, "its credential is too long");
	if (c->n_secrets == UPSTREAM_NO_SECRET - 1)
		return diag_set(l->d, ERR_LIMIT, "too many credentials");
	if (!GROW(l, c->secrets, c->n_secrets, &l->cap_secrets))
		return ERR_NOMEM;
	struct config_secret s = { .source = source,
				   .value = v->text.p ? v->text : S(""),
				   .places = 1 };
	if (source == SOURCE_LITERAL)
		TRY(keep(l, s.value, &s.value));
	if (source == SOURCE_ENV) {
		/* environment_variables may hold it, and the tree is wiped. */
		TRY(env_name_add(l, v->name));
		if (node_get(l->env_vars, v->name))
			TRY(keep(l, s.value, &s.value));
	}
	TRY(keep(l, v->name, &s.name));
	if (at) {
		TRY(keep(l, at->file, &s.file));
		s.line = at->line;
	}
	c->secrets[c->n_secrets] = s;
	*out = (uint16_t)c->n_secrets++;
	return OK;
}

const struct node *credential_get(struct loader *l, struct str name)
{
	if (!node_is(l->credentials, NODE_LIST))
		return NULL;
	NODE_EACH(l->credentials, it) {
		const struct node *n = node_get(it, S("credential_name"));
		if (node_is(n, NODE_SCALAR) && str_eq(n->text, name))
			return node_get(it, S("credential_values"));
	}
	return NULL;
}

/* ---- the key of a deployment ---- */

/* A key is put into a header field: nothing in it may end one. */
static bool sendable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n > 0;
}

/* Another literal has this name already. */
static bool name_taken(const struct loader *l, struct str name, struct str value)
{
	for (uint32_t i = 0; i < l->out->n_secrets; i++) {
		const struct config_secret *s = &l->out->secrets[i];
		if (s->source == SOURCE_LITERAL && str_eq(s->name, name) &&
		    !str_eq(s->value, value))
			return true;
	}
	return false;
}

/* What the vault may call a literal: after its deployment, and no two alike. */
static struct str suggest_name(const struct loader *l, const struct params *p, struct str value,
			       struct buf *out)
{
	struct str name = p->credential.n ? p->credential : p->model_name;

	for (size_t i = 0; i < name.n && i < 48; i++) {
		char c = name.p[i];
		buf_addc(out, ascii_alnum(c) || c == '_' || c == '.' ? c : '-');
	}
	if (name_taken(l, buf_str(out), value))
		buf_addf(out, "-%u", l->out->n_secrets + 1);
	return buf_str(out);
}

static enum err take(struct loader *l, const struct params *p, const struct value *v,
		     const struct node *at, uint16_t *out)
{
	struct value named = *v;
	char room[64];
	struct buf name;

	if (v->text.p == NULL && !l->io->survey)
		return v->from == FROM_VAULT
			? diag_set(l->d, ERR_NOT_FOUND,
				   "the vault has no '%.*s'; run: yett vault add %.*s",
				   FMT(v->name), FMT(v->name))
			: diag_set(l->d, ERR_NOT_FOUND,
				   "the environment variable '%.*s' is not set", FMT(v->name));
	if (v->text.p && !sendable(v->text))
		return diag_set(l->d, ERR_CONFIG,
				"its credential is empty or holds spaces or control characters");
	buf_fixed(&name, room, sizeof room);
	if (v->from == FROM_FILE)
		named.name = suggest_name(l, p, v->text, &name);
	TRY(secret_add(l, &named, at, out));
	struct str given = l->out->secrets[*out].name;
	if (v->from == FROM_FILE)
		note(l, CONFIG_MANUAL, S("model_list[].litellm_params.api_key"), at,
		     "a literal in the file works; move it: yett vault add %.*s, then api_key: "
		     "vault/%.*s", FMT(given), FMT(given));
	return OK;
}

/* The usual variables count for the provider's own address only: a key that nobody named must not
 * go to a host that somebody wrote. */
static enum err usual_key(struct loader *l, const struct params *p, const struct provider *row,
			  uint16_t *out)
{
	for (size_t i = 0; i < sizeof row->key_env / sizeof row->key_env[0] &&
	     row->key_env[i]; i++) {
		struct value v = { .from = FROM_ENV, .name = str_z(row->key_env[i]) };
		v.text = env_of(l, v.name);
		if (v.text.n)
			return take(l, p, &v, NULL, out);
	}
	if (row->key_optional) {
		*out = UPSTREAM_NO_SECRET;
		return OK;
	}
	if (l->io->survey && row->key_env[0]) {
		struct value v = { .from = FROM_ENV, .name = str_z(row->key_env[0]) };
		return take(l, p, &v, NULL, out);
	}
	return diag_set(l->d, ERR_NOT_FOUND, "it has no api_key, and '%s' is not set",
			row->key_env[0] ? row->key_env[0] : "its variable");
}

enum err key_find(struct loader *l, const struct params *p, const struct provider *row,
		  bool own_base, uint16_t *out)
{
	struct value v;

	if (!node_null(p->api_key)) {
		TRY(value_of(l, p->api_key, true, &v));
		return take(l, p, &v, p->api_key, out);
	}
	if (!own_base)
		return usual_key(l, p, row, out);
	*out = UPSTREAM_NO_SECRET;
	if (!row->key_optional)
		note(l, CONFIG_APPROXIMATE, S("model_list[].litellm_params.api_base"), p->entry,
		     "with an api_base but no api_key nothing is sent; LiteLLM would send the "
		     "provider's own key there");
	return OK;
}

/* ---- static headers ---- */

/* What frames a message, belongs to a hop, or is set by egress and ingress themselves. */
static bool reserved_header(struct str name)
{
	static const struct str taken[] = {
		SC("host"), SC("content-length"), SC("transfer-encoding"), SC("connection"),
		SC("te"), SC("trailer"), SC("upgrade"), SC("expect"), SC("keep-alive"),
		SC("proxy-authorization"),
		SC("proxy-connection"), SC("authorization"), SC("x-api-key"), SC("api-key"),
		SC("x-goog-api-key"), SC("cookie"), SC("accept-encoding"), SC("content-encoding"),
		SC("content-type"), SC("accept"),
	};

	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		if (str_eq(name, taken[i]))
			return true;
	return false;
}

static bool header_token(struct str name, char *lower, size_t cap)
{
	if (name.n == 0 || name.n > cap)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!ascii_alnum(c) && str_chr(S("!#$%&'*+-.^_`|~"), c) == SIZE_MAX)
			return false;
		lower[i] = ascii_lower(c);
	}
	return true;
}

static bool header_value(struct str s)
{
	if (s.n > CALL_FIELD_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	return s.n > 0 && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

enum err header_add(struct loader *l, struct str name, const struct value *v, const struct node *at,
		    struct upstream *u)
{
	char lower[128];
	struct upstream_header h;

	if (!header_token(name, lower, sizeof lower))
		return diag_set(l->d, ERR_CONFIG, "one of its headers has a name that is none");
	if (reserved_header((struct str){ lower, name.n }))
		return diag_set(l->d, ERR_CONFIG,
				"it sets the header '%.*s', which the gate sets itself",
				(int)name.n, lower);
	if (v->text.p == NULL && !l->io->survey)
		return diag_set(l->d, ERR_NOT_FOUND, "the value of its header '%.*s' is not set",
				(int)name.n, lower);
	if (v->text.p && !header_value(v->text))
		return diag_set(l->d, ERR_CONFIG, "the value of its header '%.*s' cannot be sent",
				(int)name.n, lower);
	if (u->n_headers == UPSTREAM_HEADERS)
		return diag_set(l->d, ERR_CONFIG, "it has more than %d headers", UPSTREAM_HEADERS);
	for (unsigned i = 0; i < u->n_headers; i++)
		if (str_eq(u->headers[i].name, (struct str){ lower, name.n }))
			return diag_set(l->d, ERR_CONFIG, "it sets the header '%.*s' twice",
					(int)name.n, lower);
	TRY(keep(l, (struct str){ lower, name.n }, &h.name));
	TRY(secret_add(l, v, at, &h.secret));
	u->headers[u->n_headers++] = h;
	return OK;
}

enum err headers_add(struct loader *l, const struct node *map, struct upstream *u)
{
	struct value v;

	if (node_null(map))
		return OK;
	if (map->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "its headers are not a map");
	NODE_EACH(map, it) {
		TRY(value_of(l, it, true, &v));
		if (node_null(it))
			continue;
		TRY(header_add(l, it->name, &v, it, u));
	}
	return OK;
}
