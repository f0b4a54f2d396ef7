/*
 * bench/load/wire.h - as much HTTP/1.1 as a benchmark needs of heads that its own peers wrote.
 * Deliberately lax and cheap: what generator and provider cost must not hide what a proxy costs.
 * Also the stamp by which one streamed event tells when it was sent.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct wire_head {
	size_t bytes;	 /* of the head with its blank line */
	unsigned status; /* of a response */
	size_t length;	 /* Content-Length */
	bool chunked, has_length, close, expect;
};

/* "T" and the monotonic clock's nanoseconds, always 19 digits. */
enum { WIRE_STAMP = 20 };

static inline uint64_t wire_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void wire_stamp(char *at, uint64_t ns)
{
	*at = 'T';
	for (int i = WIRE_STAMP - 1; i > 0; i--, ns /= 10)
		at[i] = (char)('0' + ns % 10);
}

/* wire_stamp_read reads the stamp at p; 0 if it is none. */
static inline uint64_t wire_stamp_read(const char *p)
{
	uint64_t ns = 0;

	for (int i = 1; i < WIRE_STAMP; i++) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		ns = ns * 10 + (uint64_t)(p[i] - '0');
	}
	return ns;
}

static inline bool wire_is(const char *line, size_t n, struct str name)
{
	return n >= name.n && strncasecmp(line, name.p, name.n) == 0;
}

/* wire_field takes what matters from one header line. */
static inline void wire_field(struct wire_head *h, const char *line, size_t n)
{
	switch (*line | 0x20) {
	case 'c':
		if (wire_is(line, n, S("content-length:"))) {
			h->length = strtoull(line + 15, NULL, 10);
			h->has_length = true;
		} else if (wire_is(line, n, S("connection: close"))) {
			h->close = true;
		}
		break;
	case 'e': h->expect |= wire_is(line, n, S("expect:")); break;
	case 't': h->chunked |= wire_is(line, n, S("transfer-encoding:")); break;
	default: break;
	}
}

/* wire_head reads the head at the start of in; false while it is incomplete. */
static inline bool wire_head(struct str in, struct wire_head *h)
{
	const char *p = in.p, *end = in.p + in.n;

	*h = (struct wire_head){0};
	if (in.n > 12 && memcmp(p, "HTTP/1.", 7) == 0)
		h->status = (unsigned)strtoul(p + 9, NULL, 10);
	for (;;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			return false;
		if (nl - p <= 1) {
			h->bytes = (size_t)(nl + 1 - in.p);
			return true;
		}
		wire_field(h, p, (size_t)(nl - p));
		p = nl + 1;
	}
}

#endif
