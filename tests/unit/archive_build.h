/*
 * tests/unit/archive_build.h - zip and tar archives made by hand, for tests of what reads them.
 */
#ifndef TESTS_ARCHIVE_BUILD_H
#define TESTS_ARCHIVE_BUILD_H

#include "base/buf.h"
#include "base/le.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct build_member {
	const char *name;
	struct str body;
	bool deflate, descriptor;
	uint32_t attributes;
};

static void build_u16(struct buf *b, unsigned v)
{
	buf_addc(b, (char)(v & 255));
	buf_addc(b, (char)(v >> 8 & 255));
}

static void build_u32(struct buf *b, uint32_t v)
{
	build_u16(b, v & 0xffff);
	build_u16(b, v >> 16);
}

/* build_deflate appends body as a raw deflate stream (bits -15), zlib (15) or gzip (31). */
static void build_deflate(struct buf *out, struct str body, int bits)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)body.p, .avail_in = (uInt)body.n };

	if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t cap = body.n + body.n / 100 + 100;
	z.next_out = (Bytef *)buf_room(out, cap);
	z.avail_out = (uInt)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	buf_grew(out, cap - z.avail_out);
	(void)deflateEnd(&z);
}

struct build_place {
	uint32_t at, crc, packed;
};

static struct build_place build_local(struct buf *b, const struct build_member *m)
{
	struct build_place p = { (uint32_t)b->n, 0, 0 };
	struct buf data;

	buf_init(&data, 1 << 24);
	if (m->deflate)
		build_deflate(&data, m->body, -15);
	else
		buf_add(&data, m->body);
	p.crc = (uint32_t)crc32(0, (const Bytef *)m->body.p, (uInt)m->body.n);
	p.packed = (uint32_t)data.n;
	buf_add(b, S("PK\3\4"));
	build_u16(b, 20);
	build_u16(b, m->descriptor ? 8 : 0);
	build_u16(b, m->deflate ? 8 : 0);
	build_u32(b, 0x21 << 16);
	build_u32(b, m->descriptor ? 0 : p.crc);
	build_u32(b, m->descriptor ? 0 : p.packed);
	build_u32(b, m->descriptor ? 0 : (uint32_t)m->body.n);
	build_u16(b, (unsigned)strlen(m->name));
	build_u16(b, 0);
	buf_add(b, str_z(m->name));
	buf_add(b, buf_str(&data));
	if (m->descriptor) {
		buf_add(b, S("PK\7\x8"));
		build_u32(b, p.crc);
		build_u32(b, p.packed);
		build_u32(b, (uint32_t)m->body.n);
	}
	buf_free(&data);
	return p;
}

/* build_zip appends a whole archive. */
__attribute__((unused)) static void build_zip(struct buf *b, const struct build_member *m, size_t n)
{
	struct build_place places[16];

	for (size_t i = 0; i < n; i++)
		places[i] = build_local(b, &m[i]);
	uint32_t central = (uint32_t)b->n;
	for (size_t i = 0; i < n; i++) {
		buf_add(b, S("PK\1\2"));
		build_u16(b, 20);
		build_u16(b, 20);
		build_u16(b, m[i].descriptor ? 8 : 0);
		build_u16(b, m[i].deflate ? 8 : 0);
		build_u32(b, 0x21 << 16);
		build_u32(b, places[i].crc);
		build_u32(b, places[i].packed);
		build_u32(b, (uint32_t)m[i].body.n);
		build_u16(b, (unsigned)strlen(m[i].name));
		build_u32(b, 0); /* extra, comment */
		build_u32(b, 0); /* disk, internal attributes */
		build_u32(b, m[i].attributes);
		build_u32(b, places[i].at);
		buf_add(b, str_z(m[i].name));
	}
	uint32_t end = (uint32_t)b->n;
	buf_add(b, S("PK\5\6"));
	build_u32(b, 0);
	build_u16(b, (unsigned)n);
	build_u16(b, (unsigned)n);
	build_u32(b, end - central);
	build_u32(b, central);
	build_u16(b, 0);
}

/* ---- tar ----------------------------------------------------------------------------------- */

/* build_seal writes the checksum of the header at p. */
static void build_seal(char *p)
{
	unsigned sum = 0;
	char text[8];

	memset(p + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)p[i];
	(void)snprintf(text, sizeof text, "%06o", sum);
	memcpy(p + 148, text, 7);
}

/* build_head appends a ustar header and gives its place. */
static size_t build_head(struct buf *b, const char *name, char type, size_t size, const char *link)
{
	size_t at = b->n;
	char *p = buf_room(b, 512);

	memset(p, 0, 512);
	(void)snprintf(p, 100, "%s", name);
	memcpy(p + 100, "0000644", 7);
	memcpy(p + 108, "0000000", 7);
	memcpy(p + 116, "0000000", 7);
	(void)snprintf(p + 124, 12, "%011o", (unsigned)size);
	memcpy(p + 136, "00000000017", 11);
	p[156] = type;
	(void)snprintf(p + 157, 100, "%s", link);
	memcpy(p + 257, "ustar\00000", 8);
	build_seal(p);
	buf_grew(b, 512);
	return at;
}

__attribute__((unused)) static size_t build_tar_member(struct buf *b, const char *name, char type,
						       struct str body, const char *link)
{
	size_t at = build_head(b, name, type, body.n, link);

	buf_add(b, body);
	while (b->n % 512 != 0)
		buf_addc(b, 0);
	return at;
}

__attribute__((unused)) static void build_tar_end(struct buf *b)
{
	for (int i = 0; i < 1024; i++)
		buf_addc(b, 0);
}

#endif
