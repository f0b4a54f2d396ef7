/* ingress/models.h - the lists of models and /model/info. Runs in: ingress. */
#ifndef INGRESS_MODELS_H
#define INGRESS_MODELS_H

#include "ingress/conn.h"
#include "ingress/route.h"

/* models_answer tells a caller what its key may use: EP_MODELS, EP_MODEL, EP_MODEL_INFO. */
void models_answer(struct conn *c, const struct route_match *m, const struct http1_head *h);

#endif
