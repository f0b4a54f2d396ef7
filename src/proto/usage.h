/*
 * proto/usage.h - one finished call, as ingress hands it to keeper before the client's last byte.
 * Ring 0. Records of a fixed size lie in a file under the data directory that both map: kill -9 of
 * either process loses none. The reader's position is part of keeper's database transaction, so
 * none counts twice.
 */
#ifndef PROTO_USAGE_H
#define PROTO_USAGE_H

#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	USAGE_CHUNK = 1024, /* records that lie together */
	USAGE_CHUNKS = 16,
	USAGE_SLOTS = USAGE_CHUNK * USAGE_CHUNKS,
	USAGE_MAX = USAGE_SLOTS -
		    USAGE_CHUNK, /* records that may wait; the first chunk may be half read */
	USAGE_TEXT = 64,
	USAGE_ID = 24
};

/* enum usage_flags */
enum {
	USAGE_STREAM = 1,
	USAGE_FALLBACK = 2,
	USAGE_RETRIED = 4,
	USAGE_CLIENT_GONE = 8,
	USAGE_ESTIMATED = 16,
	USAGE_NO_PRICE = 32,
	USAGE_CACHE_HIT = 64
};

struct usage_record {
	uint64_t seq;		  /* 1, 2, ... in this file: a hole or repeat is a bug */
	int64_t start_ms, end_ms; /* wall clock */
	uint32_t first_byte_ms;	  /* from the start; 0 none */
	uint32_t key;		  /* the key's row id; 0: master or open */
	uint32_t status;	  /* what the client got */
	uint32_t upstream_status; /* the last one, 0 none */
	uint16_t attempts, flags;
	uint16_t client_dialect, endpoint;
	int64_t input, cache_read, cache_write, output, reasoning; /* tokens */
	int64_t cost_pico;					   /* pico-dollars */
	uint64_t policy_generation;
	char request_id[USAGE_ID]; /* zero-padded */
	char model_asked[USAGE_TEXT], model_served[USAGE_TEXT], deployment[USAGE_TEXT];
	char end_user[USAGE_TEXT];
};

/*
 * The file: a header page, then USAGE_SLOTS records. head and moved are written by ingress, tail by
 * keeper. Chunk c of the queue lies in place c % USAGE_CHUNKS ^ moved[c % USAGE_CHUNKS] of the
 * file, the first that was free when it began: so a keeper that keeps up leaves few pages for the
 * disk to write and for ingress to take a fault on, once they are clean again. A new file's zeros
 * say that each chunk is where it would be in a plain ring.
 */
struct usage_file {
	uint64_t magic;
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) uint8_t moved[USAGE_CHUNKS];
	_Alignas(4096) struct usage_record records[USAGE_SLOTS];
};
enum { USAGE_MAGIC = 0x31475355 };

/* usage_put appends one record; ERR_BUSY when keeper is USAGE_MAX records behind. */
MUST_USE enum err usage_put(struct usage_file *f, const struct usage_record *r);

/* usage_room: another record would fit beside those that wait and the promised ones that are still
 * to come. */
bool usage_room(const struct usage_file *f, uint32_t promised);

/* usage_slot gives where record i lies, by what moved says: always below USAGE_SLOTS. */
uint32_t usage_slot(const uint8_t moved[USAGE_CHUNKS], uint64_t i);

/* usage_peek gives the records from from on (a copy each), n at most; returns how many. */
uint32_t usage_peek(const struct usage_file *f, uint64_t from, struct usage_record *out,
		    uint32_t n);

/* usage_text copies s into a record's text field, zero-padded and cut at a character boundary. */
void usage_text(char *field, size_t cap, struct str s);

#endif
