/*
 * bench/micro/advisory_bench.c - an index of a quarter of a million records: how long it takes to make,
 * how large it is, and how fast it answers. Prints name, count, seconds or ns, separated by tabs.
 */
#include "advisory/answer.h"
#include "advisory/index_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { RECORDS = 250000, ASKED = 200000 };

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A record like those that there are most of: malware of npm with a few versions; each eighth a
 * vulnerability with two ranges. The text between is what readers have to skip. */
static void write_record(struct buf *b, unsigned i)
{
	buf_reset(b);
	if (i % 8) {
		buf_addf(b, "{\"modified\":\"2026-03-26T09:53:17Z\",\"published\":\"2026-03-24T11:15:14Z\","
			    "\"schema_version\":\"1.7.4\",\"id\":\"MAL-2025-%u\",\"aliases\":[\"GHSA-x-%u\"],"
			    "\"summary\":\"Malicious code in package-%u (npm)\",\"details\":\"", i, i, i);
		for (int k = 0; k < 6; k++)
			buf_add(b, S("Any computer that has this package installed or running should be "
				     "considered fully compromised.\\n"));
		buf_addf(b, "\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"package-%u\"},"
			    "\"versions\":[\"1.0.0\",\"1.0.1\",\"2.0.%u\"]}]}", i, i % 100);
	} else {
		buf_addf(b, "{\"id\":\"GHSA-v-%u\",\"modified\":\"2026-01-01T00:00:00Z\",\"aliases\":[\"CVE-2026-%u\"],"
			    "\"summary\":\"Something in library-%u\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\","
			    "\"name\":\"library-%u\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},"
			    "{\"fixed\":\"1.%u.3\"},{\"introduced\":\"2.0\"},{\"fixed\":\"2.%u\"}]}]}]}",
			 i, i, i % 5000, i % 5000, i % 50, i % 30);
	}
}

static void make(struct index_build *b)
{
	struct buf text;
	struct arena a;

	buf_init(&text, 1 << 20);
	arena_init(&a, 16 << 20);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct osv_record r;
		write_record(&text, i);
		arena_reset(&a);
		if (osv_read(&a, buf_str(&text), &r, NULL) != OK || index_build_add(b, &r) != OK)
			abort();
	}
	arena_done(&a);
	buf_free(&text);
}

/* ask_all asks for releases of one kind and gives the mean in ns. */
static double ask_all(const struct advisory_index *ix, enum ecosystem eco, const char *name,
		      unsigned step, unsigned of, const char *version)
{
	struct advisory_hit hits[8];
	size_t n, found = 0;
	char room[64];
	double from = now_s();

	for (unsigned i = 0; i < ASKED; i++) {
		int len = snprintf(room, sizeof room, "%s%u", name, (i * 7919u * step) % of);
		if (advisory_match(ix, eco, (struct str){ room, (size_t)len }, str_z(version), hits, 8,
				   &n) != OK)
			abort();
		found += n;
	}
	double ns = (now_s() - from) * 1e9 / ASKED;
	fprintf(stderr, "%s%s: %zu hits\n", name, version, found);
	return ns;
}

int main(void)
{
	struct index_build *b = index_build_new();
	struct str parts[INDEX_PARTS];
	struct advisory_index ix;
	struct rusage used;
	struct buf file;

	double from = now_s();
	make(b);
	printf("read and add\t%d\t%.2f s\n", RECORDS, now_s() - from);
	from = now_s();
	if (index_build_finish(b, parts, NULL) != OK)
		abort();
	printf("sort and digest\t%d\t%.2f s\n", RECORDS, now_s() - from);
	(void)getrusage(RUSAGE_SELF, &used);
	printf("memory\t%ld\tMB\n", used.ru_maxrss / 1024);
	buf_init(&file, INDEX_MAX);
	for (size_t i = 0; i < INDEX_PARTS; i++)
		buf_add(&file, parts[i]);
	printf("index\t%zu\tMB\n", file.n >> 20);
	from = now_s();
	if (advisory_open(buf_str(&file), &ix, NULL) != OK)
		abort();
	printf("open\t1\t%.1f us\n", (now_s() - from) * 1e6);
	from = now_s();
	if (advisory_check(&ix, NULL) != OK)
		abort();
	printf("check digest\t1\t%.1f ms\n", (now_s() - from) * 1e3);
	printf("ask, malicious\t%d\t%.0f ns\n", ASKED, ask_all(&ix, ECO_NPM, "package-", 1, RECORDS, "1.0.1"));
	printf("ask, unknown name\t%d\t%.0f ns\n", ASKED, ask_all(&ix, ECO_NPM, "other-", 1, RECORDS, "1.0.1"));
	printf("ask, 50 records\t%d\t%.0f ns\n", ASKED, ask_all(&ix, ECO_PYPI, "library-", 8, 5000, "1.40.1"));
	index_build_free(b);
	buf_free(&file);
	return 0;
}
