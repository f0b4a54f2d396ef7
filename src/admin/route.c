/*
 * admin/route.c - paths, who may ask for them, and the table that says so.
 * Input: hostile.   Runs in: admin.   Fuzz: fuzz/http1_fuzz.c and fuzz/json_fuzz.c for what is
 * parsed
 */
#include "admin/admin.h"

#include "codec/url.h"
#include "crypto/sha256.h"
#include "sys/secret.h"

#include <string.h>

/* X(method, path, who, handler): CALLER_NOBODY: everybody; CALLER_KEY: a key about itself;
 * CALLER_MASTER.
 * "{}" stands for one segment, which the handler finds in c->wanted. */
static const struct route {
	struct str method, path;
	enum caller who;
	void (*run)(struct conn *);
} routes[] = {
	{ SC("POST"), SC("/key/generate"), CALLER_MASTER, key_generate },
	{ SC("POST"), SC("/key/update"), CALLER_MASTER, key_update },
	{ SC("POST"), SC("/key/delete"), CALLER_MASTER, key_delete },
	{ SC("POST"), SC("/key/block"), CALLER_MASTER, key_block },
	{ SC("POST"), SC("/key/unblock"), CALLER_MASTER, key_unblock },
	{ SC("POST"), SC("/key/regenerate"), CALLER_MASTER, key_regenerate },
	{ SC("POST"), SC("/key/{}/regenerate"), CALLER_MASTER, key_regenerate },
	{ SC("GET"), SC("/key/info"), CALLER_KEY, key_info },
	{ SC("GET"), SC("/key/list"), CALLER_MASTER, key_list },
	{ SC("GET"), SC("/model/info"), CALLER_MASTER, model_info },
	{ SC("GET"), SC("/v1/model/info"), CALLER_MASTER, model_info },
	{ SC("GET"), SC("/spend/logs"), CALLER_MASTER, spend_logs },
	{ SC("GET"), SC("/health/liveliness"), CALLER_NOBODY, health_live },
	{ SC("GET"), SC("/health/liveness"), CALLER_NOBODY, health_live },
	{ SC("GET"), SC("/health/readiness"), CALLER_NOBODY, health_ready },
	{ SC("GET"), SC("/metrics"), CALLER_NOBODY, metrics },
};

struct str query_get(struct conn *c, struct str name)
{
	struct str raw = http1_query_get(c->head.query, name), out;
	struct buf b;

	if (raw.p == NULL)
		return S("");
	buf_init(&b, LIMIT_TARGET);
	/* In queries a plus is a space, as every client library writes it. */
	struct str plain = arena_dup(&c->arena, raw);
	for (size_t i = 0; plain.p && i < plain.n; i++)
		if (plain.p[i] == '+')
			((char *)(uintptr_t)plain.p)[i] = ' ';
	url_decode(&b, plain);
	out = b.err == OK ? arena_dup(&c->arena, buf_str(&b)) : S("");
	buf_free(&b);
	return out.p ? out : S("");
}

/* The segment that stands for "{}" in path, p NULL when it does not match. */
static bool path_is(struct str path, struct str pattern, struct str *out_segment)
{
	size_t hole = str_find(pattern, S("{}"));

	*out_segment = S("");
	if (hole == SIZE_MAX)
		return str_eq(path, pattern);
	struct str before = str_head(pattern, hole), after = str_tail(pattern, hole + 2);
	if (path.n <= before.n + after.n || !str_has_prefix(path, before) ||
	    !str_has_suffix(path, after))
		return false;
	*out_segment = str_head(str_tail(path, before.n), path.n - before.n - after.n);
	return str_chr(*out_segment, '/') == SIZE_MAX;
}

static bool is_bearer(struct str v)
{
	return v.n > 7 && str_ieq(str_head(v, 7), S("Bearer "));
}

static struct str without_bearer(struct str v)
{
	return is_bearer(v) ? str_trim(str_tail(v, 7)) : v;
}

/* The key that was presented, wherever SDKs put it. */
static struct str presented(const struct conn *c)
{
	static const enum http1_known places[] = { H_X_LITELLM_API_KEY, H_AUTHORIZATION, H_API_KEY,
						   H_X_API_KEY };
	const struct http1_head *h = &c->head;
	struct str own = http1_named(h, c->admin->policy.key_header);

	if (own.p != NULL)
		return without_bearer(own);
	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct str v = h->known[places[i]];
		if (v.p != NULL && (places[i] != H_AUTHORIZATION || is_bearer(v)))
			return without_bearer(v);
	}
	return (struct str){ NULL, 0 };
}

static void identify(struct conn *c)
{
	const struct policy *p = &c->admin->policy;
	struct str key = presented(c);

	c->caller = CALLER_NOBODY;
	memset(c->caller_hash, 0, sizeof c->caller_hash);
	if (!p->has_master && c->local) {
		c->caller = CALLER_MASTER; /* who can open the socket is this user, or root */
		return;
	}
	if (key.p == NULL || key.n == 0)
		return;
	sha256(key, c->caller_hash);
	struct str hash = { (const char *)c->caller_hash, 32 };
	c->caller =
		p->has_master && secret_eq(hash, (struct str){ (const char *)p->master_hash, 32 })
			? CALLER_MASTER
			: CALLER_KEY;
}

/* allowed answers who may not ask. */
static bool allowed(struct conn *c, const struct route *r)
{
	if (r->who == CALLER_NOBODY || c->caller == CALLER_MASTER)
		return true;
	if (!c->admin->policy.has_master) {
		conn_error(c, 403,
			   S("the admin API is closed because there is no master key: set "
			     "general_settings.master_key, or let it listen on a Unix socket "
			     "(--admin /PATH), "
			     "or use the command `yett key`"),
			   S(""));
		return false;
	}
	if (c->caller == CALLER_NOBODY) {
		conn_error(c, 401, S("no key was presented: send Authorization: Bearer KEY"),
			   S(""));
		return false;
	}
	if (r->who == CALLER_KEY)
		return true; /* the handler sees to it that it asks about itself */
	conn_error(c, 403, S("only the master key may do this"), S(""));
	return false;
}

/* LiteLLM answers /key/info/ as /key/info. */
static struct str trimmed(struct str path)
{
	return path.n > 1 && path.p[path.n - 1] == '/' ? str_head(path, path.n - 1) : path;
}

void route_run(struct conn *c)
{
	struct str path = trimmed(c->head.path), segment;
	bool known = false;

	identify(c);
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		const struct route *r = &routes[i];
		if (!path_is(path, r->path, &segment))
			continue;
		known = true;
		if (!str_eq(c->head.method, r->method) &&
		    !(str_eq(c->head.method, S("HEAD")) && str_eq(r->method, S("GET"))))
			continue;
		if (!allowed(c, r))
			return;
		c->wanted = S("");
		if (segment.n) {
			struct buf b;
			char room[LIMIT_TARGET];
			buf_fixed(&b, room, sizeof room);
			url_decode(&b, segment);
			c->wanted = b.err == OK ? arena_dup(&c->arena, buf_str(&b)) : S("");
		}
		r->run(c);
		return;
	}
	if (known)
		conn_error(c, 405, S("this path does not take this method"), S(""));
	else
		conn_error(c, 404, S("there is no such path here"), S(""));
}
