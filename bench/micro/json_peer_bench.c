/*
 * bench/micro/json_peer_bench.c - the same chat requests through the JSON libraries that Debian has
 * (libjson-c-dev, libcjson-dev, libyajl-dev). None of them refuses duplicate names.
 */
#include "bench/micro/bench.h"
#include "bench/micro/bodies.h"

#include <cjson/cJSON.h>
#include <json-c/json.h>
#include <yajl/yajl_parse.h>

static void run_json_c(struct str text)
{
	struct json_tokener *t = json_tokener_new();

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *v = json_tokener_parse_ex(t, text.p, (int)text.n);
	BENCH_CHECK(v != NULL);
	(void)json_object_put(v);
	json_tokener_free(t);
}

static void run_cjson(struct str text)
{
	cJSON *v = cJSON_ParseWithLength(text.p, text.n);

	BENCH_CHECK(v != NULL);
	cJSON_Delete(v);
}

/* Events without a tree, and UTF-8 checked: yajl's default. */
static void run_yajl(struct str text)
{
	static const yajl_callbacks none = { 0 };
	yajl_handle h = yajl_alloc(&none, NULL, NULL);

	BENCH_CHECK(yajl_parse(h, (const unsigned char *)text.p, text.n) == yajl_status_ok);
	BENCH_CHECK(yajl_complete_parse(h) == yajl_status_ok);
	yajl_free(h);
}

int main(void)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	for (int kind = 0; kind < BODY_COUNT; kind++) {
		buf_reset(&b);
		body_make(&b, kind);
		bench_row("json-c", buf_str(&b), run_json_c);
		bench_row("cJSON", buf_str(&b), run_cjson);
		bench_row("yajl", buf_str(&b), run_yajl);
	}
	buf_free(&b);
	return 0;
}
