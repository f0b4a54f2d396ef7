/*
 * fuzz/url_fuzz.c - oracle: decode(encode(x)) is x; an accepted URL, put together from its parts,
 * is accepted again with the same parts, and its host has no byte that another reader could cut
 * at.
 */
#include "fuzz/fuzz.h"

#include "codec/url.h"

#include <string.h>

static void check_parse(struct str in)
{
	struct url u, again;
	struct buf b;

	if (url_parse(&u, in) != OK)
		return;
	CHECK(u.host.n > 0 && u.port != 0 && (u.path.n == 0 || u.path.p[0] == '/'));
	for (size_t i = 0; i < u.host.n; i++)
		CHECK(u.host.p[i] > ' ' && memchr("/?#@\\[]%", u.host.p[i], 8) == NULL &&
		      (u.ipv6 || u.host.p[i] != ':'));
	for (size_t i = 0; i < in.n; i++)
		CHECK(in.p[i] > ' ' && in.p[i] < 0x7f);
	buf_init(&b, in.n + 32);
	buf_add(&b, u.https ? S("https://") : S("http://"));
	buf_add(&b, u.ipv6 ? S("[") : S(""));
	buf_add(&b, u.host);
	buf_add(&b, u.ipv6 ? S("]:") : S(":"));
	buf_addu(&b, u.port);
	buf_add(&b, u.path);
	buf_add(&b, u.query.n ? S("?") : S(""));
	buf_add(&b, u.query);
	if (b.n <= in.n) /* the port may make it longer than a URL may be */
		CHECK(url_parse(&again, buf_str(&b)) == OK);
	if (b.n <= in.n)
		CHECK(again.https == u.https && again.ipv6 == u.ipv6 && again.port == u.port &&
		      str_eq(again.host, u.host) && str_eq(again.path, u.path) &&
		      str_eq(again.query, u.query));
	buf_free(&b);
}

static void check_percent(struct str in)
{
	struct buf text, raw;

	buf_init(&text, in.n * 3 + 1);
	buf_init(&raw, in.n * 3 + 1);
	url_encode(&text, in, S("/"));
	url_decode(&raw, buf_str(&text));
	if (in.n && memchr(in.p, 0, in.n) != NULL)
		CHECK(raw.err == ERR_SYNTAX);
	else
		CHECK(raw.err == OK && str_eq(buf_str(&raw), in));
	buf_reset(&raw);
	url_decode(&raw, in);
	CHECK(raw.err != OK || raw.n <= in.n);
	buf_free(&text);
	buf_free(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	check_parse((struct str){ (const char *)p, n });
	check_percent((struct str){ (const char *)p, n });
	return 0;
}
