/*
 * ingress/meter.h - what a call used and cost, recorded before the client's last byte. Runs in:
 * ingress.
 */
#ifndef INGRESS_METER_H
#define INGRESS_METER_H

#include "codec/json.h"
#include "ingress/ingress.h"

struct exchange;

/* meter_call writes the usage record of a finished exchange and counts its tokens and cost. */
void meter_call(struct exchange *x);

/* meter_cost gives the price of usage in pico-dollars; *out_known is false when no price is known.
 */
int64_t meter_cost(const struct exchange *x, bool *out_known);

/* meter_expect gives what the request root may come to at the deployment that x has chosen: its
 * prompt at four bytes a token, and all the tokens of answer that it allows, or the usual limit
 * where it names none. pico is 0 when no price is known. Of a key's tokens a minute a request that
 * names no limit takes 1024, as LiteLLM reserves them, and a quarter at the most. */
struct limits_share meter_expect(const struct exchange *x, const struct json *root);

/* meter_lost charges for the question of an attempt that the client itself has cut short: the
 * provider has read it. */
void meter_lost(struct exchange *x);

/* meter_status counts one answer by its status class. */
void meter_status(struct ingress *in, unsigned status);

/* meter_write appends the metrics of all workers in Prometheus' text format. */
void meter_write(struct ingress *in, struct buf *out);

#endif
