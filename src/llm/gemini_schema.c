/*
 * llm/gemini_schema.c - Google's OpenAPI schemas (types in capitals, nullable, counts as strings)
 * as JSON Schema, which is what the other dialects and parametersJsonSchema speak.
 * Ring 0. Input: hostile. Runs in: ingress. Fuzz: fuzz/gemini_schema_fuzz.c
 */
#include "llm/gemini.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/num.h"

#include <assert.h>

/* What the value of a keyword is. Anything else is data and is copied. */
enum of {
	OF_SCHEMA,
	OF_SCHEMAS,   /* a list of schemas */
	OF_NAMES,     /* a map from names to schemas */
	OF_TYPE,
	OF_COUNT,     /* an int64, which Google may write as a string */
	OF_ENUM,
	OF_NULLABLE,  /* becomes part of the type */
	OF_FORMAT,
	OF_ORDER,     /* propertyOrdering: in JSON Schema the order of properties says it */
	OF_DATA,
};

static const struct keyword {
	struct str google, snake, json;
	enum of of;
} keywords[] = {
	{ SC("type"), SC("type"), SC("type"), OF_TYPE },
	{ SC("nullable"), SC("nullable"), SC("nullable"), OF_NULLABLE },
	{ SC("format"), SC("format"), SC("format"), OF_FORMAT },
	{ SC("enum"), SC("enum"), SC("enum"), OF_ENUM },
	{ SC("properties"), SC("properties"), SC("properties"), OF_NAMES },
	{ SC("defs"), SC("$defs"), SC("$defs"), OF_NAMES },
	{ SC("ref"), SC("$ref"), SC("$ref"), OF_DATA },
	{ SC("items"), SC("items"), SC("items"), OF_SCHEMA },
	{ SC("additionalProperties"), SC("additional_properties"), SC("additionalProperties"),
	  OF_SCHEMA },
	{ SC("anyOf"), SC("any_of"), SC("anyOf"), OF_SCHEMAS },
	{ SC("oneOf"), SC("one_of"), SC("oneOf"), OF_SCHEMAS },
	{ SC("allOf"), SC("all_of"), SC("allOf"), OF_SCHEMAS },
	{ SC("prefixItems"), SC("prefix_items"), SC("prefixItems"), OF_SCHEMAS },
	{ SC("minItems"), SC("min_items"), SC("minItems"), OF_COUNT },
	{ SC("maxItems"), SC("max_items"), SC("maxItems"), OF_COUNT },
	{ SC("minLength"), SC("min_length"), SC("minLength"), OF_COUNT },
	{ SC("maxLength"), SC("max_length"), SC("maxLength"), OF_COUNT },
	{ SC("minProperties"), SC("min_properties"), SC("minProperties"), OF_COUNT },
	{ SC("maxProperties"), SC("max_properties"), SC("maxProperties"), OF_COUNT },
	{ SC("propertyOrdering"), SC("property_ordering"), SC("propertyOrdering"), OF_ORDER },
};

static const struct keyword *find(const struct json *key)
{
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (json_str_eq(key, keywords[i].google) || json_str_eq(key, keywords[i].snake))
			return &keywords[i];
	return NULL;
}

/* An open object or array of the source. */
struct frame {
	const struct json *at, *end;
	enum of of;      /* OF_SCHEMA, OF_SCHEMAS or OF_NAMES */
	bool nullable;   /* of OF_SCHEMA, and of its anyOf */
	uint32_t seen;   /* of OF_SCHEMA: keywords, by their row */
};

struct walk {
	struct frame stack[LIMIT_JSON_DEPTH + 1];
	size_t depth;
	struct buf *out;
	enum err err;
};

static_assert(sizeof keywords / sizeof keywords[0] <= 32, "one bit of frame.seen for each keyword");

static bool nullable(const struct json *schema)
{
	return json_bool(json_get(schema, S("nullable")));
}

static void lower(struct buf *out, struct str word)
{
	jw_quote_open(out);
	for (size_t i = 0; i < word.n; i++)
		buf_addc(out, ascii_lower(word.p[i]));
	jw_quote_close(out);
}

static void put_type(struct walk *w, const struct json *v, bool or_null)
{
	bool list = json_is(v, JSON_ARRAY);

	if (json_str_eq(v, S("TYPE_UNSPECIFIED")) || (!list && v->type != JSON_STRING))
		return;
	jw_key(w->out, S("type"));
	if (!list && !or_null) {
		lower(w->out, json_esc(v));
		return;
	}
	jw_arr(w->out);
	if (!list)
		lower(w->out, json_esc(v));
	else
		JSON_EACH_ITEM(v, it)
			if (it->type == JSON_STRING)
				lower(w->out, json_esc(it));
	if (or_null)
		jw_raw(w->out, S("\"null\""));
	jw_arr_end(w->out);
}

