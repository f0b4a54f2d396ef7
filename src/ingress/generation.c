/*
 * ingress/generation.c - policies in force. A new one takes over between two requests; an old one
 * lives as long as an exchange uses it. Runs in: ingress.
 */
#include "ingress/ingress.h"

#include "sys/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { POLICY_MAX = 64 << 20 };

enum err generation_price(struct generation *g)
{
	const struct policy *p = &g->policy;

	g->prices = NEW_ARRAY(&g->arena, struct policy_price, p->n_deployments + 1);
	if (g->prices == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < p->n_deployments; i++)
		g->prices[i] = policy_price_find(p, &p->deployments[i],
						 p->deployments[i].upstream_model);
	return OK;
}

struct generation *generation_open(int memfd, struct diag *d)
{
	struct generation *g = calloc(1, sizeof *g);
	struct buf hex;

	int64_t size = fd_size(memfd);

	if (g == NULL || size <= 0 || size > POLICY_MAX) {
		(void)diag_set(d, ERR_SYS, "the policy cannot be read");
		free(g);
		return NULL;
	}
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, memfd, 0);
	if (p == MAP_FAILED) {
		(void)diag_set(d, ERR_SYS, "cannot map the policy: %s", strerror(errno));
		free(g);
		return NULL;
	}
	g->map = (struct str){ p, (size_t)size };
	g->refs = 1;
	arena_init(&g->arena, POLICY_MAX);
	enum err e = policy_decode(&g->policy, g->map, &g->arena);
	if (e == OK)
		e = generation_price(g);
	if (e != OK) {
		(void)diag_set(d, e, "the policy is malformed");
		generation_drop(g);
		return NULL;
	}
	buf_fixed(&hex, g->config_hex, sizeof g->config_hex);
	buf_addhex(&hex, (struct str){ (const char *)g->policy.config_hash,
				       (sizeof g->config_hex - 1) / 2 });
	return g;
}

struct generation *generation_ref(struct generation *g)
{
	g->refs++;
	return g;
}

void generation_drop(struct generation *g)
{
	if (g == NULL || --g->refs > 0)
		return;
	arena_done(&g->arena);
	(void)munmap((char *)(uintptr_t)g->map.p, g->map.n);
	free(g);
}
