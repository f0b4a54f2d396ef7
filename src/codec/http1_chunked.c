/*
 * codec/http1_chunked.c - chunked bodies of HTTP/1.1: bytes in, slices out.
 * Input: hostile.   Runs in: ingress, egress, admin.   Fuzz: fuzz/http1_fuzz.c
 */
#include "codec/http1.h"

#include "base/num.h"
#include "codec/http1_chars.h"

enum {
	CH_SIZE,       /* first digit of a size */
	CH_DIGITS,     /* more digits, an extension or CR */
	CH_EXT,        /* an extension, dropped */
	CH_SIZE_LF,
	CH_DATA,
	CH_DATA_CR,
	CH_DATA_LF,
	CH_TRAILER,    /* start of a trailer line, or of the blank line */
	CH_NAME,
	CH_VALUE,
	CH_TRAILER_LF,
	CH_LAST_LF,
	CH_DONE,
};

static enum err chunk_digit(struct http1_chunked *c, char byte)
{
	int v = num_hex(byte);

	if (v < 0 || c->left >> 56)
		return ERR_SYNTAX;
	c->left = c->left << 4 | (unsigned)v;
	c->state = CH_DIGITS;
	return OK;
}

static enum err chunk_after_digits(struct http1_chunked *c, char byte)
{
	if (byte == '\r')
		c->state = CH_SIZE_LF;
	else if (byte == ';')
		c->state = CH_EXT;
	else
		return chunk_digit(c, byte);
	return OK;
}

/* text_or_cr reads a byte of an extension or of a trailer's value. */
static enum err text_or_cr(struct http1_chunked *c, char byte, uint8_t after_cr)
{
	if (byte == '\r')
		c->state = after_cr;
	else if (is_control(byte))
		return ERR_SYNTAX;
	return OK;
}

static enum err expect(struct http1_chunked *c, char byte, char want, uint8_t next)
{
	if (byte != want)
		return ERR_SYNTAX;
	c->state = next;
	return OK;
}

static enum err trailer_start(struct http1_chunked *c, char byte)
{
	if (byte != '\r' && !is(byte, IS_TOKEN))
		return ERR_SYNTAX;
	c->state = byte == '\r' ? CH_LAST_LF : CH_NAME;
	return OK;
}

static enum err trailer_name(struct http1_chunked *c, char byte)
{
	if (byte == ':')
		c->state = CH_VALUE;
	else if (!is(byte, IS_TOKEN))
		return ERR_SYNTAX;
	return OK;
}

/* chunk_byte takes one byte that is not data. */
static enum err chunk_byte(struct http1_chunked *c, char byte)
{
	switch (c->state) {
	case CH_SIZE:
		return chunk_digit(c, byte);
	case CH_DIGITS:
		return chunk_after_digits(c, byte);
	case CH_EXT:
		return text_or_cr(c, byte, CH_SIZE_LF);
	case CH_SIZE_LF:
		return expect(c, byte, '\n', c->left ? CH_DATA : CH_TRAILER);
	case CH_DATA_CR:
		return expect(c, byte, '\r', CH_DATA_LF);
	case CH_DATA_LF:
		return expect(c, byte, '\n', CH_SIZE);
	case CH_TRAILER:
		return trailer_start(c, byte);
	case CH_NAME:
		return trailer_name(c, byte);
	case CH_VALUE:
		return text_or_cr(c, byte, CH_TRAILER_LF);
	case CH_TRAILER_LF:
		return expect(c, byte, '\n', CH_TRAILER);
	case CH_LAST_LF:
		TRY(expect(c, byte, '\n', CH_DONE));
		c->done = true;
		return OK;
	default:
		return ERR_SYNTAX;
	}
}

/* dropped counts what the sender can add without end: extensions, trailers and leading zeros. */
static bool dropped(const struct http1_chunked *c)
{
	return c->state == CH_EXT || c->state >= CH_TRAILER ||
	       (c->state == CH_DIGITS && c->left == 0);
}

/* size_line takes what usually stands between two chunks in one step: a line end, a few digits, a
 * line end. All else is left to go byte by byte. */
static void size_line(struct http1_chunked *c, struct str *in)
{
	const char *p = in->p;
	uint64_t size = 0;
	int v;

	if (in->n < 10 || (c->state != CH_SIZE && c->state != CH_DATA_CR))
		return;
	if (c->state == CH_DATA_CR) {
		if (p[0] != '\r' || p[1] != '\n')
			return;
		p += 2;
	}
	for (unsigned i = 0; i < 6 && (v = num_hex(*p)) >= 0; i++, p++)
		size = size << 4 | (unsigned)v;
	if (size == 0 || p[0] != '\r' || p[1] != '\n')
		return;
	*in = str_tail(*in, (size_t)(p + 2 - in->p));
	c->left = size;
	c->state = CH_DATA;
}

enum err http1_chunked_next(struct http1_chunked *c, struct str *in, struct str *out)
{
	*out = (struct str){ in->p, 0 };
	while (in->n && !c->done) {
		size_line(c, in);
		if (c->state == CH_DATA) {
			*out = str_head(*in, c->left < in->n ? (size_t)c->left : in->n);
			c->left -= out->n;
			*in = str_tail(*in, out->n);
			if (c->left == 0)
				c->state = CH_DATA_CR;
			return OK;
		}
		if (dropped(c) && ++c->overhead > LIMIT_HEAD)
			return ERR_SYNTAX;
		TRY(chunk_byte(c, in->p[0]));
		in->p++;
		in->n--;
	}
	return OK;
}
