/*
 * fuzz/gemini_request_fuzz.c - a generateContent request, whatever the bytes.
 * Oracle: a refusal names a field; what is accepted can be said in each dialect once everything inexpressible
 * is dropped, as JSON that the target's own decoder accepts; read and written again for Gemini nothing
 * changes any more.
 */
#include "fuzz/fuzz.h"
#include "llm/gemini.h"

static struct arena arena;
static struct buf out, again_out;

static bool spent(enum err e)
{
	return e == ERR_NOMEM || e == ERR_LIMIT;
}

static enum err encode(const struct llm_request *r, enum llm_dialect target, bool drop, struct buf *to)
{
	struct diag d = { .err = OK };
	struct llm_opts o = { .model = S("gemini-3-flash"), .drop_params = drop, .arena = &arena, .diag = &d,
			      .default_max_tokens = 4096 };

	buf_reset(to);
	enum err e = dialects[target]->encode_request(r, &o, to);
	CHECK(e == OK || spent(e) || (!drop && e == ERR_UNSUPPORTED && d.param[0] != '\0'));
	return e;
}

static void check_target(const struct llm_request *r, enum llm_dialect target)
{
	const struct json *root = NULL;
	struct diag d = { .err = OK };
	struct llm_request back;

	(void)encode(r, target, false, &out);
	if (encode(r, target, true, &out) != OK)
		return;
	enum err e = json_read(&arena, buf_str(&out), &root, NULL);
	if (spent(e))
		return;
	CHECK(e == OK);
	e = dialects[target]->decode_request(root, &back, &arena, &d);
	if (e != OK && !spent(e))
		fprintf(stderr, "%s refuses %s: %s\n%.*s\n", dialects[target]->name, d.param, diag_text(&d),
			FMT(buf_str(&out)));
	CHECK(e == OK || spent(e));
	if (e != OK || target != DIALECT_GEMINI || encode(&back, target, true, &again_out) != OK)
		return;
	if (!str_eq(buf_str(&out), buf_str(&again_out)))
		fprintf(stderr, "%.*s\n%.*s\n", FMT(buf_str(&out)), FMT(buf_str(&again_out)));
	CHECK(str_eq(buf_str(&out), buf_str(&again_out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_request r;
	struct diag d = { .err = OK };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
		buf_init(&again_out, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	enum err e = dialect_gemini.decode_request(root, &r, &arena, &d);
	CHECK(e == OK || e == ERR_NOMEM || (e == ERR_SYNTAX && (d.param[0] != '\0' || root->type != JSON_OBJECT)));
	if (e != OK)
		return 0;
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_target(&r, (enum llm_dialect)t);
	return 0;
}
