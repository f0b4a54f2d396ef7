/*
 * package/package.c - lists of releases. Input: own. Runs in: checker, cli.
 */
#include "package/package.h"

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
