/*
 * base/date.c - RFC 3339 to seconds and back, by arithmetic alone.
 * Input: hostile.   Runs in: every process.   Fuzz: fuzz/clock_fuzz.c
 */
#include "base/date.h"

#include "base/ascii.h"

enum { DAY_S = 86400, ERA_DAYS = 146097 /* of 400 years */ };
static const int64_t first_s = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t last_s = 253402300799;  /* 9999-12-31T23:59:59Z */

/*
 * Days are counted in years that begin on 1 March, so that the leap day is a year's last and the
 * lengths of the months before it follow (153 m + 2) / 5. Day 0 is 0000-03-01, 719468 days before
 * 1970.
 */
int64_t date_days(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day -
			  1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = (unsigned)(yoe + era * 400 + (*month <= 2));
}

static char *digits(char *at, unsigned v, unsigned n)
{
	for (unsigned i = n; i-- > 0; v /= 10)
		at[i] = (char)('0' + v % 10);
	return at + n;
}

/* format writes all but the final 'Z' and returns the end. */
static char *format(int64_t s, char *out)
{
	unsigned year, month, day;

	s = s < first_s ? first_s : s > last_s ? last_s : s;
	int64_t days = s / DAY_S - (s % DAY_S < 0);
	unsigned rest = (unsigned)(s - days * DAY_S);
	civil_from_days(days, &year, &month, &day);
	char *at = digits(out, year, 4);
	*at++ = '-';
	at = digits(at, month, 2);
	*at++ = '-';
	at = digits(at, day, 2);
	*at++ = 'T';
	at = digits(at, rest / 3600, 2);
	*at++ = ':';
	at = digits(at, rest / 60 % 60, 2);
	*at++ = ':';
	return digits(at, rest % 60, 2);
}

struct str date_format(int64_t unix_s, char *out)
{
	char *end = format(unix_s, out);

	*end++ = 'Z';
	*end = '\0';
	return (struct str){ out, (size_t)(end - out) };
}

struct str date_format_ms(int64_t unix_ms, char *out)
{
	int64_t s = unix_ms / 1000 - (unix_ms % 1000 < 0);
	char *end = format(s, out);

	*end++ = '.';
	end = digits(end, (unsigned)(unix_ms - s * 1000), 3);
	*end++ = 'Z';
	*end = '\0';
	return (struct str){ out, (size_t)(end - out) };
}

/* number takes n digits off s; false when they are not there or the value is over max. */
static bool number(struct str *s, unsigned n, unsigned max, unsigned *out)
{
	unsigned v = 0;

	if (s->n < n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!ascii_digit(s->p[i]))
			return false;
		v = v * 10 + (unsigned)(s->p[i] - '0');
	}
	*s = str_tail(*s, n);
	*out = v;
	return v <= max;
}

static bool literal(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_tail(*s, 1);
	return true;
}

static bool parse_date(struct str *s, int64_t *out_days)
{
	static const uint8_t lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year, month, day;

	if (!number(s, 4, 9999, &year) || !literal(s, '-') || !number(s, 2, 12, &month) ||
	    !literal(s, '-') || !number(s, 2, 31, &day) || month == 0 || day == 0)
		return false;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day > lengths[month - 1] || (month == 2 && day == 29 && !leap))
		return false;
	*out_days = date_days(year, month, day);
	return true;
}

/* parse_offset reads "Z", "+hh:mm", "-hh:mm" or nothing. */
static bool parse_offset(struct str *s, int64_t *out_s)
{
	unsigned hours, minutes;

	*out_s = 0;
	if (s->n == 0 || literal(s, 'Z') || literal(s, 'z'))
		return true;
	bool minus = s->p[0] == '-';
	if (!literal(s, minus ? '-' : '+') || !number(s, 2, 23, &hours) || !literal(s, ':') ||
	    !number(s, 2, 59, &minutes))
		return false;
	*out_s = (int64_t)(hours * 3600 + minutes * 60) * (minus ? -1 : 1);
	return true;
}

/* Digits behind the point: the first three are milliseconds, the rest is cut off. */
static bool parse_fraction(struct str *s, unsigned *out_ms)
{
	unsigned digit, n = 0;

	for (*out_ms = 0; s->n > 0 && number(s, 1, 9, &digit); n++)
		*out_ms += n < 3 ? digit * (n == 0 ? 100 : n == 1 ? 10 : 1) : 0;
	return n != 0;
}

enum err date_parse_ms(struct str s, int64_t *out_unix_ms)
{
	unsigned h, m, sec, ms = 0;
	int64_t days, offset;

	if (!parse_date(&s, &days))
		return ERR_SYNTAX;
	if (s.n == 0) {
		*out_unix_ms = days * DAY_S * 1000;
		return OK;
	}
	if (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' '))
		return ERR_SYNTAX;
	/* 60 is a leap second; it becomes the next minute's first. */
	if (!number(&s, 2, 23, &h) || !literal(&s, ':') || !number(&s, 2, 59, &m) ||
	    !literal(&s, ':') || !number(&s, 2, 60, &sec))
		return ERR_SYNTAX;
	if (literal(&s, '.') && !parse_fraction(&s, &ms))
		return ERR_SYNTAX;
	if (!parse_offset(&s, &offset) || s.n != 0)
		return ERR_SYNTAX;
	*out_unix_ms = (days * DAY_S + (int64_t)(h * 3600 + m * 60 + sec) - offset) * 1000 + ms;
	return OK;
}

enum err date_parse(struct str s, int64_t *out_unix_s)
{
	int64_t ms;

	TRY(date_parse_ms(s, &ms));
	*out_unix_s = ms / 1000 - (ms % 1000 < 0);
	return OK;
}
