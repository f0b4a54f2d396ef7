/*
 * fuzz/verify_document_fuzz.c - the documents of PyPI and npm: read, and judged with the shipped root and keys. An
 * input that begins with '!' is keys of a registry instead.
 * Oracle: what verifies as PyPI's or Sigstore's has the certificate, signature and payload of the one bundle that was
 * signed (the fuzzer cannot sign); bounds are kept; a failure has a sentence; reading twice gives the same; a report is
 * JSON and says ok for no other document than one whose attestations all hold.
 * Proves T-37.
 */
#include "fuzz/verify.h"

#include "codec/json.h"
#include "verify/provenance.h"

static const struct npm_keys *shipped(struct golden *g)
{
	static struct npm_keys keys;
	struct diag d;

	if (keys.n == 0) {
		struct str date, text = npm_keys_text(&date);
		CHECK(npm_keys_parse(&keys, text, &g->a, &d) == OK);
	}
	return &keys;
}

static void fuzz_keys(struct str in, struct arena *a)
{
	struct npm_keys k;
	struct diag d = { 0 };
	enum err e = npm_keys_parse(&k, in, a, &d);

	CHECK(e == OK || d.text[0] != 0);
	CHECK(k.n <= LIMIT_TRUSTED && (e != OK || k.n > 0));
	for (unsigned i = 0; i < k.n; i++) {
		const struct npm_key *found = npm_key_find(&k, k.items[i].id, k.items[i].attestations);
		CHECK(k.items[i].key.key != NULL);
		CHECK(found != NULL || !(k.items[i].attestations || k.items[i].signatures));
	}
	npm_keys_done(&k);
}

static void same(const struct document *x, const struct document *y)
{
	CHECK(x->kind == y->kind && x->n == y->n && x->npm.n_signatures == y->npm.n_signatures);
	CHECK(x->n <= LIMIT_ATTESTATIONS && x->npm.n_signatures <= LIMIT_ATTESTATIONS);
	for (unsigned i = 0; i < x->n; i++)
		CHECK(str_eq(x->items[i].bundle.payload, y->items[i].bundle.payload));
}

/* npm's real attestations, which seeds have, are of another file than the golden one. */
static void only_the_golden(const struct document *doc, const struct golden *g)
{
	for (unsigned i = 0; i < doc->n; i++) {
		const struct bundle *b = &doc->items[i].bundle;
		CHECK(b->n_certs > 0 && str_eq(b->certs[0], g->b.certs[0]));
		CHECK(str_eq(b->signature, g->b.signature) && str_eq(b->payload, g->b.payload));
		CHECK(str_eq(b->entries[0].body, g->b.entries[0].body));
	}
}

static void judge(const struct document *doc, const struct golden *g, const struct npm_keys *keys, struct arena *a)
{
	const struct expected want = { .file = S("pypi_attestations-0.0.19.tar.gz"), .package = S(""),
				       .policy = { .any_identity = true } };
	const struct json *v;
	struct buf b;

	buf_init(&b, 16 << 20);
	document_judge(doc, &g->root, keys, &g->art, &want, 0, a, &b);
	CHECK(b.err == OK && json_read(a, buf_str(&b), &v, NULL) == OK);
	bool ok = json_bool(json_get(v, S("ok")));
	CHECK(ok == (json_get(v, S("failed")) == NULL));
	if (ok && doc->kind != DOCUMENT_NPM_VERSION)
		only_the_golden(doc, g);
	CHECK(!ok || doc->kind != DOCUMENT_NPM_VERSION); /* the golden file's sha512 is not known */
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct document doc, again;
	struct golden *g = (struct golden *)(uintptr_t)golden_read();
	const struct npm_keys *keys = shipped(g);
	struct str in = { (const char *)p, n };
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, 32 << 20);
	if (n > 0 && p[0] == '!') {
		fuzz_keys(str_tail(in, 1), &a);
		arena_done(&a);
		return 0;
	}
	enum err e = document_read(&doc, in, &a, &d);
	CHECK(document_read(&again, in, &a, &d) == e && (e == OK || d.text[0] != 0));
	if (e == OK) {
		same(&doc, &again);
		judge(&doc, g, keys, &a);
	}
	arena_done(&a);
	return 0;
}
