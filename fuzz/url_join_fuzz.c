/*
 * fuzz/url_join_fuzz.c - the first line is a base, the rest a reference. Oracle: the result is an
 * http or https URL of visible ASCII; unless the reference names another host it has the base's
 * origin; it means itself when it is joined again.
 */
#include "fuzz/fuzz.h"

#include "codec/url_join.h"

static void check(struct str base, struct str ref)
{
	struct buf b, again;

	buf_init(&b, 1 << 16);
	buf_init(&again, 1 << 16);
	if (url_join(base, ref, &b) == OK) {
		struct str out = buf_str(&b);
		CHECK(str_ieq(str_head(out, 4), S("http")) && str_find(out, S("://")) != SIZE_MAX);
		if (str_chr(ref, ':') == SIZE_MAX && !str_has_prefix(str_trim(ref), S("//")))
			CHECK(str_eq(url_origin(out), url_origin(base)));
		if (out.n <= 2048 && url_join(base, out, &again) == OK)
			CHECK(str_eq(buf_str(&again), out));
	}
	buf_free(&b);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str ref, base = str_cut((struct str){ (const char *)p, n }, '\n', &ref);

	if (base.n > 2048)
		return 0;
	check(base, ref);
	check(S("https://host.example/simple/a/"), (struct str){ (const char *)p, n });
	return 0;
}
