/*
 * inspect/canary_decode.h - undoing one layer of encoding, tolerantly. Ring 0. For
 * inspect/canary_*.c only: what a thief's decoder would take is taken here, so nothing is strict.
 */
#ifndef INSPECT_CANARY_DECODE_H
#define INSPECT_CANARY_DECODE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may stand in a run of letters of an encoding. */
enum run_class {
	RUN_BASE64 = 1,
	RUN_HEX = 2,
	RUN_BASE32 = 4,
	RUN_BASE32_LOWER = 8,
	RUN_BASE85 = 16,
	RUN_ASCII85 = 32,
	RUN_TEXT = 64, /* printable */
};

/* Which classes each byte is in. */
struct run_classes {
	uint8_t of[256];
};

/* run_classes_init fills the table. */
void run_classes_init(struct run_classes *c);

/* run_next gives the next run of at least min letters of class from *at on and moves *at past it;
 * line ends within are part of it. n is 0 when there is none. */
struct str run_next(const struct run_classes *c, struct str in, size_t *at, enum run_class class,
		    size_t min);

/* run_only: every letter of in is in class, line ends apart. */
bool run_only(const struct run_classes *c, struct str in, enum run_class class);

/* The decoders write at most in.n bytes to out and return how many; what is no letter is left
 * out. */
size_t base64_undo(struct str in, uint8_t *out);
size_t hex_undo(struct str in, uint8_t *out);
size_t base32_undo(struct str in, uint8_t *out);
size_t base85_undo(struct str in, bool ascii85, uint8_t *out);
size_t percent_undo(struct str in, uint8_t *out);

/* utf32_undo leaves out three zeros behind each byte, as UTF-32 of either order has them. */
size_t utf32_undo(struct str in, uint8_t *out);

/* numbers_undo reads lists of character codes in any notation ("115, 107", "\x73\x6b", "&#115;",
 * "chr(115)+chr(107)"); lists of fewer than ten are left out. */
size_t numbers_undo(struct str in, uint8_t *out);

/* letters_only leaves out all that is no letter of base64: what a token was cut with. */
size_t letters_only(const struct run_classes *c, struct str in, uint8_t *out);

/* inflate_undo inflates at most cap bytes; bits as zlib's inflateInit2 takes them. */
size_t inflate_undo(struct str in, int bits, uint8_t *out, size_t cap);

#endif
