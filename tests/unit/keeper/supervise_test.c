/*
 * tests/unit/keeper/supervise_test.c - keeper as a whole, with children that only keep up appearances: this
 * program copies itself as "ingress", "egress" and "admin" beside itself and starts keeper's main.
 * Proves T-01, T-20.
 */
#define main keeper_main
int keeper_main(int argc, char **argv);
#include "keeper/main.c"
#undef main

#include <stdatomic.h>

/* How many more of keeper's calls of accept4 find no descriptor; shared with the keeper that is tested. */
static _Atomic int *no_descriptor;

static bool lacks_descriptor(void)
{
	if (no_descriptor == NULL || *no_descriptor == 0)
		return false;
	--*no_descriptor;
	errno = EMFILE;
	return true;
}

#define accept4(fd, sa, n, flags) (lacks_descriptor() ? -1 : accept4(fd, sa, n, flags))
#include "sys/listen.c"
#undef accept4

#include "base/rd.h"
#include "proto/start.h"
#include "proto/status.h"
#include "sys/clock.h"
#include "sys/spawn.h"

#define main unit_main
int unit_main(void);
#include "../check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- what keeper keeps, replaced: two keys, nothing else ---- */

enum err parts_open(struct keeper *k, struct diag *d)
{
	char path[KEEPER_PATH + 32];

	(void)snprintf(path, sizeof path, "%s/no-store", k->data);
	if (access(path, F_OK) == 0)
		return diag_set(d, ERR_SYS, "the store cannot be opened");
	k->parts = (struct parts *)(void *)k; /* something */
	for (unsigned i = 0; i < k->workers; i++) {
		(void)snprintf(path, sizeof path, "%s/usage-%u", k->data, i);
		k->usage_fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (k->usage_fds[i] < 0)
			return diag_set(d, ERR_SYS, "cannot open '%s'", path);
	}
	return OK;
}

void parts_close(struct keeper *k)
{
	(void)k;
}

uint32_t parts_tick(struct keeper *k, bool flush)
{
	assert(k->parts != NULL);
	(void)flush;
	return 50;
}

void parts_recount(struct keeper *k)
{
	(void)k;
}

enum err parts_next_key(struct keeper *k, uint32_t *cursor, struct buf *out)
{
	(void)k;
	if (*cursor == 2000)
		return ERR_NOT_FOUND;
	++*cursor;
	for (unsigned i = 0; i < 100; i++) /* far more than a socket takes */
		wr_u32(out, *cursor);
	return OK;
}

enum err parts_request(struct keeper *k, struct peer *from, const struct ipc_msg *m)
{
	(void)k;
	peer_reply(from, m->seq, OK, NULL, m->body);
	return OK;
}

const char *parts_trouble(const struct keeper *k)
{
	(void)k;
	return NULL;
}

void parts_event(struct keeper *k, const char *what, const char *text)
{
	(void)k;
	(void)what;
	(void)text;
}

/* ---- the children ---- */

static char dir[256]; /* where this program and its copies are */

