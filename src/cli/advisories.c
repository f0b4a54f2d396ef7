/*
 * cli/advisories.c - the index of advisories in the data directory: opened, or made anew.
 * Input: own files; what records hold is read by the indexer.   Runs in: cli.
 */
#include "cli/advisories.h"

#include "advisory/builtin.h"
#include "advisory/index_build.h"
#include "base/le.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ---- */

static enum err map_index(struct advisories *a, struct diag *d)
{
	struct stat st;

	if (fstat(a->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return diag_set(d, ERR_SYS, "'%s' is not a file", a->path);
	void *at = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, a->fd, 0)
				  : MAP_FAILED;
	if (at == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map '%s': %s", a->path,
				st.st_size > 0 ? strerror(errno) : "it is empty");
	a->map = (struct str){ at, (size_t)st.st_size };
	return advisory_open(a->map, &a->ix, d);
}

static enum err open_builtin(struct advisories *a, struct diag *d)
{
	struct buf b;

	a->builtin = true;
	buf_init(&b, 16 << 20);
	enum err e = advisory_builtin(&b, d);
	if (e == OK)
		e = fs_memfd("advisories", buf_str(&b), &a->fd, d);
	buf_free(&b);
	return e;
}

static enum err index_path(const struct cli *c, char *out, size_t cap, struct diag *d)
{
	char dir[CLI_PATH];

	TRY(cli_data_dir(c, dir, sizeof dir, d));
	(void)snprintf(out, cap, "%s/advisories.index", dir);
	return OK;
}

enum err advisories_open(const struct cli *c, struct advisories *a, struct diag *d)
{
	*a = (struct advisories){ .fd = -1 };
	TRY(index_path(c, a->path, sizeof a->path, d));
	a->fd = open(a->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (a->fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", a->path, strerror(errno));
	if (a->fd < 0)
		TRY(open_builtin(a, d));
	return map_index(a, d);
}

void advisories_close(struct advisories *a)
{
	if (a->map.n)
		(void)munmap((void *)(uintptr_t)a->map.p, a->map.n);
	fd_closep(&a->fd);
	a->map = S("");
}

/* ---- feeding the indexer ---- */

/* A run of the indexer. All descriptors are ours; -1: none. */
struct making {
	int out, report, report_out;
	int ours[ADVISORIES_SOURCES], theirs[ADVISORIES_SOURCES];
	bool feed[ADVISORIES_SOURCES]; /* a directory, of which we send the files */
	pid_t pid;
	int pidfd;
};

static bool send_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = str_tail(s, (size_t)n);
	}
	return true;
}

/* send_file sends one record as a frame. False: the indexer does not listen any more; why is in its
 * report. A file that is too large for a record, or gone, is left out. */
static bool send_file(int fd, const char *path, struct buf *b)
{
	char head[4];

	buf_reset(b);
	if (fs_read(path, FS_NOFOLLOW, b, NULL) != OK || b->n == 0)
		return true;
	le32_put(head, (uint32_t)b->n);
	return send_all(fd, (struct str){ head, sizeof head }) && send_all(fd, buf_str(b));
}

static int by_name(const FTSENT **x, const FTSENT **y)
{
	return strcmp((*x)->fts_name, (*y)->fts_name);
}

/* send_directory sends every .json file below path, in the order of their names, without following
 * links or looking into hidden directories. */
static enum err send_directory(int fd, const char *path, struct diag *d)
{
	char copy[CLI_PATH];
	char *const paths[] = { copy, NULL };
	bool listens = true;
	struct buf b;
	FTSENT *e;

	(void)snprintf(copy, sizeof copy, "%s", path);
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (walk == NULL)
		return diag_set(d, ERR_SYS, "cannot read '%s': %s", path, strerror(errno));
	buf_init(&b, OSV_RECORD_MAX);
	while (listens && (e = fts_read(walk)) != NULL) {
		if (e->fts_info == FTS_D && e->fts_level > 0 && e->fts_name[0] == '.')
			(void)fts_set(walk, e, FTS_SKIP);
		if ((e->fts_info == FTS_F || e->fts_info == FTS_NSOK) &&
		    str_has_suffix(str_z(e->fts_name), S(".json")))
			listens = send_file(fd, e->fts_path, &b);
	}
	(void)fts_close(walk);
	buf_free(&b);
	if (listens)
		(void)send_all(fd, (struct str){ "\0\0\0\0", 4 });
	return OK;
}

static enum err open_source(struct making *m, size_t i, const struct advisories_source *s,
			    struct diag *d)
{
	struct stat st;
	int pair[2];

	if (s->path == NULL) {
		m->theirs[i] = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
		return m->theirs[i] >= 0 ? OK : diag_set(d, ERR_SYS, "no descriptors are left");
	}
	/* Without waiting for somebody at the other end of a FIFO. */
	AUTO(fd_closep) int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return diag_set(d, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS,
				"cannot read '%s': %s", s->path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		m->theirs[i] = fd;
		fd = -1;
		return OK;
	}
	if (!S_ISDIR(st.st_mode))
		return diag_set(d, ERR_SYS, "'%s' is neither file nor directory", s->path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return diag_set(d, ERR_SYS, "cannot make a socket: %s", strerror(errno));
	m->ours[i] = pair[0];
	m->theirs[i] = pair[1];
	m->feed[i] = true;
	return OK;
}

static enum err start(struct making *m, size_t n, struct diag *d)
{
	int fds[2 + ADVISORIES_SOURCES] = { m->out, m->report_out };
	char path[4096], number[8];

