/*
 * fuzz/json_fuzz.c - oracle: all scanners give the same verdict, offset and values; a second reader of
 * the bare grammar refuses what has no values and accepts what has; spans nest and skips add up; no
 * object has two equal names; the text written again from its values parses to the same; skimming
 * finds the same members.
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
		CHECK(key->type == JSON_STRING && key->skip == 1 && inside(obj, key) &&
		      inside(obj, key + 1));
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
			CHECK(s.p != NULL && s.n <= v[i].n && utf8_valid(s) == s.n &&
			      json_str_eq(&v[i], s));
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

/*
 * The second reader: by recursive descent, over bytes, knowing nothing of UTF-8, surrogates and equal
 * names. It gives the end of the value at i, or 0.
 */
static size_t space(struct str s, size_t i)
{
	while (i < s.n && strchr(" \t\r\n", s.p[i]) != NULL && s.p[i] != 0)
		i++;
	return i;
}

static size_t digits(struct str s, size_t i)
{
	size_t from = i;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i > from ? i : 0;
}

static size_t number(struct str s, size_t i)
{
	size_t start = i + (s.p[i] == '-');

	i = digits(s, start);
	if (i == 0 || (s.p[start] == '0' && i > start + 1))
		return 0;
	if (i < s.n && s.p[i] == '.')
		i = digits(s, i + 1);
	if (i != 0 && i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i = digits(s, i + (i < s.n && (s.p[i] == '+' || s.p[i] == '-')));
	}
	return i;
}

static size_t string(struct str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++) {
		if ((unsigned char)s.p[i] < ' ')
			return 0;
		if (s.p[i] != '\\')
			continue;
		if (++i == s.n || s.p[i] == 0 || strchr("\"\\/bfnrtu", s.p[i]) == NULL)
			return 0;
		for (size_t k = s.p[i] == 'u' ? 4 : 0; k != 0; k--)
			if (++i == s.n || s.p[i] == 0 || strchr("0123456789abcdefABCDEF", s.p[i]) == NULL)
				return 0;
	}
	return i < s.n ? i + 1 : 0;
}

static size_t value(struct str s, size_t i, unsigned depth);

static size_t container(struct str s, size_t i, unsigned depth)
{
	bool object = s.p[i] == '{';
	char end = object ? '}' : ']';

	i = space(s, i + 1);
	if (depth == LIMIT_JSON_DEPTH || i == s.n)
		return 0;
	if (s.p[i] == end)
		return i + 1;
	for (;;) {
		if (object) {
			i = i < s.n && s.p[i] == '"' ? string(s, i) : 0;
			i = i != 0 ? space(s, i) : s.n;
			if (i == s.n || s.p[i++] != ':')
				return 0;
		}
		i = value(s, space(s, i), depth + 1);
		i = i != 0 ? space(s, i) : s.n;
		if (i == s.n || (s.p[i] != ',' && s.p[i] != end))
			return 0;
		if (s.p[i++] == end)
			return i;
		i = space(s, i);
	}
}

static size_t value(struct str s, size_t i, unsigned depth)
{
	static const struct str words[] = { SC("true"), SC("false"), SC("null") };

	if (i >= s.n)
		return 0;
	for (size_t k = 0; k < 3; k++)
		if (str_has_prefix(str_tail(s, i), words[k]))
			return i + words[k].n;
	if (s.p[i] == '"')
		return string(s, i);
	if (s.p[i] == '{' || s.p[i] == '[')
		return container(s, i, depth);
	return number(s, i);
}

/* Some string in s would be refused by the parser for more than its grammar. */
static bool has_more_rules(struct str s)
{
	return utf8_valid(s) != s.n || str_find(s, S("\\ud")) != SIZE_MAX ||
	       str_find(s, S("\\uD")) != SIZE_MAX;
}

/* The offending byte of two equal names is a quote: the one that opens the second. */
static void check_grammar(struct str in, enum err e, size_t at)
{
	size_t end = value(in, space(in, 0), 0);
	bool good = end != 0 && space(in, end) == in.n;

	if (e == OK)
		CHECK(good);
	else if (good && !has_more_rules(in) && e != ERR_LIMIT)
		CHECK(at < in.n && in.p[at] == '"');
}

/* What is passed over ends where the parser found its end; skimmed objects have the same members. */
static void check_skim(struct str in, const struct json *v, size_t n)
{
	static const struct str deep[] = { SC("usage"), SC("") };
	const struct json *root, *m;
	struct arena a;

	for (size_t i = 0; i < n; i++)
		if (v[i].type == JSON_ARRAY || v[i].type == JSON_OBJECT)
			CHECK(json_skip(v[i].p, in.p + in.n) == v[i].p + v[i].n &&
			      json_skip_any(v[i].p, in.p + in.n) == v[i].p + v[i].n);
	arena_init(&a, 4 << 20);
	CHECK((json_skim(&a, in, deep, &root) == OK) == (v->type == JSON_OBJECT));
	if (v->type == JSON_OBJECT) {
		m = root + 1;
		JSON_EACH_MEMBER(v, key) {
			CHECK(str_eq(json_raw(m), json_raw(key)));
			CHECK(str_eq(json_raw(m + 1), json_raw(key + 1)));
			CHECK(!json_str_eq(key, deep[0]) || m[1].skip == key[1].skip);
			m += 1 + m[1].skip;
		}
		CHECK(m == root + root->skip);
	}
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
	check_grammar(in, e, at);
	if (e != OK)
		return 0;
	check_values(first, count);
	check_rewrite(first, count);
	check_skim(in, first, count);
	return 0;
}