static const char *at(const char *fmt, const char *role, unsigned worker)
{
	static char path[512];
	char name[128];

	(void)snprintf(name, sizeof name, "%s-%s-%u", fmt, role, worker);
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void mark(const char *what, const char *role, unsigned worker)
{
	int fd = open(at(what, role, worker), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	CHECK(fd >= 0);
	(void)close(fd);
}

static bool marked(const char *what, const char *role, unsigned worker)
{
	return access(at(what, role, worker), F_OK) == 0;
}

static bool unmark(const char *what, const char *role, unsigned worker)
{
	return unlink(at(what, role, worker)) == 0;
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void send_u32(uint16_t type, uint32_t v)
{
	char body[4];
	struct buf b;

	buf_fixed(&b, body, sizeof body);
	wr_u32(&b, v);
	if (ipc_send(START_CONTROL, type, 0, buf_str(&b), NULL, 0) != OK)
		_exit(3);
}

static void violate(int sig)
{
	(void)sig;
	send_u32(MSG_KEY_LIST, 0);
}

/* A child that closes its control socket and stays. */
static void fall_silent(int sig)
{
	(void)sig;
	(void)shutdown(START_CONTROL, SHUT_RDWR);
	mark("silent", "egress", 0);
	for (;;)
		(void)pause();
}

/* arena_fits: whoever of a pair has it may do with it what is its own part, and no more. inode tells
 * one arena from another. */
static bool arena_fits(int fd, bool ingress, ino_t *inode)
{
	struct stat st;
	void *read = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	void *write = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fstat(fd, &st) != 0)
		return false;
	*inode = st.st_ino;
	return read != MAP_FAILED && (write != MAP_FAILED) == ingress &&
	       (ingress || mprotect(read, 4096, PROT_READ | PROT_WRITE) != 0);
}

/* play is a child: it takes what it gets, checks it, and marks what the test wants to know. */
static int play(const char *role, unsigned worker)
{
	bool ingress = strcmp(role, "ingress") == 0, egress = strcmp(role, "egress") == 0;
	struct pollfd p = { START_CONTROL, POLLIN, 0 };
	struct ipc_msg m;
	struct buf in;
	uint32_t keys = 0;
	ino_t arena = 0, was;

	(void)signal(SIGUSR1, violate);
	(void)signal(SIGUSR2, fall_silent);
	if (open_fds() != 3 + (ingress ? 9u : egress ? 6u : 3u))
		mark("fds-wrong", role, worker);
	if (getuid() == 0)
		mark("is-root", role, worker);
	if ((ingress || egress) && !arena_fits(START_ARENA, ingress, &arena))
		mark("arena-wrong", role, worker);
	if (marked("exit", role, worker))
		return 7;
	buf_init(&in, LIMIT_CONTROL);
	for (;;) {
		(void)poll(&p, 1, -1);
		enum err e = ipc_recv(START_CONTROL, &in, &m);
		if (e == ERR_AGAIN)
			continue;
		if (e != OK)
			return 0;
		if (m.type == MSG_POLICY || m.type == MSG_UPSTREAMS) {
			bool fine = m.n_fds == (egress ? 2u : 1u) && egress == (m.type == MSG_UPSTREAMS);
			send_u32(MSG_READY, fine && !unmark("refuse", role, worker));
		} else if (m.type == MSG_PAIR) {
			mark(m.n_fds == START_PAIR_FDS ? "pair" : "pair-wrong", role, worker);
			was = arena;
			/* An ingress goes on with the bodies that it has. */
			if (!arena_fits(m.fds[4], ingress, &arena) || (was == arena) != ingress)
				mark("arena-wrong", role, worker);
		} else if (m.type == MSG_KEY_SET) {
			keys++;
			if (keys % 100 == 1)
				(void)usleep(1000); /* slow enough to fill the socket */
		} else if (m.type == MSG_KEYS_DONE) {
			mark(keys == 2000 ? "keys" : "keys-wrong", role, worker);
		} else if (m.type == MSG_DRAIN && !marked("stubborn", role, worker)) {
			if (ipc_send(START_CONTROL, MSG_DRAINED, 0, S(""), NULL, 0) != OK)
				return 3;
		}
		ipc_close_fds(&m);
	}
}

/* ---- the test's side ---- */

static pid_t keeper_pid;
static struct status now;
static char text[256];
static struct buf in;

static const char *data_path(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof path, "%s/data%s", dir, name);
	return path;
}

/* needle spells a planted key that stands nowhere in this program. */
static void needle(char out[32])
{
	for (unsigned i = 0; i < 31; i++)
		out[i] = (char)('a' + (i * 7 + 3) % 26);
	out[31] = '\0';
}

static pid_t start_keeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		char config[512], data[512], planted[32];
		needle(planted);
		(void)setenv("PLANTED_API_KEY", planted, 1);
		explicit_bzero(planted, sizeof planted);
		(void)snprintf(config, sizeof config, "%s/config.yaml", dir);
		(void)snprintf(data, sizeof data, "%s", data_path(""));
		const char *argv[] = { "keeper", "--config", config, "--data", data, "--listen", "127.0.0.1:0",
				 "--admin", "127.0.0.1:0", "--workers", "2", NULL };
		if (!marked("loud", "keeper", 0))
			(void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		_exit(keeper_main(11, (char **)(uintptr_t)argv));
	}
	return pid;
}

static void write_config(const char *yaml)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/config.yaml", dir);
	CHECK(fs_write(path, str_z(yaml), 0600, NULL) == OK);
}

/* request asks keeper and gives the outcome; what follows stays in `in`. */
static enum err request(uint16_t type, struct str body, struct str *out_rest)
{
	struct ipc_msg m;
	enum err e;
	struct str said;
	int fd;

