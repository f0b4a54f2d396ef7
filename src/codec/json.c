/*
 * codec/json.c - the strict JSON parser and its readers. One pass, no recursion, no allocation but
 * for json_read's array of values.
 * Input: hostile.   Runs in: ingress, admin, cli.   Fuzz: fuzz/json_fuzz.c
 */
#include "codec/json.h"

#include "base/limits.h"
#include "codec/json_names.h"
#include "codec/json_scan.h"
#include "codec/utf8.h"

#include <assert.h>
#include <string.h>

enum {
	TOKENS_MAX = (1 << 28) - 1, /* what skip can count */
	TOKENS_FIRST = 64,          /* json_read's first guess, and the most it guesses */
	TOKENS_GUESS = 1024,
};

static_assert((int)LIMIT_JSON_TOKENS <= (int)TOKENS_MAX, "skip must count them all");

struct parser {
	const char *p, *start, *end; /* p: where reading stands, or what is wrong */
	struct json *toks;
	size_t n, cap, max;          /* cap grows up to max when there is an arena */
	struct arena *arena;
	const struct str *deep;      /* json_skim's, else NULL */
	json_scan_fn *scan;
	unsigned depth;
	uint32_t open[LIMIT_JSON_DEPTH]; /* the containers around p, as indices into toks */
};

/* What the grammar asks for next. */
enum want { WANT_VALUE, WANT_ITEM, WANT_NAME, WANT_MORE, WANT_END };

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_space(struct parser *s)
{
	static const char run[8] = "        ";

	if (s->p < s->end && (unsigned char)*s->p > ' ')
		return;
	for (;;) {
		while (s->end - s->p >= 8 && memcmp(s->p, run, 8) == 0)
			s->p += 8; /* indentation */
		if (s->p == s->end || !is_space(*s->p))
			return;
		s->p++;
	}
}

static enum err grow(struct parser *s)
{
	if (s->arena == NULL || s->cap >= s->max)
		return ERR_LIMIT;
	size_t cap = s->cap < s->max / 4 ? s->cap * 4 : s->max;
	struct json *toks = arena_take(s->arena, cap * sizeof *toks, _Alignof(struct json));
	if (toks == NULL)
		return ERR_NOMEM;
	memcpy(toks, s->toks, s->n * sizeof *toks);
	s->toks = toks;
	s->cap = cap;
	return OK;
}

/* Appends a value that starts at p; its length is the caller's to set when it is known. */
static enum err add(struct parser *s, enum json_type type, const char *p, size_t n)
{
	if (s->n == s->cap)
		TRY(grow(s));
	s->toks[s->n++] = (struct json){
		.p = p, .n = (uint32_t)n, .type = (unsigned)type & 7, .skip = 1,
	};
	return OK;
}

static enum err fail_at(struct parser *s, const char *at)
{
	s->p = at;
	return ERR_SYNTAX;
}

/* p stands on the opening quote. */
static enum err read_string(struct parser *s)
{
	const char *from = s->p + 1;
	struct json_scan r = s->scan(from, s->end);

	if (r.flags & JSON_SCAN_BAD)
		return fail_at(s, r.at);
	struct str text = { from, (size_t)(r.at - from) };
	if (r.flags & JSON_SCAN_HIGH) {
		size_t good = utf8_valid(text);
		if (good != text.n)
			return fail_at(s, from + good);
	}
	TRY(add(s, JSON_STRING, from, text.n));
	s->toks[s->n - 1].esc = (r.flags & JSON_SCAN_ESC) != 0;
	s->p = r.at + 1;
	return OK;
}

/* RFC 8259, 6: number = [ minus ] int [ frac ] [ exp ] */
static enum err read_number(struct parser *s)
{
	const char *p = s->p, *end = s->end;

