/*
 * fuzz/encode.h - what thieves do to bytes before they send them; for the fuzz target and the unit
 * tests of inspect/canary.h. Each encoder appends to out.
 */
#ifndef FUZZ_ENCODE_H
#define FUZZ_ENCODE_H

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/url.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef void encode_fn(struct buf *out, struct str in);

__attribute__((unused)) static void enc_base64(struct buf *out, struct str in)
{
	base64_encode(out, in, BASE64_STD);
}

__attribute__((unused)) static void enc_base64url(struct buf *out, struct str in)
{
	base64_encode(out, in, BASE64_URL);
}

/* MIME's lines of 76. */
__attribute__((unused)) static void enc_base64_lines(struct buf *out, struct str in)
{
	struct buf b;

	buf_init(&b, 64 << 20);
	base64_encode(&b, in, BASE64_STD);
	for (struct str rest = buf_str(&b); rest.n; rest = str_tail(rest, 76)) {
		buf_add(out, str_head(rest, 76));
		buf_add(out, S("\r\n"));
	}
	buf_free(&b);
}

__attribute__((unused)) static void enc_hex(struct buf *out, struct str in)
{
	buf_addhex(out, in);
}

__attribute__((unused)) static void enc_hex_upper(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addf(out, "%02X", (unsigned char)in.p[i]);
}

static void bits32(struct buf *out, struct str in, const char *letters)
{
	uint32_t held = 0;
	unsigned n = 0;

	for (size_t i = 0; i < in.n; i++) {
		held = held << 8 | (unsigned char)in.p[i];
		for (n += 8; n >= 5; n -= 5)
			buf_addc(out, letters[held >> (n - 5) & 31]);
	}
	if (n)
		buf_addc(out, letters[held << (5 - n) & 31]);
	for (size_t i = (in.n * 8 + 4) / 5; i % 8; i++)
		buf_addc(out, '=');
}

__attribute__((unused)) static void enc_base32(struct buf *out, struct str in)
{
	bits32(out, in, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

__attribute__((unused)) static void enc_base32_lower(struct buf *out, struct str in)
{
	bits32(out, in, "abcdefghijklmnopqrstuvwxyz234567");
}

static void groups85(struct buf *out, struct str in, const char *letters)
{
	for (size_t at = 0; at < in.n; at += 4) {
		size_t n = in.n - at < 4 ? in.n - at : 4;
		uint32_t v = 0;
		char g[5];
		for (size_t i = 0; i < 4; i++)
			v = v << 8 | (i < n ? (unsigned char)in.p[at + i] : 0);
		for (unsigned i = 5; i-- > 0; v /= 85)
			g[i] = letters[v % 85];
		buf_add(out, (struct str){ g, n + 1 });
	}
}

__attribute__((unused)) static void enc_base85(struct buf *out, struct str in)
{
	groups85(out, in,
		 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		 "!#$%&()*+-;<=>?@^_`{|}~");
}

__attribute__((unused)) static void enc_ascii85(struct buf *out, struct str in)
{
	groups85(out, in,
		 "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
		 "abcdefghijklmnopqrstu");
}

__attribute__((unused)) static void enc_url(struct buf *out, struct str in)
{
	url_encode(out, in, S(""));
}

/* Every byte, also those that need it not. */
__attribute__((unused)) static void enc_percent(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addf(out, "%%%02x", (unsigned char)in.p[i]);
}

static void each_byte(struct buf *out, struct str in, const char *before, const char *after,
		      unsigned base)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_add(out, str_z(before));
		buf_addf(out,
			 base == 8    ? "%o"
			 : base == 16 ? "%02x"
				      : "%u",
			 (unsigned char)in.p[i]);
		buf_add(out, str_z(after));
	}
}

__attribute__((unused)) static void enc_codes(struct buf *out, struct str in)
{
	buf_addc(out, '[');
	each_byte(out, in, "", ", ", 10);
	buf_addc(out, ']');
}

__attribute__((unused)) static void enc_chr(struct buf *out, struct str in)
{
	each_byte(out, in, "chr(", ")+", 10);
}

