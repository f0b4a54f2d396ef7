/*
 * fuzz/check_cache_fuzz.c - what an earlier run remembered, written by anybody. Oracles: nothing
 * outside of the bytes is read; a slot that is found is of the file that was asked for; what is
 * kept and written is found again, and a report for no other seal than its own.
 */
#include "checker/cache.h"

#include "crypto/sha256.h"
#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static int file_of(struct str a, struct str b)
{
	int fd = memfd_create("cache", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, a.p, a.n) == (ssize_t)a.n &&
	      write(fd, b.p, b.n) == (ssize_t)b.n);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct entry e = { .size = 1 };
	struct findings f;
	struct cache c;
	struct arena a;
	char head[40] = "yettmem4";

	if (n < 24)
		return 0;
	sha256(S("build"), (uint8_t *)head + 8);
	int fd = file_of((struct str){ head, sizeof head }, in);
	arena_init(&a, 8 << 20);
	findings_init(&f, &a);
	cache_open(&c, fd, S("build"), INT64_MAX);
	struct str report = { NULL, 0 };
	CHECK(!cache_report(&c, c.seal, &a, &report) || report.n <= n);
	CHECK(!cache_notes(&c, &report) || report.n <= n);
	cache_load(&c);
	memcpy(&e.ino, p, 8);
	memcpy(&e.mtime_ns, p + 8, 8);
	const struct cache_slot *s = cache_get(&c, &e);
	CHECK(s == NULL || (s->ino == e.ino && s->size == 1));
	for (uint32_t i = 0; i < c.n; i++) {
		(void)cache_findings(&c, &c.slots[i], S(""), S("x"), &f);
		cache_keep(&c, &c.slots[i]);
	}
	e.ino = 7;
	e.mtime_ns = 5;
	cache_put(&c, &e, 1, 1, NULL, 0);
	int out = memfd_create("out", MFD_CLOEXEC);
	const uint8_t seal[32] = { 1 }, other[32] = { 2 };
	c.dirty = true;
	CHECK(cache_write(&c, seal, S("report"), S("notes to"), out) == OK);
	cache_done(&c);
	cache_open(&c, out, S("build"), 0);
	CHECK(!cache_report(&c, other, &a, &report));
	CHECK(cache_report(&c, seal, &a, &report) && str_eq(report, S("report")));
	CHECK(cache_notes(&c, &report) && str_eq(report, S("notes to")));
	cache_load(&c);
	s = cache_get(&c, &e);
	CHECK(s != NULL && s->role == 1 && s->n_findings == 0);
	cache_done(&c);
	arena_done(&a);
	(void)close(fd);
	(void)close(out);
	return 0;
}
