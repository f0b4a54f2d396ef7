/*
 * sys/clock.h - the clocks, and RFC 3339 text of UTC times. Ring 1. No time zone, no locale.
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum { CLOCK_TEXT = 32 };

/* clock_mono_ns never goes back; clock_wall_ns is nanoseconds since 1970 and may jump. */
uint64_t clock_mono_ns(void);
uint64_t clock_wall_ns(void);

/* clock_format writes "2026-11-23T06:07:02Z" with a NUL into out (CLOCK_TEXT bytes) and borrows it.
 * Seconds outside the years 0 to 9999 are clamped. */
struct str clock_format(int64_t unix_s, char *out);

/* clock_format_ms is the same with milliseconds: "2026-11-23T06:07:02.123Z". */
struct str clock_format_ms(int64_t unix_ms, char *out);

/* clock_parse reads RFC 3339, any offset, any fraction (cut off); a date alone is its midnight UTC,
 * and a time without an offset is taken as UTC. ERR_SYNTAX for anything else. */
MUST_USE enum err clock_parse(struct str s, int64_t *out_unix_s);

#endif
