/* tests/unit/inspect/canary_test.c - planted secrets are found in what thieves make of them, and
 * nowhere else. Proves T-31. */
#include "inspect/canary.h"

#include "codec/json.h"
#include "codec/jw.h"
#include "fuzz/encode.h"
#include "inspect/canary_decode.h"
#include "tests/unit/check.h"

#include <time.h>

enum { SIX = 6 };

struct world {
	struct canaries tokens;
	struct canary_scanner *scanner;
	struct buf body;
};

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void world_init(struct world *w)
{
	uint8_t random[CANARY_RANDOM];
	uint64_t state = 0x1234567;

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(random_next(&state) >> 32);
	canaries_make(&w->tokens, random);
	w->scanner = canary_scanner_new(&w->tokens);
	buf_init(&w->body, 1 << 16);
	jw_obj(&w->body);
	for (unsigned i = 0; i < SIX; i++) {
		jw_key(&w->body, S("stolen"));
		jw_str(&w->body, canary_text(&w->tokens, i));
	}
	jw_kv_str(&w->body, S("host"), S("build-7.example"));
	jw_obj_end(&w->body);
}

static void world_done(struct world *w)
{
	canary_scanner_free(w->scanner);
	buf_free(&w->body);
}

static unsigned found(struct world *w, struct str in)
{
	struct canary_hits *hits = calloc(1, sizeof *hits);
	struct str guarded = check_guard(in);

	canary_scan(w->scanner, guarded, hits);
	unsigned n = hits->n;
	check_unguard(guarded);
	free(hits);
	return n;
}

static unsigned found_by(struct world *w, encode_fn *first, encode_fn *second, encode_fn *third)
{
	encode_fn *all[] = { first, second, third };
	struct buf a, b;

	buf_init(&a, 1 << 22);
	buf_init(&b, 1 << 22);
	buf_add(&a, buf_str(&w->body));
	for (unsigned i = 0; i < 3 && all[i] != NULL; i++) {
		struct buf last = b;
		buf_reset(&b);
		all[i](&b, buf_str(&a));
		CHECK(b.err == OK);
		last = a;
		a = b;
		b = last;
	}
	unsigned n = found(w, buf_str(&a));
	buf_free(&a);
	buf_free(&b);
	return n;
}

static const struct {
	const char *name;
	encode_fn *chain[3];
} chains[] = {
	{ "base64", { enc_base64 } },
	{ "base64url", { enc_base64url } },
	{ "base64 in lines", { enc_base64_lines } },
	{ "base64 twice", { enc_base64, enc_base64 } },
	{ "base64 three times", { enc_base64, enc_base64, enc_base64 } },
	{ "hex", { enc_hex } },
	{ "HEX", { enc_hex_upper } },
	{ "hex twice", { enc_hex, enc_hex } },
	{ "base32", { enc_base32 } },
	{ "base32 lower", { enc_base32_lower } },
	{ "base85", { enc_base85 } },
	{ "ascii85", { enc_ascii85 } },
	{ "url", { enc_url } },
	{ "percent", { enc_percent } },
	{ "percent twice", { enc_percent, enc_percent } },
	{ "codes", { enc_codes } },
	{ "chr", { enc_chr } },
	{ "\\x", { enc_backslash_x } },
	{ "\\u", { enc_backslash_u } },
	{ "octal", { enc_octal } },
	{ "entities", { enc_entities } },
	{ "0x", { enc_zero_x } },
	{ "utf16", { enc_utf16 } },
	{ "utf16 big end first", { enc_utf16_be } },
	{ "base64 of utf16", { enc_utf16, enc_base64 } },
	{ "utf32", { enc_utf32 } },
	{ "utf32 big end first", { enc_utf32_be } },
	{ "base64 of utf32", { enc_utf32, enc_base64 } },
	{ "reversed base64 of utf32", { enc_utf32_be, enc_base64, enc_reverse } },
	{ "utf32 of base64", { enc_base64, enc_utf32 } },
	{ "gzip", { enc_gzip } },
	{ "zlib", { enc_zlib } },
	{ "deflate", { enc_deflate } },
	{ "zip", { enc_zip } },
	{ "base64 of gzip", { enc_gzip, enc_base64 } },
	{ "hex of zlib", { enc_zlib, enc_hex } },
	{ "base32 of deflate", { enc_deflate, enc_base32 } },
	{ "base85 of zip", { enc_zip, enc_base85 } },
	{ "ascii85 of gzip", { enc_gzip, enc_ascii85 } },
	{ "url of base64 of gzip", { enc_gzip, enc_base64, enc_url } },
	{ "gzip of base64 of zlib", { enc_zlib, enc_base64, enc_gzip } },
	{ "reversed", { enc_reverse } },
	{ "rot13", { enc_rot13 } },
	{ "case swapped", { enc_swapcase } },
	{ "reversed base64", { enc_base64, enc_reverse } },
	{ "base64 of reversed", { enc_reverse, enc_base64 } },
	{ "base64 with case swapped", { enc_base64, enc_swapcase } },
	{ "rot13 of base64", { enc_base64, enc_rot13 } },
	{ "reversed base64 of gzip", { enc_gzip, enc_base64, enc_reverse } },
	{ "base64 of gzip, case swapped", { enc_gzip, enc_base64, enc_swapcase } },
	{ "rot13 of hex of zlib", { enc_zlib, enc_hex, enc_rot13 } },
	{ "hex of rot13", { enc_rot13, enc_hex } },
};

