/* tests/unit/codec/sse_test.c */
#include "codec/sse.h"

#include "../check.h"

/* dump writes what every event of in says, one "event|data;" after the other, fed in two pieces the way
 * a relay does: what is incomplete is kept and offered again. */
static void dump(struct str in, size_t cut, struct buf *out)
{
	size_t done = 0;

	buf_reset(out);
	for (int i = 0; i < 2; i++) {
		struct str have = check_guard((struct str){ in.p + done, (i ? in.n : cut) - done });
		struct str left = have;
		struct sse_event e;
		while (sse_next(&left, &e) == OK) {
			buf_addf(out, "%u|", e.lines);
			buf_add(out, e.event);
			buf_addc(out, '|');
			sse_data(&e, out);
			buf_addc(out, ';');
		}
		CHECK(sse_scan(left, 0) == 0);
		done += have.n - left.n;
		check_unguard(have);
	}
}

static const struct {
	struct str in, want;
} rows[] = {
	{ SC("data: a\n\n"), SC("1||a;") },
	{ SC("data: a\r\n\r\n"), SC("1||a;") },
	{ SC("data: a\r\rx"), SC("1||a;") },
	{ SC("data: a\n\r\ndata: b\r\n\n"), SC("1||a;1||b;") },
	{ SC("event: e\ndata: {\"a\":1}\n\n"), SC("1|e|{\"a\":1};") },
	{ SC("event:e\rdata:  a\r\r\n"), SC("1|e| a;") },
	{ SC("data: a\ndata\ndata:b\n\n"), SC("3||a\n\nb;") },
	{ SC("data: a\rdata: b\r\n\r\n"), SC("2||a\nb;") },
	{ SC(": ping\n\n"), SC("0||;") },
	{ SC("\n\ndata: a\n\n"), SC("0||;0||;1||a;") },
	{ SC("data:\n\n"), SC("1||;") },
	{ SC("data\n\n"), SC("1||;") },
	{ SC("id: 1\nretry: 5\nevent: x\nevent: y\nda: 1\ndatax: 2\n\n"), SC("0|y|;") },
	{ SC("data: a:b\n\n"), SC("1||a:b;") },
	{ SC("data: a\n"), SC("") },
	{ SC("data: a\n\r"), SC("") },
	{ SC("data: a"), SC("") },
	{ SC("\r"), SC("") },
	{ SC("\r\r\r\n"), SC("0||;0||;0||;") },
};

CASE(every_split)
{
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
			dump(rows[i].in, cut, &out);
			CHECK_STR(buf_str(&out), rows[i].want);
		}
	buf_free(&out);
}

CASE(scan_goes_on_where_it_stopped)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str in = rows[i].in;
		size_t whole = sse_scan(in, 0);
		for (size_t from = 0; from <= in.n; from++)
			if (sse_scan(str_head(in, from), 0) == 0)
				CHECK(sse_scan(in, from) == whole);
	}
}

CASE(spans_and_writing)
{
	struct buf out;
	struct sse_event e;
	struct str in;

	buf_init(&out, 1000);
	sse_write(&out, S("message_stop"), S("{}"));
	sse_write(&out, S(""), S("[DONE]"));
	in = buf_str(&out);
	CHECK_STR(in, S("event: message_stop\ndata: {}\n\ndata: [DONE]\n\n"));
	CHECK(sse_next(&in, &e) == OK);
	CHECK_STR(e.span, S("event: message_stop\ndata: {}\n\n"));
	CHECK_STR(e.event, S("message_stop"));
	CHECK_STR(e.data, S("{}"));
	sse_parse(in, &e);
	CHECK_STR(e.data, S("[DONE]"));
	CHECK(e.span.n == in.n && e.lines == 1);
	buf_free(&out);
}

/* A stream of nothing but CR must not be searched for LF again at every line. */
CASE(only_cr_is_linear)
{
	size_t n = 1 << 20;
	char *p = malloc(n);
	struct sse_event e;

	CHECK(p != NULL);
	for (size_t i = 0; i < n; i++)
		p[i] = i % 2 ? '\r' : 'a';
	struct str in = { p, n };
	CHECK(sse_next(&in, &e) == ERR_AGAIN);
	p[n - 2] = '\r';
	p[n - 1] = 'a';
	CHECK(sse_next(&in, &e) == OK && in.n == 1);
	free(p);
}

TESTS(CASE_ROW(every_split), CASE_ROW(scan_goes_on_where_it_stopped), CASE_ROW(spans_and_writing),
      CASE_ROW(only_cr_is_linear))
