/*
 * keeper/loader.h - loads configuration, environment and vault in a process of its own, so that no
 * residue of YAML or of a key is left in keeper. It reports once and ends. Runs in: loader (a fork
 * of the forker).
 */
#ifndef KEEPER_LOADER_H
#define KEEPER_LOADER_H

#include "base/buf.h"
#include "base/diag.h"
#include "keeper/forker.h"
#include "sys/ipc.h"

/* The report: LOADER_DONE with descriptors policy, table, secrets and, with TLS, certificate and
 * key; or LOADER_FAILED with str sentence. */
enum loader_msg { LOADER_DONE = 1, LOADER_FAILED };
enum { LOADER_FDS = 3, LOADER_TEXT = 256 };

/* The vault's file below the data directory, where the configuration names no other. */
#define LOADER_VAULT "vault"

struct loaded {
	struct str listen, admin; /* "": not said */
	uint32_t workers;         /* 0: not said */
	uint32_t drain_ms;
	uint32_t max_parallel;    /* 0: unlimited */
	uint8_t config_hash[32];
	struct str warning; /* the first of n_warnings, or "" */
	uint32_t n_warnings;
};

/* loaded_encode and loaded_decode: the body of LOADER_DONE. Strings borrow from it. */
void loaded_encode(const struct loaded *l, struct buf *out);
MUST_USE enum err loaded_decode(struct loaded *l, struct str body);

/* env_take moves this process' environment into secret memory, unmapped, and wipes it where it lay,
 * which is what /proc/PID/environ shows. */
MUST_USE enum err env_take(int *out_fd, struct diag *d);

/* env_get finds NAME in what env_take kept, mapped; p NULL: not there. */
struct str env_get(struct str map, struct str name);

/* loader_report sends the outcome: with fds for OK, else d's sentence. */
void loader_report(int result_fd, enum err e, const struct diag *d, const struct loaded *l,
		   const int *fds, unsigned n_fds);

/* loader_run is the loader: the configuration that args name, compiled and reported. */
void loader_run(const struct loader_args *args, int env_fd, int result_fd);

#endif
