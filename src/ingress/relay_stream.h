/*
 * ingress/relay_stream.h - streams: spliced event by event, or translated. Runs in: ingress.
 */
#ifndef INGRESS_RELAY_STREAM_H
#define INGRESS_RELAY_STREAM_H

#include "ingress/exchange.h"

/* relay_stream_begin: a 200 with an event stream has come. */
void relay_stream_begin(struct exchange *x);

/* relay_stream_data takes body bytes. False: the exchange has ended meanwhile. */
bool relay_stream_data(struct exchange *x, struct str data);

/* relay_stream_finish: the body has ended, whole or not. A stream without content may still be
 * tried elsewhere; one with content and no proper end gets e as its dialect's last event. */
void relay_stream_finish(struct exchange *x, bool whole, const struct llm_error *e);

/* relay_stream_whole answers a client that wants a stream from an answer that is none. False: the
 * answer cannot be understood, and nothing has been sent. */
bool relay_stream_whole(struct exchange *x, const struct json *root);

#endif