CASE(every_chain_of_encodings)
{
	struct world w;

	world_init(&w);
	CHECK(found(&w, buf_str(&w.body)) == SIX);
	for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
		unsigned n = found_by(&w, chains[i].chain[0], chains[i].chain[1],
				      chains[i].chain[2]);
		if (n != SIX)
			fprintf(stderr, "%s: %u of %d\n", chains[i].name, n, SIX);
		CHECK(n == SIX);
	}
	world_done(&w);
}

/* A token must be DIFF_NEED longer than the key: the longer the key, the fewer. */
CASE(xor_keys_and_shifted_bytes)
{
	static const char key[] =
		"\x5a\x13\xc7\x01\xfe\x88\x3b\x64\x91\x2d\xe0\x77\x0f\xaa\x56\x39"
		"\x11\x22\x43\x94\xd5\xe6\x07\x18\x29\xca\x4b\xbc\x9d\xee\x1f\x70";
	struct world w;
	struct buf b;

	world_init(&w);
	buf_init(&b, 1 << 16);
	for (size_t n = 1; n <= 32; n++) {
		buf_reset(&b);
		enc_xor(&b, buf_str(&w.body), (struct str){ key, n });
		unsigned got = found(&w, buf_str(&b));
		CHECK(got >= (n <= 2 ? 6 : n <= 22 ? 5 : n <= 26 ? 4 : 3));
	}
	for (int by = 1; by < 256; by += 17) {
		buf_reset(&b);
		enc_add(&b, buf_str(&w.body), (char)by);
		CHECK(found(&w, buf_str(&b)) == SIX);
	}
	struct buf coded;
	buf_init(&coded, 1 << 16);
	buf_reset(&b);
	enc_xor(&b, buf_str(&w.body), S("\x5a"));
	enc_base64(&coded, buf_str(&b));
	CHECK(found(&w, buf_str(&coded)) == SIX);
	buf_free(&coded);
	buf_free(&b);
	world_done(&w);
}

