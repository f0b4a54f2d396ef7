/*
 * codec/tar.h - tar archives as one forward pass: ustar, pax (for one member and for all), GNU long
 * names, sizes in base 256. Ring 0. Used through codec/archive.h.
 *
 * What CPython's tarfile, GNU tar and npm's node-tar are known to read differently is a fault, and
 * so is what one of them silently ends or resumes at.
 */
#ifndef CODEC_TAR_H
#define CODEC_TAR_H

#include "codec/archive.h"
#include "codec/fault.h"
#include "codec/names.h"

enum { TAR_BLOCK = 512 };

/* Gives the next piece of the archive, a multiple of TAR_BLOCK bytes unless it is the last; "" at
 * the end. It stays valid until the next call. */
typedef enum err (*tar_fill_fn)(void *ctx, struct str *out);

struct tar {
	tar_fill_fn fill;
	void *ctx;
	struct arena *arena;
	struct faults *faults;
	struct names names;
	struct str have; /* of the last piece, not used yet */
	uint64_t at;	 /* offset of have in the archive */
	uint64_t left;	 /* content of the current member still to give */
	unsigned pad;	 /* bytes to its block's end */
	char *meta;	 /* LIMIT_TAR_META bytes for extended headers, made when first needed */
	struct str name; /* of the current member */
	uint32_t n;
	bool ended;
};

/* What extended headers say about the member that follows. */
struct tar_ahead {
	struct str path, link; /* p is NULL: nothing */
	uint64_t size;
	bool any, has_size, pax, gnu_name, gnu_link, sparse;
};

/* tar_init begins. */
MUST_USE enum err tar_init(struct tar *t, struct arena *a, struct faults *f, tar_fill_fn fill,
			   void *ctx);

/* tar_next goes to the next member; false in *out_some at the end, when all names have been
 * compared. */
MUST_USE enum err tar_next(struct tar *t, struct member *out, bool *out_some);

/* tar_read gives the next piece of content, "" at its end. */
MUST_USE enum err tar_read(struct tar *t, struct str *out);

/* tar_is_header: block is a header with a right checksum. */
bool tar_is_header(struct str block);

/* tar_number reads a numeric field: octal digits, or 0x80 or 0xff and base 256. False for whatever
 * readers in use take differently. */
bool tar_number(struct str field, int64_t *out);

/* tar_pax reads the records of an extended header into ahead. Strings are copied to a. */
MUST_USE enum err tar_pax(struct faults *f, struct arena *a, struct str text, bool global,
			  uint64_t at, struct tar_ahead *ahead);

#endif
