/*
 * cli/publishers.c - the ledger's file: appended to under a lock, never rewritten.
 * Input: own; names of strangers were written into it.   Runs in: cli.   Fuzz:
 * fuzz/publishers_fuzz.c
 */
#include "cli/publishers.h"

#include "cli/cli.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_SECONDS = 20, PUBLISHER_ARENA = 512 << 20 };

static bool path_of(const char *data, char out[CLI_PATH])
{
	int n = data[0] ? snprintf(out, CLI_PATH, "%s/ledger", data) : 0;

	return n > 0 && n < CLI_PATH;
}

int publishers_open(const char *data)
{
	char path[CLI_PATH];

	return path_of(data, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
				   : -1;
}

static enum err slurp(int fd, struct buf *out, struct diag *d)
{
	for (;;) {
		char *at = buf_room(out, 256 << 10);
		if (at == NULL)
			return diag_set(d, ERR_LIMIT, "the ledger is full: move it away");
		ssize_t n = pread(fd, at, 256 << 10, (off_t)out->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return diag_set(d, ERR_SYS, "cannot read the ledger: %s", strerror(errno));
		if (n == 0)
			return OK;
		buf_grew(out, (size_t)n);
	}
}

static enum err load(int fd, struct buf *text, struct publishers *out, struct arena *a,
		     struct diag *d)
{
	TRY(slurp(fd, text, d));
	enum err e = publishers_read(out, buf_str(text), a);
	return e == OK ? OK : diag_set(d, e, "the ledger cannot be read: %s", err_text(e));
}

enum err publishers_load(const char *data, struct publishers *out, struct arena *a, struct diag *d)
{
	AUTO(fd_closep) int fd = publishers_open(data);
	struct buf text;

	*out = (struct publishers){ .n = 0 };
	if (fd < 0)
		return OK;
	buf_init(&text, PUBLISHER_MAX + (1 << 20));
	enum err e = load(fd, &text, out, a, d);
	buf_free(&text);
	return e;
}

/* Whoever holds the lock writes one line: it is not long. But a stopped process holds it, too. */
static enum err lock(int fd, struct diag *d)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	uint64_t until = clock_mono_ns() + (uint64_t)LOCK_SECONDS * 1000000000u;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return diag_set(d, ERR_SYS, "cannot lock the ledger: %s", strerror(errno));
		if (clock_mono_ns() > until)
			return diag_set(d, ERR_BUSY, "the ledger is locked by another process");
		(void)nanosleep(&pause, NULL);
	}
	return OK;
}

/* A line that a killed writer left unfinished is closed off first; it counts as none. */
static enum err append(int fd, const struct buf *old, struct str line, struct diag *d)
{
	bool torn = old->n > 0 && old->p[old->n - 1] != '\n';
	struct buf b;

	if (old->n + line.n + 1 > PUBLISHER_MAX)
		return diag_set(d, ERR_LIMIT, "the ledger is full: move it away");
	buf_init(&b, 2 * PUBLISHER_LINE);
	if (torn)
		buf_addc(&b, '\n');
	buf_add(&b, line);
	ssize_t n = b.err == OK ? pwrite(fd, b.p, b.n, (off_t)old->n) : -1;
	int why = errno;
	bool whole = n >= 0 && (size_t)n == b.n;
	if (whole && fsync(fd) != 0) {
		why = errno;
		whole = false;
	}
	buf_free(&b);
	if (whole)
		return OK;
	if (ftruncate(fd, (off_t)old->n) != 0)
		why = errno;
	return diag_set(d, ERR_SYS, "cannot write the ledger: %s",
			n >= 0 ? "no space is left" : strerror(why));
}

static enum err note(int fd, const struct publisher_entry *e, struct buf *old, struct buf *line,
		     struct diag *d)
{
	struct publishers l;
	struct arena a;

	TRY(lock(fd, d));
	arena_init(&a, PUBLISHER_ARENA);
	enum err got = load(fd, old, &l, &a, d);
	bool known = got == OK && publishers_knows(&l, e);
	arena_done(&a);
	if (got != OK || known)
		return got;
	publishers_write(e, line);
	if (line->err != OK)
		return diag_set(d, line->err, "a name is too long for the ledger");
	return append(fd, old, buf_str(line), d);
}

enum err publishers_note(const char *data, const struct publisher_entry *e, struct diag *d)
{
	char path[CLI_PATH];
	struct buf old, line;

	if (!path_of(data, path))
		return diag_set(d, ERR_CONFIG, "there is no data directory for the ledger");
	TRY(fs_mkdirs(data, d));
	AUTO(fd_closep)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	buf_init(&old, PUBLISHER_MAX + (1 << 20));
	buf_init(&line, PUBLISHER_LINE);
	enum err got = note(fd, e, &old, &line, d);
	buf_free(&old);
	buf_free(&line);
	return got;
}
