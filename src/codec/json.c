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
	const char *end;
	struct json *toks;
	size_t n, cap, max;          /* cap grows up to max when there is an arena */
	struct arena *arena;
	const struct str *deep;      /* json_skim's, else NULL */
	json_scan_fn *scan;
	bool quick;                  /* json_scan_short is asked first */
	enum err err;                /* what is wrong, and where */
	const char *at;
	unsigned depth;
	bool in_object;              /* the innermost container is one */
	uint32_t open[LIMIT_JSON_DEPTH]; /* the containers around, as indices into toks */
};

/*
 * A reader is given where its piece begins and gives where the next one does, or NULL with err and
 * at set. The place goes from one to the other as an argument, so that it stays in a register.
 */

/* What the grammar asks for next. */
enum want { WANT_VALUE, WANT_NAME, WANT_MORE, WANT_END };

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_run(const char *p, const char *end)
{
	static const char run[8] = "        ";

	for (;;) {
		while (end - p >= 8 && memcmp(p, run, 8) == 0)
			p += 8; /* indentation */
		if (p == end || !is_space(*p))
			return p;
		p++;
	}
}

static inline const char *skip_space(const char *p, const char *end)
{
	return p < end && (unsigned char)*p > ' ' ? p : skip_run(p, end);
}

__attribute__((cold)) static const char *fail(struct parser *s, enum err e, const char *at)
{
	s->err = e;
	s->at = at;
	return NULL;
}

static const char *fail_at(struct parser *s, const char *at)
{
	return fail(s, ERR_SYNTAX, at);
}

__attribute__((cold)) static enum err grow(struct parser *s)
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

/* Appends a value of n bytes at p and gives next, where reading goes on. */
static inline const char *add(struct parser *s, enum json_type type, const char *p, size_t n,
			      bool esc, const char *next)
{
	enum err e = s->n == s->cap ? grow(s) : OK;

	if (e != OK)
		return fail(s, e, p);
	s->toks[s->n++] = (struct json){
		.p = p, .n = (uint32_t)n, .type = (unsigned)type & 7, .esc = esc, .skip = 1,
	};
	return next;
}

/* p stands on the opening quote. */
static const char *read_string(struct parser *s, const char *p)
{
	const char *from = p + 1;
	const char *quick = s->quick ? json_scan_short(from, s->end) : NULL;

	if (quick != NULL)
		return add(s, JSON_STRING, from, (size_t)(quick - from), false, quick + 1);
	struct json_scan r = s->scan(from, s->end);
	struct str text = { from, (size_t)(r.at - from) };

	if (r.flags & JSON_SCAN_BAD)
		return fail_at(s, r.at);
	if (r.flags & JSON_SCAN_HIGH) {
		size_t good = utf8_valid(text);
		if (good != text.n)
			return fail_at(s, from + good);
	}
	return add(s, JSON_STRING, from, text.n, (r.flags & JSON_SCAN_ESC) != 0, r.at + 1);
}

/* RFC 8259, 6: number = [ minus ] int [ frac ] [ exp ] */
static const char *read_number(struct parser *s, const char *from)
{
	const char *p = from, *end = s->end;

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
	return add(s, JSON_NUMBER, from, (size_t)(p - from), false, p);
}

static const char *read_word(struct parser *s, const char *p, enum json_type type, struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (p + i == s->end || p[i] != word.p[i])
			return fail_at(s, p + i);
	return add(s, type, p, word.n, false, p + word.n);
}

/* A member of the outermost object, its name being the last value, that nobody looks into. */
static bool passed_over(const struct parser *s)
{
	if (s->deep == NULL || s->depth != 1 || !s->in_object)
		return false;
	for (const struct str *name = s->deep; name->n != 0; name++)
		if (json_str_eq(&s->toks[s->n - 1], *name))
			return false;
	return true;
}

static const char *open_container(struct parser *s, const char *p, enum json_type type,
				  enum want *next)
{
	bool object = type == JSON_OBJECT;

	if (passed_over(s)) {
		const char *end = json_skip(p, s->end);
		return end ? add(s, type, p, (size_t)(end - p), false, end) : fail_at(s, s->end);
	}
	if (s->depth == LIMIT_JSON_DEPTH)
		return fail(s, ERR_LIMIT, p);
	if (add(s, type, p, 0, false, p) == NULL)
		return NULL;
	s->open[s->depth++] = (uint32_t)(s->n - 1);
	s->in_object = object;
	p = skip_space(p + 1, s->end);
	if (p == s->end || *p != (object ? '}' : ']')) /* else it is empty */
		*next = object ? WANT_NAME : WANT_VALUE;
	return p;
}

