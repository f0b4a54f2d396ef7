/*
 * fuzz/llm_sign_fuzz.c - ids and signatures that a client brings back, whatever the bytes.
 * Oracle: what is split off can stand in a JSON string; what was joined splits into the same again.
 */
#include "fuzz/fuzz.h"
#include "llm/llm.h"

static struct arena arena;
static struct buf out;

static void check_json(struct str esc)
{
	const struct json *v = NULL;

	buf_reset(&out);
	jw_esc(&out, esc);
	CHECK(json_read(&arena, buf_str(&out), &v, NULL) == OK && json_is(v, JSON_STRING));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *v = NULL;
	enum llm_dialect origin, back;
	struct str sig, raw;

	if (out.max == 0) {
		arena_init(&arena, 16 << 20);
		buf_init(&out, 16 << 20);
	}
	arena_reset(&arena);
	/* Such strings come out of a JSON text: what no JSON string can hold never gets here. */
	buf_reset(&out);
	jw_str(&out, (struct str){ (const char *)p, n });
	struct str text = arena_dup(&arena, buf_str(&out));
	CHECK(json_read(&arena, text, &v, NULL) == OK);
	struct str esc = json_esc(v);
	struct str id = llm_id_split(&arena, esc, &origin, &sig);
	check_json(id);
	if (sig.p != NULL)
		check_json(sig);
	if (llm_args_any(&arena, esc, &raw) == OK)
		CHECK(json_read(&arena, raw, &v, NULL) == OK && json_is(v, JSON_OBJECT));
	check_json(llm_args_esc(&arena, raw));
	(void)llm_untag(esc, DIALECT_ANTHROPIC, &origin);

	struct str joined = llm_id_join(&arena, S("call_1"), DIALECT_GEMINI, esc), again;
	CHECK(joined.p != NULL);
	CHECK(str_eq(llm_id_split(&arena, joined, &back, &again), esc.n ? S("call_1") : joined));
	if (esc.n == 0)
		return 0;
	CHECK(back == DIALECT_GEMINI);
	/* Equal as strings; the spelling of escapes may differ. */
	buf_reset(&out);
	json_unescape(&out, again);
	struct str plain = arena_dup(&arena, buf_str(&out));
	buf_reset(&out);
	json_unescape(&out, esc);
	CHECK(str_eq(buf_str(&out), plain));
	return 0;
}
