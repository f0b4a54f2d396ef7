/* tests/unit/python.h - runs a Python script of the tests and gives what it prints. */
#ifndef TESTS_PYTHON_H
#define TESTS_PYTHON_H

#include "base/buf.h"

#include <sys/wait.h>
#include <unistd.h>

/* python_run gives the exit status of python3 with argv (argv[0] is the script), or -1 when there is no
 * python3 or script; the caller then skips with one line. */
__attribute__((unused)) static int python_run(const char *const *argv, struct buf *out)
{
	const char *args[16] = { "python3" };
	int fds[2], status;

	if (access(argv[0], R_OK) != 0 || pipe(fds) != 0)
		return -1;
	for (unsigned i = 0; i < 14 && argv[i]; i++)
		args[i + 1] = argv[i];
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], 1);
		(void)close(fds[0]);
		(void)execvp("python3", (char *const *)(uintptr_t)args);
		_exit(127);
	}
	(void)close(fds[1]);
	for (;;) {
		char *at = buf_room(out, 4096);
		ssize_t n = at ? read(fds[0], at, 4096) : 0;
		if (n <= 0)
			break;
		buf_grew(out, (size_t)n);
	}
	(void)close(fds[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

#endif
