/*
 * llm/gemini_field.c - members of Google's JSON by tables: both spellings of a name, one meaning.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

enum { NAME_MAX_ = 64, ROWS_MAX = 64, EXTRAS_MAX = 64 };

/* snake writes the snake_case spelling of a camelCase name of the tables. */
static struct str snake(struct str camel, char room[NAME_MAX_])
{
	size_t n = 0;

	assert(camel.n * 2 <= NAME_MAX_);
	for (size_t i = 0; i < camel.n; i++) {
		char c = camel.p[i];
		if (c >= 'A' && c <= 'Z') {
			room[n++] = '_';
			c = (char)(c - 'A' + 'a');
		}
		room[n++] = c;
	}
	return (struct str){ room, n };
}

static bool is_name(const struct json *key, struct str camel)
{
	char room[NAME_MAX_];

	if (json_str_eq(key, camel))
		return true;
	/* The first word is the same in both, so most rows are ruled out by one byte. */
	if (!key->esc && (key->n <= camel.n || key->p[0] != camel.p[0]))
		return false;
	return json_str_eq(key, snake(camel, room));
}

enum err gemini_bad(const struct gemini_at *at, struct str name, const char *what)
{
	char room[96];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	buf_add(&b, at->prefix);
	buf_add(&b, str_head(name, 32));
	return diag_param(at->d, ERR_SYNTAX, buf_str(&b), "'%.*s' must be %s", FMT(buf_str(&b)), what);
}

struct gemini_at gemini_under(const struct gemini_at *at, struct str prefix)
{
	struct gemini_at under = *at;

	under.prefix = prefix;
	return under;
}

enum err gemini_extra(const struct gemini_at *at, struct str name, struct str raw)
{
	if (at->extras == NULL)
		return OK;
	if (name.n == 0) /* a refusal must have something to name */
		name = S("\"\"");
	char *p = arena_alloc(at->a, at->prefix.n + name.n + 1, 1);
	if (p == NULL)
		return ERR_NOMEM;
	memcpy(p, at->prefix.p, at->prefix.n);
	memcpy(p + at->prefix.n, name.p, name.n);
	struct str full = { p, at->prefix.n + name.n };
	size_t n = 0;
	for (const struct llm_extra *x = *at->extras; x != NULL; x = x->next, n++)
		if (str_eq(x->name, full))
			return OK;
	if (n >= EXTRAS_MAX) /* the search above must not become quadratic */
		return at->lenient ? OK : gemini_bad(at, name, "known: too many unknown fields");
	return llm_extra_add(at->a, at->extras, full, raw);
}

static const struct {
	enum json_type type;
	const char *what;
} kinds[] = {
	[GF_ESC] = { JSON_STRING, "a string" },  [GF_NUM] = { JSON_NUMBER, "a number" },
	[GF_INT] = { JSON_NUMBER, "an integer" }, [GF_BOOL] = { JSON_TRUE, "a boolean" },
	[GF_TRI] = { JSON_TRUE, "a boolean" },   [GF_OBJ] = { JSON_OBJECT, "an object" },
	[GF_LIST] = { JSON_ARRAY, "an array" },
};

/* In proto3's JSON an int64 may be written as a string. */
static bool integer(const struct json *v, int64_t *out)
{
	if (v->type == JSON_STRING && !v->esc) {
		struct json number = *v;
		number.type = JSON_NUMBER;
		bool digits = v->n > 0 && v->n < 20;
		for (uint32_t i = 0; i < v->n; i++)
			digits = digits && ((v->p[i] >= '0' && v->p[i] <= '9') || (i == 0 && v->n > 1 && v->p[i] == '-'));
		return digits && json_i64(&number, out) == OK;
	}
	return json_i64(v, out) == OK;
}

static bool fits(enum gemini_kind kind, const struct json *v)
{
	if (kind == GF_ANY || kind == GF_SKIP)
		return true;
	if (kind == GF_BOOL || kind == GF_TRI)
		return v->type == JSON_TRUE || v->type == JSON_FALSE;
	if (kind == GF_INT) {
		int64_t ignored;
		return integer(v, &ignored);
	}
	return v->type == kinds[kind].type;
}

static void store(enum gemini_kind kind, const struct json *v, void *at)
{
	switch (kind) {
	case GF_ESC:
		*(struct str *)at = json_esc(v);
		return;
	case GF_NUM:
		*(struct str *)at = json_raw(v);
		return;
	case GF_INT:
		(void)integer(v, at);
		return;
	case GF_BOOL:
		*(bool *)at = json_bool(v);
		return;
	case GF_TRI:
		*(enum llm_tri *)at = json_bool(v) ? TRI_YES : TRI_NO;
		return;
	case GF_OBJ:
	case GF_LIST:
	case GF_ANY:
		*(const struct json **)at = v;
		return;
	case GF_SKIP:
		return;
	}
}

static enum err unknown(const struct gemini_at *at, const struct json *key)
{
	if (at->extras == NULL || key[1].type == JSON_NULL)
		return OK;
	struct str name = json_str(at->a, key);
	return name.p ? gemini_extra(at, name, json_raw(key + 1)) : ERR_NOMEM;
}

enum err gemini_read(const struct gemini_at *at, const struct json *v, const struct gemini_field *rows,
		     size_t n, void *to)
{
	uint64_t seen = 0;

	assert(n <= ROWS_MAX);
	if (!json_is(v, JSON_OBJECT))
		return at->lenient ? OK : gemini_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER(v, key) {
		const struct json *value = key + 1;
		size_t i = 0;
		while (i < n && !is_name(key, rows[i].name))
			i++;
		if (i == n) {
			TRY(unknown(at, key));
			continue;
		}
		if (seen & (UINT64_C(1) << i))
			return gemini_bad(at, rows[i].name, "spelled in one way only");
		seen |= UINT64_C(1) << i;
		if (value->type == JSON_NULL)
			continue;
		if (fits(rows[i].kind, value))
			store(rows[i].kind, value, (char *)to + rows[i].at);
		else if (!at->lenient)
			return gemini_bad(at, rows[i].name, kinds[rows[i].kind].what);
		else
			TRY(unknown(at, key));
	}
	return OK;
}
