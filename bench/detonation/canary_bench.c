/*
 * bench/detonation/canary_bench.c - how fast the detector reads, and that it finds nothing in
 * honest bytes. usage: canary FILE...; prints bytes, megabytes a second and tokens found for each.
 */
#include "inspect/canary.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool slurp(const char *path, struct buf *b)
{
	FILE *in = fopen(path, "re");
	char *at;
	size_t n;

	if (in == NULL)
		return false;
	while ((at = buf_room(b, 1 << 16)) != NULL && (n = fread(at, 1, 1 << 16, in)) > 0)
		buf_grew(b, n);
	return fclose(in) == 0 && b->err == OK;
}

int main(int argc, char **argv)
{
	struct canary_hits *hits = calloc(1, sizeof *hits);
	uint8_t random[CANARY_RANDOM];
	struct canaries tokens;
	unsigned found = 0;

	if (hits == NULL || getrandom(random, sizeof random, 0) != sizeof random)
		return EXIT_FAILURE;
	canaries_make(&tokens, random);
	double start = seconds();
	struct canary_scanner *s = canary_scanner_new(&tokens);
	printf("%-40s %8.2f ms\n", "prepare", (seconds() - start) * 1e3);
	for (int i = 1; i < argc && s != NULL; i++) {
		struct buf b;
		buf_init(&b, 64 << 20);
		if (!slurp(argv[i], &b)) {
			fprintf(stderr, "canary: cannot read '%s'\n", argv[i]);
			return EXIT_FAILURE;
		}
		memset(hits, 0, sizeof *hits);
		start = seconds();
		canary_scan(s, buf_str(&b), hits);
		double took = seconds() - start;
		printf("%-40s %8.1f MB/s %8.2f MB %u found%s\n", argv[i], (double)b.n / took / 1e6,
		       (double)b.n / 1e6, hits->n, hits->truncated ? " (bounded)" : "");
		found += hits->n;
		buf_free(&b);
	}
	canary_scanner_free(s);
	free(hits);
	return found ? EXIT_FAILURE : EXIT_SUCCESS;
}
