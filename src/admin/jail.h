/* admin/jail.h - what this process may do. */
#ifndef ADMIN_JAIL_H
#define ADMIN_JAIL_H

#include "sys/jail.h"

extern const struct jail admin_jail;

#endif
