/*
 * ingress/bodies.h - memory for request bodies: small ones are private, large ones lie in the
 * arena that egress can read, so that they are received once and sent from where they lie. Runs in:
 * ingress.
 */
#ifndef INGRESS_BODIES_H
#define INGRESS_BODIES_H

#include "base/diag.h"
#include "base/str.h"

struct bodies;

struct body {
	char *p;
	size_t n, cap;
	uint64_t at; /* offset in the shared arena */
	bool shared;
};

/* bodies_new maps the arena of LIMIT_ARENA bytes behind memfd. */
struct bodies *bodies_new(int memfd, struct diag *d);

/* body_alloc makes room for cap bytes. ERR_BUSY: the arena is full. */
MUST_USE enum err body_alloc(struct bodies *b, struct body *out, size_t cap);

/* body_alloc_shared is body_alloc always in the arena. */
MUST_USE enum err body_alloc_shared(struct bodies *b, struct body *out, size_t cap);

/* body_grow makes room for cap bytes, moving what is there. */
MUST_USE enum err body_grow(struct bodies *b, struct body *body, size_t cap);

/* body_free gives the memory back and empties *body; an empty one is legal. */
void body_free(struct bodies *b, struct body *body);

/* bodies_used gives the bytes of the arena that are lent out. */
uint64_t bodies_used(const struct bodies *b);

#endif
