/*
 * egress/table.c - the upstreams and their secrets as keeper gave them.
 * Input: trusted (keeper), checked all the same: a bad row must not become a bad request.
 * Runs in: egress.   Fuzz: fuzz/upstream_fuzz.c for the decoder
 */
#include "egress/table.h"

#include "base/ascii.h"
#include "egress/auth.h"
#include "sys/fs.h"
#include "sys/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_MAX = 64 << 20, REAP_MS = 1000 };

#define OWNER(type, member, p) ((type *)(void *)((char *)(p)-offsetof(type, member)))

/* target_ok: the text may stand in a request target as it is. */
static bool target_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= 0x20 || c >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>' ||
		    c == '\\')
			return false;
	}
	return true;
}

static bool host_ok(struct str h)
{
	struct address literal;

	if (address_parse(h, &literal) == OK)
		return true;
	for (size_t i = 0; i < h.n; i++) {
		char c = h.p[i];
		if (!ascii_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return h.n > 0 && h.n <= 253;
}

static bool secret_ok(const struct table *t, uint16_t i)
{
	struct str s;

	return secrets_get(t->secrets, i, &s) == OK && s.n <= LIMIT_SECRET && auth_secret_ok(s);
}

static enum err check_row(const struct table *t, const struct upstream *u, struct diag *d)
{
	const char *bad = NULL;

	if (!host_ok(u->host) || u->port == 0)
		bad = "host or port";
	else if ((u->path_prefix.n && u->path_prefix.p[0] != '/') || !target_ok(u->path_prefix) ||
		 str_chr(u->path_prefix, '?') != SIZE_MAX || !target_ok(u->query))
		bad = "path or query";
	else if (u->auth >= AUTH_COUNT || (u->auth != AUTH_NONE && !secret_ok(t, u->secret)))
		bad = "credential";
	else if (u->n_pins > UPSTREAM_PINS || (u->n_pins && !u->https))
		bad = "pins";
	for (unsigned i = 0; !bad && i < u->n_headers; i++)
		if (!auth_header_ok(u->headers[i].name) || !secret_ok(t, u->headers[i].secret))
			bad = "static header";
	if (bad == NULL)
		return OK;
	return diag_set(d, ERR_CONFIG, "upstream '%.*s': bad %s", FMT(u->id), bad);
}

static enum err take_proxy(struct table *t, struct diag *d)
{
	const struct upstream_proxy *p = &t->ups.proxy;

	if (p->host.n == 0)
		return OK;
	t->proxy = (struct tunnel){ .host = p->host, .port = p->port };
	if (!host_ok(p->host) || p->port == 0 ||
	    (p->secret != UPSTREAM_NO_SECRET &&
	     (!secret_ok(t, p->secret) ||
	      secrets_get(t->secrets, p->secret, &t->proxy.credential) != OK)))
		return diag_set(d, ERR_CONFIG, "the proxy has a bad host, port or credential");
	return OK;
}

static bool same_trust(const struct upstream *a, const struct upstream *b)
{
	bool same = a->https == b->https && a->http2 == b->http2 && a->n_pins == b->n_pins &&
		    str_eq(a->ca_pem, b->ca_pem);

	for (unsigned i = 0; same && i < a->n_pins; i++)
		same = str_eq(a->pins[i], b->pins[i]);
	return same;
}

/* trust_for shares one context among rows that trust the same: a bundle of roots takes a
 * megabyte. */
static enum err trust_for(struct table *t, uint32_t i, struct str system_ca, struct diag *d)
{
	const struct upstream *u = &t->ups.rows[i];

	if (!u->https)
		return OK;
	for (uint32_t k = 0; k < i; k++)
		if (same_trust(u, &t->ups.rows[k])) {
			t->trusts[i] = t->trusts[k];
			return OK;
		}
	struct tls_client_opts o = {
		.ca_pem = u->ca_pem.n	   ? u->ca_pem
			  : t->ups.roots.n ? t->ups.roots
					   : system_ca,
		.pins = u->pins,
		.n_pins = u->n_pins,
		.http2 = u->http2,
	};
	t->trusts[i] = tls_client_new(&o, d);
	return t->trusts[i] ? OK : d->err;
}

static enum err fill(struct table *t, struct str blob, struct str system_ca, struct diag *d)
{
	enum err e = upstreams_decode(&t->ups, blob, &t->arena);

	if (e != OK)
		return diag_set(d, e, "the table of upstreams is malformed");
	t->pools = calloc(t->ups.n + 1, sizeof *t->pools);
	t->trusts = calloc(t->ups.n + 1, sizeof(struct tls_client *));
	if (t->pools == NULL || t->trusts == NULL) {
		(void)diag_set(d, ERR_NOMEM, "no memory for %u upstreams", t->ups.n);
		t->ups.n = 0;
		return ERR_NOMEM;
	}
	TRY(take_proxy(t, d));
	for (uint32_t i = 0; i < t->ups.n; i++) {
		TRY(check_row(t, &t->ups.rows[i], d));
		TRY(trust_for(t, i, system_ca, d));
		pool_init(&t->pools[i], t->linker, t, &t->ups.rows[i], t->trusts[i]);
	}
	return OK;
}

/* busy: something still points into t. */
static bool busy(const struct table *t)
{
	for (uint32_t i = 0; i < t->ups.n; i++)
		if (pool_busy(&t->pools[i]))
			return true;
	return false;
}

static void on_reap(struct timer *timer)
{
	struct table *t = OWNER(struct table, reap, timer);

	if (busy(t))
		timer_set(t->linker->loop, timer, REAP_MS);
	else
		table_free(t);
}

enum err table_make(struct str blob, struct str secrets, struct str system_ca, struct linker *l,
		    struct table **out, struct diag *d)
{
	struct table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for the table of upstreams");
	arena_init(&t->arena, TABLE_MAX);
	t->linker = l;
	t->secrets = secrets;
	t->reap.on_expire = on_reap;
	enum err e = fill(t, blob, system_ca, d);
	if (e != OK) {
		table_free(t);
		return e;
	}
	*out = t;
	return OK;
}

enum err table_load(int table_fd, int secret_fd, struct str system_ca, struct linker *l,
		    struct table **out, struct diag *d)
{
	struct str blob, secrets;

	TRY(fs_map(table_fd, TABLE_MAX, &blob, d));
	enum err e = secret_map(secret_fd, &secrets, d);
	if (e == OK) {
		e = table_make(blob, secrets, system_ca, l, out, d);
		if (e != OK)
			secret_unmap(secrets);
	}
	if (e != OK) {
		fs_unmap(blob);
		return e;
	}
	/* The rows' strings may point into the blob: both stay mapped for the table's life. */
	(*out)->blob = blob;
	(*out)->owns_maps = true;
	return OK;
}

void table_retire(struct table *t)
{
	if (t == NULL || t->retired)
		return;
	t->retired = true;
	for (uint32_t i = 0; i < t->ups.n; i++)
		pool_retire(&t->pools[i]);
	timer_set(t->linker->loop, &t->reap, 1);
}

/* free_trusts frees each context once: rows share them. */
static void free_trusts(struct table *t)
{
	for (uint32_t i = 0; t->trusts && i < t->ups.n; i++) {
		struct tls_client *c = t->trusts[i];
		if (c == NULL)
			continue;
		for (uint32_t k = i; k < t->ups.n; k++)
			if (t->trusts[k] == c)
				t->trusts[k] = NULL;
		tls_client_free(c);
	}
	free(t->trusts);
}

void table_free(struct table *t)
{
	if (t == NULL)
		return;
	assert(!busy(t) || t->pools == NULL);
	timer_cancel(&t->reap);
	for (uint32_t i = 0; t->pools && i < t->ups.n; i++) {
		timer_cancel(&t->pools[i].sweep);
		tls_session_drop(&t->pools[i].session);
	}
	free_trusts(t);
	free(t->pools);
	if (t->owns_maps) {
		secret_unmap(t->secrets);
		fs_unmap(t->blob);
	}
	arena_done(&t->arena);
	free(t);
}
