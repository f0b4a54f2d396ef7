/*
 * cli/detonate.c - has a detonator run a target, and takes what it wrote into the report.
 * Input: the detonator's document, read by inspect/detonation.c.   Runs in: cli.
 *
 * Nothing here can make a verdict better: without a document the run is inconclusive.
 */
#include "cli/detonate.h"

#include "inspect/detonation.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WAIT_S = 300, /* the detonator's own budget is 240 s; then it writes what it knows */
	NAME_MAX_SHOWN = 255,
	WRITE_MAX = 1 << 30, /* the target is copied to a memory file first */
};

/* What a detonator is started with. */
struct start {
	int target;
	char file[NAME_MAX_SHOWN + 16], package[600], python[CLI_PATH + 16], node[CLI_PATH + 16],
		phases[64];
};

/* ---- the target ---- */

bool detonate_by_itself(const struct report *r)
{
	return r->kind == TARGET_WHEEL || r->kind == TARGET_SDIST || r->kind == TARGET_NPM;
}

/* The directory of packages in a virtual environment: lib/python3.N/site-packages. */
static int open_site(int top)
{
	AUTO(fd_closep) int lib = openat(top, "lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int copy = lib < 0 ? -1 : fcntl(lib, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	char path[NAME_MAX_SHOWN + 32];
	int found = -1;

	while (dir != NULL && found < 0 && (e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "python3.", 8) != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/site-packages", e->d_name);
		found = openat(lib, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (dir != NULL)
		(void)closedir(dir);
	else
		fd_closep(&copy);
	return found;
}

/* The descriptor to hand over. A virtual environment is run with the interpreter it was made of. */
static bool find_target(const struct job *j, const struct report *r, struct start *out)
{
	int top = j->fds[0];

	out->target = -1;
	switch (r->kind) {
	case TARGET_PYTHON:
		if (faccessat(top, "pyvenv.cfg", F_OK, 0) == 0) {
			out->target = open_site(top);
			(void)snprintf(out->python, sizeof out->python, "--python=%.*s/bin/python3",
				       FMT(str_head(j->request.roots[0].label, CLI_PATH - 32)));
			break;
		}
		out->target = fcntl(top, F_DUPFD_CLOEXEC, 0);
		break;
	case TARGET_WHEEL:
	case TARGET_SDIST:
	case TARGET_NPM:
	case TARGET_ARCHIVE:
	case TARGET_DIRECTORY:
		out->target = fcntl(top, F_DUPFD_CLOEXEC, 0);
		break;
	case TARGET_UNKNOWN:
	case TARGET_NODE:
	case TARGET_IMAGE:
	case TARGET_HOME:
	case TARGET_MANIFEST:
	case TARGET_FILE:
	case TARGET_LOG:
	case TARGET_RELEASE:
	case TARGET_KIND_COUNT:
	default:
		break;
	}
	return out->target >= 0;
}

/* An absolute path of `node` on PATH, if there is one. */
static void find_node(char *out, size_t cap)
{
	const char *path = getenv("PATH");

	for (struct str rest = str_z(path != NULL ? path : ""); rest.n > 0;) {
		struct str dir = str_cut(rest, ':', &rest);
		if (dir.n == 0 || dir.p[0] != '/' || dir.n > CLI_PATH - 32)
			continue;
		(void)snprintf(out, cap, "--node=%.*s/node", FMT(dir));
		if (access(out + strlen("--node="), X_OK) == 0)
			return;
	}
	out[0] = 0;
}

static bool prepare(const struct job *j, const struct report *r, const char *phases,
		    struct start *s)
{
	char python[CLI_PATH];
	struct str label = j->request.roots[0].label, rest;
	size_t slash;

	*s = (struct start){ .target = -1 };
	while ((slash = str_chr(label, '/')) != SIZE_MAX && (rest = str_tail(label, slash + 1)).n)
		label = rest;
	(void)snprintf(s->file, sizeof s->file, "--file=%.*s",
		       FMT(str_head(label, NAME_MAX_SHOWN)));
	if (r->package.n > 0 && r->package.n < sizeof s->package - 16)
		(void)snprintf(s->package, sizeof s->package, "--package=%.*s", FMT(r->package));
	if (python_find(python, NULL) == OK)
		(void)snprintf(s->python, sizeof s->python, "--python=%s", python);
	if (phases != NULL)
		(void)snprintf(s->phases, sizeof s->phases, "--phases=%s", phases);
	find_node(s->node, sizeof s->node);
	return find_target(j, r, s);
}

/* ---- running ---- */

static void progress(const char *text)
{
	if (isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "%-60s\r", text);
}

/* False: it did not end well. */
static bool await(pid_t pid, int pidfd)
{
	uint64_t end = clock_mono_ns() + (uint64_t)WAIT_S * 1000000000, now;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	while ((p.revents & POLLIN) == 0 && (now = clock_mono_ns()) < end)
		(void)poll(&p, 1, (int)((end - now) / 1000000) + 1);
	if ((p.revents & POLLIN) == 0)
		spawn_signal(pidfd, SIGKILL); /* its boxes end with it */
	int status = spawn_wait(pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run(const struct start *s, int document)
{
	const struct rlimit room = { WRITE_MAX, WRITE_MAX };
	AUTO(fd_closep) int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	AUTO(fd_closep) int pidfd = -1;
	char path[CLI_PATH];
	const int fds[] = { s->target, document };
	const char *const words[] = { s->file, s->package, s->python, s->node, s->phases };
	struct spawn child = {
		.path = path, .argv = { "detonator" }, .fds = fds, .n_fds = 2, .stderr_fd = quiet
	};
	size_t n = 1;
	pid_t pid;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i][0] != 0)
			child.argv[n++] = words[i];
	if (spawn_sibling("detonator", path, sizeof path, NULL) != OK ||
	    spawn_child(&child, &pid, &pidfd, NULL) != OK)
		return false;
	(void)prlimit(pid, RLIMIT_FSIZE, &room, NULL);
	progress("running it in a sandbox: seconds, for large packages minutes");
	bool good = await(pid, pidfd);
	progress("");
	return good;
}

static void unknown(struct report *r, struct str why)
{
	r->detonation.outcome = DETONATED_INCONCLUSIVE;
	r->detonation.reason = why;
}

static void take(struct report *r, struct arena *a, int document)
{
	struct diag d = { 0 };
	struct buf text;

	buf_init(&text, DETONATION_DOCUMENT + 1);
	enum err e = job_take(document, DETONATION_DOCUMENT, &text);
	struct str kept = e == OK ? arena_dup(a, buf_str(&text)) : (struct str){ NULL, 0 };
	buf_free(&text);
	if (kept.p == NULL)
		unknown(r, S("what the sandbox reported is too large"));
	else if (detonation_read(r, a, kept, &d) != OK)
		fprintf(stderr, "yett: %s\n", diag_text(&d));
}

void detonate(const struct job *j, struct report *r, struct arena *a, const char *phases,
	      bool demanded)
{
	uint64_t begun = clock_mono_ns();
	AUTO(fd_closep) int document = memfd_create("document", MFD_CLOEXEC);
	struct start s;

	if (!prepare(j, r, phases, &s))
		unknown(r,
			S("it is nothing that can be run: name a package, its unpacked directory, "
			  "or one Python environment"));
	else if (document >= 0 && run(&s, document))
		take(r, a, document);
	else
		unknown(r, S("the sandbox ended without a report"));
	fd_closep(&s.target);
	r->detonation.elapsed_ms = (clock_mono_ns() - begun) / 1000000;
	/* Who asked for a run does not want to hear "pass" without one. */
	if (demanded && r->detonation.outcome == DETONATED_UNAVAILABLE)
		r->detonation.outcome = DETONATED_INCONCLUSIVE;
}
