/* verifier/jail.h - what this process may do. */
#ifndef VERIFIER_JAIL_H
#define VERIFIER_JAIL_H

#include "sys/jail.h"

extern const struct jail verifier_jail;

#endif
