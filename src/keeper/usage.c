/*
 * keeper/usage.c - drains the usage files.
 * Input: hostile (a subverted ingress writes its file as it likes).
 * Runs in: keeper.   Fuzz: fuzz/control_fuzz.c, for the queue
 *
 * The files are read with pread, not through a mapping: a writer that cuts its file short then
 * gives an error here and not a SIGBUS.
 */
#include "keeper/usage.h"

#include "codec/utf8.h"
#include "sys/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TICK_MS = 50,
	RETRY_MS = 1000,
	SYNC_MS = 100,
	PUBLISH_MS = 1000,
	SETTLE_MS = 1000,
	CATCH_UP = 8192,
	ROUNDS = 64
};

/* One record's bounds: sums over a batch stay far from the end of the integers. */
enum { TOKENS_MAX = 1000000000 };
static const int64_t cost_max = INT64_C(1000000000000000); /* a thousand dollars */
static const int64_t day_ms = 86400000;

static_assert(USAGE_BATCH * INT64_C(1000000000000000) < INT64_MAX / 4,
	      "a batch's cost fits its sum");

/* What lies at byte at of a usage file. */
static bool get(int fd, size_t at, void *out, size_t n)
{
	return pread(fd, out, n, (off_t)at) == (ssize_t)n;
}

static bool get_u64(int fd, size_t at, uint64_t *out)
{
	return get(fd, at, out, sizeof *out);
}

static bool put_u64(int fd, size_t at, uint64_t v)
{
	ssize_t n = pwrite(fd, &v, sizeof v, (off_t)at);

	if (n >= 0 && n != (ssize_t)sizeof v)
		errno = ENOSPC; /* why a file takes only a part; the kernel says it of the next */
	return n == (ssize_t)sizeof v;
}

#define HEAD_AT	   offsetof(struct usage_file, head)
#define TAIL_AT	   offsetof(struct usage_file, tail)
#define RECORDS_AT offsetof(struct usage_file, records)

static struct str meta_name(unsigned worker, char *out, size_t cap)
{
	int n = snprintf(out, cap, "usage.%u", worker);

	return (struct str){ out, (size_t)n };
}

/*
 * Whatever the file says, reading goes on where the database stands. The head is touched only when
 * it is wrong: an ingress of a keeper that was just killed may still be putting its last records.
 */
static enum err take_up(struct usage *u, unsigned worker, int fd, struct diag *d)
{
	struct usage_source *src = &u->sources[worker];
	uint64_t magic = 0, head = 0, tail = 0;
	char name[32];
	int64_t at;

	bool known = get_u64(fd, 0, &magic) && magic == USAGE_MAGIC &&
		     get_u64(fd, HEAD_AT, &head) && get_u64(fd, TAIL_AT, &tail);
	TRY(store_meta(u->store, meta_name(worker, name, sizeof name), known ? (int64_t)tail : 0,
		       &at, d));
	src->at = (uint64_t)at;
	/* After a power cut the file may be older than the database; its records are in it already.
	 */
	bool wrong = !known || head - src->at > USAGE_MAX;
	if ((wrong && !put_u64(fd, HEAD_AT, src->at)) || !put_u64(fd, TAIL_AT, src->at) ||
	    !put_u64(fd, 0, USAGE_MAGIC))
		return diag_set(d, ERR_SYS, "cannot write a usage file: %s", strerror(errno));
	src->fd = fd;
	return OK;
}

static enum err open_file(struct usage *u, unsigned worker, bool make, struct diag *d)
{
	char path[sizeof u->dir + 32];

