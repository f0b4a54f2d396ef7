/*
 * llm/field.c - members of an object by a table.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c,
 * fuzz/anthropic_request_fuzz.c
 */
#include "llm/field.h"

#include "base/num.h"

#include <assert.h>
#include <string.h>

enum { NAME_ROOM = 64, ROWS_MAX = 64, EXTRAS_MAX = 128 /* looking them up is linear */ };

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

static bool is_name(const struct llm_at *at, struct str name, struct str row)
{
	if (name.n <= row.n || !at->camel)
		return str_eq(name, row);
	return name.p[0] == row.p[0] && is_snake(name, row);
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

enum err llm_bad(const struct llm_at *at, struct str name, const char *what)
{
	char room[96];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	buf_add(&b, at->prefix);
	buf_add(&b, str_head(name, 32));
	return diag_param(at->d, ERR_SYNTAX, buf_str(&b), "'%.*s' must be %s", FMT(buf_str(&b)),
			  what);
}

struct llm_at llm_under(const struct llm_at *at, struct str prefix)
{
	struct llm_at under = *at;

	under.prefix = prefix;
	return under;
}

/* spell writes name, or its camelCase spelling, so that a list of names needs one of each. */
static size_t spell(struct str name, bool camel, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		bool hump = camel && i > 0 && i + 1 < name.n && name.p[i] == '_' &&
			    name.p[i + 1] >= 'a' && name.p[i + 1] <= 'z';
		out[n++] = hump ? (char)(name.p[++i] - 'a' + 'A') : name.p[i];
	}
	return n;
}

enum err llm_unknown(const struct llm_at *at, struct str name, struct str raw)
{
	if (at->extras == NULL)
		return OK;
	if (name.n == 0) /* a refusal must have something to name */
		name = S("\"\"");
	char *p = arena_alloc(at->a, at->prefix.n + name.n, 1);
	if (p == NULL)
		return ERR_NOMEM;
	memcpy(p, at->prefix.p, at->prefix.n);
	struct str full = { p, at->prefix.n + spell(name, at->camel, p + at->prefix.n) };
	size_t n = 0;
	for (const struct llm_extra *x = *at->extras; x != NULL; x = x->next, n++)
		if (str_eq(x->name, full))
			return OK;
	if (n < EXTRAS_MAX)
		return llm_extra_add(at->a, at->extras, full, raw);
	return at->lenient ? OK
			   : diag_param(at->d, ERR_LIMIT, str_head(full, 64),
					"more than %d unknown fields", EXTRAS_MAX);
}

static const char *const kind_words[] = {
	[FIELD_ESC] = "a string",   [FIELD_RAW] = "a value",
	[FIELD_NUM] = "a number",   [FIELD_INT] = "an integer",
	[FIELD_BOOL] = "a boolean", [FIELD_COUNT] = "an integer of 0 or more",
	[FIELD_TRI] = "a boolean",  [FIELD_OBJ] = "an object",
	[FIELD_LIST] = "an array",  [FIELD_ANY] = "a value",
	[FIELD_SKIP] = "a value",
};

/* In proto3's JSON an int64 may be written as a string. */
static bool integer(const struct json *v, int64_t *out)
{
	if (v->type == JSON_STRING)
		return num_i64(json_esc(v), out) == OK;
	return json_i64(v, out) == OK;
}

/* store puts v where a row wants it; false when it is of another type. */
static bool store(enum field_kind kind, const struct json *v, void *at)
{
	bool boolean = v->type == JSON_TRUE || v->type == JSON_FALSE;
	int64_t n;

	switch (kind) {
	case FIELD_ESC:
		if (v->type == JSON_STRING)
			*(struct str *)at = json_esc(v);
		return v->type == JSON_STRING;
	case FIELD_NUM:
		if (v->type != JSON_NUMBER)
			return false;
		*(struct str *)at = json_raw(v);
		return true;
	case FIELD_RAW:
		*(struct str *)at = json_raw(v);
		return true;
	case FIELD_INT:
		return integer(v, at);
	case FIELD_COUNT:
		if (json_i64(v, &n) != OK || n < 0)
			return false;
		*(int64_t *)at = n;
		return true;
	case FIELD_BOOL:
		*(bool *)at = v->type == JSON_TRUE;
		return boolean;
	case FIELD_TRI:
		if (boolean)
			*(enum llm_tri *)at = v->type == JSON_TRUE ? TRI_YES : TRI_NO;
		return boolean;
	case FIELD_OBJ:
	case FIELD_LIST:
		if (v->type != (kind == FIELD_OBJ ? JSON_OBJECT : JSON_ARRAY))
			return false;
		*(const struct json **)at = v;
		return true;
	case FIELD_ANY:
		*(const struct json **)at = v;
		return true;
	case FIELD_SKIP:
		break;
	}
	return true;
}

static enum err unknown(const struct llm_at *at, const struct json *key)
{
	if (at->extras == NULL || key[1].type == JSON_NULL)
		return OK;
	struct str name = json_str(at->a, key);
	return name.p ? llm_unknown(at, name, json_raw(key + 1)) : ERR_NOMEM;
}

enum err llm_read(const struct llm_at *at, const struct json *v, const struct llm_field *rows,
		  size_t n, void *to)
{
	uint64_t seen = 0;

	assert(n <= ROWS_MAX);
	if (!json_is(v, JSON_OBJECT))
		return at->lenient ? OK : llm_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER (v, key) {
		const struct json *value = key + 1;
		char room[NAME_ROOM];
		struct str name = name_of(key, room);
		size_t i = 0;
		while (i < n && !is_name(at, name, rows[i].name))
			i++;
		if (i == n) {
			TRY(unknown(at, key));
			continue;
		}
		if (seen & (UINT64_C(1) << i))
			return llm_bad(at, rows[i].name, "spelled in one way only");
		seen |= UINT64_C(1) << i;
		if (value->type == JSON_NULL)
			continue;
		if (store(rows[i].kind, value, (char *)to + rows[i].at))
			continue;
		if (!at->lenient)
			return llm_bad(at, rows[i].name, kind_words[rows[i].kind]);
		TRY(unknown(at, key));
	}
	return OK;
}
