/*
 * fuzz/verify_entry_fuzz.c - bodies of log entries, against the golden bundle.
 * Oracle: a body that is taken for the bundle's has its signature in it, whatever the kind.
 */
#include "fuzz/verify.h"

#include "codec/base64.h"

static void base64_of(struct buf *out, char *at, size_t cap, struct str raw)
{
	buf_fixed(out, at, cap);
	base64_encode(out, raw, BASE64_STD);
	CHECK(out->err == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const kinds[][2] = { { "hashedrekord", "0.0.1" }, { "hashedrekord", "0.0.2" },
						{ "dsse", "0.0.1" }, { "dsse", "0.0.2" }, { "intoto", "0.0.2" } };
	const struct golden *g = golden_read();
	struct str body = { (const char *)p, n };
	char once[512], twice[1024];
	struct buf sig, sig2;
	struct diag d = { 0 };
	struct arena a;

	base64_of(&sig, once, sizeof once, g->b.signature);
	base64_of(&sig2, twice, sizeof twice, buf_str(&sig));
	arena_init(&a, 8 << 20);
	struct evidence ev = { .b = &g->b, .art = &g->art, .cert = g->b.certs[0] };
	ev.pae = dsse_pae(g->b.payload_type, g->b.payload, &a);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct log_entry e = { .kind = str_z(kinds[i][0]), .version = str_z(kinds[i][1]), .body = body };
		if (entry_check(&e, &ev, &a, &d) != OK) {
			CHECK(d.text[0] != '\0');
			continue;
		}
		CHECK(i != 0 && str_has(body, S("kind")));
		if (str_chr(body, '\\') == SIZE_MAX)
			CHECK(str_has(body, i == 4 ? buf_str(&sig2) : buf_str(&sig)));
	}
	arena_done(&a);
	return 0;
}
