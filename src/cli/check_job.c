/*
 * cli/check_job.c - opens a target, starts a checker on it, takes its report.
 * Input: paths by the user; the checker's report is read by inspect/report_read.c.   Runs in: cli.
 */
#include "cli/check.h"
#include "cli/publishers.h"

#include "crypto/sha256.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOB_ARENA = 1 << 20, JOB_SECONDS = 900, JOB_WRITE = 768 << 20, STDERR_MAX = 512 };

/* ---- descriptors ---- */

static int8_t add_fd(struct job *j, int fd)
{
	j->fds[j->n_fds] = fd;
	return (int8_t)(CHECK_FIRST + j->n_fds++);
}

void job_root(struct job *j, enum check_role role, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (j->request.n_roots == CHECK_ROOTS || realpath(path, real) == NULL)
		return;
	struct str label = arena_dup(&j->arena, str_z(real));
	for (uint32_t i = 0; i < j->request.n_roots; i++)
		if (str_eq(j->request.roots[i].label, label))
			return; /* two ways to one directory */
	int fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0 || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) ||
	    label.p == NULL) {
		fd_closep(&fd);
		return;
	}
	j->request.roots[j->request.n_roots++] = (struct check_root){ .role = (uint8_t)role,
								      .fd = (uint8_t)add_fd(j, fd),
								      .label = label };
}

static int8_t open_file(struct job *j, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -1 : add_fd(j, fd);
}

/* ---- what is remembered ---- */

/* One file for each target, named by its path. */
static void find_memory(struct job *j, const struct job_opts *o)
{
	char dir[CLI_PATH], hex[2 * 8 + 1];
	uint8_t digest[SHA256_BYTES];

	if (o->cold || o->data[0] == 0 || j->request.n_roots == 0)
		return;
	int n = snprintf(dir, sizeof dir, "%s/checks", o->data);
	if (n < 0 || (size_t)n >= sizeof dir || fs_mkdirs(dir, NULL) != OK)
		return;
	sha256(j->request.roots[0].label, digest);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	n = snprintf(j->memory, sizeof j->memory, "%s/%s", dir, hex);
	if (n < 0 || (size_t)n >= sizeof j->memory)
		j->memory[0] = 0;
	if (j->memory[0] != 0)
		j->request.cache_fd = open_file(j, j->memory);
}

