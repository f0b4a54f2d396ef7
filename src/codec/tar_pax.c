/*
 * codec/tar_pax.c - the records of pax extended headers: "LENGTH KEY=VALUE\n".
 * CPython goes by the lengths, npm's node-tar by the line ends; so both have to agree.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/tar_fuzz.c
 */
#include "codec/tar.h"

#include "base/limits.h"
#include "base/num.h"

struct record {
	struct str key, value;
};

/* Cuts the first record off *text. */
static bool cut_record(struct str *text, struct record *out)
{
	size_t space = str_chr(*text, ' ');
	uint64_t n;

	if (space == SIZE_MAX || text->p[0] == '0' ||
	    num_u64(str_head(*text, space), text->n, &n) != OK || n < space + 4)
		return false;
	struct str body = { text->p + space + 1, (size_t)n - space - 1 };
	if (body.p[body.n - 1] != '\n' || str_chr(body, '\n') != body.n - 1)
		return false;
	body.n--;
	size_t equals = str_chr(body, '=');
	if (equals == SIZE_MAX || equals == 0)
		return false;
	*out = (struct record){ str_head(body, equals), str_tail(body, equals + 1) };
	*text = str_tail(*text, (size_t)n);
	return true;
}

/* A value of a name: set once, not empty, no NUL, of a bearable length. */
static enum err take_name(struct faults *f, struct arena *a, struct str value, uint64_t at,
			  struct str *out)
{
	if (value.n > LIMIT_ARCHIVE_NAME)
		return fault_stop(f, FAULT_NAMES, str_head(value, LIMIT_ARCHIVE_NAME), at);
	if (out->p != NULL || value.n == 0 || str_chr(value, '\0') != SIZE_MAX)
		TRY(fault_note(f, FAULT_TAR_PAX, value, at));
	*out = arena_dup(a, value);
	return out->p != NULL ? OK : ERR_NOMEM;
}

static enum err take_record(struct faults *f, struct arena *a, const struct record *r, bool global,
			    uint64_t at, struct tar_ahead *ahead)
{
	bool path = str_eq(r->key, S("path")), link = str_eq(r->key, S("linkpath"));
	bool size = str_eq(r->key, S("size"));

	/* For all members: node-tar leaves names out, CPython gives every member the same. */
	if (global && (path || link || size))
		return fault_note(f, FAULT_TAR_PAX, r->key, at);
	if (path)
		return take_name(f, a, r->value, at, &ahead->path);
	if (link)
		return take_name(f, a, r->value, at, &ahead->link);
	if (str_has_prefix(r->key, S("GNU.sparse.")) || str_eq(r->key, S("SCHILY.realsize")))
		ahead->sparse = true;
	if (str_eq(r->key, S("hdrcharset")) && !str_eq(r->value, S("BINARY")) &&
	    !str_eq(r->value, S("ISO-IR 10646 2000 UTF-8")))
		return fault_note(f, FAULT_TAR_PAX, r->key, at);
	if (!size)
		return OK;
	if (ahead->has_size || (r->value.n > 1 && r->value.p[0] == '0') ||
	    num_u64(r->value, INT64_MAX, &ahead->size) != OK)
		return fault_stop(f, FAULT_TAR_PAX, r->key, at);
	ahead->has_size = true;
	return OK;
}

enum err tar_pax(struct faults *f, struct arena *a, struct str text, bool global, uint64_t at,
		 struct tar_ahead *ahead)
{
	struct record r;

	while (text.n != 0) {
		if (!cut_record(&text, &r))
			return fault_note(f, FAULT_TAR_PAX, S(""), at);
		TRY(take_record(f, a, &r, global, at, ahead));
	}
	return OK;
}
