/*
 * indexer/main.c - makes an index of advisory records, in a jail that leaves it nothing but the
 * file it reads and the file it writes, and ends. Input: hostile (records come from outside). Runs
 * in: indexer.   Fuzz: fuzz/osv_fuzz.c
 */
#include "indexer/jail.h"
#include "indexer/sources.h"
#include "sys/fs.h"
#include "base/num.h"
#include "crypto/sha256.h"
#include "sys/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
	struct str map; /* of a regular file */
	bool frames;	/* a pipe or socket */
};

/* open_source maps a regular file. One that shrinks under us ends this process and nothing else. */
static enum err open_source(int fd, struct source *out, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return diag_set(d, ERR_SYS, "no records were handed over: %s", strerror(errno));
	*out = (struct source){ .map = S(""), .frames = !S_ISREG(st.st_mode) };
	if (out->frames || st.st_size == 0)
		return OK;
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the records: %s", strerror(errno));
	out->map = (struct str){ at, (size_t)st.st_size };
	return OK;
}

static enum err write_index(struct intake *in, struct diag *d)
{
	struct str parts[INDEX_PARTS];

	TRY(index_build_finish(in->build, parts, d));
	for (size_t i = 0; i < INDEX_PARTS; i++)
		if (fs_write_all(ADVISORIES_OUT, parts[i]) != OK)
			return diag_set(d, ERR_SYS, "cannot write the index: %s", strerror(errno));
	in->report.records = index_build_count(in->build);
	return OK;
}

static enum err run(struct intake *in, const struct source *sources, size_t n, struct diag *d)
{
	in->build = index_build_new();
	if (in->build == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	arena_init(&in->arena, INTAKE_ARENA);
	for (size_t i = 0; i < n; i++)
		TRY(sources[i].frames ? intake_frames(in, ADVISORIES_IN + (int)i, d)
				      : intake_file(in, sources[i].map, d));
	return write_index(in, d);
}

static enum err report(struct intake *in, enum err e, const struct diag *d)
{
	char room[ADVISORIES_REPORT_MAX];
	struct buf b;

	in->report.err = e;
	if (e != OK)
		in->report.why = str_z(diag_text(d));
	buf_fixed(&b, room, sizeof room);
	advisories_report_encode(&in->report, &b);
	return fs_write_all(ADVISORIES_REPORT, buf_str(&b));
}

/* lock_up takes the sources and gives up all else. */
static enum err lock_up(struct source *sources, size_t n, struct diag *d)
{
	int keep[2 + ADVISORIES_SOURCES] = { ADVISORIES_OUT, ADVISORIES_REPORT };
	uint8_t digest[SHA256_BYTES];
	int landlock;

	for (size_t i = 0; i < n; i++) {
		keep[2 + i] = ADVISORIES_IN + (int)i;
		TRY(open_source(keep[2 + i], &sources[i], d));
	}
	sha256(S(""), digest); /* OpenSSL looks for its configuration at its first use */
	TRY(jail_begin(&indexer_jail, keep, 2 + n, d));
	return jail_lock(&indexer_jail, &landlock, d);
}

int main(int argc, char **argv)
{
	struct source sources[ADVISORIES_SOURCES];
	static struct intake in;
	struct diag d = { .err = OK };
	uint64_t n = 0;
	int status;

	log_open("indexer", LOG_INFO);
	if (jail_debug(&indexer_jail, argc, argv, &status))
		return status;
	if (argc != 2 || num_u64(str_z(argv[1]), ADVISORIES_SOURCES, &n) != OK) {
		log_msg(LOG_ERROR, "started by hand: it is a part of yett advisories update");
		return EXIT_FAILURE;
	}
	in.report.why = S("");
	enum err e = lock_up(sources, (size_t)n, &d);
	if (e == OK)
		e = run(&in, sources, (size_t)n, &d);
	if (report(&in, e, &d) != OK)
		return EXIT_FAILURE;
	return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
