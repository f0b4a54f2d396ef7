/*
 * codec/jw.c - JSON writing. What stands at the end of the buffer says whether a comma is due.
 * Runs in: every process.
 */
#include "codec/jw.h"

#include "codec/utf8.h"

#include <assert.h>

/* After a name stands ':', after an opening bracket itself, so only the last byte of a value
 * asks for a comma: a quote, a closing bracket, a digit, or the end of true, false and null. */
static void comma(struct buf *b)
{
	char c = b->n ? b->p[b->n - 1] : ' ';

	if (c == '"' || c == '}' || c == ']' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
		buf_addc(b, ',');
}

static void put(struct buf *b, struct str text)
{
	comma(b);
	buf_add(b, text);
}

void jw_obj(struct buf *b)
{
	put(b, S("{"));
}

void jw_obj_end(struct buf *b)
{
	buf_addc(b, '}');
}

void jw_arr(struct buf *b)
{
	put(b, S("["));
}

void jw_arr_end(struct buf *b)
{
	buf_addc(b, ']');
}

void jw_key(struct buf *b, struct str name)
{
	comma(b);
	buf_addc(b, '"');
	buf_add(b, name);
	buf_add(b, S("\":"));
}

void jw_null(struct buf *b)
{
	put(b, S("null"));
}

void jw_bool(struct buf *b, bool v)
{
	put(b, v ? S("true") : S("false"));
}

void jw_int(struct buf *b, int64_t v)
{
	comma(b);
	buf_addi(b, v);
}

void jw_uint(struct buf *b, uint64_t v)
{
	comma(b);
	buf_addu(b, v);
}

void jw_raw(struct buf *b, struct str text)
{
	assert(text.n > 0);
	put(b, text);
}

void jw_quote_open(struct buf *b)
{
	put(b, S("\""));
}

void jw_quote_close(struct buf *b)
{
	buf_addc(b, '"');
}

void jw_esc_add(struct buf *b, struct str esc)
{
	buf_add(b, esc);
}

static void escape(struct buf *b, unsigned char c)
{
	static const char short_form[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};
	static const char digits[] = "0123456789abcdef";

	if (c >= ' ' || short_form[c] != 0) {
		buf_addc(b, '\\');
		buf_addc(b, c >= ' ' ? (char)c : short_form[c]);
	} else {
		buf_add(b, S("\\u00"));
		buf_addc(b, digits[c >> 4]);
		buf_addc(b, digits[c & 15]);
	}
}

/* s is UTF-8. */
static void add_escaped(struct buf *b, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_add(b, (struct str){ s.p + from, i - from });
		escape(b, c);
		from = i + 1;
	}
	buf_add(b, str_tail(s, from));
}

void jw_str_add(struct buf *b, struct str s)
{
	while (b->err == OK) {
		size_t good = utf8_valid(s);
		add_escaped(b, str_head(s, good));
		if (good == s.n)
			return;
		buf_add(b, S("\xef\xbf\xbd"));
		s = str_tail(s, good + 1);
	}
}

void jw_str(struct buf *b, struct str s)
{
	jw_quote_open(b);
	jw_str_add(b, s);
	jw_quote_close(b);
}

void jw_esc(struct buf *b, struct str esc)
{
	jw_quote_open(b);
	buf_add(b, esc);
	jw_quote_close(b);
}

void jw_kv_str(struct buf *b, struct str name, struct str s)
{
	jw_key(b, name);
	jw_str(b, s);
}

void jw_kv_esc(struct buf *b, struct str name, struct str esc)
{
	jw_key(b, name);
	jw_esc(b, esc);
}

void jw_kv_raw(struct buf *b, struct str name, struct str text)
{
	jw_key(b, name);
	jw_raw(b, text);
}

void jw_kv_int(struct buf *b, struct str name, int64_t v)
{
	jw_key(b, name);
	jw_int(b, v);
}

void jw_kv_bool(struct buf *b, struct str name, bool v)
{
	jw_key(b, name);
	jw_bool(b, v);
}

void jw_number(struct buf *b, int64_t value, unsigned scale)
{
	uint64_t v = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[24];
	size_t at = sizeof text;

	assert(scale <= 18);
	for (; scale > 0 && v % 10 == 0; scale--)
		v /= 10;
	for (unsigned i = 0; v != 0 || i <= scale; i++) {
		if (i == scale && scale != 0)
			text[--at] = '.';
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	}
	if (value < 0)
		text[--at] = '-';
	put(b, (struct str){ text + at, sizeof text - at });
}
