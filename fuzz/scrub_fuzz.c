/*
 * fuzz/scrub_fuzz.c - keys in providers' errors. Oracle: doing it twice changes nothing more, JSON
 * stays JSON (two members whose names were keys may have one name then), what had nothing in it
 * comes back itself, and a planted key is gone.
 */
#include "fuzz/fuzz.h"

#include "codec/json.h"
#include "llm/scrub.h"

static bool is_json(struct arena *a, struct str s)
{
	const struct json *root;
	size_t at;

	if (json_read(a, s, &root, &at) == OK)
		return true;
	struct str name = str_head(str_tail(s, at), str_find(str_tail(s, at), S("\":")));
	return str_has_prefix(name, S("\"")) && str_find(name, S("[key removed]")) != SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct str key = SC(" sk-planted0123456789 ");
	struct str s = { (const char *)p, n };
	struct arena a;
	struct buf b;

	arena_init(&a, 64 << 20);
	struct str once = llm_scrub(s, &a);
	CHECK(once.p != NULL || n == 0);
	struct str twice = llm_scrub(once, &a);
	CHECK(twice.p == once.p && twice.n == once.n);
	CHECK(once.n <= 4 * n && (once.p == s.p || str_find(once, S("[key removed]")) != SIZE_MAX));
	if (is_json(&a, s))
		CHECK(is_json(&a, once));
	/* Not behind half an escape, which takes in what follows, nor where the fuzzer has found
	 * out what is planted and says it without a key's beginning. */
	if (str_chr(s, '\\') == SIZE_MAX && str_find(s, S("planted")) == SIZE_MAX) {
		buf_init(&b, 2 * n + 64);
		buf_add(&b, s);
		buf_add(&b, key);
		buf_add(&b, s);
		CHECK(str_find(llm_scrub(buf_str(&b), &a), S("planted0123456789")) == SIZE_MAX);
		buf_free(&b);
	}
	arena_done(&a);
	return 0;
}
