/*
 * crypto/narrow.c - a provider of OpenSSL that stands before its default one and hands on less.
 *
 * For each key OpenSSL looks through all decoders of all kinds of keys that it has, which costs
 * more than to decode one (0.08 of 0.12 ms for a certificate), and lets the bytes choose the kind.
 * The default provider lives in a library context of its own and does all the work.
 * Runs in: verifier.
 */
#include "crypto/narrow.h"

#include "base/str.h"

#include <openssl/crypto.h>
#include <string.h>

/* "EC:id-ecPublicKey:1.2.840.10045.2.1", all names of one kind of key. */
static bool known(const OSSL_ALGORITHM *a)
{
	struct str more, name = str_cut(str_z(a->algorithm_names), ':', &more);

	return str_eq(name, S("RSA")) || str_eq(name, S("EC")) || str_eq(name, S("ED25519"));
}

/* One of each kind. */
static bool keep(OSSL_PROVIDER *whole, int operation, const char *property,
		 OSSL_ALGORITHM out[NARROW_KINDS])
{
	int no_cache;
	const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(whole, operation, &no_cache);
	unsigned n = 0;

	for (; a != NULL && a->algorithm_names != NULL; a++) {
		if (!known(a) || strstr(a->property_definition, property) == NULL)
			continue;
		if (n == NARROW_KINDS)
			return false;
		out[n++] = *a;
	}
	return n == NARROW_KINDS;
}

enum err narrow_load(struct narrow *n, OSSL_provider_init_fn *begin)
{
	OSSL_LIB_CTX *inner = OSSL_LIB_CTX_new();

	n->whole = inner ? OSSL_PROVIDER_load(inner, "default") : NULL;
	if (n->whole == NULL || !keep(n->whole, OSSL_OP_KEYMGMT, "", n->keys) ||
	    !keep(n->whole, OSSL_OP_DECODER, "input=der,structure=SubjectPublicKeyInfo",
		  n->decoders) ||
	    OSSL_PROVIDER_add_builtin(NULL, "narrow", begin) != 1)
		return ERR_SYS;
	n->part = OSSL_PROVIDER_load(NULL, "narrow");
	return n->part ? OK : ERR_SYS;
}

const OSSL_ALGORITHM *narrow_query(const struct narrow *n, int operation, int *no_cache)
{
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return n->keys;
	if (operation == OSSL_OP_DECODER)
		return n->decoders;
	return OSSL_PROVIDER_query_operation(n->whole, operation, no_cache);
}
