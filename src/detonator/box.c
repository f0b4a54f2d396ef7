/*
 * detonator/box.c - process 1 of the box. It is ours: it makes the root, drops every right it had
 * in the namespaces, and then starts the target once a phase and ends what is left of it. Input:
 * own.   Runs in: box.
 */
#include "detonator/box.h"

#include "base/limits.h"
#include "base/rd.h"
#include "detonator/filter.h"
#include "detonator/honey.h"
#include "detonator/network.h"
#include "detonator/root.h"
#include "detonator/unpack.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/ipc.h"
#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TARGET_OUTPUT = 1,
	TARGET_COVERAGE = 3,
	SETTLE_MS = 4000, /* for what the target left running; its sleeps take no time */
	TICK_MS = 10,
	OWN_TABLE_MS = 10000,
	DATA_MAX = 1 << 30,
	FILE_SIZE_MAX = 512 << 20,
	PROCESSES_MAX = 128,
	OPEN_MAX = 512,
	THIRTY_DAYS = 30 * 86400,
};

/* Everything of the box in one place; it lives until the box does. */
struct world {
	int control;
	const struct box_start *start;
	struct detonation_order order;
	struct canaries canaries;
	struct buf message; /* order points into it */
	char env_text[8192];
	const char *env[HONEY_ENV];
	char python[PATH_MAX], node[PATH_MAX];
	struct diag d;
};

/* ---- words to the supervisor ---- */

static void say_as(struct world *w, enum detonation_msg type, uint32_t seq, struct str body,
		   const int *fds, unsigned n_fds)
{
	/* Our end blocks: a supervisor that does not read is gone soon, and so are we. */
	if (ipc_send(w->control, (uint16_t)type, seq, body, fds, n_fds) != OK)
		_exit(EXIT_FAILURE);
}

static void say(struct world *w, enum detonation_msg type, struct str body, const int *fds,
		unsigned n_fds)
{
	say_as(w, type, 0, body, fds, n_fds);
}

_Noreturn static void broken(struct world *w)
{
	say_as(w, DMSG_BROKEN, w->d.err == ERR_UNSUPPORTED, str_z(diag_text(&w->d)), NULL, 0);
	_exit(EXIT_FAILURE);
}

static void hear(struct world *w, struct ipc_msg *m)
{
	enum err e;

	do {
		struct pollfd p = { w->control, POLLIN, 0 };
		(void)poll(&p, 1, -1);
		e = ipc_recv(w->control, &w->message, m);
	} while (e == ERR_AGAIN);
	if (e != OK)
		_exit(EXIT_FAILURE);
}

/* ---- the namespaces ---- */

static enum err no_namespaces(const char *why, struct diag *d)
{
	return diag_set(
		d, ERR_UNSUPPORTED,
		"this system does not let programs make namespaces of their own (%s): allow "
		"it (kernel.unprivileged_userns_clone=1, user.max_user_namespaces, an "
		"AppArmor profile), or run on a host that does",
		why);
}

