/*
 * fuzz/gyp_fuzz.c - any bytes as a file of node-gyp. Oracles: commands follow each other, each
 * bounded and within the text or the joined words; and input without brackets, put into an
 * expansion or into the list of an action, is the first command again.
 */
#include "fuzz/fuzz.h"

#include "inspect/gyp.h"

static void first_is(const char *before, struct str in, const char *after)
{
	struct gyp g;
	struct str got;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add(&b, str_z(before));
	buf_add(&b, in);
	buf_add(&b, str_z(after));
	gyp_init(&g, buf_str(&b));
	CHECK(gyp_next(&g, &got) && str_eq(got, in));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, got;
	bool plain = n > 0 && n < GYP_COMMAND - 2;
	size_t last = 0;
	struct gyp g;

	gyp_init(&g, in);
	while (gyp_next(&g, &got)) {
		bool joined = got.p == g.room;
		CHECK(g.at > last && g.at <= n && got.n <= GYP_COMMAND);
		CHECK(joined || (got.p >= in.p && got.p + got.n <= in.p + n));
		last = g.at;
	}
	for (size_t i = 0; i < n; i++)
		plain = plain && strchr("()'\"\\", p[i]) == NULL;
	plain = plain && !str_has_suffix(in, S("sh -c"));
	if (plain) {
		first_is("{'x': '<!(", in, ")'}");
		first_is("[\">!@(", in, ")\"]");
		first_is("{'action' : [ '", in, "', ]}");
	}
	return 0;
}
