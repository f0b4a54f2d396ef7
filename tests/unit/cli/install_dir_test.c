/* tests/unit/cli/install_dir_test.c - private directories go with all that is in them, and nothing else. Proves T-40. */
#include "cli/install.h"

#include "sys/fs.h"
#include "tests/unit/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534, ROUNDS = 100, FILES = 40 };

static char base[] = "/tmp/yett-dirs-XXXXXX";

static void join(char out[128], const char *rest)
{
	CHECK(snprintf(out, 128, "%s/%s", base, rest) < 128);
}

static void make_dir(const char *rest, unsigned mode)
{
	char path[128];

	join(path, rest);
	CHECK(mkdir(path, 0700) == 0 && chmod(path, mode) == 0);
}

static bool is_there(const char *rest)
{
	char path[128];
	struct stat st;

	join(path, rest);
	return lstat(path, &st) == 0;
}

/* What a build may leave, as a user who is stopped by modes. */
static void remove_closed(void)
{
	char path[128];

	make_dir("top", 0700);
	make_dir("top/closed", 0700);
	make_dir("top/closed/within", 0700);
	make_dir("top/kept", 0700);
	make_dir("top/kept/more", 0700);
	join(path, "top/closed/within");
	CHECK(chmod(path, 0) == 0);
	join(path, "top/closed");
	CHECK(chmod(path, 0) == 0);
	join(path, "top/kept");
	CHECK(chmod(path, 0500) == 0);
	join(path, "top");
	dir_remove(path);
	CHECK(!is_there("top"));
}

CASE(closed_directories_go_too)
{
	int status = -1;

	CHECK(mkdtemp(base) != NULL && chmod(base, 0777) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
			_exit(99);
		check_failed = 0;
		remove_closed();
		_exit(check_failed);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* What is left of a build goes on: a directory is a link to another place in one moment, and itself in the next. */
static void swap_for_ever(void)
{
	char one[128], other[128];

	join(one, "top/d");
	join(other, "top/link");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

CASE(a_link_that_appears_is_not_followed)
{
	char path[128], to[128], name[32];

	make_dir("outside", 0700);
	for (unsigned i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof name, "outside/%u", i);
		join(path, name);
		CHECK(fs_write(path, S("precious"), 0600, NULL) == OK);
	}
	join(to, "outside");
	for (unsigned round = 0; round < ROUNDS; round++) {
		make_dir("top", 0700);
		make_dir("top/d", 0700);
		for (unsigned i = 0; i < FILES; i++) {
			(void)snprintf(name, sizeof name, "top/d/%u", i);
			join(path, name);
			int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
			CHECK(fd >= 0 && close(fd) == 0);
		}
		join(path, "top/link");
		CHECK(symlink(to, path) == 0);
		pid_t pid = fork();
		if (pid == 0)
			swap_for_ever();
		join(path, "top");
		dir_remove(path);
		CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
		dir_remove(path);
		CHECK(!is_there("top"));
	}
	for (unsigned i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof name, "outside/%u", i);
		CHECK(is_there(name));
	}
	dir_remove(base);
	CHECK(access(base, F_OK) != 0);
}

TESTS(CASE_ROW(closed_directories_go_too), CASE_ROW(a_link_that_appears_is_not_followed))
