/*
 * cli/verifier.c - starts the verifier with its descriptors and takes its report.
 * Input: the verifier's report, read by the caller.   Runs in: cli.
 */
#include "cli/verifier.h"

#include "cli/cli.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

/* The request as a file that stands at its beginning. */
static enum err request_file(const struct verifier_request *r, int *out_fd, struct diag *d)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	verifier_request_encode(r, &b);
	enum err e = b.err == OK ? fs_memfd("request", buf_str(&b), out_fd, d)
				 : diag_set(d, ERR_LIMIT, "the key or a name is too long");
	buf_free(&b);
	if (e == OK && lseek(*out_fd, 0, SEEK_SET) != 0)
		return diag_set(d, ERR_SYS, "cannot rewind a memory file: %s", strerror(errno));
	return e;
}

static enum err take_report(int fd, struct buf *out, struct diag *d)
{
	for (;;) {
		char *at = buf_room(out, PIECE);
		if (at == NULL)
			return diag_set(d, ERR_LIMIT, "the verifier's report is too long");
		ssize_t n = read(fd, at, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return diag_set(d, ERR_SYS, "cannot read the verifier's report: %s",
					strerror(errno));
		if (n == 0)
			return OK;
		buf_grew(out, (size_t)n);
	}
}

static enum err reap(pid_t pid, struct diag *d)
{
	char text[64];
	int status = spawn_wait(pid);

	if (status == 0)
		return OK;
	return diag_set(d, ERR_SYS, "the verifier ended without a verdict: %s",
			spawn_ending(status, text, sizeof text));
}

/* A user of its own where we are root and others may execute it. */
static unsigned user_for(const char *path)
{
	struct stat st;

	return geteuid() == 0 && stat(path, &st) == 0 && (st.st_mode & S_IXOTH) ? VERIFIER_USER : 0;
}

/* theirs is the child's end of the report's pipe, which is closed here. */
static enum err run(const int fds[VERIFIER_FDS], int *theirs, int report, struct buf *out,
		    struct diag *d)
{
	char path[CLI_PATH];
	struct spawn s = { .path = path,
			   .argv = { "verifier" },
			   .fds = fds,
			   .n_fds = VERIFIER_FDS,
			   .stderr_fd = -1 };
	pid_t pid;
	int pidfd;

	TRY(spawn_sibling("verifier", path, sizeof path, d));
	s.uid = user_for(path);
	TRY(spawn_child(&s, &pid, &pidfd, d));
	fd_closep(theirs);
	enum err e = take_report(report, out, d);
	if (e != OK)
		spawn_signal(pidfd, 9);
	enum err ended = reap(pid, d);
	(void)close(pidfd);
	return e != OK ? e : ended;
}

enum err verifier_ask(const struct verifier_call *call, struct buf *out, struct diag *d)
{
	AUTO(fd_closep) int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	AUTO(fd_closep) int request = -1;
	int ends[2];

	if (nothing < 0)
		return diag_set(d, ERR_SYS, "cannot open '/dev/null': %s", strerror(errno));
	TRY(request_file(&call->request, &request, d));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return diag_set(d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
	AUTO(fd_closep) int report = ends[0];
	AUTO(fd_closep) int theirs = ends[1];
	const int fds[VERIFIER_FDS] = {
		request,
		theirs,
		call->bundle,
		call->root < 0 ? nothing : call->root,
		call->artifact < 0 ? nothing : call->artifact,
	};
	return run(fds, &theirs, report, out, d);
}