/* What an earlier build remembered is worth nothing: its rules were others. */
static void name_build(struct job *j, const char *checker)
{
	struct stat st;
	char text[128];

	if (stat(checker, &st) != 0)
		return;
	(void)snprintf(text, sizeof text, "%s %lld %lld.%09ld", YETT_VERSION, (long long)st.st_size,
		       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	j->request.build = arena_dup(&j->arena, str_z(text));
}

/* ---- opening ---- */

static bool has(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

static enum err open_target(struct job *j, const char *target, struct diag *d)
{
	struct stat st;

	if (stat(target, &st) != 0 && errno == ENOENT && strchr(target, '/') == NULL)
		return diag_set(d, ERR_NOT_FOUND, CLI_NO_TARGET, target);
	if (stat(target, &st) != 0)
		return diag_set(d, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_SYS,
				"cannot open '%s': %s", target, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return diag_set(d, ERR_USAGE, "'%s' is neither a directory nor a regular file",
				target);
	job_root(j, ROOT_TARGET, target);
	if (j->request.n_roots == 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", target, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return OK;
	if (has(target, "usr/lib") && has(target, "etc"))
		j->request.flags |= CHECK_IMAGE;
	else if (has(target, "pyvenv.cfg"))
		python_base(j, target);
	return OK;
}

static enum err open_default(struct job *j, struct diag *d)
{
	char python[CLI_PATH];

	TRY(python_find(python, d));
	j->request.name = arena_dup(&j->arena, str_z(python));
	return python_roots(j, python, d);
}

static void begin(struct job *j, struct str name, const struct job_opts *o)
{
	*j = (struct job){ .request = { .policy_fd = -1,
					.advisory_fd = -1,
					.cache_fd = -1,
					.publishers_fd = -1 } };
	arena_init(&j->arena, JOB_ARENA);
	j->request.now = (int64_t)(clock_wall_ns() / 1000000000);
	j->request.flags = o->artifacts ? CHECK_ARTIFACTS : 0;
	j->request.name = name;
	j->request.policy_name = str_z(o->policy);
}

void job_previous(struct job *j, int fd, struct str name, struct str by)
{
	j->request.roots[j->request.n_roots++] = (struct check_root){ .role = ROOT_PREVIOUS,
								      .fd = (uint8_t)add_fd(j, fd),
								      .label = name,
								      .uploader = by };
}

void job_uploader(struct job *j, struct str by)
{
	j->request.roots[0].uploader = by;
}

static enum err add_opts(struct job *j, const struct job_opts *o, struct diag *d)
{
	uint32_t before = j->request.n_roots;

	if (o->against != NULL)
		job_root(j, ROOT_PREVIOUS, o->against);
	if (o->against != NULL && j->request.n_roots == before)
		return diag_set(
			d, ERR_NOT_FOUND,
			"'%s' cannot be compared with: it is not there, or the target itself",
			o->against);
	if (o->policy != NULL && (j->request.policy_fd = open_file(j, o->policy)) < 0)
		return diag_set(d, ERR_CONFIG, "cannot open '%s': %s", o->policy, strerror(errno));
	int advisories = o->advisory_fd < 0 ? -1 : fcntl(o->advisory_fd, F_DUPFD_CLOEXEC, 0);
	if (o->advisory_fd >= 0 && advisories < 0)
		return diag_set(d, ERR_SYS, "cannot pass on the advisories: %s", strerror(errno));
	if (advisories >= 0)
		j->request.advisory_fd = add_fd(j, advisories);
	int ledger = o->cold || o->data == NULL ? -1 : publishers_open(o->data);
	if (ledger >= 0)
		j->request.publishers_fd = add_fd(j, ledger);
	return OK;
}

enum err job_open(struct job *j, const char *target, const struct job_opts *o, struct diag *d)
{
	begin(j, str_z(target), o);
	TRY(target == NULL ? open_default(j, d) : open_target(j, target, d));
	TRY(add_opts(j, o, d));
	find_memory(j, o);
	return OK;
}

enum err job_open_fd(struct job *j, int fd, struct str name, const struct job_opts *o,
		     struct diag *d)
{
	begin(j, name, o);
	j->request.roots[j->request.n_roots++] = (struct check_root){ .role = ROOT_TARGET,
								      .fd = (uint8_t)add_fd(j, fd),
								      .label = name };
	return add_opts(j, o, d);
}

void job_done(struct job *j)
{
	while (j->n_fds > 0)
		fd_closep(&j->fds[--j->n_fds]);
	arena_done(&j->arena);
}

/* ---- running ---- */

enum err job_take(int fd, size_t max, struct buf *out)
{
	int64_t size = fd_size(fd);

	if (size < 0 || (uint64_t)size > max)
		return ERR_LIMIT;
	char *p = buf_room(out, (size_t)size + 1);
	for (size_t at = 0; p != NULL && at < (size_t)size;) {
		ssize_t n = pread(fd, p + at, (size_t)size - at, (off_t)at);
		if (n <= 0)
			return ERR_SYS;
		at += (size_t)n;
	}
	buf_grew(out, p == NULL ? 0 : (size_t)size);
	return out->err;
}

static void remember(const struct job *j, int fd)
{
	struct buf b;

	if (j->memory[0] == 0 || fd_size(fd) <= 0)
		return;
	buf_init(&b, JOB_WRITE);
	if (job_take(fd, JOB_WRITE, &b) == OK)
		(void)!fs_write(j->memory, buf_str(&b), 0600, NULL);
	buf_free(&b);
}

enum err job_policy(const struct job *j, struct arena *a, struct check_policy *out, struct diag *d)
{
	struct buf text;

	policy_default(out, j->request.now);
	if (j->request.policy_fd < 0)
		return OK;
	buf_init(&text, POLICY_FILE);
	enum err e = job_take(j->fds[j->request.policy_fd - CHECK_FIRST], POLICY_FILE, &text);
	struct str kept = e == OK ? arena_dup(a, buf_str(&text)) : (struct str){ NULL, 0 };
	buf_free(&text);
	if (kept.p == NULL)
		return diag_set(d, ERR_CONFIG, "cannot read the policy again");
	return policy_parse(j->request.policy_name, kept, j->request.now, a, out, d);
}

/* Waits for the child; what it says on standard error, one line, is why it failed. */
static enum err await(pid_t pid, int pidfd, int err_fd, struct diag *d)
{
	char said[STDERR_MAX], ending[64];
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	while (poll(&p, 1, JOB_SECONDS * 1000) < 0 && errno == EINTR)
		;
	if ((p.revents & POLLIN) == 0)
		spawn_signal(pidfd, SIGKILL);
	int status = spawn_wait(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OK;
	ssize_t n = pread(err_fd, said, sizeof said - 1, 0);
	said[n > 0 ? n : 0] = 0;
	said[strcspn(said, "\n")] = 0;
	if (WIFEXITED(status) && said[0] != 0)
		return diag_set(d, ERR_CONFIG, "%s", said);
	return diag_set(d, ERR_SYS, "the checker ended early: %s",
			spawn_ending(status, ending, sizeof ending));
}

static enum err start(struct job *j, const char *checker, int request, int report, int memory,
		      int err_fd, struct diag *d)
{
	int fds[JOB_FDS + 3] = { request, report, memory };
	const struct rlimit write_max = { JOB_WRITE, JOB_WRITE };
	AUTO(fd_closep) int pidfd = -1;
	pid_t pid;

	memcpy(fds + 3, j->fds, j->n_fds * sizeof *j->fds);
	const struct spawn s = { .path = checker,
				 .argv = { "checker" },
				 .fds = fds,
				 .n_fds = 3 + j->n_fds,
				 .stderr_fd = err_fd };
	TRY(spawn_child(&s, &pid, &pidfd, d));
	(void)prlimit(pid, RLIMIT_FSIZE, &write_max, NULL);
	return await(pid, pidfd, err_fd, d);
}

enum err job_run(struct job *j, struct buf *out, struct diag *d)
{
	char checker[CLI_PATH];
	struct buf message;
	AUTO(fd_closep) int request = -1;
	AUTO(fd_closep) int report = memfd_create("report", MFD_CLOEXEC);
	AUTO(fd_closep) int memory = memfd_create("memory", MFD_CLOEXEC);
	AUTO(fd_closep) int err_fd = memfd_create("stderr", MFD_CLOEXEC);

	if (report < 0 || memory < 0 || err_fd < 0)
		return diag_set(d, ERR_SYS, "cannot make memory files: %s", strerror(errno));
	TRY(spawn_sibling("checker", checker, sizeof checker, d));
	name_build(j, checker);
	buf_init(&message, CHECK_REQUEST_MAX);
	check_request_encode(&j->request, &message);
	enum err e = message.err;
	if (e == OK)
		e = fs_memfd("request", buf_str(&message), &request, d);
	buf_free(&message);
	if (e != OK)
		return diag_set(d, e, "cannot ask for the check");
	TRY(start(j, checker, request, report, memory, err_fd, d));
	if (job_take(report, REPORT_MAX, out) != OK)
		return diag_set(d, ERR_SYS, "the checker's report is too large");
	remember(j, memory);
	return OK;
}
