/*
 * verify/field.c - members of JSON objects as protobuf's JSON writes them, with a sticky error.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_bundle_fuzz.c
 */
#include "base/num.h"
#include "codec/base64.h"
#include "verify/part.h"

void field_fail(struct fields *f, const char *name, const char *what)
{
	if (f->err == OK)
		f->err = diag_set(f->d, ERR_SYNTAX, "'%s' %s (%s)", name, what, f->rule);
}

static void no_memory(struct fields *f)
{
	if (f->err == OK)
		f->err = diag_set(f->d, ERR_LIMIT, "more memory is needed than one bundle may use");
}

const struct json *field_get(struct fields *f, const struct json *obj, const char *name,
			     enum json_type t, bool must)
{
	const struct json *v = f->err == OK ? json_get(obj, str_z(name)) : NULL;

	/* protobuf's JSON: null stands for the default, as if the member were not there. */
	if (v == NULL || v->type == JSON_NULL) {
		if (must)
			field_fail(f, name, "is missing");
		return NULL;
	}
	if (v->type == (unsigned)t)
		return v;
	field_fail(f, name,
		   t == JSON_STRING   ? "is no string"
		   : t == JSON_OBJECT ? "is no object"
				      : "is no list");
	return NULL;
}

struct str field_text(struct fields *f, const struct json *obj, const char *name, bool must)
{
	const struct json *v = field_get(f, obj, name, JSON_STRING, must);
	struct str s = S("");

	if (v != NULL && (s = json_str(f->a, v)).p == NULL)
		no_memory(f);
	if (must && s.n == 0)
		field_fail(f, name, "is empty");
	return f->err == OK ? s : S("");
}

struct str field_base64(struct fields *f, struct str text, const char *name)
{
	struct buf b;

	if (f->err != OK)
		return S("");
	char *at = arena_take(f->a, text.n / 4 * 3 + 3, 1);
	if (at == NULL) {
		no_memory(f);
		return S("");
	}
	buf_fixed(&b, at, text.n / 4 * 3 + 3);
	if (base64_decode(&b, text, BASE64_STD) != OK) {
		field_fail(f, name, "is no base64 (RFC 4648, section 4)");
		return S("");
	}
	return buf_str(&b);
}

struct str field_bytes(struct fields *f, const struct json *obj, const char *name, bool must)
{
	return field_base64(f, field_text(f, obj, name, must), name);
}

struct str field_hex(struct fields *f, const struct json *obj, const char *name)
{
	struct str text = field_text(f, obj, name, true), s;

	if (f->err != OK)
		return S("");
	s = hex_decode(f->a, text);
	if (s.p == NULL)
		field_fail(f, name, "is no hexadecimal number");
	return s;
}

/* protobuf's JSON: 64-bit integers are decimal strings; numbers are accepted. One that is 0 may be
 * left out. */
uint64_t field_u64(struct fields *f, const struct json *obj, const char *name)
{
	const struct json *v = f->err == OK ? json_get(obj, str_z(name)) : NULL;
	uint64_t n = 0;
	int64_t i;

	if (v == NULL || v->type == JSON_NULL)
		return 0;
	if (v->type == JSON_STRING) {
		struct str s = json_str(f->a, v);
		if (s.p == NULL || num_u64(s, INT64_MAX, &n) != OK || (s.n > 1 && s.p[0] == '0'))
			field_fail(f, name, "is no number from 0 to 2^63 - 1");
	} else if (json_i64(v, &i) != OK || i < 0) {
		field_fail(f, name, "is no number from 0 to 2^63 - 1");
	} else {
		n = (uint64_t)i;
	}
	return f->err == OK ? n : 0;
}

static bool is_listed(const struct json *key, struct str names)
{
	while (names.n)
		if (json_str_eq(key, str_cut(names, ' ', &names)))
			return true;
	return false;
}

/* A verifier that skips what it does not know may skip what restricts the rest. */
void field_only(struct fields *f, const struct json *obj, const char *names)
{
	if (f->err != OK || !json_is(obj, JSON_OBJECT))
		return;
	JSON_EACH_MEMBER(obj, key) {
		if (is_listed(key, str_z(names)))
			continue;
		f->err = diag_set(f->d, ERR_SYNTAX, "'%.*s' is not known here (%s)",
				  (int)(key->n < 60 ? key->n : 60), key->p, f->rule);
		return;
	}
}

const struct json *field_root(struct fields *f, struct str text)
{
	const struct json *v = NULL;
	size_t at = 0;

	if (f->err != OK)
		return NULL;
	enum err e = json_read(f->a, text, &v, &at);
	if (e == OK && json_is(v, JSON_OBJECT))
		return v;
	if (e == ERR_NOMEM || e == ERR_LIMIT)
		f->err = diag_set(f->d, ERR_LIMIT, "too large or too deep a JSON text (%s)",
				  f->rule);
	else
		f->err = diag_set(f->d, ERR_SYNTAX,
				  "no JSON object, or one that two readers could understand "
				  "differently, at byte %zu (%s)",
				  at, f->rule);
	return NULL;
}
