/*
 * codec/splice.c - edits of a parsed JSON text, kept as a short list and applied on output.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/splice_fuzz.c
 */
#include "codec/splice.h"

#include <assert.h>

void splice_init(struct splice *s, struct str src)
{
	*s = (struct splice){ .src = src };
}

static size_t offset(const struct splice *s, const char *p)
{
	assert(p >= s->src.p && (size_t)(p - s->src.p) <= s->src.n);
	return (size_t)(p - s->src.p);
}

/* Where v's source text begins and ends, the quotes of a string included. */
static size_t start_of(const struct splice *s, const struct json *v)
{
	return offset(s, json_raw(v).p);
}

static size_t end_of(const struct splice *s, const struct json *v)
{
	return start_of(s, v) + json_raw(v).n;
}

static void add(struct splice *s, size_t at, size_t cut, struct str put)
{
	if (s->err != OK)
		return;
	for (unsigned i = 0; cut != 0 && i < s->n; i++) {
		if (s->edits[i].at == at && s->edits[i].cut == cut) {
			s->edits[i].put = put; /* the same span once more: the last word counts */
			return;
		}
	}
	if (s->n == SPLICE_MAX) {
		s->err = ERR_LIMIT;
		return;
	}
	s->edits[s->n++] = (struct splice_edit){ at, cut, put };
}

void splice_value(struct splice *s, const struct json *v, struct str text)
{
	assert(text.n > 0);
	add(s, start_of(s, v), json_raw(v).n, text);
}

/* The name itself is cut: only splice_remove does that. */
static bool is_removed(const struct splice *s, const struct json *key)
{
	size_t at = start_of(s, key);

	for (unsigned i = 0; i < s->n; i++)
		if (s->edits[i].at <= at && at - s->edits[i].at < s->edits[i].cut)
			return true;
	return false;
}

/* Appended members stand at the offset of the closing brace as ,"name":value. splice_parts
 * takes the comma off when nothing precedes it, since a later removal may still empty the
 * object. */
static void append(struct splice *s, size_t at, struct str member, size_t name_bytes)
{
	struct str name = str_head(member, name_bytes);

	for (unsigned i = 0; i < s->n; i++) {
		struct splice_edit *e = &s->edits[i];
		if (e->cut == 0 && e->at == at && str_has_prefix(e->put, name)) {
			e->put = member;
			return;
		}
	}
	add(s, at, 0, member);
}

void splice_member(struct splice *s, const struct json *obj, struct str name, struct str text,
		   struct arena *a)
{
	const struct json *v = json_get(obj, name);
	struct buf b;

	assert(json_is(obj, JSON_OBJECT) && text.n > 0);
	if (s->err != OK)
		return;
	if (v != NULL && !is_removed(s, v - 1)) {
		splice_value(s, v, text);
		return;
	}
	size_t n = name.n + text.n + 4;
	char *at = arena_alloc(a, n, 1);
	if (at == NULL) {
		s->err = ERR_NOMEM;
		return;
	}
	buf_fixed(&b, at, n);
	buf_add(&b, S(",\""));
	buf_add(&b, name);
	buf_add(&b, S("\":"));
	buf_add(&b, text);
	append(s, end_of(s, obj) - 1, buf_str(&b), name.n + 4);
}

void splice_remove(struct splice *s, const struct json *obj, const struct json *key)
{
	const struct json *before = NULL, *after = NULL, *last = NULL;
	bool kept_before = false;

	if (is_removed(s, key))
		return;
	JSON_EACH_MEMBER(obj, k) {
		last = k;
		if (k < key) {
			before = k;
			kept_before = kept_before || !is_removed(s, k);
		} else if (k > key && after == NULL && !is_removed(s, k)) {
			after = k;
		}
	}
	assert(last != NULL && key <= last);
	/* A member leaves with the comma in front of it. When nothing stays in front it leaves with
	 * everything up to the next member that stays. */
	size_t from = kept_before ? end_of(s, before + 1) : start_of(s, key);
	size_t to = end_of(s, key + 1);
	if (!kept_before)
		to = after ? start_of(s, after) : end_of(s, last + 1);
	add(s, from, to - from, S(""));
}

/* Insertion sort by offset; equal offsets keep the order of the calls. */
static void sort(struct splice *s)
{
	for (unsigned i = 1; i < s->n; i++) {
		struct splice_edit e = s->edits[i];
		unsigned k = i;
		for (; k > 0 && s->edits[k - 1].at > e.at; k--)
			s->edits[k] = s->edits[k - 1];
		s->edits[k] = e;
	}
}

/* Nothing but white space since the opening brace. */
static bool after_open(const struct str *parts, size_t n)
{
	while (n-- > 0) {
		for (size_t i = parts[n].n; i-- > 0;) {
			char c = parts[n].p[i];
			if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
				return c == '{';
		}
	}
	return false;
}

size_t splice_parts(struct splice *s, struct str out[2 * SPLICE_MAX + 1])
{
	size_t n = 0, done = 0; /* done: bytes of src copied or cut */

	if (s->err != OK)
		return 0;
	sort(s);
	for (unsigned i = 0; i < s->n; i++) {
		const struct splice_edit *e = &s->edits[i];
		struct str put = e->put;
		bool covered = e->at < done; /* inside of what an earlier edit took away */
		if (e->at > done)
			out[n++] = (struct str){ s->src.p + done, e->at - done };
		if (e->at + e->cut > done)
			done = e->at + e->cut;
		if (covered)
			continue;
		if (e->cut == 0 && after_open(out, n))
			put = str_tail(put, 1);
		if (put.n != 0)
			out[n++] = put;
	}
	if (done < s->src.n)
		out[n++] = str_tail(s->src, done);
	return n;
}

size_t splice_len(const struct splice *s)
{
	struct splice copy = *s;
	struct str parts[2 * SPLICE_MAX + 1];
	size_t n = splice_parts(&copy, parts), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].n;
	return sum;
}

void splice_write(struct splice *s, struct buf *out)
{
	struct str parts[2 * SPLICE_MAX + 1];
	size_t n = splice_parts(s, parts);

	if (s->err != OK && out->err == OK)
		out->err = s->err;
	for (size_t i = 0; i < n; i++)
		buf_add(out, parts[i]);
}
