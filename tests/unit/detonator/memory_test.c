/* tests/unit/detonator/memory_test.c - what processes take, whoever their parent is. */
#include "detonator/memory.h"

#include "../check.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { MB = 1 << 20, SIZE = 64 };

/* A child with a child, each of which has written to SIZE megabytes of its own. */
static pid_t start(int ready)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)fork();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the child's child ends with it */
	char *p = mmap(NULL, SIZE * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, SIZE * MB);
	(void)!write(ready, "r", 1);
	for (;;)
		(void)pause();
}

CASE(sums)
{
	static struct memory_watch w;
	int pipes[2];
	char word;

	memory_begin(&w);
	CHECK(w.floor_kb > 0 && memory_over(&w, getpid()) == NULL);
	uint64_t before = memory_of(&w, getpid());
	CHECK(pipe(pipes) == 0);
	pid_t pid = start(pipes[1]);
	CHECK(read(pipes[0], &word, 1) == 1 && read(pipes[0], &word, 1) == 1);
	uint64_t both = memory_of(&w, getpid()), one = memory_of(&w, pid);
	CHECK(both >= before + 2 * SIZE * 1024 && both < before + 3 * SIZE * 1024);
	CHECK(one >= SIZE * 1024 && one < 2 * SIZE * 1024); /* root itself does not count */
	w.floor_kb = UINT64_MAX;
	CHECK(memory_over(&w, getpid()) != NULL);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

TESTS(CASE_ROW(sums))
