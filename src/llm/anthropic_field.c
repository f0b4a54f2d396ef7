/*
 * llm/anthropic_field.c - members of Anthropic's JSON by tables: types checked, unknown names kept.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_request_fuzz.c
 */
#include "llm/anthropic.h"

#include <assert.h>
#include <string.h>

enum { EXTRAS_MAX = 128 }; /* names; more is no client's mistake, and looking them up is linear */

static struct str join(struct arena *a, struct str x, struct str y)
{
	char *p = arena_alloc(a, x.n + y.n + 1, 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	return (struct str){ p, x.n + y.n };
}

enum err anthropic_bad(const struct anthropic_at *at, struct str name, const char *what)
{
	char room[96];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	buf_add(&b, at->prefix);
	buf_add(&b, str_head(name, 32));
	return diag_param(at->d, ERR_SYNTAX, buf_str(&b), "'%.*s' must be %s", FMT(buf_str(&b)),
			  what);
}

struct anthropic_at anthropic_under(const struct anthropic_at *at, struct str prefix)
{
	struct anthropic_at under = *at;

	under.prefix = prefix;
	return under;
}

enum err anthropic_extra(const struct anthropic_at *at, struct str name, struct str raw)
{
	unsigned n = 0;

	if (at->extras == NULL)
		return OK;
	struct str full = join(at->a, at->prefix, name);
	if (full.p == NULL)
		return ERR_NOMEM;
	for (const struct llm_extra *x = *at->extras; x != NULL; x = x->next, n++)
		if (str_eq(x->name, full))
			return OK;
	if (n >= EXTRAS_MAX)
		return diag_param(at->d, ERR_LIMIT, str_head(full, 64),
				  "more than %d unknown fields",
				  EXTRAS_MAX);
	return llm_extra_add(at->a, at->extras, full, raw);
}

static const char *const kind_words[] = {
	[AF_ESC] = "a string",    [AF_RAW] = "a value",      [AF_NUM] = "a number",
	[AF_INT] = "an integer of 0 or more", [AF_BOOL] = "a boolean", [AF_OBJ] = "an object",
	[AF_LIST] = "an array",   [AF_ANY] = "a value",      [AF_SKIP] = "a value",
};

static bool fits(enum anthropic_kind kind, const struct json *v)
{
	int64_t n = 0;

	switch (kind) {
	case AF_ESC:
		return v->type == JSON_STRING;
	case AF_NUM:
		return v->type == JSON_NUMBER;
	case AF_INT:
		return v->type == JSON_NUMBER && json_i64(v, &n) == OK && n >= 0;
	case AF_BOOL:
		return v->type == JSON_TRUE || v->type == JSON_FALSE;
	case AF_OBJ:
		return v->type == JSON_OBJECT;
	case AF_LIST:
		return v->type == JSON_ARRAY;
	case AF_RAW:
	case AF_ANY:
	case AF_SKIP:
		break;
	}
	return true;
}

static void store(enum anthropic_kind kind, const struct json *v, void *at)
{
	switch (kind) {
	case AF_ESC:
		*(struct str *)at = json_esc(v);
		return;
	case AF_RAW:
	case AF_NUM:
		*(struct str *)at = json_raw(v);
		return;
	case AF_INT:
		if (json_i64(v, at) != OK)
			*(int64_t *)at = 0;
		return;
	case AF_BOOL:
		*(enum llm_tri *)at = json_bool(v) ? TRI_YES : TRI_NO;
		return;
	case AF_OBJ:
	case AF_LIST:
	case AF_ANY:
		*(const struct json **)at = v;
		return;
	case AF_SKIP:
		return;
	}
}

static enum err unknown(const struct anthropic_at *at, const struct json *key)
{
	if (at->extras == NULL || key[1].type == JSON_NULL)
		return OK;
	struct str name = json_str(at->a, key);
	return name.p ? anthropic_extra(at, name, json_raw(key + 1)) : ERR_NOMEM;
}

enum err anthropic_read(const struct anthropic_at *at, const struct json *v,
			const struct anthropic_field *rows, size_t n, void *to)
{
	if (!json_is(v, JSON_OBJECT))
		return at->lenient ? OK : anthropic_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER(v, key) {
		const struct json *value = key + 1;
		size_t i = 0;
		while (i < n && !json_str_eq(key, rows[i].name))
			i++;
		if (i < n && value->type == JSON_NULL)
			continue;
		if (i == n || (at->lenient && !fits(rows[i].kind, value)))
			TRY(unknown(at, key));
		else if (!fits(rows[i].kind, value))
			return anthropic_bad(at, rows[i].name, kind_words[rows[i].kind]);
		else
			store(rows[i].kind, value, (char *)to + rows[i].at);
	}
	return OK;
}
