/*
 * config/endpoint.c - an api_base as LiteLLM means it, into the row that egress obeys.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/load.h"

#include "base/ascii.h"
#include "codec/url.h"
#include "proto/call.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define BIT(path) (UINT32_C(1) << (path))

struct host_rule *host_rule_at(struct loader *l, struct str host)
{
	for (uint32_t i = 0; i < l->n_hosts; i++)
		if (str_ieq(l->hosts[i].host, host))
			return &l->hosts[i];
	if (l->n_hosts == HOST_RULES_MAX || !GROW(l, l->hosts, l->n_hosts, &l->cap_hosts))
		return NULL;
	struct host_rule *r = &l->hosts[l->n_hosts];
	*r = (struct host_rule){ 0 };
	if (keep(l, host, &r->host) != OK)
		return NULL;
	l->n_hosts++;
	return r;
}

static const struct host_rule *rule_find(const struct loader *l, struct str host)
{
	for (uint32_t i = 0; i < l->n_hosts; i++)
		if (str_ieq(l->hosts[i].host, host))
			return &l->hosts[i];
	return NULL;
}

/* ---- what counts as in the house ---- */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* The bytes of an address, an IPv4 one mapped into IPv6; false: host is a name. */
static bool host_bytes(struct str host, uint8_t out[16])
{
	char z[INET6_ADDRSTRLEN];

	if (host.n >= sizeof z)
		return false;
	memcpy(z, host.p, host.n);
	z[host.n] = 0;
	memcpy(out, mapped, sizeof mapped);
	return inet_pton(AF_INET, z, out + 12) == 1 || inet_pton(AF_INET6, z, out) == 1;
}

static bool private_v4(const uint8_t *a)
{
	return a[0] == 10 || a[0] == 127 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	       (a[0] == 192 && a[1] == 168) || (a[0] == 100 && (a[1] & 0xc0) == 64);
}

/* Addresses that an operator can only mean so. */
static bool private_host(struct str host)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	uint8_t a[16];

	if (!host_bytes(host, a))
		return str_ieq(host, S("localhost"));
	if (memcmp(a, mapped, sizeof mapped) == 0)
		return private_v4(a + 12);
	return memcmp(a, loopback, sizeof loopback) == 0 || (a[0] & 0xfe) == 0xfc;
}

/* Where clouds keep their metadata: no provider lives there, whatever the scheme. */
static bool link_local(struct str host)
{
	uint8_t a[16];

	if (!host_bytes(host, a))
		return false;
	if (memcmp(a, mapped, sizeof mapped) == 0)
		return a[12] == 169 && a[13] == 254;
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* ---- the path ---- */

static struct str strip(struct str path, struct str suffix)
{
	return str_has_suffix(path, suffix) ? str_head(path, path.n - suffix.n) : path;
}

/* "/v1", "/v1beta", "/v1alpha": an api_base that says its version already. */
static bool ends_in_version(struct str path)
{
	struct str last = str_last(path, '/');

	return last.n >= 2 && last.p[0] == 'v' && last.p[1] >= '1' && last.p[1] <= '9';
}

static uint32_t paths_of(enum policy_provider_kind serves)
{
	switch (serves) {
	case SERVES_OPENAI:
		return BIT(PATH_CHAT);
	case SERVES_ANTHROPIC:
		return BIT(PATH_MESSAGES) | BIT(PATH_COUNT_TOKENS);
	case SERVES_GEMINI:
		return BIT(PATH_GENERATE) | BIT(PATH_STREAM_GENERATE) | BIT(PATH_GEMINI_COUNT);
	case SERVES_ECHO:
	case SERVES_COUNT:
	default:
		return 0;
	}
}

static enum err path_set(struct loader *l, const struct provider *row, struct str path,
			 struct upstream *u)
{
	char room[LIMIT_URL + 16];
	struct buf b;

	/* Written with the end of the call itself, as people paste it. */
	path = strip(strip(path, S("/chat/completions")), S("/messages"));
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	buf_fixed(&b, room, sizeof room);
	buf_add(&b, path);
	/* LiteLLM adds no version to Gemini's: a path that works there is whole. */
	bool whole = ends_in_version(path) || (row->serves == SERVES_GEMINI && path.n);
	if (!whole)
		buf_add(&b, row->append);
	if (b.err != OK || b.n > LIMIT_URL)
		return diag_set(l->d, ERR_CONFIG, "its api_base is too long");
	return keep(l, buf_str(&b), &u->path_prefix);
}

static void apply_rule(const struct host_rule *r, struct upstream *u)
{
	if (r == NULL)
		return;
	u->allow_private |= r->is_private;
	u->http2 |= r->http2;
	u->ca_pem = r->ca_pem;
	u->n_pins = r->n_pins;
	memcpy(u->pins, r->pins, sizeof u->pins);
}

enum err endpoint_set(struct loader *l, const struct provider *row, struct str base,
		      struct upstream *u)
{
	char lower[LIMIT_NAME];
	struct url url;

	if (base.n > LIMIT_URL || url_parse(&url, base) != OK)
		return diag_set(l->d, ERR_CONFIG, "its api_base is not a plain http or https URL");
	if (url.host.n > sizeof lower)
		return diag_set(l->d, ERR_CONFIG, "its api_base names too long a host");
	for (size_t i = 0; i < url.host.n; i++)
		lower[i] = ascii_lower(url.host.p[i]);
	TRY(keep(l, (struct str){ lower, url.host.n }, &u->host));
	TRY(keep(l, url.query, &u->query));
	TRY(path_set(l, row, url.path, u));
	u->https = url.https;
	u->port = url.port;
	u->paths = paths_of(row->serves);
	u->connect_timeout_ms = l->connect_timeout_ms;
	/* Who writes http:// means a server of the house. */
	u->allow_private = (!url.https || private_host(u->host)) && !link_local(u->host);
	apply_rule(rule_find(l, u->host), u);
	const struct host_rule *by_provider = rule_find(l, row->name);
	u->http2 |= by_provider && by_provider->http2;
	assert(u->paths != 0);
	return OK;
}
