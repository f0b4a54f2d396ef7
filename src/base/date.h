/*
 * base/date.h - RFC 3339 text of UTC times. Ring 0. No clock, no time zone, no locale.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/err.h"
#include "base/str.h"

enum { DATE_TEXT = 32 };

/* date_format writes "2026-11-23T06:07:02Z" with a NUL into out (DATE_TEXT bytes) and borrows it.
 * Seconds outside the years 0 to 9999 are clamped. */
struct str date_format(int64_t unix_s, char *out);

/* date_format_ms is the same with milliseconds: "2026-11-23T06:07:02.123Z". */
struct str date_format_ms(int64_t unix_ms, char *out);

/* date_days gives the days from 1970-01-01 to a day of the Gregorian calendar. */
int64_t date_days(unsigned year, unsigned month, unsigned day);

/* date_parse reads RFC 3339, any offset, any fraction (cut off); a date alone is its midnight UTC,
 * and a time without an offset is taken as UTC. ERR_SYNTAX for anything else. */
MUST_USE enum err date_parse(struct str s, int64_t *out_unix_s);

/* date_parse_ms is the same with the first three digits of the fraction. */
MUST_USE enum err date_parse_ms(struct str s, int64_t *out_unix_ms);

#endif