CASE(pieces)
{
	static const struct {
		size_t n;
		const char *between;
	} cuts[] = { { 17, "\",\"" },	  { 17, "\", \"part7\": \"" },
		     { 12, "\r\nc\r\n" }, { 4, "\",\"" },
		     { 1, "," },	  { 5, "." },
		     { 30, " " },	  { 3, "\",\n" } };
	struct world w;
	struct buf b;

	world_init(&w);
	buf_init(&b, 1 << 18);
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		buf_reset(&b);
		enc_pieces(&b, buf_str(&w.body), cuts[i].n, cuts[i].between);
		unsigned got = found(&w, buf_str(&b));
		if (got < SIX - 2)
			fprintf(stderr, "cut at %zu: %u\n", cuts[i].n, got);
		CHECK(got >= SIX - 2); /* a piece may fall on a border */
		if (cuts[i].n < 12)
			continue;
		struct buf hex;
		buf_init(&hex, 1 << 18);
		buf_addhex(&hex, buf_str(&w.body));
		buf_reset(&b);
		enc_pieces(&b, buf_str(&hex), 60, ".1.exfil.example\n");
		CHECK(found(&w, buf_str(&b)) >= SIX - 1);
		buf_free(&hex);
	}
	buf_free(&b);
	world_done(&w);
}

/* A piece of ten random characters is enough, nine are not; fixed parts of a shape prove nothing.
 */
CASE(how_little_proves)
{
	struct world w;
	char text[64];

	world_init(&w);
	struct canary *c = &w.tokens.items[CANARY_OPENAI];
	for (unsigned at = c->from; at + 10u <= c->to; at++) {
		(void)snprintf(text, sizeof text, "a=%.*s;", 10, c->text + at);
		CHECK(found(&w, str_z(text)) == 1);
		(void)snprintf(text, sizeof text, "%.*s", 9, c->text + at);
		CHECK(found(&w, str_z(text)) == 0);
	}
	CHECK(found(&w,
		    S("sk-proj- sk-ant-api03- AKIA ghp_ b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9u"
		      "ZQAAAAAAAAABAAAAMwAAAAtzc2gtZW eyJhbGciOiJSUzI1NiIsImtpZCI6I")) == 0);
	world_done(&w);
}

static void fill(char *p, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(random_next(&seed) >> 24);
}

CASE(nothing_in_random_bytes_and_their_encodings)
{
	enum { SOME = 1 << 20 };
	struct world w;
	char *p = malloc(SOME);
	struct buf b;

	world_init(&w);
	fill(p, SOME, 77);
	CHECK(found(&w, (struct str){ p, SOME }) == 0);
	buf_init(&b, 4 << 20);
	enc_base64(&b, (struct str){ p, SOME });
	CHECK(found(&w, buf_str(&b)) == 0);
	buf_reset(&b);
	enc_base64_lines(&b, (struct str){ p, SOME / 4 });
	CHECK(found(&w, buf_str(&b)) == 0);
	buf_reset(&b);
	enc_hex(&b, (struct str){ p, SOME / 4 });
	CHECK(found(&w, buf_str(&b)) == 0);
	/* Another run's tokens are no tokens of this one. */
	struct world other;
	uint8_t random[CANARY_RANDOM];
	fill((char *)random, sizeof random, 99);
	canaries_make(&other.tokens, random);
	other.scanner = canary_scanner_new(&other.tokens);
	CHECK(found(&other, buf_str(&w.body)) == 0);
	canary_scanner_free(other.scanner);
	buf_free(&b);
	free(p);
	world_done(&w);
}

CASE(bombs_are_bounded)
{
	struct world w;
	struct buf zeros, once, twice;

	world_init(&w);
	buf_init(&zeros, 64 << 20);
	buf_init(&once, 64 << 20);
	buf_init(&twice, 64 << 20);
	char *at = buf_room(&zeros, 32 << 20);
	memset(at, 0, 32 << 20);
	buf_grew(&zeros, 32 << 20);
	enc_gzip(&once, buf_str(&zeros));
	enc_gzip(&twice, buf_str(&once));
	CHECK(found(&w, buf_str(&once)) == 0);
	CHECK(found(&w, buf_str(&twice)) == 0);
	/* Ten thousand headers of streams that are none. */
	buf_reset(&zeros);
	for (unsigned i = 0; i < 10000; i++)
		buf_add(&zeros, S("\x1f\x8b\x08xPK\3\4\0\0\0\0\x08\0\0\0\x78\x9c"));
	CHECK(found(&w, buf_str(&zeros)) == 0);
	buf_free(&zeros);
	buf_free(&once);
	buf_free(&twice);
	world_done(&w);
}

