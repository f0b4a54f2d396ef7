/*
 * fuzz/anthropic_request_fuzz.c - a request (or an answer) of the Messages API, whatever the bytes.
 * Oracle: what is accepted can be said in each dialect once everything inexpressible is dropped,
 * the output is JSON, and the target's own decoder accepts it. An answer survives the way through
 * its dialect.
 */
#include "fuzz/fuzz.h"
#include "llm/count.h"
#include "llm/llm.h"

static struct arena arena;
static struct buf out;

static void check_request(const struct llm_request *r, enum llm_dialect target)
{
	struct diag d = { .err = OK };
	struct llm_opts o = { .model = S("claude-sonnet-4-5"), .drop_params = true, .arena = &arena,
			      .diag = &d,
			      .default_max_tokens = 4096 };
	const struct dialect *to = dialects[target];
	const struct json *root = NULL;
	struct llm_request again;

	if (to->encode_request == NULL)
		return;
	buf_reset(&out);
	enum err e = to->encode_request(r, &o, &out);
	if (e == ERR_NOMEM || e == ERR_LIMIT)
		return;
	/* Google cannot place a result whose call is missing: there is no field to drop. */
	if (e != OK && target == DIALECT_GEMINI && d.param[0] != '\0')
		return;
	CHECK(e == OK);
	CHECK(json_read(&arena, buf_str(&out), &root, NULL) == OK);
	e = to->decode_request(root, &again, &arena, &d);
	if (e == ERR_SYNTAX && refused_base64(d.param))
		return;
	if (e != OK && e != ERR_NOMEM && e != ERR_LIMIT)
		fprintf(stderr, "%s refuses %.*s: %s\n%.*s\n", to->name, FMT(str_z(d.param)),
			diag_text(&d),
			FMT(buf_str(&out)));
	CHECK(e == OK || e == ERR_NOMEM || e == ERR_LIMIT);
	buf_reset(&out);
	o.drop_params = false;
	e = to->encode_request(r, &o, &out);
	CHECK(e == OK || e == ERR_NOMEM || e == ERR_LIMIT ||
	      (e == ERR_UNSUPPORTED && d.param[0] != '\0'));
}

static void check_answer(const struct json *root)
{
	struct llm_response r, again;
	struct diag d = { .err = OK };
	const struct json *v = NULL;

	if (dialect_anthropic.decode_response(root, &r, &arena, &d) != OK)
		return;
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		if (dialects[t]->encode_response == NULL)
			continue;
		buf_reset(&out);
		if (dialects[t]->encode_response(&r, &arena, &out) != OK)
			continue;
		CHECK(json_read(&arena, buf_str(&out), &v, NULL) == OK);
		CHECK(dialects[t]->decode_response(v, &again, &arena, &d) == OK);
		if (t == DIALECT_ANTHROPIC)
			CHECK(again.usage.input == r.usage.input &&
			      again.usage.output == r.usage.output);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_request r;
	struct diag d = { .err = OK };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	check_answer(root);
	enum err e = dialect_anthropic.decode_request(root, &r, &arena, &d);
	CHECK(e == OK || d.param[0] != '\0' || e == ERR_NOMEM);
	if (e != OK)
		return 0;
	CHECK(llm_count_estimate(&r) >= 0);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_request(&r, (enum llm_dialect)t);
	return 0;
}
