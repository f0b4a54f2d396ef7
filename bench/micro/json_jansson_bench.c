/*
 * bench/micro/json_jansson_bench.c - the same chat requests through jansson (libjansson-dev),
 * asked to refuse duplicate names as we do. A program of its own: it shares symbols with json-c.
 */
#include "bench/micro/bench.h"
#include "bench/micro/bodies.h"

#include <jansson.h>

static void run_jansson(struct str text)
{
	json_t *v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

	BENCH_CHECK(v != NULL);
	json_decref(v);
}

int main(void)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	for (int kind = 0; kind < BODY_COUNT; kind++) {
		buf_reset(&b);
		body_make(&b, kind);
		bench_row("jansson", buf_str(&b), run_jansson);
	}
	buf_free(&b);
	return 0;
}