	(void)snprintf(path, sizeof path, "%s/%u", u->dir, worker);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
	if (fd < 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	/* All blocks now: a full disk must not become a SIGBUS in ingress later. */
	int rc = posix_fallocate(fd, 0, (off_t)sizeof(struct usage_file));
	if (rc != 0) {
		(void)close(fd);
		return diag_set(d, ERR_SYS, "cannot make room of %zu MB for '%s': %s",
				(sizeof(struct usage_file) >> 20) + 1, path, strerror(rc));
	}
	enum err e = take_up(u, worker, fd, d);
	if (e != OK)
		(void)close(fd);
	return e;
}

enum err usage_open(struct usage *u, struct store *s, struct ledger *l, const char *dir,
		    struct diag *d)
{
	memset(u, 0, sizeof *u);
	u->store = s;
	u->ledger = l;
	for (unsigned i = 0; i < LIMIT_WORKERS; i++)
		u->sources[i].fd = -1;
	if (strlen(dir) >= sizeof u->dir)
		return diag_set(d, ERR_LIMIT, "'%s' is too long for a path", dir);
	memcpy(u->dir, dir, strlen(dir) + 1);
	TRY(fs_mkdirs(dir, d));
	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		enum err e = open_file(u, i, false, d);
		if (e != OK && e != ERR_NOT_FOUND) {
			usage_close(u);
			return e;
		}
	}
	return OK;
}

void usage_close(struct usage *u)
{
	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		fd_closep(&u->sources[i].fd);
		u->sources[i].fd = -1;
	}
}

enum err usage_file_for(struct usage *u, unsigned worker, int *out_fd, struct diag *d)
{
	assert(worker < LIMIT_WORKERS);
	if (u->sources[worker].fd < 0)
		TRY(open_file(u, worker, true, d));
	*out_fd = u->sources[worker].fd;
	return OK;
}

void usage_mend(struct usage *u, unsigned worker)
{
	struct usage_source *src = &u->sources[worker];
	uint64_t head;

	src->lied = false;
	if (src->fd < 0 || posix_fallocate(src->fd, 0, (off_t)sizeof(struct usage_file)) != 0)
		return;
	bool wrong = !get_u64(src->fd, HEAD_AT, &head) || head - src->at > USAGE_MAX;
	if ((wrong && !put_u64(src->fd, HEAD_AT, src->at)) || !put_u64(src->fd, TAIL_AT, src->at))
		src->lied = true; /* once more, later */
}

/* Text as it may be stored: UTF-8 without control characters, and nothing after its end. */
static void judge_text(char *field, size_t cap)
{
	size_t n = strnlen(field, cap), bad;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)field[i];
		bool high = c == 0xc2 && i + 1 < n && (unsigned char)field[i + 1] < 0xa0;
		if (c < 0x20 || c == 0x7f || high)
			field[i] = '?'; /* of two bytes the second is alone then */
	}
	for (size_t at = 0; (bad = utf8_valid((struct str){ field + at, n - at })) != n - at;
	     at += bad + 1)
		field[at + bad] = '?';
	memset(field + n, 0, cap - n);
}

static int64_t within(int64_t v, int64_t max)
{
	return v < 0 ? 0 : v > max ? max : v;
}

static void judge(struct usage_record *r, int64_t wall_ms)
{
	r->end_ms = within(r->end_ms, wall_ms + day_ms);
	r->start_ms = within(r->start_ms, r->end_ms);
	r->input = within(r->input, TOKENS_MAX);
	r->cache_read = within(r->cache_read, TOKENS_MAX);
	r->cache_write = within(r->cache_write, TOKENS_MAX);
	r->output = within(r->output, TOKENS_MAX);
	r->reasoning = within(r->reasoning, TOKENS_MAX);
	r->cost_pico = within(r->cost_pico, cost_max);
	r->policy_generation &= INT64_MAX;
	judge_text(r->request_id, sizeof r->request_id);
	judge_text(r->model_asked, sizeof r->model_asked);
	judge_text(r->model_served, sizeof r->model_served);
	judge_text(r->deployment, sizeof r->deployment);
	judge_text(r->end_user, sizeof r->end_user);
}

/*
 * Reads at most max records of a source into out. *out_next is the position after them; records
 * that are out of sequence are passed over and counted, so that a damaged file does not stop the
 * rest.
 */
