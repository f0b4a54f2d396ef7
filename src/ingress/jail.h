/* ingress/jail.h - what this process may do: nothing but its descriptors. */
#ifndef INGRESS_JAIL_H
#define INGRESS_JAIL_H

#include "sys/jail.h"

extern const struct jail ingress_jail;

#endif
