/*
 * sys/clock.h - the clocks. Ring 1. No time zone, no locale.
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include "base/date.h"

#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT = DATE_TEXT };

/* clock_mono_ns never goes back; clock_wall_ns is nanoseconds since 1970 and may jump. */
uint64_t clock_mono_ns(void);
uint64_t clock_wall_ns(void);

/* The texts of base/date.h under this header's name. */
static inline struct str clock_format(int64_t unix_s, char *out)
{
	return date_format(unix_s, out);
}

static inline struct str clock_format_ms(int64_t unix_ms, char *out)
{
	return date_format_ms(unix_ms, out);
}

static inline enum err clock_parse(struct str s, int64_t *out_unix_s)
{
	return date_parse(s, out_unix_s);
}

#endif
