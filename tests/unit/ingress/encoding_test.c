/*
 * tests/unit/ingress/encoding_test.c - compressed request bodies: names, limits, broken ones.
 * Proves T-14.
 */
#include "ingress/encoding.h"

#include "base/limits.h"

#include "../check.h"

#include <zlib.h>

static struct bodies *bodies;

static void open_bodies(void)
{
	struct diag d = { 0 };
	int fd = memfd_create("arena", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, LIMIT_ARENA) != 0)
		abort();
	bodies = bodies_new(fd, &d);
	(void)close(fd);
	if (bodies == NULL)
		abort();
}

/* pack compresses text; 16 in bits: gzip. */
static struct body pack(struct str text, int bits)
{
	struct body b;
	z_stream z = { 0 };

	if (body_alloc(bodies, &b, text.n + 1024) != OK ||
	    deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)b.p;
	z.avail_out = (uInt)b.cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	b.n = z.total_out;
	(void)deflateEnd(&z);
	return b;
}

static enum err unpack(enum encoding how, struct body *b, size_t max, struct diag *d)
{
	struct arena turn;

	arena_init(&turn, 1 << 20);
	enum err e = encoding_decode(how, bodies, &turn, b, max, d);
	arena_done(&turn);
	return e;
}

CASE(names)
{
	static const struct {
		const char *field;
		enum err err;
		enum encoding encoding;
	} rows[] = {
		{ "gzip", OK, ENCODING_GZIP },	    { "GZip", OK, ENCODING_GZIP },
		{ "x-gzip", OK, ENCODING_GZIP },    { "deflate", OK, ENCODING_DEFLATE },
		{ "identity", OK, ENCODING_IDENTITY }, { "br", ERR_ENCODING, ENCODING_IDENTITY },
		{ "zstd", ERR_ENCODING, ENCODING_IDENTITY },
		{ "gzip, gzip", ERR_ENCODING, ENCODING_IDENTITY },
		{ "", ERR_ENCODING, ENCODING_IDENTITY },
	};
	enum encoding got;

	CHECK(encoding_find((struct str){ NULL, 0 }, &got, NULL) == OK && got == ENCODING_IDENTITY);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct diag d = { 0 };
		CHECK(encoding_find(str_z(rows[i].field), &got, &d) == rows[i].err);
		CHECK(got == rows[i].encoding);
	}
}

CASE(both_kinds_of_every_size)
{
	static char text[200000];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(' ' + (i * 2654435761u >> 13) % 90);
	for (size_t n = 0; n <= sizeof text; n = n * 3 + 1) {
		for (int gzip = 0; gzip < 2; gzip++) {
			struct diag d = { 0 };
			struct str in = { text, n };
			struct body b = pack(in, gzip ? MAX_WBITS + 16 : MAX_WBITS);
			CHECK(unpack(gzip ? ENCODING_GZIP : ENCODING_DEFLATE, &b, sizeof text, &d) == OK);
			CHECK_STR(((struct str){ b.p, b.n }), in);
			body_free(bodies, &b);
		}
	}
	CHECK(bodies_used(bodies) == 0);
}

CASE(a_limit_to_the_byte)
{
	static char text[50000];
	struct diag d = { 0 };

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 7);
	struct body b = pack((struct str){ text, sizeof text }, MAX_WBITS + 16);
	size_t packed = b.n;
	CHECK(unpack(ENCODING_GZIP, &b, sizeof text - 1, &d) == ERR_LIMIT && b.n == packed);
	CHECK(strstr(diag_text(&d), "larger than the limit") != NULL);
	CHECK(unpack(ENCODING_GZIP, &b, sizeof text, &d) == OK && b.n == sizeof text);
	body_free(bodies, &b);
	CHECK(bodies_used(bodies) == 0);
}

/* Each byte that comes buys so much of everybody's time: a large body of which most is filling. */
CASE(what_a_byte_may_say)
{
	enum { NOISE = 100000, SIZE = 100 * NOISE };
	struct diag d = { 0 };
	char *text = calloc(1, SIZE);

	if (text == NULL)
		abort();
	for (uint32_t i = 0, seed = 1; i < NOISE; i++, seed = seed * 1664525 + 1013904223)
		text[i] = (char)(seed >> 24);
	struct body b = pack((struct str){ text, SIZE }, MAX_WBITS + 16);
	CHECK(b.n > NOISE && unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == ERR_LIMIT);
	CHECK(strstr(diag_text(&d), "suspiciously") != NULL);
	body_free(bodies, &b);
	b = pack((struct str){ text, 40 * NOISE }, MAX_WBITS + 16);
	CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == OK && b.n == 40 * NOISE);
	body_free(bodies, &b);
	free(text);
	CHECK(bodies_used(bodies) == 0);
}

CASE(a_bomb)
{
	enum { SIZE = 16 << 20 };
	struct diag d = { 0 };
	char *zeros = calloc(1, SIZE);

	if (zeros == NULL)
		abort();
	struct body b = pack((struct str){ zeros, SIZE }, MAX_WBITS + 16);
	CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == ERR_LIMIT);
	CHECK(strstr(diag_text(&d), "suspiciously") != NULL);
	body_free(bodies, &b);
	/* A megabyte is none, however small it was. */
	b = pack((struct str){ zeros, 1 << 20 }, MAX_WBITS + 16);
	CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == OK && b.n == 1 << 20);
	body_free(bodies, &b);
	free(zeros);
	CHECK(bodies_used(bodies) == 0);
}

/* Every proper beginning is refused, every wrong kind, and whatever has something behind it. */
CASE(broken)
{
	struct diag d = { 0 };
	struct str text = S("{\"model\":\"echo\",\"messages\":[]}");
	struct body whole = pack(text, MAX_WBITS + 16), b;

	for (size_t cut = 0; cut < whole.n; cut++) {
		b = whole;
		b.n = cut;
		CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == ERR_SYNTAX && b.p == whole.p);
	}
	b = whole;
	CHECK(unpack(ENCODING_DEFLATE, &b, LIMIT_BODY, &d) == ERR_SYNTAX);
	b.p[b.n++] = 'x';
	CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == ERR_SYNTAX);
	b.n--;
	b.p[b.n - 6] ^= 1; /* the checksum */
	CHECK(unpack(ENCODING_GZIP, &b, LIMIT_BODY, &d) == ERR_SYNTAX);
	body_free(bodies, &b);
	CHECK(bodies_used(bodies) == 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		CASE_ROW(names), CASE_ROW(both_kinds_of_every_size), CASE_ROW(a_limit_to_the_byte),
		CASE_ROW(what_a_byte_may_say), CASE_ROW(a_bomb), CASE_ROW(broken),
	};

	open_bodies();
	return check_main(cases, sizeof cases / sizeof cases[0]);
}
