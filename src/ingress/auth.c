/*
 * ingress/auth.c - virtual keys.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/http1_fuzz.c
 */
#include "ingress/auth.h"

#include "crypto/sha256.h"
#include "sys/secret.h"

enum { KEY_MAX = 512 };

static struct str bearer(struct str v)
{
	struct str key, scheme = str_cut(v, ' ', &key);

	return str_ieq(scheme, S("bearer")) ? str_trim(key) : v;
}

/* The places in the order in which LiteLLM looks at them. */
static struct str presented(const struct ingress *in, const struct http1_head *h)
{
	static const enum http1_known places[] = { H_X_LITELLM_API_KEY, H_AUTHORIZATION, H_API_KEY,
						   H_X_API_KEY, H_X_GOOG_API_KEY,
						   H_OCP_APIM_KEY };
	struct str v = http1_named(h, in->gen->policy.key_header);

	for (unsigned i = 0; v.p == NULL && i < sizeof places / sizeof places[0]; i++)
		v = h->known[places[i]];
	if (v.p == NULL)
		v = http1_query_get(h->query, S("key"));
	return v.p != NULL ? bearer(v) : v;
}

static enum err check_key(const struct ingress *in, const struct key *key, struct diag *d)
{
	if (key->blocked)
		return diag_set(d, ERR_AUTH, "this key is blocked; ask who gave it to you");
	if (key->expires_ms && (uint64_t)key->expires_ms <= loop_wall_ms(in->loop))
		return diag_set(d, ERR_AUTH, "this key has expired; ask for a new one");
	return OK;
}

/* 127.0.0.1 and its like; "127.example.org" is a name that anybody can have. */
static bool is_loopback(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return str_has_prefix(s, S("127."));
}

/* A host, with a port or without, under which nobody but this machine is reached. */
static bool is_local(struct str host)
{
	struct str port, name = str_cut(host, ':', &port);

	return is_loopback(name) || str_ieq(name, S("localhost")) ||
	       (name.n > 10 && str_ieq(str_tail(name, name.n - 10), S(".localhost"))) ||
	       str_eq(host, S("[::1]")) || str_has_prefix(host, S("[::1]:"));
}

/*
 * A gate without a master key answers whoever reaches it, and so does the browser of whoever sits
 * here: any web page can have it send a POST to loopback, and read the answer too once its own name
 * leads there (DNS rebinding). Origin tells the one, Host the other.
 */
static enum err check_guest(const struct http1_head *h, struct diag *d)
{
	struct str origin = h->known[H_ORIGIN], host = h->known[H_HOST];
	size_t scheme = str_find(origin, S("://"));

	if (host.p != NULL && !is_local(host))
		return diag_set(d, ERR_DENIED,
				"a gate without a master key is asked as 127.0.0.1 or localhost "
				"only; set general_settings.master_key to give it another name");
	if (origin.p != NULL && (scheme == SIZE_MAX || !is_local(str_tail(origin, scheme + 3))))
		return diag_set(d, ERR_DENIED,
				"a gate without a master key does not answer web pages; set "
				"general_settings.master_key and send a key");
	return OK;
}

enum err auth_caller(struct ingress *in, const struct http1_head *h, struct caller *out,
		     struct diag *d)
{
	const struct policy *p = &in->gen->policy;
	struct str sent = presented(in, h);
	uint8_t hash[32];

	*out = (struct caller){ 0 };
	if (sent.p == NULL || sent.n == 0) {
		if (p->open)
			return check_guest(h, d);
		return diag_set(
			d, ERR_AUTH,
			"no API key; send the gate's key as 'Authorization: Bearer sk-...'");
	}
	if (sent.n > KEY_MAX)
		return diag_set(d, ERR_AUTH, "the API key is not one of this gate's");
	sha256_with(in->digest, sent, hash);
	out->key = keys_find(in->keys, hash);
	if (out->key != NULL)
		return check_key(in, out->key, d);
	if (p->has_master && secret_eq((struct str){ (const char *)hash, 32 },
				       (struct str){ (const char *)p->master_hash, 32 })) {
		out->master = true;
		return OK;
	}
	if (p->open)
		return check_guest(h, d);
	return diag_set(d, ERR_AUTH,
			"the API key is not one of this gate's; see 'yett key create'");
}
