/*
 * fuzz/gemini_request_fuzz.c - a generateContent request, whatever the bytes.
 * Oracle: a refusal names a field; what is accepted can be said in each dialect once everything
 * inexpressible is dropped, as JSON that the target's own decoder accepts; read and written again
 * for Gemini nothing changes any more.
 */
#include "fuzz/fuzz.h"
#include "llm/gemini.h"

static struct arena arena;
static struct buf out, second, third;

static bool spent(enum err e)
{
	return e == ERR_NOMEM || e == ERR_LIMIT;
}

static enum err encode(const struct llm_request *r, enum llm_dialect target, bool drop,
		       struct buf *to)
{
	struct diag d = { .err = OK };
	struct llm_opts o = { .model = S("gemini-3-flash"), .drop_params = drop,
			      .arena = &arena, .diag = &d,
			      .default_max_tokens = 4096 };

	if (target == DIALECT_ANTHROPIC)
		o.model = S("claude-sonnet-4-5"); /* whose schemas are closed */
	buf_reset(to);
	enum err e = dialects[target]->encode_request(r, &o, to);
	CHECK(e == OK || spent(e) || (!drop && e == ERR_UNSUPPORTED && d.param[0] != '\0'));
	return e;
}

/* again decodes what stands in from for the target and encodes it for Gemini into to. */
static bool again(enum llm_dialect target, const struct buf *from, struct buf *to)
{
	const struct json *root = NULL;
	struct diag d = { .err = OK };
	struct llm_request back;

	enum err e = json_read(&arena, arena_dup(&arena, buf_str(from)), &root, NULL);
	if (spent(e))
		return false;
	CHECK(e == OK);
	e = dialects[target]->decode_request(root, &back, &arena, &d);
	if (e != OK && !spent(e))
		fprintf(stderr, "%s refuses %s: %s\n%.*s\n", dialects[target]->name, d.param,
			diag_text(&d), FMT(buf_str(from)));
	CHECK(e == OK || spent(e));
	return e == OK && encode(&back, DIALECT_GEMINI, true, to) == OK;
}

static void check_target(const struct llm_request *r, enum llm_dialect target)
{
	(void)encode(r, target, false, &out);
	if (encode(r, target, true, &out) != OK || !again(target, &out, &second) ||
	    target != DIALECT_GEMINI)
		return;
	/* The first writing may drop what stood between two pieces of a thought, the second joins
	 * them. */
	if (again(target, &second, &third))
		CHECK(str_eq(buf_str(&second), buf_str(&third)));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_request r;
	struct diag d = { .err = OK };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
		buf_init(&second, 16 << 20);
		buf_init(&third, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	enum err e = dialect_gemini.decode_request(root, &r, &arena, &d);
	CHECK(e == OK || e == ERR_NOMEM ||
	      (e == ERR_SYNTAX && (d.param[0] != '\0' || root->type != JSON_OBJECT)));
	if (e != OK)
		return 0;
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_target(&r, (enum llm_dialect)t);
	return 0;
}
