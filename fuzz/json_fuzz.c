/*
 * fuzz/json_fuzz.c - oracle: all scanners give the same verdict, offset and values; spans nest and
 * skips add up; no object has two equal names; the text written again from its values parses to
 * the same.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_scan.h"
#include "codec/jw.h"
#include "codec/utf8.h"

#include <string.h>

enum { TOKENS = 4096 };

static struct json first[TOKENS], other[TOKENS];

static void same(const struct json *a, const struct json *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK(a[i].p == b[i].p && a[i].n == b[i].n && a[i].type == b[i].type &&
		      a[i].esc == b[i].esc && a[i].skip == b[i].skip);
}

/* b's source lies inside of a's. */
static bool inside(const struct json *a, const struct json *b)
{
	struct str outer = json_raw(a), inner = json_raw(b);

	return inner.p > outer.p && inner.p + inner.n < outer.p + outer.n;
}

static void check_object(struct arena *a, const struct json *obj)
{
	size_t pairs = 0;
	const char *at = obj->p;

	JSON_EACH_MEMBER(obj, key) {
		CHECK(key->type == JSON_STRING && key->skip == 1 && inside(obj, key) && inside(obj, key + 1));
		CHECK(key->p > at && key[1].p > key->p + key->n);
		at = json_raw(key + 1).p + json_raw(key + 1).n - 1;
		struct str name = json_str(a, key);
		CHECK(name.p != NULL && utf8_valid(name) == name.n);
		if (pairs < 2000)
			for (const struct json *k = obj + 1; k < key; k += 1 + k[1].skip, pairs++)
				CHECK(!json_str_eq(k, name));
	}
	CHECK(at < obj->p + obj->n);
}

static void check_values(const struct json *v, size_t n)
{
	struct arena a;

	arena_init(&a, 4 << 20);
	CHECK(v->skip == n);
	for (size_t i = 0; i < n; i++) {
		const char *at = v[i].p;
		CHECK(v[i].skip >= 1 && i + v[i].skip <= n);
		CHECK(v[i].skip == 1 || v[i].type == JSON_ARRAY || v[i].type == JSON_OBJECT);
		if (v[i].type == JSON_OBJECT) {
			check_object(&a, &v[i]);
		} else if (v[i].type == JSON_ARRAY) {
			JSON_EACH_ITEM(&v[i], it) {
				CHECK(inside(&v[i], it) && it->p > at);
				at = json_raw(it).p + json_raw(it).n - 1;
			}
		} else if (v[i].type == JSON_STRING) {
			struct str s = json_str(&a, &v[i]);
			CHECK(s.p != NULL && s.n <= v[i].n && utf8_valid(s) == s.n && json_str_eq(&v[i], s));
		}
	}
	arena_done(&a);
}

/* Writes the values again: strings resolved and escaped anew, everything else as it was. */
static void rewrite(struct buf *b, struct arena *a, const struct json *v, size_t n)
{
	const struct json *ends[LIMIT_JSON_DEPTH];
	bool object[LIMIT_JSON_DEPTH], name = false;
	size_t depth = 0;

	for (const struct json *t = v; t <= v + n; t++) {
		while (depth > 0 && ends[depth - 1] == t) {
			if (object[--depth])
				jw_obj_end(b);
			else
				jw_arr_end(b);
			name = depth > 0 && object[depth - 1];
		}
		if (t == v + n)
			break;
		if (t->type == JSON_STRING) {
			jw_str(b, json_str(a, t));
			if (name)
				buf_addc(b, ':');
			name = !name && depth > 0 && object[depth - 1];
		} else if (t->type == JSON_ARRAY || t->type == JSON_OBJECT) {
			if (t->type == JSON_OBJECT)
				jw_obj(b);
			else
				jw_arr(b);
			object[depth] = name = t->type == JSON_OBJECT;
			ends[depth++] = t + t->skip;
		} else {
			jw_raw(b, json_raw(t));
			name = depth > 0 && object[depth - 1];
		}
	}
}

static void check_rewrite(const struct json *v, size_t n)
{
	struct arena a;
	struct buf b;
	size_t again;

	arena_init(&a, 16 << 20);
	buf_init(&b, 16 << 20);
	rewrite(&b, &a, v, n);
	CHECK(b.err == OK);
	CHECK(json_parse(buf_str(&b), other, TOKENS, &again, NULL) == OK && again == n);
	for (size_t i = 0; i < n; i++) {
		CHECK(v[i].type == other[i].type && v[i].skip == other[i].skip);
		if (v[i].type == JSON_STRING)
			CHECK(json_str_eq(&other[i], json_str(&a, &v[i])));
		if (v[i].type == JSON_NUMBER)
			CHECK(str_eq(json_raw(&v[i]), json_raw(&other[i])));
	}
	buf_free(&b);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	size_t count = 0, at = SIZE_MAX;
	enum err e = json_parse_with(json_scan_bytes, in, first, TOKENS, &count, &at);
	json_scan_fn *scan[] = { json_scan_words, json_scan_best() };

	CHECK(e == OK || at <= n);
	for (size_t i = 0; i < 2; i++) {
		size_t count2 = 0, at2 = SIZE_MAX;
		CHECK(json_parse_with(scan[i], in, other, TOKENS, &count2, &at2) == e);
		CHECK(count2 == count && at2 == at);
		same(first, other, count);
	}
	if (e != OK)
		return 0;
	check_values(first, count);
	check_rewrite(first, count);
	return 0;
}
