/*
 * checker/caches.c - what pip, uv, npm and others keep to install from once more.
 * Input: the target's files.   Runs in: checker.
 */
#include "base/ascii.h"
#include "checker/checker.h"

#include "inspect/trace.h"
#include "package/version.h"

#include <string.h>

enum { INDEX_MAX = 1 << 20, HEAD_MAX = 16 << 10, URL_MAX = 4096, NAME_MAX_BYTES = 256 };

static void ask(struct checker *c, struct tree *t, uint32_t i, const struct trace *found)
{
	struct package p = { .eco = found->eco, .version = found->version };
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	package_name_normalise(p.eco, found->name, &name);
	if (name.err == OK) {
		size_t first = c->report.findings.n;
		p.name = buf_str(&name);
		p.where = file_path(c, t, i);
		release_ask(c, &p, RULE_CACHED_BAD);
		finding_date(c, first, "put there", t->items[i].mtime_ns);
	}
	buf_free(&name);
}

static bool has_part(struct str path, struct str part)
{
	return str_find(path, part) != SIZE_MAX;
}

/* npm: one file an entry, lines of a hash and a JSON text that has the URL of the tarball. */
static void npm_index(struct checker *c, struct tree *t, uint32_t i)
{
	struct trace found;
	struct str text;
	bool whole;

	if (!file_read(c, t, i, INDEX_MAX, &text, &whole))
		return;
	text = arena_dup(&c->arena, text);
	for (size_t at; (at = str_find(text, S("https://"))) != SIZE_MAX;) {
		text = str_tail(text, at);
		struct str url = str_head(text, URL_MAX);
		if (trace_url(str_head(url, str_chr(url, '"')), &found))
			ask(c, t, i, &found);
		text = str_tail(text, 8);
	}
}

/* The string behind key in a head that is packed with msgpack: one or two bytes of length. */
static struct str packed(struct str head, struct str key)
{
	struct str none = { "", 0 };

	for (size_t at = 0; at + key.n + 2 < head.n; at++) {
		size_t k = 0;
		while (k < key.n && ascii_lower(head.p[at + k]) == key.p[k])
			k++;
		if (k < key.n)
			continue;
		unsigned char first = (unsigned char)head.p[at + k];
		size_t skip = first == 0xd9 || first == 0xc4 ? 2 : 1;
		size_t n = skip == 2 ? (unsigned char)head.p[at + k + 1] : first & 0x1f;
		struct str value = str_tail(head, at + k + skip);
		return value.n < n || first < 0xa0 ? none : str_head(value, n);
	}
	return none;
}

bool cache_pip_answer(struct checker *c, struct tree *t, uint32_t i, struct trace *out)
{
	struct str head;
	bool whole;

	if (!file_read(c, t, i, HEAD_MAX, &head, &whole))
		return false;
	*out = (struct trace){ .eco = ECO_PYPI };
	out->name = packed(head, S("x-pypi-file-project"));
	out->version = packed(head, S("x-pypi-file-version"));
	if (out->name.n == 0 || out->version.n == 0 || out->name.n >= NAME_MAX_BYTES)
		return false;
	out->name = arena_dup(&c->arena, out->name);
	out->version = arena_dup(&c->arena, out->version);
	return true;
}

/* uv: unpacked packages, each with its .dist-info; and wheels by name. */
static void uv_directory(struct checker *c, struct tree *t, uint32_t i)
{
	struct str name = entry_name(&t->items[i]);
	struct trace found = { .eco = ECO_PYPI };

	if (!str_has_suffix(name, S(".dist-info")))
		return;
	name.n -= S(".dist-info").n;
	size_t at = str_chr(name, '-');
	if (at == SIZE_MAX)
		return;
	found.name = str_head(name, at);
	found.version = str_tail(name, at + 1);
	ask(c, t, i, &found);
}

/* uv: what it knows of a wheel, "wheels-v5/pypi/name/1.2.3-py3-none-any.msgpack". */
static void uv_pointer(struct checker *c, struct tree *t, uint32_t i)
{
	const struct entry *e = &t->items[i];
	struct trace found = { .eco = ECO_PYPI };
	struct str rest;

	if (e->parent == TREE_NONE)
		return;
	found.name = entry_name(&t->items[e->parent]);
	found.version = str_cut(entry_name(e), '-', &rest);
	if (rest.n > 0 && found.version.n > 0 && found.name.n < NAME_MAX_BYTES)
		ask(c, t, i, &found);
}

void caches_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;
	struct trace found;

	if (c->advisories == NULL)
		return;
	for (uint32_t i = 0; i < t->n; i++) {
		struct entry *e = &t->items[i];
		bool file = S_ISREG(e->mode);
		if (S_ISDIR(e->mode) && has_part(e->path, S("archive-v")))
			uv_directory(c, t, i);
		else if (file && trace_file(entry_name(e), &found))
			ask(c, t, i, &found);
		else if (file && has_part(e->path, S("wheels-v")))
			uv_pointer(c, t, i);
		else if (file && has_part(e->path, S("_cacache/index-v")))
			npm_index(c, t, i);
		else if (file &&
			 (has_part(e->path, S("/http-v2/")) || has_part(e->path, S("pip/http/"))) &&
			 cache_pip_answer(c, t, i, &found))
			ask(c, t, i, &found);
	}
}
