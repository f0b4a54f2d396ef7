/*
 * crypto/narrow.h - of OpenSSL's keys only those that a verifier needs. Ring 0. For a process that
 * reads the keys and certificates of others and has none of its own.
 */
#ifndef CRYPTO_NARROW_H
#define CRYPTO_NARROW_H

#include "base/err.h"

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

enum { NARROW_KINDS = 3 }; /* RSA, EC and Ed25519 */

struct narrow {
	OSSL_PROVIDER *whole, *part;
	OSSL_ALGORITHM keys[NARROW_KINDS + 1],
		decoders[NARROW_KINDS + 1]; /* ended by an empty one */
};

/* narrow_load leaves this process the public keys of three kinds, in the one form that they have in
 * certificates. To be called once, before OpenSSL is used. n and begin are what NARROW defines.
 * ERR_SYS: OpenSSL is not the one that this was written for, and all of it is there as before. */
MUST_USE enum err narrow_load(struct narrow *n, OSSL_provider_init_fn *begin);

/* narrow_query gives OpenSSL its list of what there is for an operation. */
const OSSL_ALGORITHM *narrow_query(const struct narrow *n, int operation, int *no_cache);

/* NARROW(state) stands in a process's main.c and defines state and state_begin. What OpenSSL calls
 * gets no pointer of ours: the one that it gets must be the default provider's, whose algorithms
 * are given it as well. */
#define NARROW(state)                                                                              \
	static struct narrow state;                                                                \
	static const OSSL_ALGORITHM *state##_query(void *context, int operation, int *no_cache)    \
	{                                                                                          \
		(void)context;                                                                     \
		return narrow_query(&state, operation, no_cache);                                  \
	}                                                                                          \
	static int state##_begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,          \
				 const OSSL_DISPATCH **out, void **context)                        \
	{                                                                                          \
		static const OSSL_DISPATCH calls[] = {                                             \
			{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))state##_query },     \
			{ 0, NULL },                                                               \
		};                                                                                 \
		(void)handle, (void)in;                                                            \
		*out = calls;                                                                      \
		*context = OSSL_PROVIDER_get0_provider_ctx(state.whole);                           \
		return 1;                                                                          \
	}

#endif
