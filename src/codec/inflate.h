/*
 * codec/inflate.h - deflate, zlib and gzip streams in, bytes out, piece by piece. Ring 0.
 * Memory: some 45 KB of the arena for each struct inflate, used again for every stream.
 */
#ifndef CODEC_INFLATE_H
#define CODEC_INFLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum inflate_kind {
	INFLATE_RAW,  /* RFC 1951: a member of a zip archive */
	INFLATE_ZLIB, /* RFC 1950 */
	INFLATE_GZIP, /* RFC 1952, one member after the other, zeros behind the last */
};

struct inflate;

/* inflate_new gives a reader in a's memory, or NULL. Nothing has to be closed. */
struct inflate *inflate_new(struct arena *a);

/* inflate_start begins with a new stream, which must outlive the reading. */
void inflate_start(struct inflate *f, enum inflate_kind kind, struct str in);

/* inflate_read fills out. *out_n is less than cap only where the content ends, 0 when it has ended.
 * The checksums of zlib and gzip have been compared then. ERR_SYNTAX: broken, or it ends in the
 * middle (see inflate_cut); *out_n bytes came before that. */
MUST_USE enum err inflate_read(struct inflate *f, char *out, size_t cap, size_t *out_n);

/* inflate_ended: the end of the stream has been seen. */
bool inflate_ended(const struct inflate *f);

/* inflate_cut: after ERR_SYNTAX, the input was well but too short. */
bool inflate_cut(const struct inflate *f);

/* inflate_gap: zeros stood between two gzip streams. CPython passes over them, Node.js ends there.
 */
bool inflate_gap(const struct inflate *f);

/* inflate_rest gives what of the input has not been used; behind the end of the content this is
 * what does not belong to the stream. */
struct str inflate_rest(const struct inflate *f);

/* inflate_all appends the whole content of in to out, whose maximum bounds it: ERR_LIMIT past it.
 * Bytes behind the stream are ERR_SYNTAX. */
MUST_USE enum err inflate_all(struct arena *a, enum inflate_kind kind, struct str in,
			      struct buf *out);

/* inflate_crc continues a CRC-32 (of zip and gzip) that began with 0. */
uint32_t inflate_crc(uint32_t crc, struct str s);

#endif
