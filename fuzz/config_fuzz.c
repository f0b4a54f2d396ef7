/*
 * fuzz/config_fuzz.c - any bytes as a configuration file. Oracles: time and memory stay bounded; a value of
 * a credential is in secrets[] and nowhere else; every index is in range; the policy and the table of
 * upstreams decode to what was encoded; loading twice gives the same hash.
 */
#include "fuzz/fuzz.h"

#include "config/config.h"

#include <string.h>

/* No input holds it by chance, and what the variables say is always a secret here. */
#define CANARY "sk-canary-9b1c7e52d8f04a63"

static struct str get_env(void *ctx, struct str name)
{
	(void)ctx;
	if (str_has_suffix(name, S("KEY")))
		return S(CANARY);
	return str_eq(name, S("N")) ? S("7") : (struct str){ NULL, 0 };
}

static struct str get_vault(void *ctx, struct str name)
{
	(void)ctx;
	if (str_eq(name, S("proxy")))
		return S("http://user:" CANARY "@proxy.example:3128");
	return str_eq(name, S("none")) ? (struct str){ NULL, 0 } : S(CANARY);
}

static enum err get_file(void *ctx, const char *path, struct buf *out, struct diag *d)
{
	if (strcmp(path, "c.yaml") != 0 && strcmp(path, "again.yaml") != 0)
		return diag_set(d, ERR_NOT_FOUND, "cannot open '%s'", path);
	buf_add(out, *(const struct str *)ctx);
	return out->err;
}

static bool leaks(struct str s)
{
	return str_find(s, S(CANARY)) != SIZE_MAX;
}

static size_t count(struct str s, struct str needle)
{
	size_t n = 0;

	for (size_t at; (at = str_find(s, needle)) != SIZE_MAX; s = str_tail(s, at + needle.n))
		n++;
	return n;
}

/* A file may also put a variable into a name, and then it is no secret. */
static bool names_key_elsewhere(struct str in)
{
	return count(in, S("os.environ/")) != count(in, S("api_key: os.environ/")) || leaks(in);
}

static void check_blobs(const struct config *c, struct str in)
{
	struct arena a;
	struct buf one, two;
	struct policy p;
	struct upstreams t;

	arena_init(&a, 64 << 20);
	buf_init(&one, 64 << 20);
	buf_init(&two, 64 << 20);
	policy_encode(&c->policy, &one);
	CHECK(one.err == OK && policy_decode(&p, buf_str(&one), &a) == OK);
	policy_encode(&p, &two);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	CHECK(names_key_elsewhere(in) || !leaks(buf_str(&one)));
	buf_reset(&one);
	buf_reset(&two);
	upstreams_encode(&c->upstreams, &one);
	CHECK(one.err == OK && upstreams_decode(&t, buf_str(&one), &a) == OK);
	upstreams_encode(&t, &two);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	CHECK(names_key_elsewhere(in) || !leaks(buf_str(&one)));
	for (uint32_t i = 0; i < p.n_deployments; i++)
		CHECK(p.deployments[i].serves == SERVES_ECHO || p.deployments[i].upstream < t.n);
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str in = { (const char *)bytes, n };
	struct config_io io = { get_env, get_vault, get_file, &in, false };
	struct arena a, b;
	struct config c, again;
	struct diag d;

	arena_init(&a, 64 << 20);
	arena_init(&b, 64 << 20);
	io.survey = n && bytes[n - 1] == ' ';
	enum err e = config_load("c.yaml", &io, &a, &c, &d);
	CHECK(e == OK || d.text[0] != 0);
	CHECK(names_key_elsewhere(in) || !leaks(str_z(d.text)));
	for (uint32_t i = 0; i < c.n_notes; i++)
		CHECK(names_key_elsewhere(in) || !leaks(c.notes[i].why));
	if (e == OK) {
		CHECK(c.policy.n_deployments > 0 && c.policy.n_models > 0);
		CHECK(c.upstreams.n_secrets == c.n_secrets);
		check_blobs(&c, in);
		CHECK(config_load("c.yaml", &io, &b, &again, &d) == OK);
		CHECK(memcmp(c.policy.config_hash, again.policy.config_hash, POLICY_HASH) == 0);
	} else {
		CHECK(c.n_secrets == 0 && c.policy.n_deployments == 0);
	}
	arena_done(&a);
	arena_done(&b);
	return 0;
}
