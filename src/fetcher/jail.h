/* fetcher/jail.h - what the fetcher may still do once it is connected.   Runs in: fetcher. */
#ifndef FETCHER_JAIL_H
#define FETCHER_JAIL_H

#include "sys/jail.h"

/* fetcher_jail: one connected socket, the file for the body, memory; no name, no new socket, no
 * file. */
extern const struct jail fetcher_jail;

#endif
