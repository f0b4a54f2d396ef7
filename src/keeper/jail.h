/*
 * keeper/jail.h - what keeper and its loader may do. Runs in: keeper, loader.
 */
#ifndef KEEPER_JAIL_H
#define KEEPER_JAIL_H

#include "sys/jail.h"

enum { KEEPER_JAIL_PATHS = 3 };

/* keeper_jail fills paths for the data directory and gives keeper's jail over them. */
struct jail keeper_jail(const char *data, struct jail_path paths[KEEPER_JAIL_PATHS]);

/* loader_jail reads files anywhere, and nothing else. */
extern const struct jail loader_jail;

#endif
