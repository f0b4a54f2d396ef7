/*
 * fuzz/gemini_schema_fuzz.c - an OpenAPI schema in Google's spelling, whatever the bytes.
 * Oracle: the result is JSON, and what has been turned into JSON Schema once is not changed by a
 * second turn, but for what stands for null.
 */
#include "fuzz/fuzz.h"
#include "llm/echo.h"
#include "llm/gemini.h"

static struct arena arena;
static struct buf out;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL, *turned = NULL;
	struct str once, twice;

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 1 << 20);
	}
	arena_reset(&arena);
	buf_reset(&out);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	enum err e = gemini_schema(&arena, root, &once);
	CHECK(e == OK || e == ERR_SYNTAX || e == ERR_NOMEM);
	if (e != OK)
		return 0;
	e = json_read(&arena, once, &turned, NULL);
	CHECK(e == OK || e == ERR_NOMEM);
	if (e != OK || gemini_schema(&arena, turned, &twice) != OK)
		return 0;
	CHECK(str_eq(once, twice));
	e = echo_instance(&arena, once, &out);
	CHECK(e == OK || e == ERR_NOMEM || e == ERR_LIMIT);
	if (e == OK)
		CHECK(json_read(&arena, buf_str(&out), &root, NULL) == OK);
	return 0;
}
