/*
 * codec/toml_value.c - keys, strings, numbers and dates of TOML 1.0.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/toml_fuzz.c
 */
#include "codec/toml_value.h"

#include "base/ascii.h"
#include "base/date.h"
#include "base/num.h"
#include "codec/utf8.h"

#include <string.h>

static enum err fail(struct toml_text *t, enum err e, const char *why)
{
	return diag_set(t->d, e, "line %u: %s", t->line, why);
}

static struct str rest(const struct toml_text *t)
{
	return (struct str){ t->p, (size_t)(t->end - t->p) };
}

static bool take(struct toml_text *t, struct str word)
{
	if (!str_has_prefix(rest(t), word))
		return false;
	t->p += word.n;
	return true;
}

int toml_peek(const struct toml_text *t)
{
	return t->p < t->end ? (unsigned char)*t->p : -1;
}

bool toml_take(struct toml_text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

void toml_skip_blank(struct toml_text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

bool toml_newline(struct toml_text *t)
{
	if (!take(t, S("\n")) && !take(t, S("\r\n")))
		return false;
	t->line++;
	return true;
}

/* Control characters that stand nowhere in a text: all but tab; line ends are seen before. */
static bool is_control(unsigned char c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

enum err toml_comment(struct toml_text *t)
{
	while (t->p < t->end && *t->p != '\n') {
		if (*t->p == '\r' && t->end - t->p > 1 && t->p[1] == '\n')
			return OK;
		if (is_control((unsigned char)*t->p))
			return fail(t, ERR_SYNTAX, "a control character in a comment");
		t->p++;
	}
	return OK;
}

/* ---- strings -------------------------------------------------------------------------------- */

/* \uXXXX and \UXXXXXXXX; the reader stands behind the letter. */
static enum err unicode(struct toml_text *t, unsigned digits, struct buf *out)
{
	uint32_t cp = 0;

	for (unsigned i = 0; i < digits; i++) {
		int v = t->p < t->end ? num_hex(*t->p) : -1;
		if (v < 0)
			return fail(t, ERR_SYNTAX, "an escape lacks digits");
		cp = cp << 4 | (uint32_t)v;
		t->p++;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return fail(t, ERR_SYNTAX, "an escape names no character");
	utf8_put(out, cp);
	return OK;
}

/* A backslash at the end of a line takes all white space behind it away. */
static enum err line_join(struct toml_text *t)
{
	toml_skip_blank(t);
	if (!toml_newline(t))
		return fail(t, ERR_SYNTAX, "an escape that TOML does not have");
	do
		toml_skip_blank(t);
	while (toml_newline(t));
	return OK;
}

static enum err escape(struct toml_text *t, bool many, struct buf *out)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	int c = toml_peek(t);
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (at != NULL) {
		t->p++;
		buf_addc(out, to[at - from]);
		return OK;
	}
	if (toml_take(t, 'u'))
		return unicode(t, 4, out);
	if (toml_take(t, 'U'))
		return unicode(t, 8, out);
	return many ? line_join(t) : fail(t, ERR_SYNTAX, "an escape that TOML does not have");
}

/* Up to two quotes may stand right before the three that end the string. */
static size_t closing_quotes(const struct toml_text *t, char quote)
{
	size_t n = 0;

	while (n < 5 && t->end - t->p > (ptrdiff_t)n && t->p[n] == quote)
		n++;
	return n;
}

/* The quotes that end a string, if they stand here; those that belong to it go to out. */
static bool end_quotes(struct toml_text *t, char quote, bool many, struct buf *out, size_t *kept)
{
	size_t n = closing_quotes(t, quote);

	*kept = 0;
	if (n == 0 || (many && n < 3))
		return false;
	if (many)
		*kept = n - 3;
	for (size_t i = 0; i < *kept; i++)
		buf_addc(out, quote);
	t->p += many ? n : 1;
	return true;
}

/* Content up to its end quotes into out. *out_plain: it stands in the text as it is. */
static enum err content(struct toml_text *t, char quote, bool many, struct buf *out,
			struct str *out_raw, bool *out_plain)
{
	const char *start = t->p;
	size_t kept;

	*out_plain = true;
	while (t->p < t->end) {
		const char *at = t->p;
		if (end_quotes(t, quote, many, out, &kept)) {
			*out_raw = (struct str){ start, (size_t)(at - start) + kept };
			return OK;
		}
		if (quote == '"' && toml_take(t, '\\')) {
			*out_plain = false;
			TRY(escape(t, many, out));
			continue;
		}
		if (many && toml_newline(t)) {
			*out_plain &= t->p - at == 1;
			buf_addc(out, '\n');
			continue;
		}
		if (is_control((unsigned char)*t->p))
			return fail(t, ERR_SYNTAX, "a control character in a string");
		buf_addc(out, *t->p++);
	}
	return fail(t, ERR_SYNTAX, "a string does not end");
}

static enum err string(struct toml_text *t, bool many, struct str *out)
{
	char quote = *t->p, none;
	struct buf b;
	bool plain;

	t->p += many ? 3 : 1;
	if (many)
		(void)toml_newline(t);
	struct toml_text again = *t;
	buf_fixed(&b, &none, 1);
	TRY(content(t, quote, many, &b, out, &plain));
	if (plain)
		return OK;
	/* Only a string with escapes is read twice: no escape is shorter than what it means. */
	char *at = arena_take(t->arena, out->n, 1);
	if (at == NULL)
		return fail(t, ERR_NOMEM, "out of memory");
	buf_fixed(&b, at, out->n);
	TRY(content(&again, quote, many, &b, out, &plain));
	return buf_finish(&b, out);
}

enum err toml_key(struct toml_text *t, struct str *out)
{
	const char *start = t->p;

	if (toml_peek(t) == '"' || toml_peek(t) == '\'')
		return string(t, false, out);
	while (t->p < t->end && (ascii_alnum(*t->p) || *t->p == '_' || *t->p == '-'))
		t->p++;
	if (t->p == start)
		return fail(t, ERR_SYNTAX, "a key is missing");
	*out = (struct str){ start, (size_t)(t->p - start) };
	return OK;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Digits with single underscores between them; how many bytes, 0: none or badly set. */
static size_t digits(struct str s, int base)
{
	size_t i = 0;

	for (; i < s.n; i++) {
		bool digit = num_hex(s.p[i]) >= 0 && num_hex(s.p[i]) < base;
		bool between = s.p[i] == '_' && i > 0 && s.p[i - 1] != '_';
		if (!digit && !between)
			break;
	}
	return i > 0 && s.p[i - 1] != '_' ? i : 0;
}

static bool sum(struct str s, int base, bool minus, int64_t *out)
{
	uint64_t v = 0, max = minus ? (uint64_t)1 << 63 : ((uint64_t)1 << 63) - 1;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_')
			continue;
		uint64_t d = (uint64_t)num_hex(s.p[i]);
		if (v > (max - d) / (uint64_t)base)
			return false;
		v = v * (uint64_t)base + d;
	}
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static enum err integer(struct toml_text *t, struct str s, int base, bool minus, struct toml *out)
{
	out->type = TOML_INTEGER;
	if (!sum(s, base, minus, &out->integer))
		return fail(t, ERR_LIMIT, "an integer does not fit 64 bits");
	return OK;
}

/* Fraction and exponent behind the whole part; 0: there are none or they are wrong. */
static size_t fraction(struct str s)
{
	size_t i = 0;

	if (i < s.n && s.p[i] == '.') {
		size_t n = digits(str_tail(s, 1), 10);
		if (n == 0)
			return 0;
		i = 1 + n;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		size_t sign = i + 1 < s.n && (s.p[i + 1] == '+' || s.p[i + 1] == '-');
		size_t n = digits(str_tail(s, i + 1 + sign), 10);
		if (n == 0)
			return 0;
		i += 1 + sign + n;
	}
	return i;
}

static enum err number(struct toml_text *t, struct str word, struct toml *out)
{
	bool sign = word.n > 0 && (word.p[0] == '+' || word.p[0] == '-');
	bool minus = sign && word.p[0] == '-';
	struct str s = str_tail(word, sign);

	if (str_eq(s, S("inf")) || str_eq(s, S("nan"))) {
		out->type = TOML_FLOAT;
		return OK;
	}
	if (!sign && s.n > 2 && s.p[0] == '0') {
		int base = s.p[1] == 'x' ? 16 : s.p[1] == 'o' ? 8 : s.p[1] == 'b' ? 2 : 0;
		if (base != 0 && digits(str_tail(s, 2), base) == s.n - 2)
			return integer(t, str_tail(s, 2), base, false, out);
	}
	size_t whole = digits(s, 10);
	if (whole == 0 || (whole > 1 && s.p[0] == '0'))
		return fail(t, ERR_SYNTAX, "this is no value");
	if (whole == s.n)
		return integer(t, s, 10, minus, out);
	size_t more = fraction(str_tail(s, whole));
	if (more == 0 || whole + more != s.n)
		return fail(t, ERR_SYNTAX, "this is no value");
	out->type = TOML_FLOAT;
	return OK;
}

/* ---- dates ---------------------------------------------------------------------------------- */

/* Whether all of s is a date, a time without a zone, or both. */
static bool is_datetime(struct str s)
{
	bool clock = s.n > 2 && s.p[2] == ':';
	char room[64];
	struct buf b;
	int64_t ms;

	if (!clock)
		return date_parse_ms(s, &ms) == OK;
	if (!ascii_digit(s.p[s.n - 1]) || str_chr(s, '+') != SIZE_MAX ||
	    str_chr(s, '-') != SIZE_MAX)
		return false;
	buf_fixed(&b, room, sizeof room);
	buf_add(&b, S("1970-01-01T"));
	buf_add(&b, s);
	return b.err == OK && date_parse_ms(buf_str(&b), &ms) == OK;
}

/* ---- scalars -------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return ascii_alnum(c) || c == '_' || c == '-' || c == '+' || c == '.' || c == ':';
}

/* A word, with the space that may stand between date and time: "1979-05-27 07:32:00". */
static struct str word(const struct toml_text *t)
{
	struct str s = rest(t);
	size_t n = 0;

	while (n < s.n && is_word(s.p[n]))
		n++;
	if (n == 10 && is_datetime(str_head(s, n)) && s.n > n + 1 && s.p[n] == ' ' &&
	    ascii_digit(s.p[n + 1]))
		for (n++; n < s.n && is_word(s.p[n]);)
			n++;
	return str_head(s, n);
}

enum err toml_scalar(struct toml_text *t, struct toml *out)
{
	if (toml_peek(t) == '"' || toml_peek(t) == '\'') {
		bool many = str_has_prefix(rest(t), S("\"\"\"")) ||
			    str_has_prefix(rest(t), S("'''"));
		out->type = TOML_STRING;
		return string(t, many, &out->text);
	}
	out->text = word(t);
	bool truth = str_eq(out->text, S("true"));
	if (truth || str_eq(out->text, S("false"))) {
		out->type = TOML_BOOL;
		out->integer = truth;
	} else if (is_datetime(out->text)) {
		out->type = TOML_DATETIME;
	} else {
		TRY(number(t, out->text, out));
	}
	t->p += out->text.n;
	return OK;
}