	for (size_t i = 0; i < n; i++)
		fds[2 + i] = m->theirs[i];
	TRY(spawn_sibling("indexer", path, sizeof path, d));
	(void)snprintf(number, sizeof number, "%zu", n);
	struct spawn s = { .path = path,
			   .argv = { "indexer", number },
			   .fds = fds,
			   .n_fds = 2 + n,
			   .stderr_fd = -1 };
	TRY(spawn_child(&s, &m->pid, &m->pidfd, d));
	for (size_t i = 0; i < n; i++)
		fd_closep(&m->theirs[i]);
	fd_closep(&m->report_out);
	return OK;
}

/* hear reads the report and waits for the indexer's end. */
static enum err hear(struct making *m, struct advisories_made *out, struct diag *d)
{
	char room[ADVISORIES_REPORT_MAX], words[64];
	size_t n = spawn_hear(m->report, room, sizeof room);
	int status = spawn_wait(m->pid);

	m->pid = 0;
	if (advisories_report_decode(&out->report, (struct str){ room, n }) != OK)
		return diag_set(d, ERR_SYS, "the indexer ended without a report: %s",
				spawn_ending(status, words, sizeof words));
	(void)snprintf(out->why, sizeof out->why, "%.*s", FMT(out->report.why));
	out->report.why = str_z(out->why);
	if (out->report.err == OK && status == 0)
		return OK;
	return diag_set(d, out->report.err != OK ? out->report.err : ERR_SYS, "%s",
			out->why[0] ? out->why : "the indexer failed");
}

/* ---- putting it in place ---- */

/* name_it gives the new file a name of its own, and then the old one's: there is no moment without
 * an index, and a kill before this leaves nothing behind. */
static enum err name_it(int fd, const char *dir, struct diag *d)
{
	char self[32], path[CLI_PATH + 64], final[CLI_PATH + 32];
	AUTO(fd_closep) int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	(void)snprintf(path, sizeof path, "%s/advisories.index.%d", dir, (int)getpid());
	(void)snprintf(final, sizeof final, "%s/advisories.index", dir);
	(void)unlink(path);
	if (fsync(fd) != 0 || linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0)
		return diag_set(d, ERR_SYS, "cannot write '%s': %s", path, strerror(errno));
	if (rename(path, final) != 0 || dirfd < 0 || fsync(dirfd) != 0) {
		int saved = errno;
		(void)unlink(path);
		return diag_set(d, ERR_SYS, "cannot replace '%s': %s", final, strerror(saved));
	}
	return OK;
}

/* settle makes sure that the new file is an index and lets it replace the old one. */
static enum err settle(struct making *m, const struct advisories_made *made, const char *dir,
		       struct diag *d)
{
	struct advisories a = { .fd = fcntl(m->out, F_DUPFD_CLOEXEC, 3) };

	(void)snprintf(a.path, sizeof a.path, "%s", "the new index");
	enum err e = map_index(&a, d);
	if (e == OK)
		e = advisory_check(&a.ix, d);
	if (e == OK && advisory_n_records(&a.ix) == 0)
		e = diag_set(d, ERR_SYNTAX, "there is no record of PyPI or npm in it%s%s",
			     made->why[0] ? ": " : "", made->why);
	advisories_close(&a);
	return e == OK ? name_it(m->out, dir, d) : e;
}

static enum err make(struct making *m, const struct advisories_source *sources, size_t n,
		     struct advisories_made *out, struct diag *d)
{
	int pipes[2];

	for (size_t i = 0; i < n; i++)
		TRY(open_source(m, i, &sources[i], d));
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return diag_set(d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
	m->report = pipes[0];
	m->report_out = pipes[1];
	TRY(start(m, n, d));
	for (size_t i = 0; i < n; i++) {
		if (m->feed[i])
			TRY(send_directory(m->ours[i], sources[i].path, d));
		fd_closep(&m->ours[i]);
	}
	return hear(m, out, d);
}

static void stop(struct making *m)
{
	if (m->pid > 0) {
		spawn_signal(m->pidfd, 9);
		(void)spawn_wait(m->pid);
	}
	for (size_t i = 0; i < ADVISORIES_SOURCES; i++) {
		fd_closep(&m->ours[i]);
		fd_closep(&m->theirs[i]);
	}
	fd_closep(&m->out);
	fd_closep(&m->report);
	fd_closep(&m->report_out);
	fd_closep(&m->pidfd);
}

enum err advisories_make(const struct cli *c, const struct advisories_source *sources, size_t n,
			 struct advisories_made *out, struct diag *d)
{
	char dir[CLI_PATH];
	struct making m = { .out = -1, .report = -1, .report_out = -1, .pidfd = -1 };

	*out = (struct advisories_made){ .report.why = S("") };
	for (size_t i = 0; i < ADVISORIES_SOURCES; i++)
		m.ours[i] = m.theirs[i] = -1;
	if (n > ADVISORIES_SOURCES)
		return diag_set(d, ERR_USAGE, "more than %d sources", ADVISORIES_SOURCES);
	TRY(advisories_scratch(c, &m.out, d));
	TRY(cli_data_dir(c, dir, sizeof dir, d));
	enum err e = make(&m, sources, n, out, d);
	if (e == OK)
		e = settle(&m, out, dir, d);
	stop(&m);
	return e;
}

enum err advisories_scratch(const struct cli *c, int *out_fd, struct diag *d)
{
	char dir[CLI_PATH];

	TRY(cli_data_dir(c, dir, sizeof dir, d));
	TRY(fs_mkdirs(dir, d));
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot make a file in '%s': %s", dir, strerror(errno));
	*out_fd = fd;
	return OK;
}
