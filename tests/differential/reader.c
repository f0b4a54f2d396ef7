/*
 * tests/differential/reader.c - what our readers make of a file, in lines that run.py can compare with
 * what Python's make of it:
 *
 *	reader archive FILE...   per file: "= FILE", a line for each member, faults, "end CODE"
 *
 * Names are written as JSON strings whose characters are the bytes (Latin-1), so any name is a line.
 */
#include "base/buf.h"
#include "codec/archive.h"
#include "codec/inflate.h"

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

static void read_archive(const char *path)
{
	struct str map = map_file(path);
	struct archive *ar;
	const struct member *m;
	struct arena a;

	arena_init(&a, (size_t)1 << 30);
	printf("= %s\n", path);
	enum err e = archive_open(&ar, &a, map, true);
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		e = put_member(ar, m);
	const struct faults *f = archive_faults(ar);
	for (unsigned i = 0; i < f->n; i++) {
		printf("{\"class\":\"%s\",\"text\":\"%s\",\"name\":",
		       fault_class_text(fault_class(f->items[i].code)), fault_text(f->items[i].code));
		put_name(f->items[i].name);
		puts("}");
	}
	printf("end %s\n", err_text(e));
	arena_done(&a);
	unmap(map);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[1], "archive") == 0)
			read_archive(argv[i]);
	return argc > 2 ? 0 : 64;
}
