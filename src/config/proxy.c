/*
 * config/proxy.c - the HTTP proxy through which providers are called: `yett.proxy`, else what the
 * environment says, as LiteLLM's HTTP library reads it.
 * Input: the operator's file and environment, as if hostile.   Runs in: keeper, cli.
 * Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include "codec/base64.h"
#include "codec/url.h"

enum { NO_PROXY_MAX = 16 << 10 };

/* The first variable that is set; small letters first. */
static struct str first_set(struct loader *l, const struct str *names, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		struct str text = env_of(l, names[i]);
		*out = names[i];
		if (text.n)
			return text;
	}
	return S("");
}

/* credential_of keeps what proxy-authorization says for "user:password", percent-encoded. */
static enum err credential_of(struct loader *l, struct str user, struct str *out)
{
	char plain[LIMIT_URL + 1], text[8 + LIMIT_URL * 2];
	struct buf name, value;

	buf_fixed(&name, plain, sizeof plain);
	buf_fixed(&value, text, sizeof text);
	url_decode(&name, user);
	if (str_chr(user, ':') == SIZE_MAX)
		buf_addc(&name, ':');
	buf_add(&value, S("Basic "));
	base64_encode(&value, buf_str(&name), BASE64_STD);
	enum err e = name.err == OK && value.err == OK
			     ? keep(l, buf_str(&value), out)
			     : diag_set(l->d, ERR_CONFIG, "has a malformed user or password");
	buf_wipe(&name);
	buf_wipe(&value);
	return e;
}

/* proxy_url takes "http://[user:password@]host[:port][/]" apart. Only a variable that is meant for
 * proxies may lack the scheme: what else is named by mistake could be a key. */
static enum err proxy_url(struct loader *l, struct str s, bool bare, struct upstream_proxy *p,
			  struct str *user)
{
	char room[LIMIT_URL + 8];
	struct url url;
	struct buf b;
	size_t at = str_find(s, S("://"));

	if (at == SIZE_MAX && !bare)
		return diag_set(l->d, ERR_CONFIG, "is not http://host:port");
	if (at != SIZE_MAX && !str_ieq(str_head(s, at), S("http")))
		return diag_set(l->d, ERR_CONFIG, "is no http:// proxy; others are not served");
	s = at == SIZE_MAX ? s : str_tail(s, at + 3);
	*user = S("");
	for (size_t i = 0; i < s.n && s.p[i] != '/'; i++)
		if (s.p[i] == '@')
			*user = str_head(s, i);
	buf_fixed(&b, room, sizeof room);
	buf_add(&b, S("http://"));
	buf_add(&b, user->p == s.p ? str_tail(s, user->n + 1) : s);
	if (b.err != OK || url_parse(&url, buf_str(&b)) != OK || url.path.n || url.query.n)
		return diag_set(l->d, ERR_CONFIG, "is not http://host:port");
	p->port = url.port;
	return keep(l, url.host, &p->host);
}

static enum err proxy_use(struct loader *l, const struct value *v, const struct node *at)
{
	struct upstream_proxy p = { .secret = UPSTREAM_NO_SECRET };
	struct value secret = *v;
	struct str user;

	TRY(proxy_url(l, v->text, at == NULL, &p, &user));
	if (user.n) {
		TRY(credential_of(l, user, &secret.text));
		TRY(secret_add(l, &secret, at, &p.secret));
	}
	if (user.n && v->from == FROM_FILE)
		note(l, CONFIG_MANUAL, S("yett.proxy"), at,
		     "a literal password works; move the URL: yett vault add proxy, then proxy: "
		     "vault/proxy");
	l->out->upstreams.proxy = p;
	return OK;
}

/* direct: the list says that host is called without the proxy. "example.com" is also what ends in
 * ".example.com"; ".example.com" is only that; "*" is all. */
static bool direct(struct str list, struct str host)
{
	while (list.n) {
		struct str one = str_trim(str_cut(list, ',', &list));
		if (str_eq(one, S("*")) || str_ieq(one, host))
			return true;
		if (one.n == 0 || host.n <= one.n)
			continue;
		size_t rest = host.n - one.n;
		if (str_ieq(str_tail(host, rest), one) &&
		    (one.p[0] == '.' || host.p[rest - 1] == '.'))
			return true;
	}
	return false;
}

enum err set_proxy(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	l->proxy = v; /* the vault may be named below it */
	return OK;
}

enum err set_no_proxy(struct loader *l, const struct node *v, void *field)
{
	char room[NO_PROXY_MAX];
	struct buf b;
	struct str s;

	(void)field;
	if (v->kind == NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a list of hosts");
	buf_fixed(&b, room, sizeof room);
	if (v->kind == NODE_LIST)
		NODE_EACH(v, it)
		{
			TRY(value_str(l, it, &s));
			buf_add(&b, s);
			buf_addc(&b, ',');
		}
	else {
		TRY(value_str(l, v, &s));
		buf_add(&b, s);
	}
	if (b.err != OK)
		return diag_set(l->d, ERR_CONFIG, "is too long");
	return keep(l, buf_str(&b), &l->no_proxy);
}

static enum err from_file(struct loader *l)
{
	struct value v;

	if (value_off(l, l->proxy))
		return OK;
	TRY(value_of(l, l->proxy, true, &v));
	if (v.text.n)
		return proxy_use(l, &v, l->proxy);
	if (l->io->survey)
		return OK;
	return diag_set(l->d, ERR_CONFIG, "names '%.*s', which is not there", FMT(v.name));
}

static void from_env(struct loader *l)
{
	static const struct str names[] = { SC("https_proxy"), SC("HTTPS_PROXY"), SC("all_proxy"),
					    SC("ALL_PROXY") };
	struct value v = { .from = FROM_ENV };

	v.text = first_set(l, names, sizeof names / sizeof names[0], &v.name);
	/* A desktop has one of another kind for its browsers: that is no reason not to start. */
	if (v.text.n && proxy_use(l, &v, NULL) != OK)
		note(l, CONFIG_UNSUPPORTED, v.name, NULL,
		     "the variable %s; providers are called "
		     "directly",
		     l->d->text);
}

enum err proxy_settle(struct loader *l)
{
	static const struct str names[] = { SC("no_proxy"), SC("NO_PROXY") };
	struct upstreams *t = &l->out->upstreams;
	struct diag d = { 0 }, *outer = l->d;
	struct str name, list = l->no_proxy;
	enum err e = OK;

	l->d = &d;
	if (l->proxy)
		e = from_file(l);
	else
		from_env(l);
	l->d = outer;
	if (e != OK)
		return diag_set(outer, e, "%.*s:%u: 'yett.proxy' %s", FMT(l->proxy->file),
				l->proxy->line, d.text);
	if (list.p == NULL)
		list = first_set(l, names, sizeof names / sizeof names[0], &name);
	/* What may have a private address is of the house, and not behind a proxy. */
	for (uint32_t i = 0; t->proxy.host.n && i < t->n; i++)
		t->rows[i].proxied = t->rows[i].https && !t->rows[i].allow_private &&
				     !direct(list, t->rows[i].host);
	return OK;
}
