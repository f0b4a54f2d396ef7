/*
 * ingress/auth.h - who sends this request? Runs in: ingress.
 */
#ifndef INGRESS_AUTH_H
#define INGRESS_AUTH_H

#include "codec/http1.h"
#include "ingress/ingress.h"
#include "ingress/keys.h"

struct caller {
	const struct key *key; /* NULL: the master key, or an open gate */
	bool master;
};

/* auth_caller finds the credential of a request where the dialects' SDKs put it and checks it: hash
 * known, not blocked, not expired. ERR_AUTH or ERR_DENIED with a sentence that never repeats what
 * was sent. */
MUST_USE enum err auth_caller(struct ingress *in, const struct http1_head *h, struct caller *out,
			      struct diag *d);

#endif
