/*
 * inspect/fold_text.c - the bytes that a string token stands for. Memory: the arena's; a
 * literal without escapes is a slice of its source.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "base/num.h"
#include "codec/utf8.h"
#include "inspect/fold_machine.h"

/* Up to max digits of a base at *at; -1 when there is none. */
static int64_t digits(struct str s, size_t *at, unsigned max, unsigned base)
{
	int64_t v = 0;
	unsigned n = 0;

	for (; n < max && *at < s.n && (unsigned)num_hex(s.p[*at]) < base; n++)
		v = v * base + num_hex(s.p[(*at)++]);
	return n ? v : -1;
}

static size_t put(char *out, int64_t v, bool bytes)
{
	char room[8];
	struct buf b;

	if (bytes || (v >= 0xd800 && v < 0xe000) || v < 0 || v > 0x10ffff) {
		*out = (char)v;
		return 1;
	}
	buf_fixed(&b, room, sizeof room);
	utf8_put(&b, (uint32_t)v);
	memcpy(out, room, b.n);
	return b.n;
}

/* One escape behind the backslash at *at; writes at most 4 bytes and gives their number. */
static size_t escape(struct str s, size_t *at, bool python, bool bytes, char *out)
{
	static const char from[] = "nrtbfv0a", to[] = "\n\r\t\b\f\v\0\a";
	size_t begin = *at;
	char c = s.p[(*at)++];
	int64_t v = -1;

	if (c == 'x') {
		v = digits(s, at, 2, 16);
	} else if (c == 'u' && !bytes && *at < s.n && s.p[*at] == '{') {
		++*at;
		v = digits(s, at, 6, 16);
		*at += *at < s.n && s.p[*at] == '}';
	} else if (c == 'u' && !bytes) {
		v = digits(s, at, 4, 16);
	} else if (c == 'U' && python && !bytes) {
		v = digits(s, at, 8, 16);
	} else if (c >= '0' && c <= '7') {
		--*at;
		v = digits(s, at, 3, 8);
	} else if (c == '\r' || c == '\n') {
		*at += c == '\r' && *at < s.n && s.p[*at] == '\n';
		return 0;
	} else {
		const char *known = memchr(from, c, sizeof from - 1);
		if (known == NULL && python && c != '\\' && c != '\'' && c != '"') {
			out[0] = '\\';
			out[1] = c;
			return 2;
		}
		out[0] = known ? to[known - from] : c;
		return 1;
	}
	if (v < 0) {
		*at = begin + 1;
		out[0] = c;
		return 1;
	}
	return put(out, v, bytes);
}

static struct str body(const struct unit *u, const struct token *k)
{
	struct str s = token_text(u->text, k);
	size_t quote = k->op & STRING_TRIPLE ? 3 : 1, prefix = 0;

	if (k->kind == TOK_F_MIDDLE)
		return s;
	while (prefix < s.n && s.p[prefix] != '"' && s.p[prefix] != '\'')
		prefix++;
	s = str_tail(s, prefix + quote);
	if (!(k->op & STRING_UNTERMINATED))
		s.n -= s.n < quote ? s.n : quote;
	return s;
}

/* Python's f-strings double their braces. */
static bool doubled(const struct token *k, struct str s, size_t at)
{
	return k->kind == TOK_F_MIDDLE && !(k->op & STRING_TEMPLATE) && at + 1 < s.n &&
	       (s.p[at] == '{' || s.p[at] == '}') && s.p[at + 1] == s.p[at];
}

struct value fold_literal(struct unit *u, uint32_t t)
{
	const struct token *k = &u->tok[t];
	struct str s = body(u, k);
	bool bytes = k->op & STRING_BYTES, python = u->lang == LANG_PYTHON;
	struct value v = value_text(bytes ? V_BYTES : V_STR, s);
	size_t n = 0;

	if ((s.n == 0 || memchr(s.p, '\\', s.n) == NULL || k->op & STRING_RAW) &&
	    k->kind == TOK_STRING)
		return v;
	char *p = value_bytes(u, s.n + 4);
	if (p == NULL)
		return value_unknown(0);
	for (size_t at = 0; at < s.n;) {
		if (s.p[at] == '\\' && !(k->op & STRING_RAW) && at + 1 < s.n) {
			at++;
			n += escape(s, &at, python, bytes, p + n);
		} else {
			at += doubled(k, s, at);
			p[n++] = s.p[at++];
		}
	}
	v.s = (struct str){ p, n };
	return v;
}
