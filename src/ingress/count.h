/*
 * ingress/count.h - the count-tokens endpoints where the provider's dialect is another, or it
 * cannot count. Runs in: ingress.
 */
#ifndef INGRESS_COUNT_H
#define INGRESS_COUNT_H

#include "ingress/exchange.h"

/* count_answer answers with our own estimate, marked as such in a header, and ends the exchange. */
void count_answer(struct exchange *x, const struct json *root);

#endif
