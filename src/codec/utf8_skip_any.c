/* codec/utf8_skip_any.c - nothing is skipped where there is no AVX2. Runs in: every process. */
#ifndef __x86_64__

#include "codec/utf8_skip.h"

size_t utf8_skip(struct str s)
{
	(void)s;
	return 0;
}

#endif