/* Ascii85 has a letter for four zeros, so its bytes can be more than its letters. */
CASE(undoing_stays_within_its_length)
{
	char letters[65];

	for (size_t n = 0; n < sizeof letters; n++)
		for (size_t zeros = 0; zeros <= n; zeros++) {
			struct str out = check_guard((struct str){ letters, n });
			memset(letters, '!', n);
			memset(letters, 'z', zeros);
			uint8_t *to = (uint8_t *)(uintptr_t)out.p;
			CHECK(base85_undo((struct str){ letters, n }, true, to) <= n);
			check_unguard(out);
		}
}

CASE(opaque)
{
	char p[600];

	fill(p, sizeof p, 5);
	CHECK(canary_opaque((struct str){ p, sizeof p }));
	CHECK(canary_opaque((struct str){ p, 80 }));
	CHECK(!canary_opaque((struct str){ p, 40 }));
	CHECK(!canary_opaque(
		S("GET / HTTP/1.1 and other words that people write to each other, and so "
		  "on until there are more than sixty-four of them in this sentence")));
	struct buf b;
	buf_init(&b, 4096);
	buf_add(&b, S("{\"data\": \""));
	enc_base64(&b, (struct str){ p, sizeof p });
	buf_add(&b, S("\"}"));
	CHECK(canary_opaque(buf_str(&b)));
	buf_free(&b);
}

CASE(sealed)
{
	static const struct {
		struct str bytes;
		const char *kind;
	} rows[] = {
		{ SC("POST / HTTP/1.1\r\n\r\nBZh91AY&SY\x01\x02"), "bzip2" },
		{ SC("\xfd" "7zXZ\0\0\4"), "xz" },
		{ SC("PK\3\4\x14\0\1\0\x08\0........................"), "encrypted zip" },
		{ SC("PK\3\4\x14\0\0\0\x08\0........................"), NULL },
		{ SC("PK\3\4 and PK\3\4"), NULL },
		{ SC("U2FsdGVkX19zYWx0c2FsdAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), "openssl enc" },
		{ SC("words of xz, 7z and bzip2"), NULL },
		{ SC(""), NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_STR(str_z(canary_sealed(check_guard(rows[i].bytes))), str_z(rows[i].kind));
}

CASE(between_processes)
{
	struct world w;
	struct canaries back;
	struct buf b;

	world_init(&w);
	buf_init(&b, 1 << 14);
	canaries_write(&b, &w.tokens);
	CHECK(canaries_read(&back, buf_str(&b)) == OK);
	CHECK(memcmp(&back, &w.tokens, sizeof back) == 0);
	for (size_t cut = 0; cut < b.n; cut++)
		CHECK(canaries_read(&back, str_head(buf_str(&b), cut)) == ERR_SYNTAX);
	for (unsigned i = 0; i < CANARY_COUNT; i++)
		CHECK(w.tokens.items[i].to - w.tokens.items[i].from >= CANARY_PIECE);
	buf_free(&b);
	world_done(&w);
}

TESTS(CASE_ROW(every_chain_of_encodings), CASE_ROW(xor_keys_and_shifted_bytes), CASE_ROW(pieces),
      CASE_ROW(how_little_proves), CASE_ROW(nothing_in_random_bytes_and_their_encodings),
      CASE_ROW(bombs_are_bounded), CASE_ROW(undoing_stays_within_its_length), CASE_ROW(opaque),
      CASE_ROW(sealed), CASE_ROW(between_processes))
