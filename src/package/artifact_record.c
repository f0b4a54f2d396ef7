/*
 * package/artifact_record.c - the files of a wheel against its RECORD.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/artifact_fuzz.c
 */
#include "package/artifact.h"

#include "package/wheel_record.h"

#include <stdlib.h>
#include <string.h>

struct rows {
	struct wheel_record_row *items;
	size_t n, cap;
};

static enum err read_rows(struct artifact *f, struct findings *out, struct rows *rows)
{
	struct wheel_record r;
	enum err e = OK;

	wheel_record_init(&r, f->arena, f->texts[ARTIFACT_RECORD]);
	for (;;) {
		if (!ARENA_ROOM(f->arena, rows->items, rows->n, rows->cap))
			return ERR_NOMEM;
		struct wheel_record_row *row = &rows->items[rows->n];
		e = wheel_record_next(&r, row);
		if (e != OK)
			break;
		rows->n++;
		if (row->fault != WHEEL_RECORD_WELL)
			finding_add(out, RULE_RECORD_DIFFERS, f->label, f->places[ARTIFACT_RECORD],
				    row->line, row->path, "%s", wheel_record_text(row->fault));
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

static int row_cmp(const void *x, const void *y)
{
	const struct wheel_record_row *a = x, *b = y;
	int c = str_cmp(a->path, b->path);

	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

static int file_cmp(const void *x, const void *y)
{
	const struct artifact_file *a = x, *b = y;

	return str_cmp(a->name, b->name);
}

/* RECORD cannot hold its own hash, nor those of its signatures. */
static bool exempt(const struct artifact *f, struct str name)
{
	static const struct str names[] = { SC("RECORD"), SC("RECORD.jws"), SC("RECORD.p7s") };
	struct str rest, root = str_cut(name, '/', &rest);

	for (size_t i = 0; i < 3; i++)
		if (str_eq(rest, names[i]))
			return f->n_roots != 0 && str_eq(root, f->roots[0]);
	return false;
}

static void compare(const struct artifact *f, struct findings *out,
		    const struct artifact_file *file, const struct wheel_record_row *row)
{
	bool sha256 = str_eq(row->algorithm, S("sha256"));
	bool differs = (row->has_size && row->size != file->size) ||
		       (sha256 && memcmp(row->digest, file->sha256, 32) != 0);

	if (exempt(f, file->name))
		return;
	if (differs)
		finding_add(
			out,
			wheel_runs(file->name, file->mode) ? RULE_RECORD_CODE : RULE_RECORD_DIFFERS,
			f->label, file->name, 0, S(""), "%s",
			row->has_size && row->size != file->size ? "another size than in RECORD"
								 : "another hash than in RECORD");
	else if (!sha256)
		finding_add(out, RULE_RECORD_DIFFERS, f->label, file->name, 0, row->algorithm,
			    "RECORD has no sha256 of it");
}

/* Both sides are sorted by name. */
static void join(const struct artifact *f, struct findings *out, const struct rows *rows)
{
	size_t i = 0, k = 0;

	while (i < f->n_files || k < rows->n) {
		int c = i == f->n_files ? 1
			: k == rows->n	? -1
					: str_cmp(f->files[i].name, rows->items[k].path);
		if (c == 0) {
			compare(f, out, &f->files[i], &rows->items[k]);
			/* There may be several files of one name, and several rows for one. */
			bool again = i + 1 < f->n_files &&
				     str_eq(f->files[i].name, f->files[i + 1].name);
			bool row = k + 1 < rows->n &&
				   str_eq(rows->items[k].path, rows->items[k + 1].path);
			i += again || !row;
			k += !again;
		} else if (c < 0) {
			if (!exempt(f, f->files[i].name))
				finding_add(out, RULE_RECORD_UNLISTED, f->label, f->files[i].name,
					    0, S(""), "not in RECORD");
			i++;
		} else {
			if (rows->items[k].fault != WHEEL_RECORD_FIELDS)
				finding_add(out, RULE_RECORD_DIFFERS, f->label,
					    f->places[ARTIFACT_RECORD], rows->items[k].line,
					    rows->items[k].path, "RECORD names what is not there");
			k++;
		}
	}
}

enum err artifact_record(struct artifact *f, struct findings *out)
{
	struct rows rows = { 0 };

	if (f->texts[ARTIFACT_RECORD].p == NULL) {
		finding_add(out, RULE_RECORD_DIFFERS, f->label, f->file_name, 0, S(""),
			    "a wheel without RECORD");
		return OK;
	}
	enum err e = read_rows(f, out, &rows);
	if (e == ERR_LIMIT) {
		finding_add(out, RULE_RECORD_DIFFERS, f->label, f->places[ARTIFACT_RECORD], 0,
			    S(""), "RECORD has a field that is too long");
		return OK;
	}
	TRY(e);
	if (rows.n > 1)
		qsort(rows.items, rows.n, sizeof *rows.items, row_cmp);
	if (f->n_files > 1)
		qsort(f->files, f->n_files, sizeof *f->files, file_cmp);
	join(f, out, &rows);
	return OK;
}
