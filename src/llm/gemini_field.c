/*
 * llm/gemini_field.c - members of Google's JSON by tables: both spellings of a name, one meaning.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c
 */
#include "llm/gemini.h"

#include "base/num.h"

#include <assert.h>
#include <string.h>

enum { NAME_ROOM = 64, ROWS_MAX = 64, EXTRAS_MAX = 64 };

/* is_snake compares with the snake_case spelling of a camelCase name of the tables. */
static bool is_snake(struct str s, struct str camel)
{
	size_t at = 0;

	for (size_t i = 0; i < camel.n; i++) {
		char c = camel.p[i];
		if (ascii_lower(c) != c && (at == s.n || s.p[at++] != '_'))
			return false;
		if (at == s.n || s.p[at++] != ascii_lower(c))
			return false;
	}
	return at == s.n;
}

static bool is_name(struct str name, struct str camel)
{
	if (name.n == camel.n)
		return memcmp(name.p, camel.p, camel.n) == 0;
	return name.n > camel.n && name.p[0] == camel.p[0] && is_snake(name, camel);
}

/* name_of resolves a member's name when it must: an escaped one is as good as a plain one. The
 * empty name is given for one longer than any of the tables. */
static struct str name_of(const struct json *key, char room[NAME_ROOM])
{
	struct buf b;

	if (!key->esc)
		return json_esc(key);
	buf_fixed(&b, room, NAME_ROOM);
	json_unescape(&b, json_esc(key));
	return b.err == OK ? buf_str(&b) : S("");
}

enum err gemini_bad(const struct gemini_at *at, struct str name, const char *what)
{
	char room[96];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	buf_add(&b, at->prefix);
	buf_add(&b, str_head(name, 32));
	return diag_param(at->d, ERR_SYNTAX, buf_str(&b), "'%.*s' must be %s", FMT(buf_str(&b)),
			  what);
}

struct gemini_at gemini_under(const struct gemini_at *at, struct str prefix)
{
	struct gemini_at under = *at;

	under.prefix = prefix;
	return under;
}

/* camel writes the camelCase spelling of name, so that a list of names needs one of each. */
static size_t camel(struct str name, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		bool hump = i > 0 && i + 1 < name.n && name.p[i] == '_' && name.p[i + 1] >= 'a' &&
			    name.p[i + 1] <= 'z';
		out[n++] = hump ? (char)(name.p[++i] - 'a' + 'A') : name.p[i];
	}
	return n;
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
	struct str full = { p, at->prefix.n + camel(name, p + at->prefix.n) };
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
	if (v->type == JSON_STRING)
		return num_i64(json_esc(v), out) == OK;
	return json_i64(v, out) == OK;
}

/* store puts v where a row wants it; false when it is of another type. */
static bool store(enum gemini_kind kind, const struct json *v, void *at)
{
	bool boolean = v->type == JSON_TRUE || v->type == JSON_FALSE;

	switch (kind) {
	case GF_ESC:
	case GF_NUM:
		if (v->type != kinds[kind].type)
			return false;
		*(struct str *)at = kind == GF_ESC ? json_esc(v) : json_raw(v);
		return true;
	case GF_INT:
		return integer(v, at);
	case GF_BOOL:
		*(bool *)at = v->type == JSON_TRUE;
		return boolean;
	case GF_TRI:
		if (boolean)
			*(enum llm_tri *)at = v->type == JSON_TRUE ? TRI_YES : TRI_NO;
		return boolean;
	case GF_OBJ:
	case GF_LIST:
		if (v->type != kinds[kind].type)
			return false;
		*(const struct json **)at = v;
		return true;
	case GF_ANY:
		*(const struct json **)at = v;
		return true;
	case GF_SKIP:
		break;
	}
	return true;
}

static enum err unknown(const struct gemini_at *at, const struct json *key)
{
	if (at->extras == NULL || key[1].type == JSON_NULL)
		return OK;
	struct str name = json_str(at->a, key);
	return name.p ? gemini_extra(at, name, json_raw(key + 1)) : ERR_NOMEM;
}

enum err gemini_read(const struct gemini_at *at, const struct json *v,
		     const struct gemini_field *rows,
		     size_t n, void *to)
{
	uint64_t seen = 0;

	assert(n <= ROWS_MAX);
	if (!json_is(v, JSON_OBJECT))
		return at->lenient ? OK : gemini_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER(v, key) {
		const struct json *value = key + 1;
		char room[NAME_ROOM];
		struct str name = name_of(key, room);
		size_t i = 0;
		while (i < n && !is_name(name, rows[i].name))
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
		if (store(rows[i].kind, value, (char *)to + rows[i].at))
			continue;
		if (!at->lenient)
			return gemini_bad(at, rows[i].name, kinds[rows[i].kind].what);
		TRY(unknown(at, key));
	}
	return OK;
}