static enum err map_user(unsigned uid, unsigned gid, struct diag *d)
{
	/* Else the files that say so would be root's, and not to be written. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return userns_map(BOX_UID, uid, gid) == OK ? OK : no_namespaces(strerror(errno), d);
}

static enum err drop_rights(struct diag *d)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			break;
	if (syscall(SYS_capset, &head, none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return diag_set(d, ERR_SYS, "cannot drop rights: %s", strerror(errno));
	return OK;
}

/* In a process of its own: it reads hostile bytes, and what it may do is write below one
 * directory. */
static enum err unpack_apart(struct world *w, int target)
{
	struct diag why = { .err = OK };
	int pipes[2], status;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return diag_set(&w->d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		if (unpack(w->start->target, &w->order, target, &why) != OK)
			(void)!write(pipes[1], why.text, strlen(why.text));
		_exit(why.err == OK ? 0 : 1);
	}
	(void)close(pipes[1]);
	ssize_t n = pid < 0 ? -1 : read(pipes[0], why.text, sizeof why.text - 1);
	(void)close(pipes[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return diag_set(&w->d, ERR_SYS, "cannot unpack the target: %s", strerror(errno));
	why.text[n > 0 ? n : 0] = '\0';
	if (status != 0)
		return diag_set(&w->d, ERR_SYNTAX, "%s",
				n > 0 ? why.text : "unpacking the target ended early");
	return OK;
}

/* The page that preload.so shares among all processes: seconds and nanoseconds to add to clocks. */
static enum err clock_page(struct world *w)
{
	int64_t page[8] = { w->order.variant >= 2 ? THIRTY_DAYS : 0 };
	AUTO(fd_closep) int fd = open("/dev/shm/.clock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || fs_write_all(fd, (struct str){ (const char *)page, sizeof page }) != OK)
		return diag_set(&w->d, ERR_SYS, "cannot make the clock: %s", strerror(errno));
	return OK;
}

static enum err set_up(struct world *w, struct str ca)
{
	AUTO(fd_closep) int target = -1;
	char site[PATH_MAX];
	int watch;

	TRY(network_up(&w->d));
	if (sethostname("build-7", 7) != 0)
		return diag_set(&w->d, ERR_SYS, "cannot name the box: %s", strerror(errno));
	TRY(root_make(&w->order, w->start, ca, &target, site, sizeof site, &w->d));
	TRY(root_enter(&w->d));
	TRY(drop_rights(&w->d));
	TRY(unpack_apart(w, target));
	TRY(clock_page(w));
	TRY(honey_files("", site, &w->canaries, &watch, &w->d));
	say(w, DMSG_BOX_READY, S(""), &watch, 1);
	(void)close(watch);
	(void)close(w->start->target);
	return OK;
}

/* ---- one phase ---- */

static void limit(__rlimit_resource_t what, rlim_t max)
{
	const struct rlimit lim = { max, max };

	(void)setrlimit(what, &lim);
}

static const char *const *command(const struct world *w, enum detonation_phase phase,
				  const char *argv[4])
{
	bool npm = w->order.kind == KIND_NPM;

	argv[0] = npm ? w->node : HOME "/venv/bin/python";
	argv[1] = npm ? "/opt/lib/probe.js" : "/opt/lib/probe.py";
	argv[2] = phase_name(phase).p;
	argv[3] = NULL;
	if (phase == PHASE_START || phase == PHASE_AGAIN) {
		argv[1] = npm ? "-e" : "-c";
		argv[2] = npm ? "0" : "pass";
	}
	return argv;
}

/* The target's side of the start: filter, wait until the supervisor listens, then exec. The table
 * of descriptors is still the one of process 1, so that the listener need not be sent by a call
 * that the filter would stop. */
_Noreturn static void become_target(struct world *w, enum detonation_phase phase, int report,
				    int wait, int output, int coverage)
{
	const char *argv[4];
	int listener = -1;
	char word;

	limit(RLIMIT_NPROC, PROCESSES_MAX);
	limit(RLIMIT_DATA, DATA_MAX);
	limit(RLIMIT_FSIZE, FILE_SIZE_MAX);
	limit(RLIMIT_NOFILE, OPEN_MAX);
	limit(RLIMIT_CORE, 1); /* filter.c says why not 0, which it is where it may be no more */
	limit(RLIMIT_MEMLOCK, 8 << 20);
	/* Where memory is short all the same, the kernel takes these first. */
	int oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	(void)!write(oom, "1000", 4);
	(void)setsid();
	if (filter_install(&listener) != OK)
		listener = -errno;
	(void)!write(report, &listener, sizeof listener);
	bool own = listener >= 0 && read(wait, &word, 1) == 1 &&
		   close_range(~0u, ~0u, CLOSE_RANGE_UNSHARE) == 0;
	(void)!write(report, "o", 1);
	if (!own)
		_exit(126);
	int null = open("/dev/null", O_RDONLY);
	if (dup2(null, 0) < 0 || dup2(output, TARGET_OUTPUT) < 0 || dup2(output, 2) < 0 ||
	    dup2(coverage, TARGET_COVERAGE) < 0 || close_range(TARGET_COVERAGE + 1, ~0u, 0) != 0 ||
	    chdir(HOME "/app") != 0)
		_exit(126);
	(void)execve(command(w, phase, argv)[0], (char *const *)(uintptr_t)argv,
		     (char *const *)(uintptr_t)w->env);
	_exit(127);
}

struct pipes {
	int report[2], go[2], output[2], coverage[2];
};

static bool pipes_open(struct pipes *p)
{
	/* The supervisor's ends never make it wait; the target's are as they would be. */
	return pipe2(p->report, O_CLOEXEC) == 0 && pipe2(p->go, O_CLOEXEC) == 0 &&
	       pipe2(p->output, O_CLOEXEC) == 0 && pipe2(p->coverage, O_CLOEXEC) == 0 &&
	       fcntl(p->output[0], F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(p->coverage[0], F_SETFL, O_NONBLOCK) == 0;
}

static void pipes_close(struct pipes *p)
{
	int *all[] = { p->report, p->go, p->output, p->coverage };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		(void)close(all[i][0]);
		(void)close(all[i][1]);
	}
}

static pid_t start_target(struct world *w, enum detonation_phase phase)
{
	struct pipes p;
	int listener = -1;

	if (!pipes_open(&p)) {
		(void)diag_set(&w->d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
		broken(w);
	}
	long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		become_target(w, phase, p.report[1], p.go[0], p.output[1], p.coverage[1]);
	if (pid < 0 || read(p.report[0], &listener, sizeof listener) != sizeof listener ||
	    listener < 0) {
		(void)diag_set(&w->d, ERR_UNSUPPORTED,
			       "cannot watch system calls: %s; a kernel of 5.9 or newer without a "
			       "filter of its own around this program is needed",
			       strerror(pid < 0 ? errno : -listener));
		broken(w);
	}
	const int fds[] = { listener, p.output[0], p.coverage[0] };
	say(w, DMSG_RUNNING, S(""), fds, 3);
	(void)close(listener);
	(void)!write(p.go[1], "g", 1);
	/* Until the target has a table of its own, what is closed here is closed there. */
	struct pollfd own = { p.report[0], POLLIN, 0 };
	if (poll(&own, 1, OWN_TABLE_MS) != 1) {
		(void)diag_set(&w->d, ERR_SYS, "the target does not start");
		broken(w);
	}
	pipes_close(&p);
	return (pid_t)pid;
}

/* Ends all others of the box. Returns how many there were, one each for the survivors. */
static unsigned end_all(void)
{
	unsigned n = 0;

	while (kill(-1, SIGKILL) == 0 || errno == EPERM) {
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid < 0)
			break;
		n++;
	}
	while (waitpid(-1, NULL, 0) > 0)
		n++;
	return n;
}

/* Reaps what has ended. True: nothing is left, or (until >= 0) that child has ended. */
static bool reap(pid_t until, int *status)
{
	pid_t pid;
	int got;

	while ((pid = waitpid(-1, &got, WNOHANG)) > 0) {
		if (pid == until) {
			*status = got;
			return true;
		}
	}
	return pid < 0;
}

/* Waits until the target has ended, and a while for what it left running. */
static int await(struct world *w, pid_t target, unsigned *survivors)
{
	AUTO(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
	uint64_t left_at = 0;
	int status = 0;
	bool running = true;
	struct ipc_msg m;

	for (;;) {
		struct pollfd p[] = { { w->control, POLLIN, 0 },
				      { running ? pidfd : -1, POLLIN, 0 } };
		if (poll(p, 2, running && pidfd >= 0 ? -1 : TICK_MS) > 0 && p[0].revents) {
			hear(w, &m); /* whatever it is: the time is over */
			ipc_close_fds(&m);
			break;
		}
		if (running && reap(target, &status)) {
			running = false;
			left_at = clock_mono_ns();
		}
		if (!running && (reap(-1, &status) ||
				 clock_mono_ns() - left_at > (uint64_t)SETTLE_MS * 1000000))
			break;
	}
	*survivors = end_all() - (running ? 1 : 0);
	return running ? SIGKILL : status;
}

static void run_phase(struct world *w, enum detonation_phase phase)
{
	unsigned survivors = 0;
	char storage[16];
	struct buf b;

	pid_t pid = start_target(w, phase);
	int status = await(w, pid, &survivors);
	buf_fixed(&b, storage, sizeof storage);
	wr_u32(&b, (uint32_t)status);
	wr_u32(&b, survivors);
	say(w, DMSG_RAN, buf_str(&b), NULL, 0);
}

/* ---- process 1 ---- */

static void take_order(struct world *w, struct str body)
{
	struct rd r = rd_from(body);
	struct str order = rd_str(&r, LIMIT_CONTROL), ca = rd_str(&r, LIMIT_CONTROL);
	struct buf text;

	if (rd_end(&r) != OK || detonation_order_read(&w->order, order) != OK ||
	    canaries_read(&w->canaries, w->order.canaries) != OK || w->order.python.n >= PATH_MAX ||
	    w->order.node.n >= PATH_MAX) {
		(void)diag_set(&w->d, ERR_SYNTAX, "the order is malformed");
		broken(w);
	}
	(void)snprintf(w->node, sizeof w->node, "%.*s", FMT(w->order.node));
	buf_fixed(&text, w->env_text, sizeof w->env_text);
	honey_environment(&w->order, &w->canaries, &text, w->env);
	if (set_up(w, ca) != OK)
		broken(w);
	/* The message's memory is used again; nothing may point into it from here on. */
	w->order.canaries = w->order.python = w->order.prefix = w->order.node = S("");
	w->order.version = S("");
}

_Noreturn static void process_1(struct world *w, unsigned uid, unsigned gid)
{
	struct ipc_msg m;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)prctl(PR_SET_NAME, "init", 0, 0, 0);
	buf_init(&w->message, LIMIT_CONTROL);
	if (map_user(uid, gid, &w->d) != OK)
		broken(w);
	say(w, DMSG_BOX_MADE, S(""), NULL, 0);
	hear(w, &m);
	if (m.type != DMSG_SETUP)
		_exit(EXIT_FAILURE);
	take_order(w, m.body);
	for (;;) {
		hear(w, &m);
		struct rd r = rd_from(m.body);
		uint8_t phase = rd_u8(&r);
		ipc_close_fds(&m);
		if (m.type == DMSG_RUN && phase < PHASE_COUNT)
			run_phase(w, phase);
	}
}

int box_tree(const char *path)
{
	int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	struct mount_attr attr = { .propagation = MS_PRIVATE };

	if (fd >= 0 &&
	    mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

enum err box_start(struct box *b, const struct box_start *s, struct diag *d)
{
	const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
				    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD |
				    SIGCHLD;
	unsigned uid = geteuid(), gid = getegid();
	int ends[2], pidfd = -1;

	TRY(ipc_pair(ends, d));
	long pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
	if (pid == 0) {
		static const struct world none;
		struct world *w = malloc(sizeof *w);
		(void)close(ends[0]);
		if (w == NULL)
			_exit(EXIT_FAILURE);
		*w = none;
		w->control = ends[1];
		w->start = s;
		process_1(w, uid, gid);
	}
	int saved = errno;
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return no_namespaces(strerror(saved), d);
	}
	*b = (struct box){ .pid = (pid_t)pid, .pidfd = pidfd, .control = ends[0] };
	return OK;
}
