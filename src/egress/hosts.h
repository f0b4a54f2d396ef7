/*
 * egress/hosts.h - the hosts file, which the loader read. Pure.   Runs in: egress.
 */
#ifndef EGRESS_HOSTS_H
#define EGRESS_HOSTS_H

#include "base/buf.h"
#include "egress/address.h"

enum { ADDRESSES = 8 };

/* What a name resolves to, in the order to try. */
struct addresses {
	struct address list[ADDRESSES];
	unsigned n;
};

/* hosts_find looks name up in the text of a hosts file. false: no line names it. */
bool hosts_find(struct str text, struct str name, struct addresses *out);

/* resolv_servers appends the name servers of a resolv.conf as c-ares takes them: address:port, with
 * commas. "[address]:port" is understood there, too. Addresses with a zone are passed over. */
void resolv_servers(struct str text, struct buf *out);

/* addresses_add appends a if there is room and it is new. */
void addresses_add(struct addresses *list, const struct address *a);

#endif
