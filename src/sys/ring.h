/*
 * sys/ring.h - one direction of shared memory between two processes: one writer, one reader. Ring 1.
 * A memfd mapped twice in a row, so a frame never wraps. Frames are 64-byte aligned. The writer makes
 * frames visible once per turn (ring_publish) and writes the eventfd only when the reader sleeps.
 * Neither side trusts the other: indexes and lengths are checked on every read, and a reader that must
 * judge bytes copies them first, because the writer can still change them.
 */
#ifndef SYS_RING_H
#define SYS_RING_H

#include "base/diag.h"
#include "base/str.h"

#include <stdint.h>

struct ring_shared; /* the first page of the memfd */

struct ring_tx {
	struct ring_shared *sh;
	char *data;
	uint32_t size;
	uint64_t head, published; /* head: with what is reserved and committed but not yet published */
	int wake_fd;
};

struct ring_rx {
	struct ring_shared *sh;
	const char *data;
	uint32_t size;
	uint64_t tail, released;
	int wake_fd; /* watch it for EPOLLIN; never needs to be read */
};

/* ring_make creates the memfd (size: a power of two, of data) and the eventfd for one direction. */
MUST_USE enum err ring_make(uint32_t size, int *out_memfd, int *out_wake_fd, struct diag *d);

/* ring_tx_open and ring_rx_open map a direction; the descriptors stay the caller's. */
MUST_USE enum err ring_tx_open(struct ring_tx *t, int memfd, int wake_fd, struct diag *d);
MUST_USE enum err ring_rx_open(struct ring_rx *r, int memfd, int wake_fd, struct diag *d);

/* ring_reserve gives n writable contiguous bytes for one frame, or NULL when the ring is full or the
 * reader's index is a lie (ring_broken tells). ring_commit ends the frame with the n bytes really used. */
void *ring_reserve(struct ring_tx *t, uint32_t n);
void ring_commit(struct ring_tx *t, uint32_t n);

/* ring_room gives the largest n that ring_reserve would grant now. */
uint32_t ring_room(const struct ring_tx *t);

/* ring_publish shows all committed frames to the reader and wakes it if it sleeps. Cheap when nothing is new. */
void ring_publish(struct ring_tx *t);

/* ring_next gives the next frame. It stays readable until ring_release. ERR_AGAIN: none. ERR_SYNTAX: the
 * writer broke the ring; the caller ends the process. */
MUST_USE enum err ring_next(struct ring_rx *r, struct str *out);

/* ring_release gives all frames read so far back to the writer. */
void ring_release(struct ring_rx *r);

/* ring_sleep announces that the reader is about to sleep; true means that frames came in between: do not.
 * ring_awake takes the announcement back. */
bool ring_sleep(struct ring_rx *r);
void ring_awake(struct ring_rx *r);

#endif
