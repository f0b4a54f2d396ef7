/*
 * crypto/certificate.h - does a certificate file hold what a TLS server needs? Ring 0.
 * Asked before a configuration is taken, so that a broken file changes nothing.
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/diag.h"

/* certificate_check reads a chain and a private key, both PEM: all of it must be readable without a
 * passphrase, and the key must belong to the first certificate. ERR_CONFIG with a sentence. */
MUST_USE enum err certificate_check(struct str chain_pem, struct str key_pem, struct diag *d);

#endif
