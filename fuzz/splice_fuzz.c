/*
 * fuzz/splice_fuzz.c - the input is a byte for each edit, a NUL, and an object. Oracle: the result
 * parses, has exactly the members that a plain list with the same edits has, in that order,
 * untouched ones byte for byte, and splice_len and splice_write agree.
 */
#include "fuzz/fuzz.h"

#include "codec/splice.h"

#include <string.h>

enum { MEMBERS = 64, EDITS = 24 };

/* The same edits on a list. */
struct list {
	struct str name[MEMBERS], value[MEMBERS]; /* name resolved */
	const struct json *key[MEMBERS];          /* NULL: appended */
	size_t n;
};

static void list_remove(struct list *l, size_t at)
{
	for (l->n--; at < l->n; at++) {
		l->name[at] = l->name[at + 1];
		l->value[at] = l->value[at + 1];
		l->key[at] = l->key[at + 1];
	}
}

static void list_set(struct list *l, struct str name, struct str value)
{
	for (size_t i = 0; i < l->n; i++) {
		if (str_eq(l->name[i], name)) {
			l->value[i] = value;
			return;
		}
	}
	CHECK(l->n < MEMBERS);
	l->name[l->n] = name;
	l->value[l->n] = value;
	l->key[l->n++] = NULL;
}

static void edit(struct splice *s, struct list *l, const struct json *obj, uint8_t op,
		 struct arena *a)
{
	static const struct str values[] = { SC("1"), SC("\"x,}\""), SC("{\"y\":[]}"), SC("null") };
	static const struct str names[] = { SC("new"), SC("model"), SC("a"), SC("stream_options") };
	struct str value = values[op >> 2 & 3];
	size_t i = op >> 4;

	if ((op & 3) == 0) {
		splice_member(s, obj, names[i & 3], value, a);
		list_set(l, names[i & 3], value);
	} else if (i < l->n && l->key[i] != NULL) {
		if ((op & 3) == 1) {
			splice_remove(s, obj, l->key[i]);
			list_remove(l, i);
		} else {
			splice_value(s, l->key[i] + 1, value);
			l->value[i] = value;
		}
	}
}

static void check_result(const struct list *l, struct str text, struct arena *a)
{
	const struct json *obj = NULL;
	size_t i = 0;

	CHECK(json_read(a, text, &obj, NULL) == OK && json_count(obj) == l->n);
	JSON_EACH_MEMBER(obj, key) {
		CHECK(json_str_eq(key, l->name[i]));
		CHECK(str_eq(json_raw(key + 1), l->value[i]));
		if (l->key[i] != NULL)
			CHECK(str_eq(json_raw(key), json_raw(l->key[i])));
		i++;
	}
}

static void run(struct str ops, struct str text, struct arena *a)
{
	const struct json *obj = NULL;
	struct list l = { .n = 0 };
	struct splice s;
	struct buf b;

	if (json_read(a, text, &obj, NULL) != OK || !json_is(obj, JSON_OBJECT) ||
	    json_count(obj) > MEMBERS - 4)
		return;
	JSON_EACH_MEMBER(obj, key) {
		l.name[l.n] = json_str(a, key);
		l.value[l.n] = json_raw(key + 1);
		l.key[l.n++] = key;
	}
	splice_init(&s, text);
	for (size_t i = 0; i < ops.n && i < EDITS; i++)
		edit(&s, &l, obj, (uint8_t)ops.p[i], a);
	CHECK(s.err == OK);
	buf_init(&b, text.n + 4096);
	size_t len = splice_len(&s);
	splice_write(&s, &b);
	CHECK(b.err == OK && b.n == len);
	check_result(&l, buf_str(&b), a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text, ops = str_cut((struct str){ (const char *)p, n }, 0, &text);
	struct arena a;

	arena_init(&a, 16 << 20);
	run(ops, text, &a);
	arena_done(&a);
	return 0;
}
