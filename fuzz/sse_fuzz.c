/*
 * fuzz/sse_fuzz.c - the events of a stream do not depend on how it was cut, and agree with a second
 * reader written straight from the WHATWG text, one byte at a time.
 */
#include "fuzz/fuzz.h"

#include "codec/sse.h"

#include <string.h>

enum { MAX_INPUT = 8192 };

static void say(struct buf *out, struct str event, struct str data, unsigned lines)
{
	buf_addf(out, "%u:%zu:", lines, event.n);
	buf_add(out, event);
	buf_addf(out, ":%zu:", data.n);
	buf_add(out, data);
}

static void say_event(struct buf *out, const struct sse_event *e)
{
	struct buf data;

	buf_init(&data, MAX_INPUT);
	sse_data(e, &data);
	CHECK(data.err == OK);
	if (e->lines == 1)
		CHECK(str_eq(buf_str(&data), e->data));
	say(out, e->event, buf_str(&data), e->lines);
	buf_free(&data);
}

/* read_all feeds the stream in pieces of step bytes and returns what was left over. */
static size_t read_all(struct str in, size_t step, struct buf *out)
{
	size_t done = 0, have = 0, searched = 0;

	while (have < in.n) {
		have = have + step < in.n ? have + step : in.n;
		struct str left = { in.p + done, have - done };
		struct sse_event e;
		size_t first = sse_scan(left, searched);
		struct str before = left;
		while (sse_next(&left, &e) == OK) {
			struct sse_event again;
			if (before.n == left.n + e.span.n)
				CHECK(first == e.span.n);
			before = (struct str){ NULL, SIZE_MAX };
			sse_parse(e.span, &again);
			CHECK(again.lines == e.lines && str_eq(again.data, e.data) && str_eq(again.event, e.event));
			say_event(out, &e);
		}
		if (before.p)
			CHECK(first == 0);
		done = have - left.n;
		searched = left.n;
	}
	return in.n - done;
}

/* The reference: a line buffer and the fields, nothing clever. */
struct naive {
	char line[MAX_INPUT], event[MAX_INPUT], data[2 * MAX_INPUT];
	size_t line_n, event_n, data_n;
	unsigned lines;
};

static void naive_field(struct naive *s)
{
	size_t colon = 0;

	while (colon < s->line_n && s->line[colon] != ':')
		colon++;
	size_t value = colon < s->line_n ? colon + 1 : colon;
	if (value < s->line_n && s->line[value] == ' ')
		value++;
	size_t n = s->line_n - value;
	if (colon == 4 && memcmp(s->line, "data", 4) == 0) {
		if (s->lines++)
			s->data[s->data_n++] = '\n';
		memcpy(s->data + s->data_n, s->line + value, n);
		s->data_n += n;
	} else if (colon == 5 && memcmp(s->line, "event", 5) == 0) {
		memcpy(s->event, s->line + value, n);
		s->event_n = n;
	}
}

static void naive_line(struct naive *s, struct buf *out)
{
	if (s->line_n == 0) {
		say(out, (struct str){ s->event, s->event_n }, (struct str){ s->data, s->data_n }, s->lines);
		s->event_n = s->data_n = s->lines = 0;
	} else {
		naive_field(s);
	}
	s->line_n = 0;
}

static void naive_all(struct str in, struct buf *out)
{
	static struct naive s;

	s.line_n = s.event_n = s.data_n = s.lines = 0;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\r') {
			if (i + 1 == in.n)
				return;
			if (in.p[i + 1] == '\n')
				i++;
			naive_line(&s, out);
		} else if (in.p[i] == '\n') {
			naive_line(&s, out);
		} else {
			s.line[s.line_n++] = in.p[i];
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct buf whole, split, naive;

	if (n == 0 || n > MAX_INPUT)
		return 0;
	buf_init(&whole, 1 << 20);
	buf_init(&split, 1 << 20);
	buf_init(&naive, 1 << 20);
	size_t left = read_all(in, n, &whole);
	CHECK(read_all(in, 1 + p[n / 2] % 17u, &split) == left);
	naive_all(in, &naive);
	CHECK(whole.err == OK && str_eq(buf_str(&whole), buf_str(&split)));
	CHECK(str_eq(buf_str(&whole), buf_str(&naive)));
	buf_free(&whole);
	buf_free(&split);
	buf_free(&naive);
	return 0;
}
