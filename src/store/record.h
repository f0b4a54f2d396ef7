/*
 * store/record.h - a finished call as one short blob. Ring 1.
 * u8 version, 24 bytes of request id (so that a search need not unpack), numbers of variable length
 * (seven bits a byte, low first), then texts with a length byte each. key and end_ms have columns
 * of their own.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "base/err.h"
#include "proto/usage.h"

enum { RECORD_MAX = 512, RECORD_ID_AT = 1 };

/* record_pack writes r to out (RECORD_MAX bytes) and returns the length. */
size_t record_pack(const struct usage_record *r, char *out);

/* record_unpack fills r but for seq, key and end_ms, which is needed before. ERR_SYNTAX: not such a
 * blob. */
MUST_USE enum err record_unpack(struct usage_record *r, struct str in);

#endif
