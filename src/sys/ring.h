/*
 * sys/ring.h - one direction of shared memory between two processes: one writer, one reader.
 * Ring 1. A memfd mapped twice in a row, so a frame never wraps. Frames are 64-byte aligned. The
 * writer makes frames visible once per turn (ring_publish) and writes the eventfd only when the
 * reader sleeps. Neither side trusts the other: indexes and lengths are checked on every read, and
 * a reader that must judge bytes copies them first, because the writer can still change them.
 */
#ifndef SYS_RING_H
#define SYS_RING_H

#include "base/diag.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct ring_shared; /* the first page of the memfd */

struct ring_tx {
	struct ring_shared *sh;
	char *data;
	uint32_t size;
	uint64_t head, published; /* head: with what is committed but not yet published */
	uint64_t origin;	  /* the index that lies at data */
	uint64_t tail_seen;	  /* the reader's index when it was last looked at */
	uint32_t reserved;	  /* bytes that the frame being made may take */
	bool broken;		  /* the reader's index was a lie: nothing more is sent */
	int wake_fd;
};

struct ring_rx {
	struct ring_shared *sh;
	const char *data;
	uint32_t size;
	uint64_t tail, released;
	uint64_t head_seen, origin;
	bool broken;
	int wake_fd; /* watch it for EPOLLIN; never needs to be read */
};

/* ring_make creates the memfd (size: a power of two, of data) and the eventfd for one direction. */
MUST_USE enum err ring_make(uint32_t size, int *out_memfd, int *out_wake_fd, struct diag *d);

/* ring_tx_open and ring_rx_open map a direction; the descriptors stay the caller's. A memfd that
 * could still shrink under us is refused. The close functions remove the mapping; a second call is
 * legal. */
MUST_USE enum err ring_tx_open(struct ring_tx *t, int memfd, int wake_fd, struct diag *d);
MUST_USE enum err ring_rx_open(struct ring_rx *r, int memfd, int wake_fd, struct diag *d);
void ring_tx_close(struct ring_tx *t);
void ring_rx_close(struct ring_rx *r);

/* ring_reserve gives n writable contiguous bytes for one frame (aligned to 8), or NULL when the
 * ring is full or the reader's index is a lie (t->broken tells). Full also leaves a note for the
 * reader, see ring_release. ring_commit ends the frame with the n bytes really used; without it
 * nothing was reserved. */
void *ring_reserve(struct ring_tx *t, uint32_t n);
void ring_commit(struct ring_tx *t, uint32_t n);

/* ring_room gives the largest n that ring_reserve would grant now. */
uint32_t ring_room(struct ring_tx *t);

/* ring_publish shows all committed frames to the reader and wakes it if it sleeps. Cheap when
 * nothing is new. */
void ring_publish(struct ring_tx *t);

/* ring_wake wakes the reader of t although nothing is new. */
void ring_wake(const struct ring_tx *t);

/* ring_next gives the next frame. It stays readable until ring_release. ERR_AGAIN: none.
 * ERR_SYNTAX: the writer broke the ring; the caller ends the process. */
MUST_USE enum err ring_next(struct ring_rx *r, struct str *out);

/* ring_release gives all frames read so far back to the writer. True: the writer found the ring
 * full and waits for this; wake it with ring_wake on the ring of the other direction. */
bool ring_release(struct ring_rx *r);

/* ring_sleep announces that the reader is about to sleep; true means that there are unread frames:
 * do not. ring_awake takes the announcement back. */
bool ring_sleep(struct ring_rx *r);
void ring_awake(struct ring_rx *r);

#endif
