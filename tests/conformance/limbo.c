/*
 * tests/conformance/limbo.c - judges paths of certificates as verify/ does, for tests/conformance/limbo.py. Each
 * line of standard input is one path: the time in seconds, what the signer's certificate is for ("server",
 * "client", "code"), and the certificates in hexadecimal: the signer's, those above it, the trusted one last. What
 * is said of each: "ok", or the reason why not.
 */
#include "base/num.h"
#include "verify/part.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 4 << 20 };

static X509 *next(struct arena *a, struct str *line)
{
	struct str der = hex_decode(a, str_cut(*line, ' ', line));

	return der.p ? x509_read(der) : NULL;
}

static uint32_t purpose(struct str name)
{
	if (str_eq(name, S("server")))
		return XKU_SSL_SERVER;
	return str_eq(name, S("client")) ? XKU_SSL_CLIENT : XKU_CODE_SIGN;
}

static enum err judge(struct str line, struct authority *ca, X509 **leaf, struct arena *a, struct diag *d)
{
	struct str time = str_cut(line, ' ', &line);
	uint32_t eku = purpose(str_cut(line, ' ', &line));
	struct verify_key key;
	uint64_t at = 0;

	if (num_u64(time, INT64_MAX, &at) != OK)
		return diag_set(d, ERR_USAGE, "no time");
	*leaf = next(a, &line);
	if (*leaf == NULL)
		return diag_set(d, ERR_SYNTAX, "the signer's certificate is none");
	while (line.n != 0) {
		if (ca->n_certs == LIMIT_BUNDLE_CERTS)
			return diag_set(d, ERR_LIMIT, "more than %d certificates", LIMIT_BUNDLE_CERTS);
		X509 *x = next(a, &line);
		if (x == NULL)
			return diag_set(d, ERR_SYNTAX, "certificate %u is none", ca->n_certs + 1);
		ca->certs[ca->n_certs++] = x;
	}
	TRY(authority_links(ca, d));
	TRY(x509_form(*leaf, d));
	TRY(verify_key_take(&key, X509_get_pubkey(*leaf), d));
	verify_key_done(&key);
	if (!x509_valid(*leaf, (int64_t)at))
		return diag_set(d, ERR_AUTH, "outside of the certificate's validity");
	if (!authority_valid(ca, (int64_t)at))
		return diag_set(d, ERR_AUTH, "outside of the authority's validity");
	return chain_issued(ca, *leaf, eku) ? OK : diag_set(d, ERR_AUTH, "not issued by the authority");
}

static void path(struct str line)
{
	struct authority ca = { .uri = S("limbo"), .valid = { 0, INT64_MAX } };
	struct diag d = { 0 };
	X509 *leaf = NULL;
	struct arena a;

	arena_init(&a, 2 * LINE);
	enum err e = judge(line, &ca, &leaf, &a, &d);
	puts(e == OK ? "ok" : diag_text(&d));
	for (unsigned i = 0; i < ca.n_certs; i++)
		X509_free(ca.certs[i]);
	X509_free(leaf);
	arena_done(&a);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 1) {
		path((struct str){ line, (size_t)n - 1 });
		(void)fflush(stdout);
	}
	free(line);
	return 0;
}
