/*
 * inspect/canary_decode.c - undoing one layer of encoding, tolerantly.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/canary_fuzz.c
 */
#include "inspect/canary_decode.h"

#include "base/ascii.h"
#include "base/num.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

enum { NUMBERS_MIN = 10, GAP_MAX = 8, WORD_MAX = 12 };

static uint8_t classes_of(uint8_t c)
{
	uint8_t set = c >= 0x20 && c < 0x7f ? RUN_TEXT : 0;

	if (ascii_alnum((char)c) || c == '+' || c == '/' || c == '-' || c == '_')
		set |= RUN_BASE64;
	if (num_hex((char)c) >= 0)
		set |= RUN_HEX;
	if ((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'))
		set |= RUN_BASE32;
	if ((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'))
		set |= RUN_BASE32_LOWER;
	if (c > ' ' && c < 0x7f && memchr("\"',./:[\\]", c, 9) == NULL)
		set |= RUN_BASE85;
	if ((c > ' ' && c <= 'u') || c == 'z')
		set |= RUN_ASCII85;
	return set;
}

void run_classes_init(struct run_classes *c)
{
	for (unsigned i = 0; i < 256; i++)
		c->of[i] = classes_of((uint8_t)i);
}

struct str run_next(const struct run_classes *c, struct str in, size_t *at, enum run_class class,
		    size_t min)
{
	const uint8_t *p = (const uint8_t *)in.p;

	for (size_t i = *at; i < in.n && in.n - i >= min;) {
		/* A run from here must have a letter min - 1 further on; mostly it does not, and
		 * all before that one can be passed over. */
		uint8_t far = p[i + min - 1];
		if ((c->of[far] & class) == 0 && far != '\r' && far != '\n') {
			i += min;
			continue;
		}
		size_t start = i, letters = 0;
		for (; i < in.n; i++) {
			bool letter = (c->of[p[i]] & class) != 0;
			if (!letter && (letters == 0 || (p[i] != '\r' && p[i] != '\n')))
				break;
			letters += letter;
		}
		if (letters >= min) {
			*at = i;
			return (struct str){ in.p + start, i - start };
		}
		i += i == start;
	}
	*at = in.n;
	return (struct str){ in.p, 0 };
}

bool run_only(const struct run_classes *c, struct str in, enum run_class class)
{
	for (size_t i = 0; i < in.n; i++)
		if ((c->of[(uint8_t)in.p[i]] & class) == 0 && in.p[i] != '\r' && in.p[i] != '\n')
			return false;
	return true;
}

/* ---- letters of bits ---- */

struct bits {
	uint8_t *out;
	size_t n;
	uint32_t held;
	unsigned n_held;
};

static inline void bits_put(struct bits *b, unsigned value, unsigned width)
{
	b->held = b->held << width | value;
	b->n_held += width;
	if (b->n_held >= 8) {
		b->n_held -= 8;
		b->out[b->n++] = (uint8_t)(b->held >> b->n_held);
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

size_t base64_undo(struct str in, uint8_t *out)
{
	struct bits b = { .out = out };

	for (size_t i = 0; i < in.n; i++) {
		int v = base64_value(in.p[i]);
		if (v >= 0)
			bits_put(&b, (unsigned)v, 6);
	}
	return b.n;
}

size_t hex_undo(struct str in, uint8_t *out)
{
	struct bits b = { .out = out };

	for (size_t i = 0; i < in.n; i++) {
		int v = num_hex(in.p[i]);
		if (v >= 0)
			bits_put(&b, (unsigned)v, 4);
	}
	return b.n;
}

size_t base32_undo(struct str in, uint8_t *out)
{
	struct bits b = { .out = out };

	for (size_t i = 0; i < in.n; i++) {
		char c = ascii_lower(in.p[i]);
		if (ascii_letter(c))
			bits_put(&b, (unsigned)(c - 'a'), 5);
		else if (c >= '2' && c <= '7')
			bits_put(&b, (unsigned)(c - '2' + 26), 5);
	}
	return b.n;
}

/* ---- groups of five ---- */

static int base85_value(char c)
{
	static const char letters[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"!#$%&()*+-;<=>?@^_`{|}~";
	const char *at = memchr(letters, c, sizeof letters - 1);

	return at == NULL ? -1 : (int)(at - letters);
}

/* A group's bytes, big-endian; of a last, short group of n letters n - 1 bytes count. */
static size_t put_group(const uint8_t group[5], unsigned n, uint8_t *out)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 5; i++)
		v = v * 85 + (i < n ? group[i] : 84);
	if (v > UINT32_MAX)
		return 0;
	for (unsigned i = 0; i + 1 < n; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
	return n - 1;
}

size_t base85_undo(struct str in, bool ascii85, uint8_t *out)
{
	uint8_t group[5];
	unsigned n_group = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.n && in.n - n >= 4; i++) { /* each z makes four of one */
		char c = in.p[i];
		int v = !ascii85 ? base85_value(c) : c >= '!' && c <= 'u' ? c - '!' : -1;
		if (ascii85 && c == 'z' && n_group == 0) {
			memset(out + n, 0, 4);
			n += 4;
		}
		if (v < 0)
			continue;
		group[n_group++] = (uint8_t)v;
		if (n_group < 5)
			continue;
		size_t got = put_group(group, 5, out + n);
		if (got == 0)
			return n; /* no such group: this was no base85 */
		n += got;
		n_group = 0;
	}
	return n + (n_group > 1 ? put_group(group, n_group, out + n) : 0);
}

/* ---- percent, numbers, separators ---- */

size_t percent_undo(struct str in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		struct str digits = str_head(str_tail(in, i + 1), 2);
		bool escape = in.p[i] == '%' && num_hex_bytes(digits, &out[n], 1);
		if (!escape)
			out[n] = (uint8_t)in.p[i];
		n++;
		i += escape ? 2 : 0;
	}
	return n;
}

size_t utf32_undo(struct str in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		out[n++] = (uint8_t)in.p[i];
		if (in.p[i] != 0 && in.n - i > 3 && memcmp(in.p + i + 1, "\0\0", 3) == 0)
			i += 3;
	}
	return n;
}

/* The character code that a word stands for: decimal, or hexadecimal behind x, 0x or u; octal
 * behind a backslash. -1: none. */
static int code_of(const char *p, size_t n, char before)
{
	unsigned base = before == '\\' ? 8 : 10, v = 0;
	size_t i = 0;

	if (n > 1 && p[0] == '0' && (p[1] | 0x20) == 'x')
		base = 16, i = 2;
	else if ((p[0] | 0x20) == 'x' || (p[0] | 0x20) == 'u')
		base = 16, i = 1;
	if (i == n || n - i > 5)
		return -1;
	for (; i < n; i++) {
		int digit = num_hex(p[i]);
		if (digit < 0 || (unsigned)digit >= base)
			return -1;
		v = v * base + (unsigned)digit;
	}
	return v <= 0xff ? (int)v : -1;
}

size_t numbers_undo(struct str in, uint8_t *out)
{
	const char *p = in.p;
	size_t n = 0, list = 0, gap = 0; /* list: where the running one began in out */

	for (size_t i = 0; i < in.n;) {
		size_t from = i;
		while (i < in.n && ascii_alnum(p[i]))
			i++;
		if (i == from) {
			i++;
			gap++;
			continue;
		}
		int code = code_of(p + from, i - from, from ? p[from - 1] : 0);
		bool word = code < 0 && i - from <= WORD_MAX && ascii_letter(p[from]);
		if ((code < 0 && !word) || gap > GAP_MAX) { /* the list ends */
			n = n - list >= NUMBERS_MIN ? n : list;
			list = n;
		}
		if (code >= 0)
			out[n++] = (uint8_t)code;
		gap = word ? gap : 0;
	}
	return n - list >= NUMBERS_MIN ? n : list;
}

size_t letters_only(const struct run_classes *c, struct str in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		out[n] = (uint8_t)in.p[i];
		n += c->of[out[n]] & RUN_BASE64;
	}
	return n;
}

/* ---- compression ---- */

size_t inflate_undo(struct str in, int bits, uint8_t *out, size_t cap)
{
	z_stream z = { .avail_in = (unsigned)in.n, .avail_out = (unsigned)cap, .next_out = out };
	union {
		const char *borrowed;
		Bytef *next;
	} from = { in.p }; /* zlib reads only, its prototype says otherwise */

	assert(in.n <= UINT32_MAX && cap <= UINT32_MAX);
	z.next_in = from.next;
	if (inflateInit2(&z, bits) != Z_OK)
		return 0;
	(void)inflate(&z, Z_SYNC_FLUSH); /* what came out before an error counts as well */
	size_t n = cap - z.avail_out;
	(void)inflateEnd(&z);
	return n;
}
