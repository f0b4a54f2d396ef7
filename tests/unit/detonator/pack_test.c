/* tests/unit/detonator/pack_test.c */
#include "detonator/pack.h"

#include "../check.h"
#include "../tempdir.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

CASE(what_cannot_be_read_is_not_left_out)
{
	struct rlimit was, few;
	struct diag d = { .err = OK };
	uint64_t bytes;
	int fd = -1;

	int at = open(tempdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = openat(at, "a.py", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(at >= 0 && write(file, "x = 1\n", 6) == 6 && close(file) == 0);
	CHECK(symlinkat("/nonexistent", at, "b.py") == 0 && mkfifoat(at, "c.py", 0600) == 0);
	CHECK(pack(at, &fd, &bytes, &d) == OK && bytes == 6);
	CHECK(close(fd) == 0 && getrlimit(RLIMIT_NOFILE, &was) == 0);
	/* The memory file and the directory still get a descriptor, the file in it none. */
	few = (struct rlimit){ (rlim_t)fd + 2, was.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	enum err e = pack(at, &fd, &bytes, &d);
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
	CHECK(e == ERR_SYS && str_find(str_z(diag_text(&d)), S("cannot read the target")) != SIZE_MAX);
	CHECK(close(at) == 0);
}

TESTS(CASE_ROW(what_cannot_be_read_is_not_left_out))
