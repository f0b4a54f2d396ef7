/*
 * sys/ring.c - shared memory between two processes, one direction.
 *
 * The memfd: one page with the three words below, then the data. A frame is u32 length, u32 zero,
 * the payload, and padding to 64 bytes. Indexes count bytes from the beginning of time and are
 * taken modulo the size, so that full and empty differ. Index origin lies at the first byte of the
 * data: the writer moves it to where it stands when all has been read, so that a reader that keeps
 * up finds everything in the same few pages, which the processor still has at hand.
 *
 * Waking is Dekker's: the writer stores head, then looks at sleeping; the reader stores sleeping,
 * then looks at head. Both with sequential consistency, so that one of them sees the other and no
 * wake-up is lost.
 *
 * Input: hostile.   Runs in: ingress, egress.   Fuzz: fuzz/ring_fuzz.c
 */
#include "sys/ring.h"

#include "sys/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	RING_ALIGN = 64,
	RING_HEAD = 8,	   /* of a frame */
	RING_PAGE = 65536, /* before the data; the largest page size of any kernel we run on */
	RING_SIZE_MAX = 1 << 30,
	RING_WARM = 64 << 10, /* so much is written before the writer goes back */
};

struct ring_shared {
	_Alignas(64) _Atomic uint64_t head;	/* written by the writer */
	_Atomic uint64_t origin;		/* so is this, before head */
	_Alignas(64) _Atomic uint64_t tail;	/* written by the reader */
	_Alignas(64) _Atomic uint32_t sleeping; /* set by the reader, cleared by who wakes it */
	_Alignas(64) _Atomic uint32_t full;	/* set by the writer, cleared by the reader */
};
static_assert(sizeof(struct ring_shared) <= RING_PAGE, "the words fit before the data");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared memory needs real atomics");

enum { RING_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

enum err ring_make(uint32_t size, int *out_memfd, int *out_wake_fd, struct diag *d)
{
	assert(size >= RING_PAGE && size <= RING_SIZE_MAX && (size & (size - 1)) == 0);
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int fd = memfd_create("yett-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (wake >= 0 && fd >= 0 && ftruncate(fd, RING_PAGE + (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, RING_SEALS) == 0) {
		*out_memfd = fd;
		*out_wake_fd = wake;
		return OK;
	}
	int saved = errno;
	if (wake >= 0)
		(void)close(wake);
	if (fd >= 0)
		(void)close(fd);
	return diag_set(d, ERR_SYS, "cannot make a ring of %u bytes: %s", size, strerror(saved));
}

/* map gives the words' page with the data twice behind it. */
static enum err map(int memfd, int data_prot, char **out_base, uint32_t *out_size, struct diag *d)
{
	int64_t bytes = fd_size(memfd);

	if (bytes < 0)
		return diag_set(d, ERR_SYS, "cannot map a ring: %s", strerror(errno));
	int64_t size = bytes - RING_PAGE;
	/* Without the seal the other side could shrink the file and every access would be
	 * SIGBUS. */
	int seals = fcntl(memfd, F_GET_SEALS);
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || size < RING_PAGE || size > RING_SIZE_MAX ||
	    (size & (size - 1)) != 0)
		return diag_set(d, ERR_SYNTAX, "not a ring");
	size_t n = (size_t)size, whole = RING_PAGE + 2 * n;
	char *base = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			  0);
	if (base == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map a ring: %s", strerror(errno));
	const int how = MAP_SHARED | MAP_FIXED;
	if (mmap(base, RING_PAGE, PROT_READ | PROT_WRITE, how, memfd, 0) == MAP_FAILED ||
	    mmap(base + RING_PAGE, n, data_prot, how, memfd, RING_PAGE) == MAP_FAILED ||
	    mmap(base + RING_PAGE + n, n, data_prot, how, memfd, RING_PAGE) == MAP_FAILED) {
		int saved = errno;
		(void)munmap(base, whole);
		return diag_set(d, ERR_SYS, "cannot map a ring: %s", strerror(saved));
	}
	*out_base = base;
	*out_size = (uint32_t)size;
	return OK;
}

enum err ring_tx_open(struct ring_tx *t, int memfd, int wake_fd, struct diag *d)
{
	char *base;
	uint32_t size;

	TRY(map(memfd, PROT_READ | PROT_WRITE, &base, &size, d));
	*t = (struct ring_tx){ .sh = (struct ring_shared *)(void *)base,
			       .data = base + RING_PAGE,
			       .size = size,
			       .wake_fd = wake_fd };
	return OK;
}

enum err ring_rx_open(struct ring_rx *r, int memfd, int wake_fd, struct diag *d)
{
	char *base;
	uint32_t size;

	TRY(map(memfd, PROT_READ, &base, &size, d));
	*r = (struct ring_rx){ .sh = (struct ring_shared *)(void *)base,
			       .data = base + RING_PAGE,
			       .size = size,
			       .wake_fd = wake_fd };
	return OK;
}

void ring_tx_close(struct ring_tx *t)
{
	if (t->sh != NULL)
		(void)munmap(t->sh, RING_PAGE + 2 * (size_t)t->size);
	*t = (struct ring_tx){ .wake_fd = -1 };
}

void ring_rx_close(struct ring_rx *r)
{
	if (r->sh != NULL)
		(void)munmap(r->sh, RING_PAGE + 2 * (size_t)r->size);
	*r = (struct ring_rx){ .wake_fd = -1 };
}

/* frame_bytes is what a frame of n bytes takes; n <= RING_SIZE_MAX. */
static uint32_t frame_bytes(uint32_t n)
{
	return (n + RING_HEAD + RING_ALIGN - 1) & ~(uint32_t)(RING_ALIGN - 1);
}

