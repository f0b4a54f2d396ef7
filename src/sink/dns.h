/*
 * sink/dns.h - DNS questions, and answers that lead here (RFC 1035). Pure: bytes in, bytes out.
 */
#ifndef SINK_DNS_H
#define SINK_DNS_H

#include "base/buf.h"
#include "base/err.h"

enum { DNS_NAME = 256, DNS_MESSAGE = 1500 };

struct dns_question {
	char name[DNS_NAME]; /* labels with dots between, any bytes */
	size_t name_n;
	uint16_t type;
	size_t end; /* of the question in the message */
};

/* dns_read takes the question of a query. ERR_SYNTAX: it is none. */
MUST_USE enum err dns_read(struct str message, struct dns_question *q);

/* dns_answer appends the answer to message, whose question is q: an A record with dns_address for
 * A, "ok" for TXT, nothing for others. */
void dns_answer(struct buf *out, struct str message, const struct dns_question *q);

/* dns_address gives the address that name has here, in 198.18.0.0/15, host byte order: different
 * names nearly always have different ones. */
uint32_t dns_address(struct str name);

/* dns_host: name has letters, digits, dots, hyphens and underscores only, and fits a certificate.
 */
bool dns_host(struct str name);

/* dns_parts cuts a name into what stands before its last two labels, and these. */
struct str dns_parts(struct str name, struct str *out_base);

#endif
