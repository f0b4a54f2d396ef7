/*
 * indexer/sources.c - records out of files and pipes.
 * Input: hostile.   Runs in: indexer.   Fuzz: fuzz/osv_fuzz.c
 */
#include "indexer/sources.h"

#include "base/le.h"
#include "codec/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ZIP_ARENA = 512 << 20 };

/* note_unread counts a record that was not understood. */
static void note_unread(struct intake *in, struct str name, const char *why)
{
	if (in->report.unread++ != 0)
		return;
	int n = snprintf(in->why, sizeof in->why, "%.*s%s%s", FMT(str_head(name, 100)),
			 name.n ? ": " : "", why);
	if (n > 0)
		in->report.why = str_head((struct str){ in->why, (size_t)n }, sizeof in->why - 1);
}

static enum err take(struct intake *in, struct str name, struct str text, struct diag *d)
{
	struct diag why = { .err = OK };
	struct osv_record r;

	arena_reset(&in->arena);
	if (osv_read(&in->arena, text, &r, &why) != OK) {
		note_unread(in, name, diag_text(&why));
		return OK;
	}
	in->report.ranges_unread += (uint32_t)r.n_ranges_unread;
	in->report.other += r.n_affected == 0;
	enum err e = index_build_add(in->build, &r);
	return e == OK ? OK : diag_set(d, e, "the records make an index that is too large");
}

enum err intake_record(struct intake *in, struct str text, struct diag *d)
{
	return take(in, S(""), text, d);
}

/* ---- zip ---- */

static enum err take_member(struct intake *in, struct archive *ar, const struct member *m,
			    struct arena *content, struct diag *d)
{
	struct str text;

	arena_reset(content);
	enum err e = archive_read_all(ar, content, OSV_RECORD_MAX, &text);
	if (e == ERR_LIMIT || e == ERR_UNSUPPORTED) {
		note_unread(in, m->name, err_text(e));
		return OK;
	}
	if (e != OK)
		return diag_set(d, e, "the archive is broken");
	return take(in, m->name, text, d);
}

static enum err intake_zip(struct intake *in, struct str map, struct diag *d)
{
	struct arena members, content;
	const struct member *m = NULL;
	struct archive *ar;

	arena_init(&members, ZIP_ARENA);
	arena_init(&content, 2 * OSV_RECORD_MAX);
	enum err e = archive_open(&ar, &members, map, false);
	if (e != OK)
		(void)diag_set(d, e, "the archive is malformed or ambiguous");
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		if (m->type == MEMBER_FILE && str_has_suffix(m->name, S(".json")))
			e = take_member(in, ar, m, &content, d);
	if (e != OK && d->err == OK)
		(void)diag_set(d, e, "the archive is broken");
	arena_done(&content);
	arena_done(&members);
	return e;
}

/* ---- text ---- */

/* intake_lines takes one record a line. Empty lines are none. */
static enum err intake_lines(struct intake *in, struct str map, struct diag *d)
{
	while (map.n) {
		struct str line = str_trim(str_cut(map, '\n', &map));
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			TRY(intake_record(in, line, d));
	}
	return OK;
}

/* is_record: all of the file is one JSON object, over many lines perhaps. */
static bool is_record(struct intake *in, struct str map)
{
	struct osv_record r;

	arena_reset(&in->arena);
	return map.n <= OSV_RECORD_MAX && osv_read(&in->arena, map, &r, NULL) == OK;
}

enum err intake_file(struct intake *in, struct str map, struct diag *d)
{
	if (archive_kind(map) == ARCHIVE_ZIP)
		return intake_zip(in, map, d);
	if (archive_kind(map) != ARCHIVE_NONE)
		return diag_set(d, ERR_UNSUPPORTED, "records come in a zip archive or as JSON");
	return is_record(in, map) ? intake_record(in, map, d) : intake_lines(in, map, d);
}

/* ---- frames ---- */

/* read_exactly reads n bytes; false: the pipe ended. */
static bool read_exactly(int fd, char *p, size_t n)
{
	while (n) {
		ssize_t got = read(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

enum err intake_frames(struct intake *in, int fd, struct diag *d)
{
	char *room = malloc(OSV_RECORD_MAX);
	enum err e = room ? OK : diag_set(d, ERR_NOMEM, "out of memory");
	char head[4];

	while (e == OK) {
		if (!read_exactly(fd, head, sizeof head) || le32(head) > OSV_RECORD_MAX ||
		    !read_exactly(fd, room, le32(head)))
			e = diag_set(d, ERR_SYNTAX, "the records ended too early");
		else if (le32(head) == 0)
			break;
		else
			e = intake_record(in, (struct str){ room, le32(head) }, d);
	}
	free(room);
	return e;
}
