/*
 * codec/sse.h - server-sent events, as in the WHATWG HTML standard, 9.2: bytes in, events out.
 * Ring 0. Nothing is copied: an event is a span of the input; the caller keeps what is incomplete
 * and feeds it again with more behind it.
 */
#ifndef CODEC_SSE_H
#define CODEC_SSE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct sse_event {
	struct str span;  /* the whole event with its blank line, as it came */
	struct str event; /* the event field's value, or "" */
	struct str data;  /* the data field's value when there is exactly one data line, else see
			     lines */
	unsigned lines;   /* data lines; 0 means a comment or keep-alive only */
};

/* sse_next finds the next complete event at the start of *in, fills out and moves *in behind it.
 * ERR_AGAIN: no complete event yet (*in is unchanged). Lines end in LF, CRLF or CR; a CR as the
 * very last byte waits for what follows it. A leading byte order mark is the caller's to cut. */
MUST_USE enum err sse_next(struct str *in, struct sse_event *out);

/* sse_scan is where sse_next would look for an end: from gives the bytes already searched without
 * success, so that an event that arrives in many pieces is searched once. Returns the length of the
 * first complete event in in, or 0. */
size_t sse_scan(struct str in, size_t from);

/* sse_parse splits one complete event span into its fields. */
void sse_parse(struct str span, struct sse_event *out);

/* sse_data appends the event's data to out, its lines joined by LF. */
void sse_data(const struct sse_event *e, struct buf *out);

/* sse_write appends one event; event may be empty; data must not contain line ends. */
void sse_write(struct buf *out, struct str event, struct str data);

#endif
