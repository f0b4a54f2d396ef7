/*
 * proto/upstream.c - egress's table, and the layout of the secret memory beside it.
 * Input: own (keeper), read as if hostile.   Runs in: keeper, egress.   Fuzz: fuzz/upstream_fuzz.c
 */
#include "proto/upstream.h"

#include "base/le.h"
#include "base/rd.h"

#include <assert.h>

enum {
	MAGIC = 0x31505355,  /* "USP1" */
	SECRETS_MAGIC = 0x31434553, /* "SEC1" */
	PEM_MAX = 1 << 20,
	PIN = 32,
	SECRETS_MAX = UPSTREAM_NO_SECRET, /* numbers are 16 bits and this one means none */
};

static void row_encode(const struct upstream *u, struct buf *b)
{
	assert(u->n_headers <= UPSTREAM_HEADERS && u->n_pins <= UPSTREAM_PINS);
	wr_str(b, u->id);
	wr_bool(b, u->https);
	wr_str(b, u->host);
	wr_u16(b, u->port);
	wr_str(b, u->path_prefix);
	wr_str(b, u->query);
	wr_u8(b, (uint8_t)u->auth);
	wr_u16(b, u->secret);
	wr_u8(b, u->n_headers);
	for (unsigned i = 0; i < u->n_headers; i++) {
		wr_str(b, u->headers[i].name);
		wr_u16(b, u->headers[i].secret);
	}
	wr_bool(b, u->allow_private);
	wr_bool(b, u->proxied);
	wr_bool(b, u->http2);
	wr_str(b, u->ca_pem);
	wr_u8(b, u->n_pins);
	for (unsigned i = 0; i < u->n_pins; i++) {
		assert(u->pins[i].n == PIN);
		wr_bytes(b, u->pins[i]);
	}
	wr_u32(b, u->paths);
	wr_u32(b, u->connect_timeout_ms);
	wr_u16(b, u->conns_max);
}

static void bad(struct rd *r)
{
	if (r->err == OK)
		r->err = ERR_SYNTAX;
}

static void check_secret(struct rd *r, uint16_t secret, uint32_t n_secrets)
{
	if (secret >= n_secrets)
		bad(r);
}

static void row_decode(struct rd *r, struct upstream *u, const struct upstreams *t)
{
	uint32_t n_secrets = t->n_secrets;

	u->id = rd_str(r, LIMIT_NAME);
	u->https = rd_bool(r);
	u->host = rd_str(r, LIMIT_NAME);
	u->port = rd_u16(r);
	u->path_prefix = rd_str(r, LIMIT_URL);
	u->query = rd_str(r, LIMIT_URL);
	uint8_t auth = rd_u8(r);
	if (auth >= AUTH_COUNT)
		bad(r);
	u->auth = (enum upstream_auth)auth;
	u->secret = rd_u16(r);
	if ((u->auth == AUTH_NONE) != (u->secret == UPSTREAM_NO_SECRET))
		bad(r);
	if (u->auth != AUTH_NONE)
		check_secret(r, u->secret, n_secrets);
	u->n_headers = rd_u8(r);
	if (u->n_headers > UPSTREAM_HEADERS) {
		u->n_headers = 0;
		bad(r);
	}
	for (unsigned i = 0; i < u->n_headers; i++) {
		u->headers[i].name = rd_str(r, LIMIT_NAME);
		u->headers[i].secret = rd_u16(r);
		check_secret(r, u->headers[i].secret, n_secrets);
	}
	u->allow_private = rd_bool(r);
	u->proxied = rd_bool(r);
	if (u->proxied && t->proxy.host.n == 0)
		bad(r);
	u->http2 = rd_bool(r);
	u->ca_pem = rd_str(r, PEM_MAX);
	u->n_pins = rd_u8(r);
	if (u->n_pins > UPSTREAM_PINS) {
		u->n_pins = 0;
		bad(r);
	}
	for (unsigned i = 0; i < u->n_pins; i++)
		u->pins[i] = rd_bytes(r, PIN);
	u->paths = rd_u32(r);
	u->connect_timeout_ms = rd_u32(r);
	u->conns_max = rd_u16(r);
}