	if (ipc_connect(data_path("/control.sock"), &fd, NULL) != OK)
		return ERR_SYS;
	e = ipc_send(fd, type, 77, body, NULL, 0);
	if (e == OK)
		e = ipc_recv(fd, &in, &m);
	(void)close(fd);
	if (e != OK || m.type != MSG_REPLY || m.seq != 77)
		return ERR_SYS;
	struct rd r = rd_from(m.body);
	control_reply_read(&r, &e, &said);
	(void)snprintf(text, sizeof text, "%.*s", FMT(said));
	*out_rest = (struct str){ (const char *)r.p, (size_t)(r.end - r.p) };
	return e;
}

static bool look(void)
{
	struct str rest;

	return request(MSG_STATUS, S(""), &rest) == OK && status_decode(&now, rest) == OK;
}

static const struct status_child *find(const char *role, unsigned worker)
{
	for (uint32_t i = 0; i < now.n; i++)
		if (str_eq(now.children[i].role, str_z(role)) && now.children[i].worker == worker)
			return &now.children[i];
	abort();
}

static bool all_run(void)
{
	if (!look())
		return false;
	for (uint32_t i = 0; i < now.n; i++)
		if (now.children[i].phase != STATUS_RUNNING)
			return false;
	return true;
}

/* until waits for a condition, ten seconds at most. */
#define UNTIL(cond)                                                                     \
	do {                                                                            \
		for (int tries_ = 0; tries_ < 500 && !(cond); tries_++)                 \
			(void)usleep(20000);                                            \
		CHECK(cond);                                                            \
	} while (0)

CASE(everything_starts_with_what_it_is_owed)
{
	write_config("model_list:\n  - model_name: e\n    litellm_params: {model: echo/e}\n"
		     "  - model_name: g\n    litellm_params: {model: openai/g, api_key: os.environ/PLANTED_API_KEY}\n");
	keeper_pid = start_keeper();
	UNTIL(all_run());
	CHECK(now.n == 5 && now.generation == 1 && !now.draining);
	for (unsigned i = 0; i < 2; i++) {
		UNTIL(marked("keys", "ingress", i));
		CHECK(!marked("fds-wrong", "ingress", i) && !marked("fds-wrong", "egress", i));
	}
	CHECK(!marked("fds-wrong", "admin", 0) && !marked("pair", "egress", 0));
	CHECK(!marked("is-root", "ingress", 0) && !marked("is-root", "egress", 1) && !marked("is-root", "admin", 0));
	struct str rest;
	CHECK(request(MSG_KEY_GET, S("asked"), &rest) == OK && str_eq(rest, S("asked")));
}

enum { MAP_SCAN_MAX = 1 << 30 };

/* holds reads all readable memory of a process. A file of /proc stands for a short one. */
static bool holds(pid_t pid, const char *what)
{
	char path[64], line[512], planted[32];
	unsigned long from, to;
	bool found = false;
	static char chunk[1 << 20];

	needle(planted);
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
	int mem = open(path, O_RDONLY | O_CLOEXEC);
	if (strcmp(what, "mem") != 0) {
		ssize_t n = read(mem, chunk, sizeof chunk);
		(void)close(mem);
		return n > 0 && memmem(chunk, (size_t)n, planted, 31) != NULL;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	CHECK(mem >= 0 && maps != NULL);
	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		char *end, *again;
		from = strtoul(line, &end, 16);
		to = strtoul(end + 1, &again, 16);
		if (to - from > MAP_SCAN_MAX)
			continue; /* a sanitizer's shadow; it holds no bytes of ours */
		for (; again[1] == 'r' && from < to; from += sizeof chunk - 64) {
			size_t n = to - from < sizeof chunk ? to - from : sizeof chunk;
			ssize_t got = pread(mem, chunk, n, (off_t)from);
			found |= got > 0 && memmem(chunk, (size_t)got, planted, 31) != NULL;
			if (got <= 0)
				break;
		}
	}
	(void)fclose(maps);
	(void)close(mem);
	return found;
}