__attribute__((unused)) static void enc_backslash_x(struct buf *out, struct str in)
{
	each_byte(out, in, "\\x", "", 16);
}

__attribute__((unused)) static void enc_backslash_u(struct buf *out, struct str in)
{
	each_byte(out, in, "\\u00", "", 16);
}

__attribute__((unused)) static void enc_octal(struct buf *out, struct str in)
{
	each_byte(out, in, "\\", "", 8);
}

__attribute__((unused)) static void enc_entities(struct buf *out, struct str in)
{
	each_byte(out, in, "&#", ";", 10);
}

__attribute__((unused)) static void enc_zero_x(struct buf *out, struct str in)
{
	each_byte(out, in, "0x", ",", 16);
}

__attribute__((unused)) static void enc_utf16(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_addc(out, in.p[i]);
		buf_addc(out, 0);
	}
}

__attribute__((unused)) static void enc_utf16_be(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_addc(out, 0);
		buf_addc(out, in.p[i]);
	}
}

__attribute__((unused)) static void enc_utf32(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_addc(out, in.p[i]);
		buf_add(out, S("\0\0\0"));
	}
}

__attribute__((unused)) static void enc_utf32_be(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_add(out, S("\0\0\0"));
		buf_addc(out, in.p[i]);
	}
}

static void deflate_as(struct buf *out, struct str in, int bits)
{
	z_stream z = { 0 };
	union {
		const char *borrowed;
		Bytef *next;
	} from = { in.p };

	if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	uLong bound = deflateBound(&z, in.n);
	Bytef *at = (Bytef *)buf_room(out, bound);
	if (at != NULL) {
		z.next_in = from.next;
		z.avail_in = (unsigned)in.n;
		z.next_out = at;
		z.avail_out = (unsigned)bound;
		(void)deflate(&z, Z_FINISH);
		buf_grew(out, z.total_out);
	}
	(void)deflateEnd(&z);
}

__attribute__((unused)) static void enc_gzip(struct buf *out, struct str in)
{
	deflate_as(out, in, 16 + 15);
}

__attribute__((unused)) static void enc_zlib(struct buf *out, struct str in)
{
	deflate_as(out, in, 15);
}

__attribute__((unused)) static void enc_deflate(struct buf *out, struct str in)
{
	deflate_as(out, in, -15);
}

/* A local header with a deflated member; readers of directories would want more, ours does not. */
__attribute__((unused)) static void enc_zip(struct buf *out, struct str in)
{
	static const char head[30] = "PK\3\4\24\0\0\0\10\0";
	char with_name[30];

	memcpy(with_name, head, sizeof head);
	with_name[26] = 5;
	buf_add(out, (struct str){ with_name, sizeof with_name });
	buf_add(out, S("a.txt"));
	deflate_as(out, in, -15);
}

__attribute__((unused)) static void enc_reverse(struct buf *out, struct str in)
{
	for (size_t i = in.n; i-- > 0;)
		buf_addc(out, in.p[i]);
}

static char enc_turned(char c, bool rot13)
{
	char lower = (char)(c | 0x20);

	if (lower < 'a' || lower > 'z')
		return c;
	return rot13 ? (char)(c + (lower < 'n' ? 13 : -13)) : (char)(c ^ 0x20);
}

__attribute__((unused)) static void enc_rot13(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(out, enc_turned(in.p[i], true));
}

__attribute__((unused)) static void enc_swapcase(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(out, enc_turned(in.p[i], false));
}

/* XOR with the first n bytes of a key. */
__attribute__((unused)) static void enc_xor(struct buf *out, struct str in, struct str key)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(out, (char)(in.p[i] ^ key.p[i % key.n]));
}

__attribute__((unused)) static void enc_add(struct buf *out, struct str in, char by)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(out, (char)(in.p[i] + by));
}

/* Pieces of n bytes with text between them. */
__attribute__((unused)) static void enc_pieces(struct buf *out, struct str in, size_t n,
					       const char *between)
{
	for (; in.n; in = str_tail(in, n)) {
		buf_add(out, str_head(in, n));
		buf_add(out, str_z(between));
	}
}

#endif
