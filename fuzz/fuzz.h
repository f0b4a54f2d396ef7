/* fuzz/fuzz.h - what every fuzz target includes: the entry point, and CHECK for its oracle. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CHECK(cond)                                                                        \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: oracle failed: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)

/* Data in base64 goes from one format to the other without being read; only Gemini's reader, which
 * has two alphabets to tell apart, says that it is none. refused_base64: that is what param names. */
#define refused_base64(param)                                                              \
	(strlen(param) >= 15 && strcmp((param) + strlen(param) - 15, "inlineData.data") == 0)

#endif
