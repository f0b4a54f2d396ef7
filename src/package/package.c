/*
 * package/package.c - lists of releases. Input: own. Runs in: checker, cli.
 */
#include "package/package.h"

#include "codec/base64.h"

#include <string.h>

void package_list_init(struct package_list *l, struct arena *a, size_t max)
{
	*l = (struct package_list){ .arena = a, .max = max };
}

enum err package_list_add(struct package_list *l, const struct package *p)
{
	if (l->n == l->max)
		return ERR_LIMIT;
	if (!ARENA_ROOM(l->arena, l->items, l->n, l->cap))
		return ERR_NOMEM;
	l->items[l->n++] = *p;
	return OK;
}

bool package_hash_sri(struct package_hash *h, struct str sri)
{
	while (sri.n) {
		char room[128];
		struct buf b;
		struct str one = str_cut(sri, ' ', &sri);
		buf_fixed(&b, room, sizeof room);
		if (!str_has_prefix(one, S("sha512-")) ||
		    base64_decode(&b, str_tail(one, 7), BASE64_STD) != OK ||
		    b.n != sizeof h->bytes)
			continue;
		memcpy(h->bytes, room, sizeof h->bytes);
		h->algorithm = S("sha512");
		h->n = sizeof h->bytes;
		return true;
	}
	return false;
}

#define X(code, osv, purl) [code] = { SC(osv), SC(purl) },
static const struct {
	struct str osv, purl;
} ecosystems[ECO_COUNT] = { ECOSYSTEM_LIST(X) };
#undef X

struct str ecosystem_osv(enum ecosystem eco)
{
	return ecosystems[eco].osv;
}

struct str ecosystem_purl(enum ecosystem eco)
{
	return ecosystems[eco].purl;
}
