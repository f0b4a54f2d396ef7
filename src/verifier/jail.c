/*
 * verifier/jail.c - nothing beside what every process needs: it reads and writes the descriptors
 * that it was born with. It can open and create no file, make no socket, connect nowhere and start
 * nothing. Runs in: verifier.
 */
#include "verifier/jail.h"

#include "proto/verifier.h"

const struct jail verifier_jail = {
	.role = "verifier", .files_max = VERIFIER_REQUEST + VERIFIER_FDS + 1, /* one for Landlock */
};