static void put_enum(struct walk *w, const struct json *v, bool or_null)
{
	jw_key(w->out, S("enum"));
	if (v->type != JSON_ARRAY || !or_null) {
		jw_raw(w->out, json_raw(v));
		return;
	}
	jw_arr(w->out);
	JSON_EACH_ITEM(v, it)
		jw_raw(w->out, json_raw(it));
	jw_null(w->out);
	jw_arr_end(w->out);
}

static void put_count(struct walk *w, struct str name, const struct json *v)
{
	int64_t n;

	jw_key(w->out, name);
	if ((v->type == JSON_STRING ? num_i64(json_esc(v), &n) : json_i64(v, &n)) == OK)
		jw_int(w->out, n);
	else
		jw_raw(w->out, json_raw(v));
}

static void open_frame(struct walk *w, const struct json *v, enum of of, bool or_null)
{
	assert(w->depth < sizeof w->stack / sizeof w->stack[0]);
	w->stack[w->depth++] = (struct frame){ v + 1, v + v->skip, of, or_null, 0 };
	if (v->type == JSON_OBJECT)
		jw_obj(w->out);
	else
		jw_arr(w->out);
}

/* open_or_copy walks into v when it has the form that of asks for, else it is copied as it
 * stands. */
static void open_or_copy(struct walk *w, const struct json *v, enum of of, bool or_null)
{
	if (v->type == (of == OF_SCHEMAS ? JSON_ARRAY : JSON_OBJECT))
		open_frame(w, v, of, of == OF_SCHEMA ? nullable(v) : or_null);
	else
		jw_raw(w->out, json_raw(v));
}

static void copy_member(struct walk *w, const struct json *key)
{
	jw_esc(w->out, json_esc(key));
	buf_addc(w->out, ':');
	jw_raw(w->out, json_raw(key + 1));
}

static void keyword(struct walk *w, const struct json *key, struct frame *f)
{
	const struct keyword *k = find(key);
	const struct json *v = key + 1;
	bool or_null = f->nullable;

	if (k == NULL) {
		copy_member(w, key);
		return;
	}
	uint32_t bit = UINT32_C(1) << (k - keywords);
	if (f->seen & bit)
		w->err = ERR_SYNTAX;
	f->seen |= bit;
	switch (k->of) {
	case OF_TYPE:
		put_type(w, v, or_null);
		return;
	case OF_ENUM:
		put_enum(w, v, or_null);
		return;
	case OF_COUNT:
		put_count(w, k->json, v);
		return;
	case OF_NULLABLE:
	case OF_ORDER:
		return;
	case OF_FORMAT:
		if (!json_str_eq(v, S("enum"))) /* Google's mark of a string with an enum */
			jw_kv_raw(w->out, k->json, json_raw(v));
		return;
	case OF_DATA:
		jw_kv_raw(w->out, k->json, json_raw(v));
		return;
	case OF_SCHEMA:
	case OF_SCHEMAS:
	case OF_NAMES:
		jw_key(w->out, k->json);
		open_or_copy(w, v, k->of, or_null && str_eq(k->json, S("anyOf")));
		return;
	}
}

static void step(struct walk *w)
{
	struct frame *f = &w->stack[w->depth - 1];

	if (f->at >= f->end) {
		w->depth--;
		if (f->of == OF_SCHEMAS && f->nullable)
			jw_raw(w->out, S("{\"type\":\"null\"}"));
		if (f->of == OF_SCHEMAS)
			jw_arr_end(w->out);
		else
			jw_obj_end(w->out);
		return;
	}
	const struct json *key = f->at;
	if (f->of == OF_SCHEMAS) {
		f->at += key->skip;
		open_or_copy(w, key, OF_SCHEMA, false);
		return;
	}
	f->at += 1 + key[1].skip;
	if (f->of == OF_SCHEMA) {
		keyword(w, key, f);
		return;
	}
	jw_esc(w->out, json_esc(key));
	buf_addc(w->out, ':');
	open_or_copy(w, key + 1, OF_SCHEMA, false);
}

enum err gemini_schema(struct arena *a, const struct json *schema, struct str *out)
{
	struct walk w = { .depth = 0 };
	struct buf b;

	if (schema->type != JSON_OBJECT) {
		*out = json_raw(schema);
		return OK;
	}
	/* Each object may gain `,null` in its enum and brackets with "null" in its type: less
	 * than this. */
	size_t room = json_raw(schema).n + (size_t)schema->skip * 20 + 64;
	char *p = arena_alloc(a, room, 1);
	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, p, room);
	w.out = &b;
	open_frame(&w, schema, OF_SCHEMA, nullable(schema));
	while (w.depth > 0)
		step(&w);
	TRY(w.err);
	return buf_finish(&b, out);
}
