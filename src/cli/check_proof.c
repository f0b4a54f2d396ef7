/*
 * cli/check_proof.c - who published what is checked: asked before the checker runs, so that it
 * finds the answer in the ledger. It is evidence for a verdict and never one by itself. Input:
 * reports of the verifier.   Runs in: cli.
 */
#include "cli/check.h"
#include "cli/fetch.h"
#include "cli/proof.h"

#include "sys/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PROOF_ARENA = 256 << 20 };

static void keep(struct proof *p, const struct proof_ask *ask, enum err e, struct diag *d)
{
	if (e == OK)
		e = proof_keep(p, ask, d);
	if (e != OK && e != ERR_NOT_FOUND)
		fprintf(stderr, "yett: not known who published it: %s\n", diag_text(d));
}

void check_proof_release(const struct package *p, const struct fetched *f, const char *data)
{
	struct proof_ask ask = {
		.artifact = f->fd, .file = f->file.name, .release = *p, .data = data
	};
	struct proof proof;
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, PROOF_ARENA);
	proof_init(&proof, &a);
	proof_index(&proof, &ask, &f->file);
	if (proof.state == PROOF_UNKNOWN)
		d = proof.why;
	keep(&proof, &ask, proof.state == PROOF_UNKNOWN ? proof.err : OK, &d);
	proof_done(&proof);
	arena_done(&a);
}

void check_proof_beside(const char *path, const char *data)
{
	const char *slash = strrchr(path, '/');
	struct proof_ask ask = { .file = str_z(slash ? slash + 1 : path), .data = data };
	AUTO(fd_closep) int fd = -1;
	struct proof proof;
	struct diag d = { 0 };
	struct stat st;
	struct arena a;

	ask.release.eco = ECO_OTHER;
	arena_init(&a, PROOF_ARENA);
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && proof_release(&ask, &a) &&
	    (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) >= 0) {
		ask.artifact = fd;
		proof_init(&proof, &a);
		keep(&proof, &ask, proof_beside(&proof, &ask, path, &d), &d);
		proof_done(&proof);
	}
	arena_done(&a);
}
