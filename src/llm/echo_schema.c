/*
 * llm/echo_schema.c - the smallest instance of a JSON schema, for echo's calls and structured
 * answers.
 * Ring 0. Input: hostile (clients' schemas). Runs in: ingress. Fuzz: fuzz/echo_fuzz.c
 */
#include "llm/echo.h"

#include <assert.h>

enum { DEPTH_MAX = 32, HOPS_MAX = 16, VALUES_MAX = 512, FILL_MAX = 256 };

/* A container that is being written: an object takes its members from required, an array repeats
 * items. */
struct frame {
	const struct json *schema;
	const struct json *at, *end; /* of required */
	int64_t items;               /* of an array: still to write */
	bool is_array;
};

struct maker {
	const struct json *root;
	struct frame stack[DEPTH_MAX];
	size_t depth, values;
	struct buf *out;
};

/* ---- finding the schema that counts -------------------------------------------------------- */

/* Only "#" and "#/$defs/NAME" (or definitions) are followed; others are not understood. */
static const struct json *follow(const struct maker *m, const struct json *ref)
{
	static const struct {
		struct str prefix, key;
	} places[] = {
		{ SC("#/$defs/"), SC("$defs") },
		{ SC("#/definitions/"), SC("definitions") },
	};
	struct str path = json_esc(ref);

	if (str_eq(path, S("#")))
		return m->root;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (str_has_prefix(path, places[i].prefix))
			return json_get(json_get(m->root, places[i].key),
					str_tail(path, places[i].prefix.n));
	return NULL;
}

static const struct json *first_of(const struct json *schema)
{
	static const struct str names[] = { SC("anyOf"), SC("oneOf"), SC("allOf") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct json *list = json_get(schema, names[i]);
		if (json_is(list, JSON_ARRAY) && list->skip > 1)
			return list + 1;
	}
	return NULL;
}

/* resolve goes through references and alternatives to a schema with a type of its own. */
static const struct json *resolve(const struct maker *m, const struct json *schema)
{
	for (int hops = 0; hops < HOPS_MAX && json_is(schema, JSON_OBJECT); hops++) {
		const struct json *ref = json_get(schema, S("$ref"));
		bool refers = json_is(ref, JSON_STRING);
		const struct json *next = refers ? follow(m, ref) : first_of(schema);
		if (next == NULL)
			return schema;
		schema = next;
	}
	return NULL;
}

static struct str type_of(const struct json *schema)
{
	const struct json *type = json_get(schema, S("type"));

	if (json_is(type, JSON_ARRAY) && type->skip > 1)
		type = type + 1;
	if (json_is(type, JSON_STRING))
		return json_esc(type);
	if (json_get(schema, S("properties")) != NULL)
		return S("object");
	return json_get(schema, S("items")) != NULL ? S("array") : S("null");
}

/* ---- leaves -------------------------------------------------------------------------------- */

static int64_t count_of(const struct json *schema, struct str name)
{
	int64_t n = 0;
	const struct json *v = json_get(schema, name);

	return json_is(v, JSON_NUMBER) && json_i64(v, &n) == OK && n > 0 ? n : 0;
}

static void put_string(struct maker *m, const struct json *schema)
{
	static const struct str samples[][2] = {
		{ SC("date"), SC("2000-01-01") },
		{ SC("date-time"), SC("2000-01-01T00:00:00Z") },
		{ SC("time"), SC("00:00:00Z") },
		{ SC("email"), SC("echo@example.com") },
		{ SC("uri"), SC("https://example.com") },
		{ SC("uuid"), SC("00000000-0000-4000-8000-000000000000") },
	};
	const struct json *format = json_get(schema, S("format"));
	int64_t n = count_of(schema, S("minLength"));

	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		if (json_str_eq(format, samples[i][0])) {
			jw_str(m->out, samples[i][1]);
			return;
		}
	jw_quote_open(m->out);
	for (int64_t i = 0; i < n && i < FILL_MAX; i++)
		buf_addc(m->out, 'x');
	jw_quote_close(m->out);
}

