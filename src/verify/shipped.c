/*
 * verify/shipped.c - the trusted root of Sigstore's public instance as it is in data/.
 * Input: own.   Runs in: verifier.
 */
#include "verify/verify.h"

__asm__(".section .rodata.trusted_root,\"a\"\n"
	".global trusted_root_begin, trusted_root_end\n"
	"trusted_root_begin:\n"
	".incbin \"data/trusted_root.json\"\n"
	"trusted_root_end:\n"
	".byte 0\n"
	".previous\n");
extern const char trusted_root_begin[], trusted_root_end[];

/* The day of sigstore/root-signing's commit that the file is from;
 * tests/unit/verify/trusted_root_test.c holds the file to it. */
static const struct str shipped_date = SC("2026-08-21");

struct str trusted_root_text(struct str *out_date)
{
	*out_date = shipped_date;
	return (struct str){ trusted_root_begin, (size_t)(trusted_root_end - trusted_root_begin) };
}
