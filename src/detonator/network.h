/*
 * detonator/network.h - the network of a box: a loopback device to which every address belongs.
 */
#ifndef DETONATOR_NETWORK_H
#define DETONATOR_NETWORK_H

#include "base/diag.h"

/* network_up brings lo up in this network namespace and makes every IPv4 and IPv6 address local, so
 * that whatever the box connects to arrives here, with the address it asked for; lets every process
 * listen on any port. */
MUST_USE enum err network_up(struct diag *d);

#endif