/* p stands on the closing bracket of the innermost container. */
static const char *close_container(struct parser *s, const char *p)
{
	struct json *v = &s->toks[s->open[--s->depth]];

	v->n = (uint32_t)(p + 1 - v->p);
	v->skip = (uint32_t)(s->n - (size_t)(v - s->toks)) & TOKENS_MAX;
	const struct json *twice = s->in_object ? json_names_twice(v) : NULL;
	if (twice != NULL)
		return fail_at(s, twice->p - 1);
	s->in_object = s->depth > 0 && s->toks[s->open[s->depth - 1]].type == JSON_OBJECT;
	return p + 1;
}

/* *next is WANT_MORE and stays so, but where a container opens. */
static const char *read_value(struct parser *s, const char *p, enum want *next)
{
	if (p == s->end)
		return fail_at(s, p);
	switch (*p) {
	case '"':
		return read_string(s, p);
	case '{':
		return open_container(s, p, JSON_OBJECT, next);
	case '[':
		return open_container(s, p, JSON_ARRAY, next);
	case 't':
		return read_word(s, p, JSON_TRUE, S("true"));
	case 'f':
		return read_word(s, p, JSON_FALSE, S("false"));
	case 'n':
		return read_word(s, p, JSON_NULL, S("null"));
	default:
		return *p == '-' || is_digit(*p) ? read_number(s, p) : fail_at(s, p);
	}
}

/* A member's name and its colon. */
static const char *read_name(struct parser *s, const char *p)
{
	if (p == s->end || *p != '"')
		return fail_at(s, p);
	p = read_string(s, p);
	if (p == NULL)
		return NULL;
	p = skip_space(p, s->end);
	return p < s->end && *p == ':' ? p + 1 : fail_at(s, p);
}

/* What follows a value: a comma, the end of its container (which is a value too), or of the
 * text. */
static const char *read_more(struct parser *s, const char *p, enum want *next)
{
	if (s->depth == 0) {
		*next = WANT_END;
		return p == s->end ? p : fail_at(s, p);
	}
	if (p < s->end && *p == ',') {
		*next = s->in_object ? WANT_NAME : WANT_VALUE;
		return p + 1;
	}
	if (p == s->end || *p != (s->in_object ? '}' : ']'))
		return fail_at(s, p);
	return close_container(s, p);
}

static enum err parse(struct parser *s, const char *p)
{
	enum want want = WANT_VALUE;

	while (want != WANT_END) {
		p = skip_space(p, s->end);
		if (want == WANT_NAME) {
			p = read_name(s, p);
			if (p == NULL)
				return s->err;
			p = skip_space(p, s->end);
			want = WANT_VALUE;
		}
		if (want == WANT_VALUE) {
			want = WANT_MORE;
			p = read_value(s, p, &want);
		} else {
			p = read_more(s, p, &want);
		}
		if (p == NULL)
			return s->err;
	}
	return OK;
}

static enum err run(struct parser *s, struct str src, size_t *out_at)
{
	/* Offsets are kept in 32 bits; no body comes near. */
	enum err e = src.n <= UINT32_MAX ? OK : ERR_LIMIT;

	s->at = src.p;
	s->end = src.p + src.n;
	if (e == OK)
		e = parse(s, src.p);
	if (e != OK && out_at != NULL)
		*out_at = (size_t)(s->at - src.p);
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
	s.quick = scan != json_scan_bytes; /* nothing stands before what all is compared with */
	s.depth = 0;
	s.in_object = false;
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
	s.quick = true;
	s.depth = 0;
	s.in_object = false;
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

/* A plain string's content is s. Most differ in length or first byte, and cost no call; the quote
 * behind it makes a first byte readable even where there is none. */
static inline bool same(const struct json *v, struct str s)
{
	return v->n == s.n && (s.n == 0 || (*v->p == *s.p && memcmp(v->p, s.p, s.n) == 0));
}

const struct json *json_get(const struct json *v, struct str name)
{
	if (!json_is(v, JSON_OBJECT))
		return NULL;
	JSON_EACH_MEMBER(v, key) {
		if (key->esc ? json_str_eq(key, name) : same(key, name))
			return key + 1;
	}
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
		return same(v, s);
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