	if (*p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return fail_at(s, p);
	if (*p++ != '0')
		while (p < end && is_digit(*p))
			p++;
	if (p < end && *p == '.') {
		p++;
		if (p == end || !is_digit(*p))
			return fail_at(s, p);
		while (p < end && is_digit(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (p == end || !is_digit(*p))
			return fail_at(s, p);
		while (p < end && is_digit(*p))
			p++;
	}
	TRY(add(s, JSON_NUMBER, s->p, (size_t)(p - s->p)));
	s->p = p;
	return OK;
}

static enum err read_word(struct parser *s, enum json_type type, struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (s->p + i == s->end || s->p[i] != word.p[i])
			return fail_at(s, s->p + i);
	TRY(add(s, type, s->p, word.n));
	s->p += word.n;
	return OK;
}

/* A member of the outermost object, its name being the last value, that nobody looks into. */
static bool passed_over(const struct parser *s)
{
	if (s->deep == NULL || s->depth != 1 || s->toks[0].type != JSON_OBJECT)
		return false;
	for (const struct str *name = s->deep; name->n != 0; name++)
		if (json_str_eq(&s->toks[s->n - 1], *name))
			return false;
	return true;
}

static enum err pass_over(struct parser *s, enum json_type type, enum want *next)
{
	const char *end = json_skip(s->p, s->end);

	if (end == NULL)
		return fail_at(s, s->end);
	TRY(add(s, type, s->p, (size_t)(end - s->p)));
	s->p = end;
	*next = WANT_MORE;
	return OK;
}

static enum err open_container(struct parser *s, enum json_type type, enum want *next)
{
	if (passed_over(s))
		return pass_over(s, type, next);
	if (s->depth == LIMIT_JSON_DEPTH)
		return ERR_LIMIT;
	TRY(add(s, type, s->p, 0));
	s->open[s->depth++] = (uint32_t)(s->n - 1);
	s->p++;
	skip_space(s);
	*next = type == JSON_OBJECT ? WANT_NAME : WANT_ITEM;
	if (s->p < s->end && *s->p == (type == JSON_OBJECT ? '}' : ']'))
		*next = WANT_MORE; /* empty */
	return OK;
}

/* p stands on the closing bracket of the innermost container. */
static enum err close_container(struct parser *s)
{
	struct json *v = &s->toks[s->open[--s->depth]];

	s->p++;
	v->n = (uint32_t)(s->p - v->p);
	v->skip = (uint32_t)(s->n - (size_t)(v - s->toks)) & TOKENS_MAX;
	if (v->type != JSON_OBJECT)
		return OK;
	const struct json *twice = json_names_twice(v);
	return twice == NULL ? OK : fail_at(s, twice->p - 1);
}

static enum err read_value(struct parser *s, enum want *next)
{
	*next = WANT_MORE;
	if (s->p == s->end)
		return ERR_SYNTAX;
	switch (*s->p) {
	case '"':
		return read_string(s);
	case '{':
		return open_container(s, JSON_OBJECT, next);
	case '[':
		return open_container(s, JSON_ARRAY, next);
	case 't':
		return read_word(s, JSON_TRUE, S("true"));
	case 'f':
		return read_word(s, JSON_FALSE, S("false"));
	case 'n':
		return read_word(s, JSON_NULL, S("null"));
	default:
		if (*s->p != '-' && !is_digit(*s->p))
			return ERR_SYNTAX;
		return read_number(s);
	}
}

static enum err read_name(struct parser *s)
{
	if (s->p == s->end || *s->p != '"')
		return ERR_SYNTAX;
	TRY(read_string(s));
	skip_space(s);
	if (s->p == s->end || *s->p != ':')
		return ERR_SYNTAX;
	s->p++;
	return OK;
}

/* What follows a value: a comma, the end of its container (which is a value too), or of the
 * text. */
static enum err read_more(struct parser *s, enum want *next)
{
	if (s->depth == 0) {
		*next = WANT_END;
		return s->p == s->end ? OK : ERR_SYNTAX;
	}
	bool object = s->toks[s->open[s->depth - 1]].type == JSON_OBJECT;
	if (s->p == s->end)
		return ERR_SYNTAX;
	if (*s->p == ',') {
		s->p++;
		*next = object ? WANT_NAME : WANT_ITEM;
		return OK;
	}
	if (*s->p != (object ? '}' : ']'))
		return ERR_SYNTAX;
	*next = WANT_MORE;
	return close_container(s);
}

static enum err parse(struct parser *s)
{
	enum want want = WANT_VALUE;

	while (want != WANT_END) {
		skip_space(s);
		switch (want) {
		case WANT_NAME:
			TRY(read_name(s));
			want = WANT_VALUE;
			break;
		case WANT_VALUE:
		case WANT_ITEM:
			TRY(read_value(s, &want));
			break;
		case WANT_MORE:
		case WANT_END:
			TRY(read_more(s, &want));
			break;
		}
	}
	return OK;
}

static enum err run(struct parser *s, struct str src, size_t *out_at)
{
	/* Offsets are kept in 32 bits; no body comes near. */
	enum err e = src.n <= UINT32_MAX ? OK : ERR_LIMIT;

	s->p = s->start = src.p;
	s->end = src.p + src.n;
	if (e == OK)
		e = parse(s);
	if (e != OK && out_at != NULL)
		*out_at = (size_t)(s->p - s->start);
	return e;
}

enum err json_parse_with(json_scan_fn *scan, struct str src, struct json *toks, size_t cap,
			 size_t *out_n, size_t *out_at)
{
	UNSET struct parser s;

	s.toks = toks;
	s.n = 0;
	s.cap = cap < TOKENS_MAX ? cap : TOKENS_MAX;
	s.max = s.cap;
	s.arena = NULL;
	s.deep = NULL;
	s.scan = scan;
	s.depth = 0;
	TRY(run(&s, src, out_at));
	*out_n = s.n;
	return OK;
}

enum err json_parse(struct str src, struct json *toks, size_t cap, size_t *out_n, size_t *out_at)
{
	return json_parse_with(json_scan_best(), src, toks, cap, out_n, out_at);
}

static enum err read_into(struct arena *a, struct str src, size_t guess, const struct str *deep,
			  const struct json **out, size_t *out_at)
{
	UNSET struct parser s;

	s.cap = guess < TOKENS_FIRST ? TOKENS_FIRST : guess < TOKENS_GUESS ? guess : TOKENS_GUESS;
	s.max = LIMIT_JSON_TOKENS;
	s.n = 0;
	s.arena = a;
	s.deep = deep;
	s.scan = json_scan_best();
	s.depth = 0;
	s.toks = arena_take(a, s.cap * sizeof *s.toks, _Alignof(struct json));
	if (s.toks == NULL) {
		if (out_at != NULL)
			*out_at = 0;
		return ERR_NOMEM;
	}
	TRY(run(&s, src, out_at));
	arena_trim(a, s.toks, s.cap * sizeof *s.toks, s.n * sizeof *s.toks);
	*out = s.toks;
	return OK;
}

enum err json_read(struct arena *a, struct str src, const struct json **out, size_t *out_at)
{
	return read_into(a, src, src.n / 16, NULL, out, out_at);
}

enum err json_skim(struct arena *a, struct str src, const struct str *deep,
		   const struct json **out)
{
	TRY(read_into(a, src, 0, deep, out, NULL));
	return json_is(*out, JSON_OBJECT) ? OK : ERR_SYNTAX;
}

bool json_is(const struct json *v, enum json_type t)
{
	return v != NULL && v->type == (unsigned)t;
}

const struct json *json_get(const struct json *v, struct str name)
{
	if (!json_is(v, JSON_OBJECT))
		return NULL;
	JSON_EACH_MEMBER(v, key)
		if (json_str_eq(key, name))
			return key + 1;
	return NULL;
}

size_t json_count(const struct json *v)
{
	size_t n = 0;

	if (json_is(v, JSON_OBJECT)) {
		JSON_EACH_MEMBER(v, key)
			n++;
	} else if (json_is(v, JSON_ARRAY)) {
		JSON_EACH_ITEM(v, it)
			n++;
	}
	return n;
}

struct str json_raw(const struct json *v)
{
	if (v->type == JSON_STRING)
		return (struct str){ v->p - 1, (size_t)v->n + 2 };
	return (struct str){ v->p, v->n };
}

struct str json_esc(const struct json *v)
{
	return json_is(v, JSON_STRING) ? (struct str){ v->p, v->n } : S("");
}

bool json_str_eq(const struct json *v, struct str s)
{
	if (!json_is(v, JSON_STRING))
		return false;
	if (!v->esc)
		return v->n == s.n && (s.n == 0 || memcmp(v->p, s.p, s.n) == 0);
	return json_names_cmp((struct str){ v->p, v->n }, true, s, false) == 0;
}

void json_unescape(struct buf *out, struct str esc)
{
	while (esc.n != 0) {
		size_t run = str_chr(esc, '\\');
		buf_add(out, str_head(esc, run));
		esc = str_tail(esc, run);
		if (esc.n == 0)
			return;
		size_t n = json_escape_len(esc.p, esc.p + esc.n);
		assert(n != 0);
		utf8_put(out, json_escape_char(esc.p));
		esc = str_tail(esc, n);
	}
}

struct str json_str(struct arena *a, const struct json *v)
{
	struct buf b;

	if (!json_is(v, JSON_STRING))
		return (struct str){ NULL, 0 };
	if (!v->esc)
		return (struct str){ v->p, v->n };
	char *at = arena_alloc(a, v->n, 1); /* no escape is shorter than what it stands for */
	if (at == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, at, v->n);
	json_unescape(&b, (struct str){ v->p, v->n });
	assert(b.err == OK);
	return buf_str(&b);
}

bool json_bool(const struct json *v)
{
	return json_is(v, JSON_TRUE);
}

/* The exponent of a number's text, kept far from overflow but past the length of any text. */
static int64_t exponent(const char *p, const char *end)
{
	bool minus = p < end && *p == '-';
	int64_t e = 0;

	for (; p < end; p++)
		if (is_digit(*p) && e < INT64_C(100000000000))
			e = e * 10 + (*p - '0');
	return minus ? -e : e;
}

/* *v * 10^places + digit; false when that is over max. *v is not 0 or places is 1. */
static bool append_digit(uint64_t *v, int64_t places, unsigned digit, uint64_t max)
{
	for (; places > 0; places--) {
		if (*v > max / 10)
			return false;
		*v *= 10;
	}
	if (digit > max - *v)
		return false;
	*v += digit;
	return true;
}

/* Zeros are held back until a later digit needs them, so that 1.000 and 12000e-3 are found whole
 * without going through a fraction. */
enum err json_i64(const struct json *v, int64_t *out)
{
	if (!json_is(v, JSON_NUMBER))
		return ERR_SYNTAX;
	const char *p = v->p, *end = v->p + v->n;
	bool minus = *p == '-', fraction = false;
	uint64_t value = 0, max = (uint64_t)INT64_MAX + minus;
	int64_t zeros = 0, scale = 0; /* held back; digits behind the point */

	for (p += minus; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		scale += fraction;
		if (*p == '0') {
			zeros += value != 0;
			continue;
		}
		if (!append_digit(&value, zeros + 1, (unsigned)(*p - '0'), max))
			return ERR_SYNTAX;
		zeros = 0;
	}
	if (p < end)
		p++;
	int64_t shift = zeros - scale + exponent(p, end);
	if (value != 0 && (shift < 0 || !append_digit(&value, shift, 0, max)))
		return ERR_SYNTAX;
	*out = minus && value != 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
	return OK;
}
