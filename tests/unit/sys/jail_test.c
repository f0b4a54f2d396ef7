/*
 * tests/unit/sys/jail_test.c - each act in a child of its own; the parent reads how it ended.
 * Proves T-05.
 */
#include "sys/jail.h"

#include "sys/jail_filter.h"

#include "../check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct jail_rule rules[] = {
	JAIL(socket), /* allowed, to see the neighbours still forbidden */
	JAIL_ARG(ioctl, 1, 0x541b),
	{ __NR_getppid, JAIL_ENOSYS, 0, 0, 0 },
};
static const struct jail jail = { .role = "test", .rules = rules, .n_rules = 3 };

static bool lock(const struct jail *j, const int *keep, size_t n)
{
	int version;

	return jail_begin(j, keep, n, NULL) == OK && jail_lock(j, &version, NULL) == OK;
}

/* in_jail runs act in a jailed child and gives its status. */
static int in_jail(int (*act)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(lock(&jail, NULL, 0) ? act() : 99);
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static bool died(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int act_nothing(void)
{
	char *p = malloc(1 << 20);

	memset(p, 1, 1 << 20);
	free(p);
	return p != NULL ? 0 : 1;
}

static int act_open(void)
{
	int r = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return r < 0 && errno == EACCES ? 0 : 1;
}

static int act_enosys(void)
{
	return syscall(__NR_getppid) < 0 && errno == ENOSYS ? 0 : 1;
}

static int act_rules(void)
{
	int n, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd >= 0 && ioctl(fd, 0x541b, &n) >= 0 ? 0 : 1;
}

static int act_ioctl(void)
{
	return ioctl(0, 0x5412, "x");
}

static int act_exec(void)
{
	static char *const argv[] = { NULL };

	return execve("/bin/true", argv, argv);
}

static int act_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int act_x32(void)
{
	return (int)syscall(0x40000000L | __NR_getpid);
}

static int act_kill_other(void)
{
	return (int)syscall(__NR_tgkill, 1, 1, 0);
}

static int act_abort(void)
{
	abort();
}

static int act_clone(void)
{
	return (int)syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

CASE(what_is_allowed_works)
{
	CHECK(in_jail(act_nothing) == 0);
	CHECK(in_jail(act_open) == 0);
	CHECK(in_jail(act_enosys) == 0);
	CHECK(in_jail(act_rules) == 0);
}

CASE(what_is_not_kills)
{
	CHECK(died(in_jail(act_ioctl)));
	CHECK(died(in_jail(act_exec)));
	CHECK(died(in_jail(act_mprotect)));
	CHECK(died(in_jail(act_x32)));
	CHECK(died(in_jail(act_kill_other)));
	CHECK(died(in_jail(act_clone)));
	int status = in_jail(act_abort);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

CASE(the_beginning)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit core;
		struct jail j = jail;
		int keep[] = { 70, 60 };
		j.files_max = 100;
		for (int fd = 50; fd < 90; fd++)
			(void)dup2(2, fd);
		if (jail_begin(&j, keep, 2, NULL) != OK)
			_exit(1);
		for (int fd = 3; fd < 100; fd++)
			if ((fcntl(fd, F_GETFD) >= 0) != (fd == 60 || fd == 70))
				_exit(2);
		if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			_exit(3);
		if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max > 1)
			_exit(4);
		if (getrlimit(RLIMIT_NOFILE, &core) != 0 || core.rlim_cur != 100)
			_exit(5);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(landlock_leaves_the_named_paths)
{
	char dir[64] = "/tmp/yett-jail-XXXXXX";
	int status = -1, version = 0;

	CHECK(mkdtemp(dir) != NULL);
	const struct jail_path paths[] = { { dir, true }, { "/etc/passwd", false }, { "/nonexistent", false } };
	static const struct jail_rule opens[] = { JAIL(openat), JAIL(unlinkat) };
	const struct jail j = { .role = "test", .rules = opens, .n_rules = 2, .paths = paths, .n_paths = 3,
				.allow = jail_allow };
	pid_t pid = fork();
	if (pid == 0) {
		if (chdir(dir) != 0 || jail_begin(&j, NULL, 0, NULL) != OK || jail_lock(&j, &version, NULL) != OK)
			_exit(1);
		if (version == 0)
			_exit(0);
		if (openat(AT_FDCWD, "new", O_CREAT | O_RDWR | O_CLOEXEC, 0600) < 0 ||
		    unlinkat(AT_FDCWD, "new", 0) != 0)
			_exit(2);
		if (openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
			_exit(3);
		if (openat(AT_FDCWD, "/etc/passwd", O_RDWR | O_CLOEXEC) >= 0)
			_exit(4);
		if (openat(AT_FDCWD, "/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
			_exit(5);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(rmdir(dir) == 0);
}

CASE(rules_have_names)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	jail_dump(&jail, &b);
	CHECK(b.err == OK && str_find(buf_str(&b), S("call-")) == SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("allow  ioctl when argument 1 is 21531\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&b), S("allow  mmap when argument 2 & 0x4 is 0\n")) != SIZE_MAX);
	buf_free(&b);
}

TESTS(CASE_ROW(what_is_allowed_works), CASE_ROW(what_is_not_kills), CASE_ROW(the_beginning),
      CASE_ROW(landlock_leaves_the_named_paths), CASE_ROW(rules_have_names))