/* Keeper was started with a key in its environment. It may be nowhere but in secret memory. */
CASE(a_planted_key_is_in_nobodys_memory)
{
	struct str rest;

	if (geteuid() != 0) {
		printf("skipped: only root may look\n");
		return;
	}
	CHECK(request(MSG_RELOAD, S(""), &rest) == OK && all_run());
	CHECK(holds(getpid(), "mem")); /* the one who searches has it */
	CHECK(!holds(keeper_pid, "mem") && !holds(keeper_pid, "environ"));
	for (uint32_t i = 0; i < now.n; i++)
		CHECK(!holds((pid_t)now.children[i].pid, "mem") && !holds((pid_t)now.children[i].pid, "environ"));
	CHECK(request(MSG_STATUS, S(""), &rest) == OK); /* they live through it */
}

CASE(one_keeper_to_a_directory)
{
	int status = -1;
	pid_t second = start_keeper();

	CHECK(waitpid(second, &status, 0) == second && WIFEXITED(status) && WEXITSTATUS(status) == 65);
	CHECK(all_run());
}

CASE(a_dead_half_of_a_pair_is_replaced_and_the_other_lives)
{
	CHECK(look());
	pid_t was = (pid_t)find("ingress", 0)->pid, other = (pid_t)find("egress", 0)->pid;
	(void)unmark("keys", "ingress", 0);
	CHECK(kill(was, SIGKILL) == 0);
	UNTIL(all_run() && (pid_t)find("ingress", 0)->pid != was);
	CHECK((pid_t)find("egress", 0)->pid == other && find("ingress", 0)->restarts == 1);
	CHECK_STR(find("ingress", 0)->last_end, S("killed by SIGKILL"));
	UNTIL(marked("pair", "egress", 0) && marked("keys", "ingress", 0));
	CHECK(!marked("pair", "egress", 1) && !marked("pair", "ingress", 0));

	was = (pid_t)find("egress", 1)->pid;
	CHECK(kill(was, SIGKILL) == 0);
	UNTIL(all_run() && (pid_t)find("egress", 1)->pid != was);
	UNTIL(marked("pair", "ingress", 1));
	for (unsigned i = 0; i < 2; i++)
		CHECK(!marked("arena-wrong", "ingress", i) && !marked("arena-wrong", "egress", i));
}

CASE(who_says_what_it_may_not_is_killed)
{
	CHECK(look());
	pid_t was = (pid_t)find("egress", 0)->pid;
	CHECK(kill(was, SIGUSR1) == 0);
	UNTIL(all_run() && (pid_t)find("egress", 0)->pid != was);
	CHECK_STR(find("egress", 0)->last_end, S("killed by SIGKILL"));

	/* A client of the control socket may not speak like a child. It loses its connection only. */
	struct str rest;
	CHECK(request(MSG_READY, S("\1\0\0\0"), &rest) == ERR_SYS);
	CHECK(request(MSG_COUNT, S(""), &rest) == ERR_SYS);
	CHECK(request(MSG_STATUS, S("x"), &rest) == ERR_SYS);
	CHECK(all_run());
}

CASE(a_reload_changes_all_or_nothing)
{
	struct str rest;

	CHECK(look());
	uint64_t was = now.generation;
	CHECK(request(MSG_RELOAD, S(""), &rest) == OK);
	CHECK(all_run() && now.generation == was + 1);
	write_config("model_list: [\n");
	CHECK(request(MSG_RELOAD, S(""), &rest) != OK && text[0] != '\0');
	CHECK(look() && now.generation == was + 1);
	write_config("model_list:\n  - model_name: f\n    litellm_params: {model: echo/e}\n");
	mark("refuse", "egress", 1);
	CHECK(request(MSG_RELOAD, S(""), &rest) == ERR_CONFIG);
	CHECK(str_find(str_z(text), S("refuses")) != SIZE_MAX);
	CHECK(all_run() && now.generation == was + 1);
	uint8_t hash[32];
	memcpy(hash, now.config_hash, 32);
	CHECK(kill(keeper_pid, SIGHUP) == 0);
	UNTIL(all_run() && now.generation == was + 2);
	CHECK(memcmp(hash, now.config_hash, 32) != 0);
}

CASE(a_crash_loop_is_reported)
{
	CHECK(look());
	mark("exit", "admin", 0);
	CHECK(kill((pid_t)find("admin", 0)->pid, SIGKILL) == 0);
	UNTIL(look() && find("admin", 0)->crash_loop);
	CHECK_STR(find("admin", 0)->last_end, S("exit 7"));
	(void)unmark("exit", "admin", 0);
	UNTIL(all_run());
}

static bool gone(pid_t pid)
{
	return kill(pid, 0) != 0;
}

