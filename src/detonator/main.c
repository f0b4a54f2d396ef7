/*
 * detonator/main.c - runs a package in a box and tells what it did: proto/detonation.h has the
 * start's contract, docs/detonation.md what is in the report.
 *
 * One process runs the variants one after the other and writes the report. Each variant has a
 * supervisor: this executable again, under a name that tells the target nothing and with an empty
 * environment, since process 1 of the box is a fork of it. Input: options; facts of supervisors.
 * Runs in: detonator, supervisor, box.
 */
#include "base/limits.h"
#include "detonator/jail.h"
#include "detonator/memory.h"
#include "detonator/pack.h"
#include "detonator/account.h"
#include "detonator/supervisor.h"
#include "base/num.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/ipc.h"
#include "sys/log.h"
#include "sys/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CONTROL = 3, /* of a supervisor */
	ARENA = 64 << 20,
	REPORT_MAX = 64 << 20,
	SECONDS = 20,
	SECONDS_MAX = 600,
	BUDGET_S = 240,
	BUDGET_MAX = 3600,
	SPARE_S = 150, /* beyond the phases' own: making the box, and stopping it */
};

/* The name of a supervisor, and of process 1 in the box. */
static const char init_name[] = "/sbin/init";

static const char *const variant_names[DETONATION_VARIANTS] = { "plain", "ci", "fa_IR+30d",
								"ru_RU+30d" };

static const struct str late = SC("time was over before everything had been run");

static struct self {
	struct supervisor supervisor; /* of the other role */
	struct account account;
	struct memory_watch memory;
	struct arena arena;
	struct detonation_order order;
	unsigned variants, budget, seconds;
	struct str file;
	char python[PATH_MAX], prefix[PATH_MAX], version[16], node[PATH_MAX];
	struct buf message, out, canaries;
} self;

_Noreturn static void die(enum err e, const char *text)
{
	log_msg(LOG_ERROR, "%s", text);
	exit(err_exit(e));
}

/* ---- options ---- */

static void take_phases(struct str list)
{
	self.order.phases = 0;
	while (list.n) {
		struct str one = str_cut(list, ',', &list);
		unsigned phase = 0;
		while (phase < PHASE_COUNT && !str_eq(phase_name(phase), one))
			phase++;
		if (phase == PHASE_COUNT)
			die(ERR_USAGE, "--phases names a phase that there is not");
		self.order.phases |= 1u << phase;
	}
}

static unsigned number(struct str s, unsigned max)
{
	uint64_t n = 0;

	if (num_u64(s, max, &n) != OK || n == 0)
		die(ERR_USAGE, "an option's number is out of bounds");
	return (unsigned)n;
}

