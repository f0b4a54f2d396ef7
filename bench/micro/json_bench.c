/* bench/micro/json_bench.c - json_parse and json_read on chat requests. */
#include "bench/micro/bench.h"
#include "bench/micro/bodies.h"
#include "codec/json.h"
#include "codec/json_scan.h"

enum { TOKENS = 4096 };

static void parse(struct str text, json_scan_fn *scan)
{
	static struct json toks[TOKENS];
	size_t n;

	BENCH_CHECK(json_parse_with(scan, text, toks, TOKENS, &n, NULL) == OK);
}

static void best(struct str text)
{
	parse(text, json_scan_best());
}

static void words(struct str text)
{
	parse(text, json_scan_words);
}

/* As ingress does it: values in an arena that lives for one request. */
static void into_arena(struct str text)
{
	static struct arena a;
	const struct json *root;

	if (a.budget == 0)
		arena_init(&a, 1 << 20);
	BENCH_CHECK(json_read(&a, text, &root, NULL) == OK);
	arena_reset(&a);
}

/* What a member costs at worst: very many names, all different. */
static void many_names(struct buf *b)
{
	buf_addc(b, '{');
	for (unsigned i = 0; i < 100000; i++)
		buf_addf(b, "%s\"member%u\":%u", i ? "," : "", i, i % 10);
	buf_addc(b, '}');
}

static void large(struct str text)
{
	static struct json toks[200001];
	size_t n;

	BENCH_CHECK(json_parse(text, toks, 200001, &n, NULL) == OK);
}

int main(void)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	for (int kind = 0; kind < BODY_COUNT; kind++) {
		buf_reset(&b);
		body_make(&b, kind);
		bench_row("json_parse", buf_str(&b), best);
		bench_row("json_parse, no AVX2", buf_str(&b), words);
		bench_row("json_read", buf_str(&b), into_arena);
	}
	buf_reset(&b);
	many_names(&b);
	bench_row("json_parse, 100000 names", buf_str(&b), large);
	buf_reset(&b);
	buf_addc(&b, '"');
	for (unsigned i = 0; i < 350000; i++)
		buf_add(&b, S("\xe6\x96\x87"));
	buf_addc(&b, '"');
	bench_row("json_parse, Chinese text", buf_str(&b), best);
	buf_free(&b);
	return 0;
}
