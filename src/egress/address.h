/*
 * egress/address.h - which addresses a provider can have. Pure.   Runs in: egress.
 */
#ifndef EGRESS_ADDRESS_H
#define EGRESS_ADDRESS_H

#include "base/err.h"
#include "base/str.h"

struct address {
	bool v6;
	uint8_t bytes[16]; /* the first 4 for IPv4 */
};

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE, /* only where the operator's row allows it */
	ADDRESS_NEVER,   /* nobody serves there: unspecified, multicast, reserved, metadata */
};

/* address_class_of judges an address, and an IPv4 address hidden in an IPv6 one by the same
 * rules. */
enum address_class address_class_of(const struct address *a);

/* address_allowed: a call may go there. */
bool address_allowed(const struct address *a, bool allow_private);

/* address_parse reads a literal, IPv6 with or without brackets. ERR_SYNTAX: not an address. */
MUST_USE enum err address_parse(struct str s, struct address *out);

#endif
