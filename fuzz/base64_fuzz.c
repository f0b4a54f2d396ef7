/*
 * fuzz/base64_fuzz.c - oracle: decode(encode(x)) is x, and what decodes is the one spelling of its
 * bytes.
 */
#include "fuzz/fuzz.h"

#include "codec/base64.h"

static void check(struct str in, enum base64_kind kind)
{
	struct buf text, raw;

	buf_init(&text, in.n * 2 + 16);
	buf_init(&raw, in.n * 2 + 16);
	base64_encode(&text, in, kind);
	CHECK(base64_valid(buf_str(&text), kind));
	CHECK(base64_decode(&raw, buf_str(&text), kind) == OK && str_eq(buf_str(&raw), in));
	buf_reset(&text);
	buf_reset(&raw);
	enum err e = base64_decode(&raw, in, kind);
	CHECK((e == OK) == base64_valid(in, kind));
	if (e == OK) {
		base64_encode(&text, buf_str(&raw), kind);
		struct str bare = in;
		while (kind == BASE64_URL && bare.n && bare.p[bare.n - 1] == '=')
			bare.n--;
		CHECK(str_eq(buf_str(&text), bare));
	}
	buf_free(&text);
	buf_free(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	check((struct str){ (const char *)p, n }, BASE64_STD);
	check((struct str){ (const char *)p, n }, BASE64_URL);
	return 0;
}
