/*
 * egress/auth.h - how an upstream's credential is attached to a request.   Runs in: egress.
 * A row of a table per way; a way that signs gets a function here, and nothing else changes.
 */
#ifndef EGRESS_AUTH_H
#define EGRESS_AUTH_H

#include "proto/upstream.h"

struct auth_field {
	struct str name, prefix; /* the value is prefix, then the secret; name "" adds no field */
};

/* auth_field_of gives the field that carries the credential. */
const struct auth_field *auth_field_of(enum upstream_auth a);

/* auth_secret_ok: the bytes may stand in a field's value: visible ASCII, and spaces inside. */
bool auth_secret_ok(struct str secret);

/* auth_header_ok: name may be added to requests: a token that neither frames, routes nor
 * authenticates. */
bool auth_header_ok(struct str name);

#endif