void upstreams_encode(const struct upstreams *t, struct buf *b)
{
	wr_u32(b, MAGIC);
	wr_u64(b, t->generation);
	wr_u32(b, t->n_secrets);
	wr_str(b, t->proxy.host);
	wr_u16(b, t->proxy.port);
	wr_u16(b, t->proxy.secret);
	wr_str(b, t->hosts);
	wr_str(b, t->resolv);
	wr_str(b, t->roots);
	wr_u32(b, t->n);
	for (uint32_t i = 0; i < t->n; i++)
		row_encode(&t->rows[i], b);
}

enum { ROW_MIN = 4 + 1 + 4 + 2 + 4 + 4 + 1 + 2 + 1 + 1 + 1 + 1 + 4 + 1 + 4 + 4 + 2 };

static void proxy_decode(struct rd *r, struct upstreams *t)
{
	t->proxy.host = rd_str(r, LIMIT_NAME);
	t->proxy.port = rd_u16(r);
	t->proxy.secret = rd_u16(r);
	if (t->proxy.host.n && t->proxy.secret != UPSTREAM_NO_SECRET)
		check_secret(r, t->proxy.secret, t->n_secrets);
}

enum err upstreams_decode(struct upstreams *out, struct str blob, struct arena *a)
{
	struct rd r = rd_from(blob);
	struct upstreams t = { 0 };

	if (rd_u32(&r) != MAGIC)
		bad(&r);
	t.generation = rd_u64(&r);
	t.n_secrets = rd_u32(&r);
	proxy_decode(&r, &t);
	t.hosts = rd_str(&r, UPSTREAM_HOSTS);
	t.resolv = rd_str(&r, UPSTREAM_RESOLV);
	t.roots = rd_str(&r, UPSTREAM_ROOTS);
	if (t.n_secrets > SECRETS_MAX)
		bad(&r);
	uint32_t n = rd_count(&r, LIMIT_DEPLOYMENTS, ROW_MIN);
	if (r.err == OK && n) {
		t.rows = NEW_ARRAY(a, struct upstream, n);
		if (t.rows == NULL)
			return ERR_NOMEM;
		t.n = n;
	}
	for (uint32_t i = 0; i < t.n && r.err == OK; i++)
		row_decode(&r, &t.rows[i], &t);
	TRY(rd_end(&r));
	*out = t;
	return OK;
}

/* ---- the secret memory file ---- */

enum { SECRETS_HEAD = 8, SECRETS_ENTRY = 8 };

size_t secrets_size(const struct str *secrets, uint32_t n)
{
	size_t size = SECRETS_HEAD + (size_t)n * SECRETS_ENTRY;

	for (uint32_t i = 0; i < n; i++)
		size += secrets[i].n;
	return size;
}

void secrets_put(const struct str *secrets, uint32_t n, uint8_t *map)
{
	size_t at = SECRETS_HEAD + (size_t)n * SECRETS_ENTRY;

	assert(n <= SECRETS_MAX);
	le32_put(map, SECRETS_MAGIC);
	le32_put(map + 4, n);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *entry = map + SECRETS_HEAD + (size_t)i * SECRETS_ENTRY;
		assert(at <= UINT32_MAX && secrets[i].n <= LIMIT_SECRET);
		le32_put(entry, (uint32_t)at);
		le32_put(entry + 4, (uint32_t)secrets[i].n);
		if (secrets[i].n)
			memcpy(map + at, secrets[i].p, secrets[i].n);
		at += secrets[i].n;
	}
}

enum err secrets_get(struct str map, uint32_t i, struct str *out)
{
	if (map.n < SECRETS_HEAD || le32(map.p) != SECRETS_MAGIC)
		return ERR_SYNTAX;
	uint32_t n = le32(map.p + 4);
	if (i >= n || n > (map.n - SECRETS_HEAD) / SECRETS_ENTRY)
		return ERR_SYNTAX;
	const char *entry = map.p + SECRETS_HEAD + (size_t)i * SECRETS_ENTRY;
	uint32_t at = le32(entry), len = le32(entry + 4);
	if (at < SECRETS_HEAD + (size_t)n * SECRETS_ENTRY || at > map.n || map.n - at < len ||
	    len > LIMIT_SECRET)
		return ERR_SYNTAX;
	*out = (struct str){ map.p + at, len };
	return OK;
}
