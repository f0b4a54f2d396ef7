/*
 * tests/differential/reader.c - what our readers make of a file, in lines that run.py can compare
 *with what Python's make of it:
 *
 *	reader archive FILE...    the members of an archive, and its faults
 *	reader metadata FILE...   the header fields of METADATA
 *	reader csv FILE...        rows
 *	reader record FILE...     paths of RECORD, each with what is wrong with its row
 *	reader names FILE...      a wheel's file name in each line
 *	reader entries FILE...    entry points
 *	reader pickle FILE...     what a pickle imports; null for a name that is computed
 *	reader artifact FILE...   what a release file says of itself, and the findings
 *
 * For each file "= FILE" and then one JSON value in each line, at last "end CODE".
 * Names are written as JSON strings whose characters are the bytes (Latin-1), so any name is a
 *line.
 */
#include "base/buf.h"
#include "codec/archive.h"
#include "codec/csv.h"
#include "codec/inflate.h"
#include "codec/pickle.h"
#include "crypto/sha256.h"
#include "package/artifact.h"
#include "package/wheel_record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct str map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		fprintf(stderr, "reader: cannot open '%s'\n", path);
		exit(1);
	}
	struct str s = S("");
	if (st.st_size != 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			exit(1);
		s = (struct str){ p, (size_t)st.st_size };
	}
	(void)close(fd);
	return s;
}

static void unmap(struct str s)
{
	if (s.n != 0)
		(void)munmap((void *)(uintptr_t)s.p, s.n);
}

static void put_name(struct str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static const char *const types[] = { "file", "dir", "sym", "hard", "dev", "fifo", "other" };

static enum err put_member(struct archive *ar, const struct member *m)
{
	struct str piece;
	uint32_t crc = 0;
	uint64_t n = 0;
	enum err e;

	printf("[\"%s\",", types[m->type]);
	put_name(m->raw);
	putchar(',');
	put_name(m->link);
	while ((e = archive_read(ar, &piece)) == OK && piece.n != 0) {
		crc = inflate_crc(crc, piece);
		n += piece.n;
	}
	printf(",%llu,%u,%llu,%u,\"%s\",%lld]\n", (unsigned long long)m->size, m->mode,
	       (unsigned long long)n, (unsigned)crc, err_text(e), (long long)m->mtime);
	return e == ERR_UNSUPPORTED || archive_which(ar) == ARCHIVE_ZIP ? OK : e;
}

static enum err read_archive(struct arena *a, struct str map)
{
	struct archive *ar;
	const struct member *m;
	enum err e = archive_open(&ar, a, map, true);

	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		e = put_member(ar, m);
	const struct faults *f = archive_faults(ar);
	for (unsigned i = 0; i < f->n; i++) {
		printf("{\"class\":\"%s\",\"text\":\"%s\",\"name\":",
		       fault_class_text(fault_class(f->items[i].code)),
		       fault_text(f->items[i].code));
		put_name(f->items[i].name);
		puts("}");
	}
	return e;
}

/* A list of names on one line. */
static void put_names(const struct str *s, size_t n)
{
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			putchar(',');
		put_name(s[i]);
	}
	puts("]");
}

static enum err read_metadata(struct arena *a, struct str text)
{
	struct metadata m;
	enum err e = metadata_read(text, a, &m);

	for (size_t i = 0; e == OK && i < m.n; i++)
		put_names((struct str[]){ m.fields[i].name, m.fields[i].value }, 2);
	if (e == OK)
		printf("{\"cut\":%d,\"unclear\":%d,\"body\":%zu}\n", m.cut, m.unclear.n != 0,
		       m.body.n);
	return e;
}

static enum err read_csv(struct arena *a, struct str text)
{
	struct str fields[64];
	struct csv c;
	size_t n;
	enum err e;