static uint32_t read_source(struct usage *u, struct usage_source *src, struct usage_record *out,
			    uint32_t max, uint64_t *out_next, int64_t wall_ms)
{
	uint64_t head;
	uint8_t moved[USAGE_CHUNKS];
	uint32_t kept = 0;

	*out_next = src->at;
	if (!get_u64(src->fd, HEAD_AT, &head) || head - src->at > USAGE_MAX) {
		src->lied = true;
		return 0;
	}
	atomic_thread_fence(memory_order_acquire);
	uint64_t ready = head - src->at, to_end = USAGE_CHUNK - src->at % USAGE_CHUNK;
	uint32_t n = (uint32_t)(ready < max ? ready : max);
	if (n > to_end)
		n = (uint32_t)to_end; /* what follows is read the next time */
	if (n && (!get(src->fd, offsetof(struct usage_file, moved), moved, sizeof moved) ||
		  !get(src->fd, RECORDS_AT + usage_slot(moved, src->at) * sizeof *out, out,
		       n * sizeof *out))) {
		src->lied = true;
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (out[i].seq != src->at + i + 1) {
			src->lied = true;
			u->dropped++;
			continue;
		}
		if (kept != i)
			out[kept] = out[i];
		judge(&out[kept++], wall_ms);
	}
	*out_next = src->at + n;
	return kept;
}

static enum err store_batch(struct usage *u, uint32_t n, const uint64_t *next, struct diag *d)
{
	char name[32];
	enum err e = store_begin(u->store, d);

	if (e == OK)
		e = store_calls(u->store, u->batch, n, d);
	for (unsigned i = 0; e == OK && i < LIMIT_WORKERS; i++)
		if (next[i] != u->sources[i].at)
			e = store_meta_set(u->store, meta_name(i, name, sizeof name),
					   (int64_t)next[i], d);
	if (e == OK)
		e = store_commit(u->store, d);
	if (e != OK)
		store_rollback(u->store);
	return e;
}

/* drain moves one batch. ERR_NOT_FOUND: there is nothing more. */
static enum err drain(struct usage *u, int64_t wall_ms, struct diag *d)
{
	uint64_t next[LIMIT_WORKERS], first = store_last(u->store) + 1;
	uint32_t n = 0;
	bool moved = false;

	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		struct usage_source *src = &u->sources[i];
		next[i] = src->at;
		if (src->fd >= 0 && n < USAGE_BATCH)
			n += read_source(u, src, u->batch + n, USAGE_BATCH - n, &next[i], wall_ms);
		moved = moved || next[i] != src->at;
	}
	if (!moved)
		return ERR_NOT_FOUND;
	TRY(store_batch(u, n, next, d));
	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		struct usage_source *src = &u->sources[i];
		if (next[i] == src->at)
			continue;
		src->at = next[i];
		if (!put_u64(src->fd, TAIL_AT, src->at))
			src->lied = true;
	}
	u->rows += n;
	u->unsynced = true;
	/* A failure here is the log's trouble, not the database's: it catches up later. */
	if (ledger_calls(u->ledger, first, u->batch, n) != OK)
		u->published_ms = 0;
	return OK;
}

static void log_tick(struct usage *u, int64_t now_ms, bool flush)
{
	enum err e = ledger_catch_up(u->ledger, flush ? UINT32_MAX : CATCH_UP);

	if (e == OK && (flush || now_ms - u->published_ms >= PUBLISH_MS)) {
		u->published_ms = now_ms;
		if (ledger_publish(u->ledger) == OK)
			u->unsynced = false;
	}
}

uint32_t usage_tick(struct usage *u, int64_t now_ms, int64_t wall_ms, bool flush)
{
	struct diag d = { 0 };
	enum err e = OK;

	for (int i = 0; e == OK && (flush || i < ROUNDS); i++)
		e = drain(u, wall_ms, &d);
	if ((e == OK || e == ERR_NOT_FOUND) && (flush || now_ms - u->settled_ms >= SETTLE_MS)) {
		/* No part of each batch: a row of sums costs as much as a call. */
		u->settled_ms = now_ms;
		e = store_settle_now(u->store, &d);
	}
	if (e != OK && e != ERR_NOT_FOUND) {
		(void)snprintf(u->trouble, sizeof u->trouble,
			       "finished calls wait in their files: %s", diag_text(&d));
		return RETRY_MS;
	}
	u->trouble[0] = '\0';
	log_tick(u, now_ms, flush);
	if (u->unsynced && now_ms - u->synced_ms >= SYNC_MS) {
		u->synced_ms = now_ms;
		u->unsynced = store_sync(u->store, &d) != OK;
	}
	return TICK_MS;
}

const char *usage_trouble(const struct usage *u)
{
	if (u->trouble[0])
		return u->trouble;
	return u->ledger->trouble[0] ? u->ledger->trouble : NULL;
}
