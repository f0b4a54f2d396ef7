/* indexer/jail.h - what the indexer may still do once it reads records.   Runs in: indexer. */
#ifndef INDEXER_JAIL_H
#define INDEXER_JAIL_H

#include "sys/jail.h"

/* indexer_jail: memory, and the three descriptors that it was born with. */
extern const struct jail indexer_jail;

#endif