CASE(it_drains_and_ends)
{
	int status = -1;
	pid_t pids[5];

	CHECK(look());
	for (uint32_t i = 0; i < now.n; i++)
		pids[i] = (pid_t)now.children[i].pid;
	CHECK(kill(keeper_pid, SIGTERM) == 0);
	CHECK(waitpid(keeper_pid, &status, 0) == keeper_pid && status == 0);
	for (uint32_t i = 0; i < 5; i++)
		UNTIL(gone(pids[i]));
	CHECK(access(data_path("/control.sock"), F_OK) != 0);
}

CASE(a_second_signal_ends_it_at_once)
{
	int status = -1;

	keeper_pid = start_keeper();
	UNTIL(all_run());
	mark("stubborn", "ingress", 1);
	CHECK(kill(keeper_pid, SIGTERM) == 0);
	UNTIL(look() && now.draining);
	CHECK(find("ingress", 1)->phase == STATUS_DRAINING);
	CHECK(kill(keeper_pid, SIGINT) == 0);
	CHECK(waitpid(keeper_pid, &status, 0) == keeper_pid && status == 0);
	(void)unmark("stubborn", "ingress", 1);
}

/* Who waits at the control socket is told of once. */
CASE(who_waits_is_accepted_when_there_is_a_descriptor_again)
{
	struct pollfd p = { .events = POLLIN };
	struct ipc_msg m;

	*no_descriptor = 2;
	CHECK(ipc_connect(data_path("/control.sock"), &p.fd, NULL) == OK);
	CHECK(ipc_send(p.fd, MSG_STATUS, 1, S(""), NULL, 0) == OK);
	CHECK(poll(&p, 1, 30000) == 1 && ipc_recv(p.fd, &in, &m) == OK && m.type == MSG_REPLY);
	CHECK(*no_descriptor == 0);
	(void)close(p.fd);
}

static bool ended(int *out_status)
{
	if (keeper_pid != 0 && waitpid(keeper_pid, out_status, WNOHANG) == keeper_pid)
		keeper_pid = 0;
	return keeper_pid == 0;
}

/* must_end is for a keeper that has a reason to end. */
static int must_end(void)
{
	int status = -1;

	UNTIL(ended(&status));
	if (keeper_pid != 0) {
		(void)kill(keeper_pid, SIGKILL);
		(void)waitpid(keeper_pid, NULL, 0);
	}
	return status;
}

/* Draining once cancelled the timer that would have ended such a child, and waited for it for ever. */
CASE(it_ends_while_a_child_without_a_control_socket_lives)
{
	keeper_pid = start_keeper();
	UNTIL(all_run());
	CHECK(kill((pid_t)find("egress", 0)->pid, SIGUSR2) == 0);
	UNTIL(marked("silent", "egress", 0));
	CHECK(kill(keeper_pid, SIGTERM) == 0);
	CHECK(must_end() == 0);
	(void)unmark("silent", "egress", 0);
}

/* parent_of reads /proc/NAME/stat; 0: NAME is no process. */
static uint64_t parent_of(const char *name)
{
	char path[300], line[512];
	uint64_t ppid = 0;

	(void)snprintf(path, sizeof path, "/proc/%s/stat", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
	(void)close(fd);
	line[n > 0 ? n : 0] = '\0';
	char *state = strrchr(line, ')'), *end = state != NULL ? strchr(state + 4, ' ') : NULL;
	if (end == NULL || num_u64((struct str){ state + 4, (size_t)(end - state - 4) }, UINT32_MAX, &ppid) != OK)
		return 0;
	return ppid;
}

/* forker_of finds the one process that keeper made and does not tell of. */
static pid_t forker_of(pid_t keeper)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	uint64_t found = 0, pid;

	CHECK(look() && d != NULL);
	while (d != NULL && (e = readdir(d)) != NULL) {
		bool told = false;
		if (num_u64(str_z(e->d_name), UINT32_MAX, &pid) != OK || parent_of(e->d_name) != (uint64_t)keeper)
			continue;
		for (uint32_t i = 0; i < now.n; i++)
			told |= now.children[i].pid == pid;
		found = told ? found : pid;
	}
	if (d != NULL)
		(void)closedir(d);
	return (pid_t)found;
}

