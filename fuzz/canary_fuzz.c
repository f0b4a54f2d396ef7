/*
 * fuzz/canary_fuzz.c - oracle: a token behind any chain of up to three encodings is found, with one
 * more change innermost; the same bytes without it hold no token.
 * The input's first bytes choose the chain, the rest is the text around the token.
 * Proves T-31.
 */
#include "fuzz/fuzz.h"

#include "fuzz/encode.h"
#include "inspect/canary.h"

enum { LAYERS = 3, TEXT_MAX = 4096 };

static encode_fn *const layers[] = {
	NULL,	       enc_base64,  enc_base64url,    enc_base64_lines, enc_hex,
	enc_hex_upper, enc_base32,  enc_gzip,	      enc_zlib,		enc_deflate,
	enc_zip,       enc_percent, enc_base32_lower,
};

static encode_fn *const innermost[] = { NULL, enc_reverse, enc_rot13, enc_swapcase, enc_utf16,
					enc_utf32 };

static void replace(struct buf *a, encode_fn *encode)
{
	struct buf b;

	if (encode == NULL)
		return;
	buf_init(&b, 8 << 20);
	encode(&b, buf_str(a));
	CHECK(b.err == OK);
	buf_free(a);
	*a = b;
}

static unsigned kinds_found(struct canary_scanner *s, struct str in, unsigned kind)
{
	struct canary_hits *hits = calloc(1, sizeof *hits);

	CHECK(hits != NULL);
	canary_scan(s, in, hits);
	unsigned n = 0;
	for (unsigned i = 0; i < CANARY_COUNT; i++) {
		CHECK((hits->of[i].chars != 0) == (hits->of[i].how[0] != 0));
		CHECK(hits->of[i].chars <= CANARY_TEXT);
		n += hits->of[i].chars != 0;
	}
	CHECK(n == hits->n);
	n = kind < CANARY_COUNT ? hits->of[kind].chars != 0 : n;
	free(hits);
	return n;
}

/* What stands around the token: letters would lengthen a run of an encoding's, which is what the
 * decoders' guesses are about; three encodings deep they guess no more. */
static void around(struct buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addc(b, "{}\": ,;abcdefghij"[p[i] % 17]);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t random[CANARY_RANDOM];
	struct canaries tokens;
	struct buf body;

	if (n < 8)
		return 0;
	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)((i * 2654435761u + p[i % 8] * 40503u) >> 9);
	canaries_make(&tokens, random);
	struct canary_scanner *s = canary_scanner_new(&tokens);
	CHECK(s != NULL);
	struct str rest = { (const char *)p + 8, n - 8 < TEXT_MAX ? n - 8 : TEXT_MAX };
	CHECK(kinds_found(s, rest, CANARY_COUNT) == 0);

	unsigned kind = p[0] % CANARY_COUNT;
	buf_init(&body, 8 << 20);
	around(&body, p + 8, rest.n / 2);
	buf_addc(&body, ' ');
	buf_add(&body, canary_text(&tokens, kind));
	buf_addc(&body, ' ');
	around(&body, p + 8 + rest.n / 2, rest.n - rest.n / 2);
	replace(&body, innermost[p[1] % (sizeof innermost / sizeof innermost[0])]);
	for (unsigned i = 0; i < LAYERS; i++)
		replace(&body, layers[p[2 + i] % (sizeof layers / sizeof layers[0])]);
	CHECK(kinds_found(s, buf_str(&body), kind) == 1);
	buf_free(&body);
	canary_scanner_free(s);
	return 0;
}
