/*
 * ingress/relay.h - from the provider's answer to what the client gets. Runs in: ingress.
 * The functions exchange_head, exchange_data and exchange_end are here.
 */
#ifndef INGRESS_RELAY_H
#define INGRESS_RELAY_H

#include "ingress/exchange.h"

/* relay_stream_end ends a started stream at the client: error event first when e is not NULL.
 * Records the call and ends the exchange. */
void relay_stream_end(struct exchange *x, const struct llm_error *e);

/* relay_head_lines appends the header lines that every answer of a call carries. */
void relay_head_lines(struct exchange *x, struct buf *out);

/* relay_hide_auth makes an upstream failure of a provider's refusal of the gate's credential. */
void relay_hide_auth(struct exchange *x, struct llm_error *e);

/* relay_scrub takes what looks like a provider's key out of what the provider says of an error. */
void relay_scrub(struct exchange *x, struct llm_error *e);

/* relay_fill gives an answer without them the time and the model that was asked for (esc). */
void relay_fill(struct exchange *x, int64_t *created, struct str *model);

#endif
