/*
 * bench/detonation/canary_bench.c - the detector of planted secrets: how fast it reads, and what it
 * finds.
 *
 *	canary -t           the tokens, one a line; the same in every run
 *	canary FILE...      for each: name, bytes, ns, GB/s, tokens found; tabs between
 */
#include "inspect/canary.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void tokens_of(struct canaries *out)
{
	uint8_t random[CANARY_RANDOM];
	uint32_t state = 1;

	for (size_t i = 0; i < sizeof random; i++) {
		state = state * 1664525 + 1013904223;
		random[i] = (uint8_t)(state >> 24);
	}
	canaries_make(out, random);
}

static void scan(struct canary_scanner *s, const char *name, struct str bytes)
{
	static struct canary_hits hits;
	double best = 1e9;

	for (int round = 0; round < 3; round++) {
		memset(&hits, 0, sizeof hits);
		double start = seconds();
		canary_scan(s, bytes, &hits);
		double took = seconds() - start;
		best = took < best ? took : best;
	}
	printf("%s\t%zu\t%.0f\t%.3f\t%u\n", name, bytes.n, best * 1e9,
	       (double)bytes.n / (best * 1e9), hits.n);
}

int main(int argc, char **argv)
{
	struct canaries tokens;

	tokens_of(&tokens);
	if (argc == 2 && strcmp(argv[1], "-t") == 0) {
		for (unsigned i = 0; i < CANARY_COUNT; i++)
			printf("%.*s\n", FMT(canary_text(&tokens, i)));
		return EXIT_SUCCESS;
	}
	struct canary_scanner *s = canary_scanner_new(&tokens);
	for (int i = 1; i < argc && s != NULL; i++) {
		struct buf b;
		buf_init(&b, 64 << 20);
		if (!slurp(argv[i], &b)) {
			fprintf(stderr, "canary: cannot read '%s'\n", argv[i]);
			return EXIT_FAILURE;
		}
		scan(s, argv[i], buf_str(&b));
		buf_free(&b);
	}
	canary_scanner_free(s);
	return s != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
