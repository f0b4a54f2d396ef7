/*
 * ingress/steer.h - members of a request's body that speak to the gate and not to the provider, as
 * LiteLLM's clients send them: `extra_body={"tags": [...], "num_retries": 2}`. Runs in: ingress.
 */
#ifndef INGRESS_STEER_H
#define INGRESS_STEER_H

#include "codec/splice.h"
#include "ingress/exchange.h"

/* steer_look obeys num_retries, timeout, drop_params and fallbacks where no header has said it
 * already, and notes that there is something to leave out. ERR_DENIED: a member that would choose
 * the host or the credential. ERR_SYNTAX: one of the wrong type. */
MUST_USE enum err steer_look(struct exchange *x, const struct json *root, struct diag *d);

/* steer_splice leaves out of a body of the provider's own dialect what is not for the provider. */
void steer_splice(const struct exchange *x, const struct json *root, struct splice *s);

/* steer_drop leaves out what the client's additional_drop_params names. */
void steer_drop(const struct exchange *x, const struct json *root, struct splice *s);

/* steer_extras takes the same out of what a translation has no place for. */
void steer_extras(struct llm_extra **list);

#endif