/* ---- the writer ---- */

/* look reads the reader's index: it may only move forward, in whole frames, and not past what was
 * shown. */
static bool look(struct ring_tx *t)
{
	uint64_t tail = atomic_load_explicit(&t->sh->tail, memory_order_seq_cst);

	if (tail - t->tail_seen > t->published - t->tail_seen || tail % RING_ALIGN != 0) {
		t->broken = true;
		return false;
	}
	t->tail_seen = tail;
	return true;
}

/* What was published is read and released: nobody looks at any of the data. */
static void go_back(struct ring_tx *t)
{
	if (t->head != t->published || t->head - t->origin < RING_WARM || !look(t) ||
	    t->tail_seen != t->head)
		return;
	t->origin = t->head;
	atomic_store_explicit(&t->sh->origin, t->origin, memory_order_relaxed);
}

static char *writes_at(const struct ring_tx *t)
{
	return t->data + ((t->head - t->origin) & (t->size - 1));
}

static bool fits(const struct ring_tx *t, uint32_t bytes)
{
	return bytes <= t->size - (uint32_t)(t->head - t->tail_seen);
}

void *ring_reserve(struct ring_tx *t, uint32_t n)
{
	if (t->broken || n > t->size - RING_HEAD)
		return NULL;
	uint32_t bytes = frame_bytes(n);
	go_back(t);
	if (!fits(t, bytes)) {
		if (!look(t))
			return NULL;
		if (!fits(t, bytes)) {
			atomic_store_explicit(&t->sh->full, 1, memory_order_seq_cst);
			if (!look(t) || !fits(t, bytes))
				return NULL;
			atomic_store_explicit(&t->sh->full, 0, memory_order_relaxed);
		}
	}
	t->reserved = bytes;
	return writes_at(t) + RING_HEAD;
}

void ring_commit(struct ring_tx *t, uint32_t n)
{
	const uint32_t head[2] = { n, 0 };

	assert(n <= t->size && frame_bytes(n) <= t->reserved);
	memcpy(writes_at(t), head, sizeof head);
	t->head += frame_bytes(n);
	t->reserved = 0;
}

uint32_t ring_room(struct ring_tx *t)
{
	if (t->broken || !look(t))
		return 0;
	uint32_t left = t->size - (uint32_t)(t->head - t->tail_seen);
	return left < RING_HEAD ? 0 : left - RING_HEAD;
}

void ring_wake(const struct ring_tx *t)
{
	const uint64_t one = 1;

	/* A counter at its maximum gives EAGAIN; then the reader has been woken anyway. */
	ssize_t ignored = write(t->wake_fd, &one, sizeof one);
	(void)ignored;
}

void ring_publish(struct ring_tx *t)
{
	if (t->head == t->published)
		return;
	atomic_store_explicit(&t->sh->head, t->head, memory_order_seq_cst);
	t->published = t->head;
	if (atomic_load_explicit(&t->sh->sleeping, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&t->sh->sleeping, 0, memory_order_seq_cst))
		ring_wake(t);
}

/* ---- the reader ---- */

static enum err broken(struct ring_rx *r)
{
	r->broken = true;
	return ERR_SYNTAX;
}

/* advance reads the writer's index: only forward, in whole lines, and never more than a ring
 * ahead. Its origin cannot have moved while there is anything to read. */
static bool advance(struct ring_rx *r)
{
	uint64_t head = atomic_load_explicit(&r->sh->head, memory_order_acquire);
	uint64_t ahead = head - r->released;

	r->origin = atomic_load_explicit(&r->sh->origin, memory_order_relaxed);
	if (ahead < r->head_seen - r->released || ahead > r->size || head % RING_ALIGN != 0 ||
	    r->origin % RING_ALIGN != 0)
		return false;
	r->head_seen = head;
	return true;
}

enum err ring_next(struct ring_rx *r, struct str *out)
{
	if (r->broken)
		return ERR_SYNTAX;
	if (r->tail == r->head_seen) {
		if (!advance(r))
			return broken(r);
		if (r->tail == r->head_seen)
			return ERR_AGAIN;
	}
	const char *at = r->data + ((r->tail - r->origin) & (r->size - 1));
	/* Read once: what the writer changes after this cannot matter. */
	uint32_t n = *(const volatile uint32_t *)(const volatile void *)at;
	if (n > r->size - RING_HEAD || frame_bytes(n) > r->head_seen - r->tail)
		return broken(r);
	r->tail += frame_bytes(n);
	*out = (struct str){ at + RING_HEAD, n };
	return OK;
}

bool ring_release(struct ring_rx *r)
{
	if (r->tail == r->released)
		return false;
	atomic_store_explicit(&r->sh->tail, r->tail, memory_order_seq_cst);
	r->released = r->tail;
	return atomic_load_explicit(&r->sh->full, memory_order_seq_cst) &&
	       atomic_exchange_explicit(&r->sh->full, 0, memory_order_seq_cst);
}

bool ring_sleep(struct ring_rx *r)
{
	atomic_store_explicit(&r->sh->sleeping, 1, memory_order_seq_cst);
	/* A difference is enough; whether it is an honest one, ring_next finds out. */
	if (atomic_load_explicit(&r->sh->head, memory_order_seq_cst) == r->tail)
		return false;
	ring_awake(r);
	return true;
}

void ring_awake(struct ring_rx *r)
{
	if (atomic_load_explicit(&r->sh->sleeping, memory_order_relaxed))
		atomic_store_explicit(&r->sh->sleeping, 0, memory_order_relaxed);
}