/* Keeper once waited half a minute for each child that it could not signal any more. */
CASE(it_ends_at_once_with_the_process_that_starts_others)
{
	pid_t forker = 0;

	keeper_pid = start_keeper();
	UNTIL(all_run());
	UNTIL((forker = forker_of(keeper_pid)) != 0);
	CHECK(forker != 0 && kill(forker, SIGKILL) == 0);
	int status = must_end();
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

/* What the calls left was once looked for in a store that was never opened. */
CASE(it_ends_with_its_reason_where_the_store_cannot_be_opened)
{
	int status = -1;

	CHECK(fs_write(data_path("/no-store"), S(""), 0600, NULL) == OK);
	keeper_pid = start_keeper();
	CHECK(waitpid(keeper_pid, &status, 0) == keeper_pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == err_exit(ERR_SYS));
	(void)unlink(data_path("/no-store"));
}

CASE(nobody_outlives_a_killed_keeper)
{
	pid_t pids[5];
	struct str rest;

	keeper_pid = start_keeper();
	UNTIL(all_run());
	for (uint32_t i = 0; i < now.n; i++)
		pids[i] = (pid_t)now.children[i].pid;
	CHECK(kill(keeper_pid, SIGKILL) == 0 && waitpid(keeper_pid, NULL, 0) == keeper_pid);
	for (uint32_t i = 0; i < 5; i++)
		UNTIL(gone(pids[i]));
	/* And the next one starts from what is left; a request ends it. */
	keeper_pid = start_keeper();
	UNTIL(all_run());
	int status = -1;
	CHECK(request(MSG_STOP, S(""), &rest) == OK);
	CHECK(waitpid(keeper_pid, &status, 0) == keeper_pid && status == 0);
}

TESTS(CASE_ROW(everything_starts_with_what_it_is_owed), CASE_ROW(a_planted_key_is_in_nobodys_memory),
      CASE_ROW(one_keeper_to_a_directory),
      CASE_ROW(a_dead_half_of_a_pair_is_replaced_and_the_other_lives),
      CASE_ROW(who_says_what_it_may_not_is_killed), CASE_ROW(a_reload_changes_all_or_nothing),
      CASE_ROW(a_crash_loop_is_reported),
      CASE_ROW(who_waits_is_accepted_when_there_is_a_descriptor_again), CASE_ROW(it_drains_and_ends),
      CASE_ROW(it_ends_while_a_child_without_a_control_socket_lives),
      CASE_ROW(it_ends_at_once_with_the_process_that_starts_others),
      CASE_ROW(it_ends_with_its_reason_where_the_store_cannot_be_opened),
      CASE_ROW(a_second_signal_ends_it_at_once), CASE_ROW(nobody_outlives_a_killed_keeper))
#undef main

/* ---- this program, and its copies ---- */

static void copy_to(const char *name, struct str program)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	CHECK(fs_write(path, program, 0755, NULL) == OK && chmod(path, 0755) == 0);
}

static void remove_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

static int run_copy(void)
{
	static const char *const names[] = { "test", "ingress", "egress", "admin" };
	struct buf program;
	int status = 1;

	(void)snprintf(dir, sizeof dir, "/tmp/yett-supervise-XXXXXX");
	CHECK(mkdtemp(dir) != NULL && chmod(dir, 0777) == 0); /* the children are other users' */
	buf_init(&program, 256 << 20);
	CHECK(fs_read("/proc/self/exe", 0, &program, NULL) == OK);
	for (size_t i = 0; i < 4; i++)
		copy_to(names[i], buf_str(&program));
	buf_free(&program);
	pid_t pid = fork();
	if (pid == 0) {
		char path[512];
		(void)snprintf(path, sizeof path, "%s/test", dir);
		(void)execl(path, path, "run", (char *)NULL);
		_exit(1);
	}
	(void)waitpid(pid, &status, 0);
	remove_all(data_path(""));
	remove_all(dir);
	return status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char self[256];
	uint64_t worker;

	if (argc < 2)
		return run_copy();
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	CHECK(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	(void)snprintf(dir, sizeof dir, "%s", self);
	if (strcmp(argv[1], "run") != 0)
		_exit(num_u64(str_z(argv[1]), 64, &worker) == OK ? play(argv[0], (unsigned)worker) : 9);
	buf_init(&in, LIMIT_CONTROL);
	no_descriptor = mmap(NULL, sizeof *no_descriptor, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (no_descriptor == MAP_FAILED)
		abort();
	int bad = unit_main();
	buf_free(&in);
	return bad;
}
