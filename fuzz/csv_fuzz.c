/*
 * fuzz/csv_fuzz.c - oracle: a second reader, CPython's state machine one character at a time, gives the
 * same fields.
 */
#include "fuzz/fuzz.h"

#include "codec/csv.h"

enum { FIELDS = 8 };

enum state { START_RECORD, START_FIELD, IN_FIELD, IN_QUOTED, QUOTE_IN_QUOTED };

/* Rows as text: fields in <>, one row a line. */
struct slow {
	struct buf out;
	struct buf field;
	enum state state;
	unsigned n; /* fields of this row so far */
};

static void save(struct slow *s)
{
	if (s->n++ < FIELDS) {
		buf_addc(&s->out, '<');
		buf_add(&s->out, buf_str(&s->field));
		buf_addc(&s->out, '>');
	}
	buf_reset(&s->field);
	s->state = START_FIELD;
}

static void row_end(struct slow *s)
{
	buf_addf(&s->out, "#%u\n", s->n);
	s->n = 0;
	s->state = START_RECORD;
}

static void eol(struct slow *s)
{
	if (s->state == IN_QUOTED) /* goes on in the next line */
		return;
	if (s->state != START_RECORD)
		save(s);
	row_end(s);
}

static void plain(struct slow *s, char c)
{
	if (c == ',')
		save(s);
	else
		buf_addc(&s->field, c);
}

static void character(struct slow *s, char c)
{
	switch (s->state) {
	case START_RECORD:
	case START_FIELD:
		s->state = c == '"' ? IN_QUOTED : IN_FIELD;
		if (c != '"')
			plain(s, c);
		break;
	case IN_FIELD:
		plain(s, c);
		break;
	case IN_QUOTED:
		if (c == '"')
			s->state = QUOTE_IN_QUOTED;
		else
			buf_addc(&s->field, c);
		break;
	case QUOTE_IN_QUOTED:
		s->state = c == '"' ? IN_QUOTED : IN_FIELD;
		plain(s, c);
		break;
	}
}

static void slow_read(struct slow *s, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool both = text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';
		if (text.p[i] == '\n' || text.p[i] == '\r') {
			eol(s);
			i += both;
		} else {
			character(s, text.p[i]);
		}
	}
	if (s->state != START_RECORD) {
		save(s);
		row_end(s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n }, fields[FIELDS];
	struct slow s = { .state = START_RECORD };
	struct arena a;
	struct buf out;
	struct csv c;
	size_t count;
	enum err e;

	if (n > 100000)
		return 0;
	arena_init(&a, 16 << 20);
	buf_init(&out, 16 << 20);
	buf_init(&s.out, 16 << 20);
	buf_init(&s.field, 1 << 20);
	csv_init(&c, &a, text);
	while ((e = csv_next(&c, fields, FIELDS, &count)) == OK) {
		for (size_t i = 0; i < count && i < FIELDS; i++) {
			buf_addc(&out, '<');
			buf_add(&out, fields[i]);
			buf_addc(&out, '>');
		}
		buf_addf(&out, "#%zu\n", count);
	}
	CHECK(e == ERR_NOT_FOUND);
	slow_read(&s, text);
	CHECK(str_eq(buf_str(&out), buf_str(&s.out)));
	buf_free(&out);
	buf_free(&s.out);
	buf_free(&s.field);
	arena_done(&a);
	return 0;
}
