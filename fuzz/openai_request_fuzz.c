/*
 * fuzz/openai_request_fuzz.c - a chat completion request, whatever the bytes.
 * Oracle: what is wrong is named; what is accepted can be said in each dialect once everything
 * inexpressible is dropped, is JSON that the target's own decoder accepts, and says the same when it is
 * encoded twice; without dropping, a refusal names its field.
 */
#include "fuzz/fuzz.h"
#include "llm/llm.h"

static struct arena arena;
static struct buf out, twice;

static bool short_of_room(enum err e)
{
	return e == ERR_NOMEM || e == ERR_LIMIT;
}

static void check_target(const struct llm_request *r, enum llm_dialect target, bool compatible)
{
	struct diag d = { .err = OK };
	struct llm_opts o = { .model = compatible ? S("llama") : S("gpt-5"), .drop_params = true,
			      .compatible = compatible, .default_max_tokens = 4096, .arena = &arena,
			      .diag = &d };
	const struct dialect *to = dialects[target];
	const struct json *root = NULL;
	struct llm_request again;

	if (target == DIALECT_ANTHROPIC)
		o.model = S("claude-sonnet-4-5"); /* whose schemas are closed */

	buf_reset(&out);
	enum err e = to->encode_request(r, &o, &out);
	/* A result without its call has no place in Gemini's format, and no field to drop. */
	if (short_of_room(e) || (e != OK && target == DIALECT_GEMINI && d.param[0] != '\0'))
		return;
	CHECK(e == OK);
	CHECK(json_read(&arena, buf_str(&out), &root, NULL) == OK);
	e = to->decode_request(root, &again, &arena, &d);
	if (e == ERR_SYNTAX && refused_base64(d.param))
		return;
	if (e != OK && !short_of_room(e))
		fprintf(stderr, "%s refuses %.*s: %s\n%.*s\n", to->name, FMT(str_z(d.param)), diag_text(&d),
			FMT(buf_str(&out)));
	CHECK(e == OK || short_of_room(e));
	if (e == OK && target == DIALECT_OPENAI) { /* its own words survive */
		buf_reset(&twice);
		e = to->encode_request(&again, &o, &twice);
		bool same = e == OK && str_eq(buf_str(&out), buf_str(&twice));
		if (!same && !short_of_room(e))
			fprintf(stderr, "%.*s\n%.*s\n", FMT(buf_str(&out)), FMT(buf_str(&twice)));
		CHECK(same || short_of_room(e));
	}
	buf_reset(&out);
	o.drop_params = false;
	e = to->encode_request(r, &o, &out);
	CHECK(e == OK || short_of_room(e) || d.param[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_request r;
	struct diag d = { .err = OK };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
		buf_init(&twice, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	enum err e = dialect_openai.decode_request(root, &r, &arena, &d);
	CHECK(e == OK || d.text[0] != '\0' || e == ERR_NOMEM);
	if (e != OK)
		return 0;
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_target(&r, (enum llm_dialect)t, false);
	check_target(&r, DIALECT_OPENAI, true);
	return 0;
}