static void take_path(struct str s, char *out, size_t cap)
{
	if (s.n == 0 || s.n >= cap || s.p[0] != '/')
		die(ERR_USAGE, "an interpreter's path must be absolute");
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

static void take_option(struct str word)
{
	struct str value, name = str_cut(word, '=', &value);

	if (str_eq(name, S("--file")))
		self.file = value;
	else if (str_eq(name, S("--package")))
		self.account.package = value;
	else if (str_eq(name, S("--python")))
		take_path(value, self.python, sizeof self.python);
	else if (str_eq(name, S("--node")))
		take_path(value, self.node, sizeof self.node);
	else if (str_eq(name, S("--variants")))
		self.variants = number(value, DETONATION_VARIANTS);
	else if (str_eq(name, S("--seconds")))
		self.seconds = number(value, SECONDS_MAX);
	else if (str_eq(name, S("--budget")))
		self.budget = number(value, BUDGET_MAX);
	else if (str_eq(name, S("--phases")))
		take_phases(value);
	else
		die(ERR_USAGE, "usage: detonator [--file=NAME] [--package=PURL] [--python=PATH] "
			       "[--node=PATH] [--variants=N] [--phases=LIST] [--seconds=N] "
			       "[--budget=N]");
}

/* ---- the interpreter ---- */

/* Whether path is below a directory that every box has. */
static bool is_common(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0;
}

/* The library of a prefix tells the version: lib/python3.11/os.py. */
static bool find_version(const char *prefix)
{
	char path[PATH_MAX + 64];
	struct dirent *e;

	(void)snprintf(path, sizeof path, "%s/lib", prefix);
	const char *base = strrchr(self.python, '/');
	if (base != NULL && strncmp(base, "/python3.", 9) == 0 && strlen(base) < 7 + 8) {
		(void)snprintf(self.version, sizeof self.version, "%s", base + 7);
		return true;
	}
	DIR *dir = opendir(path);
	while (dir != NULL && self.version[0] == '\0' && (e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "python3.", 8) != 0 || strlen(e->d_name) > 12)
			continue;
		(void)snprintf(path, sizeof path, "%s/lib/%.12s/os.py", prefix, e->d_name);
		if (access(path, R_OK) == 0)
			(void)snprintf(self.version, sizeof self.version, "%.8s", e->d_name + 6);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return self.version[0] != '\0';
}

/* Follows links (of a virtual environment, too) to the interpreter itself, and finds the tree that
 * the box must see for it. False with the report broken: there is none. */
static bool find_interpreter(char *path, const char *otherwise, bool python)
{
	char real[PATH_MAX];

	if (realpath(*path ? path : otherwise, real) == NULL) {
		account_cannot(&self.account,
			       python ? S("no Python interpreter: install python3, or name one")
				      : S("no Node.js: install nodejs, or name one"));
		return false;
	}
	(void)snprintf(path, PATH_MAX, "%s", real);
	char *slash = strrchr(real, '/');
	*slash = '\0';
	if (slash != real && strcmp(strrchr(real, '/'), "/bin") == 0)
		*strrchr(real, '/') = '\0';
	if (!is_common(path) && real[0] != '\0')
		(void)snprintf(self.prefix, sizeof self.prefix, "%s", real);
	if (python && !find_version(real)) {
		account_cannot(&self.account, S("the Python interpreter's version cannot be told"));
		return false;
	}
	return true;
}

/* ---- one variant ---- */

static void spawn_supervisor(int *out_control, pid_t *out_pid, int *out_pidfd)
{
	struct diag d = { .err = OK };
	int ends[2];

	if (ipc_pair(ends, &d) != OK)
		die(d.err, d.text);
	const struct spawn s = { .path = "/proc/self/exe",
				 .argv = { init_name },
				 .fds = &ends[1],
				 .n_fds = 1,
				 .stderr_fd = -1 };
	if (spawn_child(&s, out_pid, out_pidfd, &d) != OK)
		die(d.err, d.text);
	(void)close(ends[1]);
	*out_control = ends[0];
}

static int open_preload(void)
{
	char path[PATH_MAX];
	struct diag d;

	if (spawn_sibling("preload.so", path, sizeof path, &d) != OK)
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool send_order(int control, int target)
{
	AUTO(fd_closep) int preload = open_preload();
	const int fds[] = { target, preload };

	if (preload < 0) /* without it sleeps are skipped, but clocks stand still */
		log_msg(LOG_WARN, "no preload.so beside this program: clocks will stand still");
	buf_reset(&self.out);
	detonation_order_write(&self.out, &self.order);
	return self.out.err == OK &&
	       ipc_send(control, DMSG_ORDER, 0, buf_str(&self.out), fds, preload < 0 ? 1 : 2) == OK;
}

/* Whether it is time to look at the memory of what runs below pid, and it is too much. */
static bool takes_too_much(pid_t pid, uint64_t now, uint64_t *next)
{
	if (now < *next)
		return false;
	const char *why = memory_over(&self.memory, pid);
	if (why != NULL)
		account_break(&self.account, str_z(why));
	*next = clock_mono_ns() + (uint64_t)MEMORY_TICK_MS * 1000000;
	return why != NULL;
}

/* Takes messages until the variant is over. False: it did not come to its end. */
static bool follow(struct run *run, pid_t pid, int control, uint64_t deadline)
{
	uint64_t look = 0;
	struct ipc_msg m;
	struct fact f;

	for (;;) {
		uint64_t now = clock_mono_ns();
		struct pollfd p = { control, POLLIN, 0 };
		if (now >= deadline || takes_too_much(pid, now, &look))
			return false;
		int n = poll(&p, 1, MEMORY_TICK_MS);
		if (n == 0 || (n < 0 && errno == EINTR))
			continue;
		enum err e = ipc_recv(control, &self.message, &m);
		if (e == ERR_AGAIN)
			continue;
		if (e != OK)
			return false;
		ipc_close_fds(&m);
		if (m.type == DMSG_OVER)
			return true;
		if (m.type != DMSG_FACT || fact_read(&f, m.body) != OK)
			return false;
		account_fact(&self.account, run, &f);
	}
}

static unsigned phases_asked(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PHASE_COUNT; i++)
		n += self.order.phases >> i & 1u;
	return n;
}

static void run_variant(unsigned variant, int target, uint64_t end)
{
	struct run *run = account_run(&self.account, variant_names[variant]);
	/* The first shows what there is; the others, whether something depends on the world. */
	self.order.seconds = variant == 0 ? self.seconds : (self.seconds + 1) / 2;
	uint64_t seconds = (uint64_t)phases_asked() * (self.order.seconds + 2) + SPARE_S;
	uint64_t deadline = clock_mono_ns() + seconds * 1000000000;
	int control, pidfd, status;
	pid_t pid;

	self.order.variant = (uint8_t)variant;
	spawn_supervisor(&control, &pid, &pidfd);
	run->over = send_order(control, target) &&
		    follow(run, pid, control, deadline < end ? deadline : end);
	if (!run->over && clock_mono_ns() >= end)
		account_break(&self.account, late);
	else if (!run->over)
		account_break(
			&self.account,
			S("the supervisor of the sandbox ended early: what happened after that is "
			  "not known; try again, and report it when it happens again"));
	account_end(&self.account, run);
	spawn_signal(pidfd, SIGKILL); /* and with it what is left of the box */
	(void)waitpid(pid, &status, 0);
	(void)close(pidfd);
	(void)close(control);
}

/* ---- the whole ---- */

static void make_canaries(void)
{
	uint8_t random[CANARY_RANDOM];
	struct canaries c;

	if (getrandom(random, sizeof random, 0) != sizeof random)
		die(ERR_SYS, "no random bytes");
	canaries_make(&c, random);
	canaries_write(&self.canaries, &c);
	self.order.canaries = buf_str(&self.canaries);
}

/* Phases that have something to do for a kind. */
static uint32_t phases_of(enum detonation_kind kind)
{
	const uint32_t site = 1u << PHASE_START | 1u << PHASE_IMPORT | 1u << PHASE_ENTRY |
			      1u << PHASE_CONSTRUCT | 1u << PHASE_AGAIN;

	if (kind == KIND_NPM)
		return 1u << PHASE_INSTALL | 1u << PHASE_IMPORT | 1u << PHASE_ENTRY;
	if (kind == KIND_SDIST)
		return 1u << PHASE_INSTALL | 1u << PHASE_IMPORT | 1u << PHASE_CONSTRUCT |
		       1u << PHASE_AGAIN;
	return site;
}

static void run_all(void)
{
	static const struct str kinds[] = { SC("site"), SC("wheel"), SC("sdist"), SC("npm") };
	struct diag d = { .err = OK };
	int target = -1;

	self.order.kind = (uint8_t)pack_kind(DETONATION_TARGET, self.file);
	self.account.kind = kinds[self.order.kind];
	self.order.phases &= phases_of(self.order.kind);
	self.account.phases = self.order.phases;
	bool npm = self.order.kind == KIND_NPM;
	if (!find_interpreter(npm ? self.node : self.python,
			      npm ? "/usr/bin/node" : "/usr/bin/python3", !npm))
		return;
	self.order.python = str_z(self.python);
	self.order.node = str_z(self.node);
	self.order.prefix = str_z(self.prefix);
	self.order.version = str_z(self.version);
	if (pack(DETONATION_TARGET, &target, &self.order.bytes, &d) != OK) {
		if (d.err == ERR_USAGE)
			die(d.err, d.text);
		account_break(&self.account, str_z(d.text));
		return;
	}
	memory_begin(&self.memory);
	uint64_t end = clock_mono_ns() + (uint64_t)self.budget * 1000000000;
	for (unsigned i = 0; i < self.variants && self.account.broken.n == 0; i++) {
		if (clock_mono_ns() >= end)
			account_break(&self.account, late);
		else
			run_variant(i, target, end);
	}
	(void)close(target);
}

int main(int argc, char **argv)
{
	const struct jail jail = { .role = "detonator",
				   .rules = detonator_jail_rules,
				   .n_rules = detonator_jail_n };
	struct stat st;
	int status;

	log_open("detonator", LOG_INFO);
	if (jail_debug(&jail, argc, argv, &status))
		return status;
	if (argc == 1 && strcmp(argv[0], init_name) == 0)
		return supervise(&self.supervisor, CONTROL);
	if (fstat(DETONATION_TARGET, &st) != 0 || fstat(DETONATION_REPORT, &st) != 0)
		die(ERR_USAGE, "descriptor 3 must be the target, descriptor 4 the report");
	(void)close_range(DETONATION_REPORT + 1, ~0u, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	arena_init(&self.arena, ARENA);
	account_init(&self.account, &self.arena);
	buf_init(&self.message, LIMIT_CONTROL);
	buf_init(&self.out, LIMIT_CONTROL);
	buf_init(&self.canaries, 16 << 10);
	self.order.phases = (1u << PHASE_COUNT) - 1;
	self.seconds = SECONDS;
	self.variants = DETONATION_VARIANTS;
	self.budget = BUDGET_S;
	for (int i = 1; i < argc; i++)
		take_option(str_z(argv[i]));
	make_canaries();
	run_all();
	struct buf text;
	buf_init(&text, REPORT_MAX);
	account_write(&self.account, &text);
	if (text.err != OK || fs_write_all(DETONATION_REPORT, buf_str(&text)) != OK)
		die(ERR_SYS, "cannot write the report");
	buf_free(&text);
	buf_free(&self.message);
	buf_free(&self.out);
	buf_free(&self.canaries);
	arena_done(&self.arena);
	return EXIT_SUCCESS;
}
