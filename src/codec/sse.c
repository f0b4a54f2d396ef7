/*
 * codec/sse.c - server-sent events: bytes in, events out. Nothing is copied or allocated.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/sse_fuzz.c
 *
 * The common event is one or two lines that end in LF, so memchr does the work. CR as a line end is
 * legal but never seen; one more memchr over the same bytes keeps us honest about it.
 */
#include "codec/sse.h"

#include <assert.h>
#include <string.h>

/* What a search learned on its way, so that the fields need not be searched for line ends again. */
struct scan {
	size_t event;    /* bytes of the first complete event, 0: none */
	size_t line; /* bytes of its first line without the line end; valid when the search began at
			0 */
	bool has_cr;
};

/* first_of gives the first c in [p, end), or NULL. */
static const char *first_of(const char *p, const char *end, char c)
{
	return p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
}

static bool line_ends_at(const char *p)
{
	return *p == '\n' || *p == '\r';
}

/* scan_from looks for the blank line, from the byte at from on. An event ends with a line end that
 * stands at the start or right behind another line end. */
static struct scan scan_from(struct str in, size_t from)
{
	struct scan s = { .line = SIZE_MAX };
	const char *p = in.p + from, *end = in.p + in.n, *lf = NULL;

	while (p < end) {
		if (lf == NULL || lf < p) {
			lf = first_of(p, end, '\n');
			lf = lf ? lf : end;
		}
		const char *cr = first_of(p, lf, '\r');
		const char *eol = cr ? cr : lf;
		if (eol == end || (cr && cr + 1 == end))
			return s;
		if (cr)
			s.has_cr = true;
		if (s.line == SIZE_MAX)
			s.line = (size_t)(eol - in.p);
		p = eol + (*eol == '\r' && eol[1] == '\n' ? 2 : 1);
		if (eol == in.p || line_ends_at(eol - 1)) {
			s.event = (size_t)(p - in.p);
			return s;
		}
		/* The usual end of an event: the blank line follows at once. */
		if (p < end && *p == '\n') {
			s.event = (size_t)(p + 1 - in.p);
			return s;
		}
	}
	return s;
}

size_t sse_scan(struct str in, size_t from)
{
	assert(from <= in.n);
	/* A CR that was the last byte was left undecided; every line end before it is settled. */
	if (from && in.p[from - 1] == '\r')
		from--;
	return scan_from(in, from).event;
}

/* field takes one line, without its end, into out. */
static void field(struct sse_event *out, struct str line)
{
	struct str name = line, value = { line.p + line.n, 0 };

	if (line.n >= 5 && memcmp(line.p, "data:", 5) == 0) {
		name = (struct str){ line.p, 4 };
		value = (struct str){ line.p + 5, line.n - 5 };
	} else {
		size_t colon = str_chr(line, ':');
		if (colon != SIZE_MAX) {
			name = str_head(line, colon);
			value = str_tail(line, colon + 1);
		}
	}
	if (value.n && value.p[0] == ' ')
		value = (struct str){ value.p + 1, value.n - 1 };
	if (name.n == 4 && memcmp(name.p, "data", 4) == 0) {
		out->lines++;
		out->data = value;
	} else if (name.n == 5 && memcmp(name.p, "event", 5) == 0) {
		out->event = value;
	}
}

/* A walk over the lines of one event. lf and cr are the next of each kind, searched for only when
 * the walk has passed the last one found: many of one kind cost no search for the other. */
struct lines {
	const char *p, *end, *lf, *cr;
};

static struct lines lines_of(struct str text, bool has_cr)
{
	const char *end = text.p + text.n;

	return (struct lines){ text.p, end, NULL, has_cr ? NULL : end };
}

/* next_line takes the next line, without its end. */
static struct str next_line(struct lines *l)
{
	if (l->lf == NULL || l->lf < l->p) {
		l->lf = first_of(l->p, l->end, '\n');
		l->lf = l->lf ? l->lf : l->end;
	}
	if (l->cr == NULL || l->cr < l->p) {
		l->cr = first_of(l->p, l->end, '\r');
		l->cr = l->cr ? l->cr : l->end;
	}
	const char *eol = l->cr < l->lf ? l->cr : l->lf;
	struct str line = { l->p, (size_t)(eol - l->p) };
	l->p = eol;
	if (eol < l->end)
		l->p += *eol == '\r' && eol + 1 < l->end && eol[1] == '\n' ? 2 : 1;
	return line;
}

/* parse reads the fields of span; its first line's length is known, SIZE_MAX if not. */
static void parse(struct str span, bool has_cr, size_t line, struct sse_event *out)
{
	struct str rest = span;

	*out = (struct sse_event){ .span = span, .event = S(""), .data = S("") };
	if (line != SIZE_MAX && !has_cr && line < span.n) {
		field(out, str_head(span, line));
		rest = str_tail(span, line + 1);
	}
	struct lines l = lines_of(rest, has_cr);
	while (l.end - l.p > 1)
		field(out, next_line(&l));
	if (out->lines != 1)
		out->data = S("");
}

void sse_parse(struct str span, struct sse_event *out)
{
	parse(span, str_chr(span, '\r') != SIZE_MAX, SIZE_MAX, out);
}

enum err sse_next(struct str *in, struct sse_event *out)
{
	struct scan s = scan_from(*in, 0);

	if (s.event == 0)
		return ERR_AGAIN;
	parse(str_head(*in, s.event), s.has_cr, s.line, out);
	*in = (struct str){ in->p + s.event, in->n - s.event };
	return OK;
}

void sse_data(const struct sse_event *e, struct buf *out)
{
	struct lines l = lines_of(e->span, str_chr(e->span, '\r') != SIZE_MAX);
	bool first = true;

	if (e->lines == 1) {
		buf_add(out, e->data);
		return;
	}
	while (l.p < l.end) {
		struct sse_event one = { 0 };
		field(&one, next_line(&l));
		if (one.lines == 0)
			continue;
		if (!first)
			buf_addc(out, '\n');
		buf_add(out, one.data);
		first = false;
	}
}

void sse_write(struct buf *out, struct str event, struct str data)
{
	assert(str_chr(data, '\n') == SIZE_MAX && str_chr(data, '\r') == SIZE_MAX);
	if (event.n) {
		buf_add(out, S("event: "));
		buf_add(out, event);
		buf_addc(out, '\n');
	}
	buf_add(out, S("data: "));
	buf_add(out, data);
	buf_add(out, S("\n\n"));
}