static void put_leaf(struct maker *m, const struct json *schema, struct str type)
{
	const struct json *least = json_get(schema, S("minimum"));

	if (str_eq(type, S("string")))
		put_string(m, schema);
	else if (str_eq(type, S("boolean")))
		jw_bool(m->out, false);
	else if (str_eq(type, S("integer")) || str_eq(type, S("number")))
		jw_raw(m->out, json_is(least, JSON_NUMBER) ? json_raw(least) : S("0"));
	else
		jw_null(m->out);
}

/* given is a value that the schema itself holds. */
static const struct json *given(const struct json *schema)
{
	const struct json *list = json_get(schema, S("enum"));
	const struct json *value = json_get(schema, S("const"));

	if (value == NULL && json_is(list, JSON_ARRAY) && list->skip > 1)
		value = list + 1;
	return value ? value : json_get(schema, S("default"));
}

/* ---- the walk ------------------------------------------------------------------------------ */

static void put_value(struct maker *m, const struct json *schema)
{
	const struct json *s = resolve(m, schema);
	const struct json *value = s ? given(s) : NULL;

	m->values++;
	if (s == NULL || value != NULL) {
		jw_raw(m->out, value ? json_raw(value) : S("null"));
		return;
	}
	struct str type = type_of(s);
	bool object = str_eq(type, S("object"));
	if ((!object && !str_eq(type, S("array"))) || m->depth == DEPTH_MAX) {
		put_leaf(m, s, type);
		return;
	}
	const struct json *required = json_get(s, S("required"));
	struct frame *f = &m->stack[m->depth++];
	*f = (struct frame){ .schema = s, .is_array = !object };
	if (!object) {
		f->items = count_of(s, S("minItems"));
		jw_arr(m->out);
		return;
	}
	if (json_is(required, JSON_ARRAY)) {
		f->at = required + 1;
		f->end = required + required->skip;
	}
	jw_obj(m->out);
}

/* A name that stands in required twice must not be written twice. */
static bool repeated(const struct frame *f)
{
	const struct json *list = json_get(f->schema, S("required"));

	for (const struct json *it = list + 1; it < f->at; it += it->skip)
		if (it->type == JSON_STRING && str_eq(json_esc(it), json_esc(f->at)))
			return true;
	return false;
}

static void next_member(struct maker *m, struct frame *f)
{
	const struct json *name = f->at;
	const struct json *properties = json_get(f->schema, S("properties"));

	if (name->type == JSON_STRING && !name->esc && !repeated(f)) {
		jw_esc(m->out, json_esc(name));
		buf_addc(m->out, ':');
		f->at += name->skip;
		put_value(m, json_get(properties, json_esc(name)));
		return;
	}
	f->at += name->skip;
}

static void step(struct maker *m)
{
	struct frame *f = &m->stack[m->depth - 1];
	bool spent = m->values >= VALUES_MAX;

	if (f->is_array && f->items > 0 && !spent) {
		f->items--;
		put_value(m, json_get(f->schema, S("items")));
		return;
	}
	if (!f->is_array && f->at != f->end && !spent) {
		next_member(m, f);
		return;
	}
	m->depth--;
	if (f->is_array)
		jw_arr_end(m->out);
	else
		jw_obj_end(m->out);
}

enum err echo_instance(struct arena *a, struct str raw, struct buf *out)
{
	struct maker m = { .out = out };

	if (raw.n == 0) {
		buf_add(out, S("{}"));
		return out->err;
	}
	enum err e = json_read(a, raw, &m.root, NULL);
	if (e == ERR_NOMEM)
		return e;
	if (e != OK)
		m.root = NULL;
	put_value(&m, m.root);
	while (m.depth > 0 && out->err == OK)
		step(&m);
	return out->err;
}
