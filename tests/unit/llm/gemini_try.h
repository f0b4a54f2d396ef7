/*
 * tests/unit/llm/gemini_try.h - what the gemini dialect's tests share: texts in, texts out.
 */
#ifndef TESTS_GEMINI_TRY_H
#define TESTS_GEMINI_TRY_H

#include "llm/gemini.h"

#include "../check.h"

static struct arena try_arena;
static struct diag try_diag;
static struct buf try_out;

__attribute__((unused)) static void try_reset(void)
{
	arena_done(&try_arena);
	arena_init(&try_arena, 64 << 20);
	buf_free(&try_out);
	buf_init(&try_out, 16 << 20);
	try_diag = (struct diag){ .err = OK };
}

/* Tests are written with ' for ", and \1 for a real '. */
__attribute__((unused)) static struct str try_json(const char *z)
{
	struct str s = arena_dup(&try_arena, str_z(z));
	char *p = arena_alloc(&try_arena, s.n + 1, 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] == '\'' ? '"' : s.p[i] == 1 ? '\'' : s.p[i];
	return (struct str){ p, s.n };
}

__attribute__((unused)) static const struct json *try_parse(struct str text)
{
	const struct json *root = NULL;

	if (json_read(&try_arena, text, &root, NULL) != OK) {
		fprintf(stderr, "no JSON: %.*s\n", FMT(text));
		check_failed++;
		return NULL;
	}
	return root;
}

/* try_request decodes a Gemini request. */
__attribute__((unused)) static enum err try_request(const char *z, struct llm_request *out)
{
	const struct json *root = try_parse(try_json(z));

	return root ? dialect_gemini.decode_request(root, out, &try_arena, &try_diag) : ERR_SYNTAX;
}

/* try_encode writes a request for Gemini into try_out. */
__attribute__((unused)) static enum err try_encode(const struct llm_request *r, const char *model,
						   bool drop)
{
	struct llm_opts opts = { .model = str_z(model), .drop_params = drop, .arena = &try_arena,
				 .diag = &try_diag };

	buf_reset(&try_out);
	return dialect_gemini.encode_request(r, &opts, &try_out);
}

/* try_again decodes z and encodes it for Gemini again. */
__attribute__((unused)) static struct str try_again(const char *z, const char *model)
{
	struct llm_request r;

	if (try_request(z, &r) != OK || try_encode(&r, model, false) != OK)
		return (struct str){ try_diag.text, strlen(try_diag.text) };
	return buf_str(&try_out);
}

#define TRY_SAME(got, json) CHECK_STR((got), try_json(json))

#endif
