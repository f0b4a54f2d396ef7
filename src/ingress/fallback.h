/* ingress/fallback.h - other models for a call that failed. Runs in: ingress. */
#ifndef INGRESS_FALLBACK_H
#define INGRESS_FALLBACK_H

#include "ingress/exchange.h"

/* fallback_next moves x on to the next model of the list of this kind or, for want of one there, of
 * the general list. false: there is none. */
bool fallback_next(struct exchange *x, enum policy_fallback_kind kind);

/* fallback_left: a failure before the first content would be tried elsewhere, or again. */
bool fallback_left(const struct exchange *x);

#endif
