/*
 * keeper/usage.h - brings finished calls from the files that ingress writes into the database and
 * the audit log. A record counts once: the position reached is part of the transaction that stores
 * it, and the file's tail moves afterwards. Process lifetime.
 */
#ifndef KEEPER_USAGE_H
#define KEEPER_USAGE_H

#include "keeper/ledger.h"

enum { USAGE_BATCH = 1024 };

struct usage_source {
	int fd;         /* -1: no such file */
	uint64_t at;    /* records stored */
	bool lied;      /* its writer broke the rules; the owner ends it and clears this */
};

struct usage {
	struct store *store;   /* the owner's */
	struct ledger *ledger; /* the owner's */
	char dir[512];
	struct usage_source sources[LIMIT_WORKERS];
	uint64_t rows;         /* stored since start */
	uint64_t dropped;      /* records that were none */
	int64_t synced_ms, settled_ms, published_ms;
	bool unsynced;
	char trouble[256];     /* why the database takes nothing, or "" */
	struct usage_record batch[USAGE_BATCH];
};

/* usage_open takes up the files of earlier runs in dir (made if missing). */
MUST_USE enum err usage_open(struct usage *u, struct store *s, struct ledger *l, const char *dir,
			     struct diag *d);
void usage_close(struct usage *u);

/* usage_file_for gives the descriptor of a worker's file, made and allocated if missing: its
 * ingress maps it. The descriptor stays usage's. */
MUST_USE enum err usage_file_for(struct usage *u, unsigned worker, int *out_fd, struct diag *d);

/* usage_mend makes a file usable again whose writer broke the rules and was ended. */
void usage_mend(struct usage *u, unsigned worker);

/* usage_tick drains what is there, syncs about ten times a second and publishes the log once a
 * second; all of it at once when flush is set. Returns in how many ms it wants to be called again.
 * now_ms: monotonic. */
uint32_t usage_tick(struct usage *u, int64_t now_ms, int64_t wall_ms, bool flush);

/* usage_trouble gives one sentence for health, or NULL when all is well. */
const char *usage_trouble(const struct usage *u);

#endif
