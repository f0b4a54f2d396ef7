/*
 * llm/anthropic_schema.c - JSON schemas as Anthropic's constrained decoding takes them: every
 * object is closed, and values have no bounds.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_request_fuzz.c
 *
 * Other dialects leave objects open without meaning it. An answer that keeps to the closed schema
 * keeps to the open one too.
 */
#include "llm/anthropic.h"

static const struct str none = { NULL, 0 };

/* What the API refuses, with the type of value that tells the keyword from a property's name. */
static const struct {
	struct str word;
	enum json_type type;
} refused[] = {
	{ SC("minimum"), JSON_NUMBER },
	{ SC("maximum"), JSON_NUMBER },
	{ SC("exclusiveMinimum"), JSON_NUMBER },
	{ SC("exclusiveMaximum"), JSON_NUMBER },
	{ SC("multipleOf"), JSON_NUMBER },
	{ SC("minLength"), JSON_NUMBER },
	{ SC("maxLength"), JSON_NUMBER },
	{ SC("minItems"), JSON_NUMBER },
	{ SC("maxItems"), JSON_NUMBER },
	{ SC("minContains"), JSON_NUMBER },
	{ SC("maxContains"), JSON_NUMBER },
	{ SC("minProperties"), JSON_NUMBER },
	{ SC("maxProperties"), JSON_NUMBER },
	{ SC("uniqueItems"), JSON_TRUE },
	{ SC("oneOf"), JSON_ARRAY },
	{ SC("prefixItems"), JSON_ARRAY },
	{ SC("contains"), JSON_OBJECT },
	{ SC("patternProperties"), JSON_OBJECT },
	{ SC("propertyNames"), JSON_OBJECT },
	{ SC("dependentRequired"), JSON_OBJECT },
	{ SC("dependentSchemas"), JSON_OBJECT },
	{ SC("unevaluatedProperties"), JSON_OBJECT },
	{ SC("not"), JSON_OBJECT },
	{ SC("if"), JSON_OBJECT },
};

static bool is_refused(const struct json *key)
{
	int64_t n = 0;

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (json_str_eq(key, refused[i].word) && json_is(key + 1, refused[i].type))
			return !json_str_eq(key, S("minItems")) || json_i64(key + 1, &n) != OK ||
			       n < 0 || n > 1;
	return false;
}

static bool is_schema(const struct json *root, const struct json *v)
{
	return json_is(v, JSON_OBJECT) && (v == root || !json_str_eq(v - 1, S("properties")));
}

static bool has_members(const struct json *type)
{
	if (json_is(type, JSON_ARRAY))
		JSON_EACH_ITEM (type, it)
			if (json_str_eq(it, S("object")))
				return true;
	return json_str_eq(type, S("object"));
}

/* A map from any name to values cannot be closed, nor can an object that may be anything. */
static bool is_free(const struct json *v)
{
	const struct json *more = json_get(v, S("additionalProperties"));

	if (more != NULL)
		return !json_is(more, JSON_FALSE);
	return has_members(json_get(v, S("type"))) &&
	       !(json_is(json_get(v, S("properties")), JSON_OBJECT));
}

static bool is_open(const struct json *root, const struct json *v)
{
	return is_schema(root, v) && has_members(json_get(v, S("type"))) &&
	       json_get(v, S("additionalProperties")) == NULL;
}

static bool takes(const struct json *root, size_t *out_open)
{
	for (const struct json *v = root; v < root + root->skip; v++) {
		if (!is_schema(root, v))
			continue;
		if (is_free(v))
			return false;
		JSON_EACH_MEMBER (v, key)
			if (is_refused(key))
				return false;
		*out_open += is_open(root, v);
	}
	return true;
}

struct str anthropic_closed(struct str schema, struct arena *a)
{
	static const struct str closing = SC("\"additionalProperties\":false,");
	const struct json *root = NULL;
	size_t open = 0;
	struct buf b;

	if (schema.p == NULL || json_read(a, schema, &root, NULL) != OK || !takes(root, &open))
		return none;
	if (open == 0)
		return schema;
	size_t room = schema.n + open * closing.n;
	char *p = arena_alloc(a, room, 1);
	if (p == NULL)
		return none;
	buf_fixed(&b, p, room);
	const char *from = schema.p;
	for (const struct json *v = root; v < root + root->skip; v++) {
		if (!is_open(root, v))
			continue;
		buf_add(&b, (struct str){ from, (size_t)(v->p + 1 - from) });
		buf_add(&b, closing); /* properties follow */
		from = v->p + 1;
	}
	buf_add(&b, (struct str){ from, (size_t)(schema.p + schema.n - from) });
	return buf_str(&b);
}
