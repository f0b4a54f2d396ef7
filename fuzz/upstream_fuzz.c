/*
 * fuzz/upstream_fuzz.c - egress's table and the secret memory beside it. Oracle: what decodes is canonical;
 * a row's secrets are numbers below n_secrets; secrets_get stays inside of the map, and gives back what
 * secrets_put has written.
 */
#include "fuzz/fuzz.h"

#include "proto/upstream.h"

#include <string.h>

static void check_rows(const struct upstreams *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct upstream *u = &t->rows[i];
		CHECK(u->auth == AUTH_NONE ? u->secret == UPSTREAM_NO_SECRET : u->secret < t->n_secrets);
		CHECK(!u->proxied || t->proxy.host.n > 0);
		for (unsigned k = 0; k < u->n_headers; k++)
			CHECK(u->headers[k].secret < t->n_secrets);
	}
}

static void check_secrets(struct str map)
{
	struct str s;

	for (uint32_t i = 0; i < 8; i++)
		if (secrets_get(map, i, &s) == OK)
			CHECK(s.p >= map.p && s.p + s.n <= map.p + map.n);
	/* The input in three pieces, written and read back. */
	struct str three[3] = { str_head(map, map.n / 3), str_head(str_tail(map, map.n / 3), map.n / 3), S("") };
	if (three[0].n > LIMIT_SECRET)
		return;
	size_t size = secrets_size(three, 3);
	uint8_t *at = malloc(size);
	CHECK(at != NULL);
	secrets_put(three, 3, at);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(secrets_get((struct str){ (const char *)at, size }, i, &s) == OK);
		CHECK(str_eq(s, three[i]));
	}
	CHECK(secrets_get((struct str){ (const char *)at, size }, 3, &s) != OK);
	free(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct arena a;
	struct upstreams t;
	struct buf out;

	arena_init(&a, 32 << 20);
	buf_init(&out, 32 << 20);
	if (upstreams_decode(&t, in, &a) == OK) {
		upstreams_encode(&t, &out);
		CHECK(out.err == OK && out.n == n && memcmp(out.p, p, n) == 0);
		check_rows(&t);
	}
	check_secrets(in);
	buf_free(&out);
	arena_done(&a);
	return 0;
}