	csv_init(&c, a, text);
	while ((e = csv_next(&c, fields, 64, &n)) == OK)
		put_names(fields, n < 64 ? n : 64);
	printf("{\"spans\":%d}\n", c.spans);
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err read_record(struct arena *a, struct str text)
{
	struct wheel_record_row row;
	struct wheel_record r;
	enum err e;

	wheel_record_init(&r, a, text);
	while ((e = wheel_record_next(&r, &row)) == OK)
		put_names((struct str[]){ row.path, str_z(wheel_record_text(row.fault)) }, 2);
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err read_pickle(struct arena *a, struct str text)
{
	struct pickle_import i;
	struct pickle p;
	bool more = true;
	enum err e;

	pickle_init(&p, text, a);
	while ((e = pickle_import(&p, &i, &more)) == OK && more) {
		if (i.computed)
			puts("null");
		else
			put_names((struct str[]){ i.module, i.name }, 2);
	}
	return e;
}

static enum err read_names(struct arena *a, struct str text)
{
	struct str rest = text;
	struct wheel_name w;

	(void)a;
	while (rest.n != 0) {
		if (wheel_name_parse(str_cut(rest, '\n', &rest), &w))
			put_names((struct str[]){ w.name, w.version, w.build, w.python, w.abi,
						  w.platform },
				  6);
		else
			puts("null");
	}
	return OK;
}

static enum err read_entries(struct arena *a, struct str text)
{
	struct entry_point *items;
	size_t n;
	enum err e = entry_points_read(text, a, &items, &n);

	for (size_t i = 0; e == OK && i < n; i++)
		put_names((struct str[]){ items[i].group, items[i].name, items[i].target }, 3);
	return e;
}

static enum err add_members(struct archive *ar, struct artifact *f, struct arena *a)
{
	const struct member *m;
	uint8_t digest[SHA256_BYTES];
	struct str piece;

	for (;;) {
		TRY(archive_next(ar, &m));
		if (m == NULL)
			return OK;
		struct sha256 h;
		struct str text = S("");
		enum err e = sha256_init(&h);
		if (artifact_wants(f, m))
			e = archive_read_all(ar, a, artifact_max(m), &text);
		sha256_update(&h, text);
		while (e == OK && (e = archive_read(ar, &piece)) == OK && piece.n != 0)
			sha256_update(&h, piece);
		sha256_final(&h, digest);
		sha256_done(&h);
		if (e == OK)
			TRY(artifact_add(f, m, text, digest));
		else if (archive_which(ar) != ARCHIVE_ZIP)
			return e;
	}
}

static enum err read_artifact(struct arena *a, struct str map, const char *path)
{
	struct artifact *f = artifact_new(a, str_z(path));
	struct findings found;
	struct archive *ar;

	findings_init(&found, a);
	enum err e = archive_open(&ar, a, map, true);
	if (e == OK)
		e = add_members(ar, f, a);
	artifact_faults(archive_faults(ar), f->label, f->file_name, &found);
	artifact_packing(f, map, &found);
	if (e == OK)
		e = artifact_end(f, &found);
	put_names((struct str[]){ f->label, f->meta.name, f->meta.version }, 3);
	put_names(f->tops, f->n_tops);
	for (size_t i = 0; i < found.n; i++) {
		struct finding *x = &found.items[i];
		put_names((struct str[]){ rule_row(x->rule)->id, x->path, x->detail, x->excerpt },
			  4);
	}
	return e;
}

static enum err read_file(const char *what, struct arena *a, struct str map, const char *path)
{
	if (strcmp(what, "metadata") == 0)
		return read_metadata(a, map);
	if (strcmp(what, "csv") == 0)
		return read_csv(a, map);
	if (strcmp(what, "record") == 0)
		return read_record(a, map);
	if (strcmp(what, "names") == 0)
		return read_names(a, map);
	if (strcmp(what, "entries") == 0)
		return read_entries(a, map);
	if (strcmp(what, "pickle") == 0)
		return read_pickle(a, map);
	if (strcmp(what, "artifact") == 0)
		return read_artifact(a, map, path);
	return read_archive(a, map);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		struct str map = map_file(argv[i]);
		struct arena a;
		arena_init(&a, (size_t)1 << 30);
		printf("= %s\n", argv[i]);
		printf("end %s\n", err_text(read_file(argv[1], &a, map, argv[i])));
		arena_done(&a);
		unmap(map);
	}
	return argc > 2 ? 0 : 64;
}
