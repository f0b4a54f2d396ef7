/* tests/unit/shared.h - files that lie beside the repository; a test that finds none says so and goes on. */
#ifndef TESTS_SHARED_H
#define TESTS_SHARED_H

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* shared_open opens a file or directory below ../shared, -1 where it is not there. */
__attribute__((unused)) static int shared_open(const char *path)
{
	static const char *const places[] = { "../shared", "../../shared" };
	const char *env = getenv("YETT_SHARED");
	char whole[512];
	int fd = -1;

	for (size_t i = 0; i < 3 && fd < 0; i++) {
		const char *at = i == 0 ? env : places[i - 1];
		(void)snprintf(whole, sizeof whole, "%s/%s", at ? at : ".", path);
		fd = open(whole, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		fprintf(stderr, "skipped: there is no ../shared/%s\n", path);
	return fd;
}

/* shared_slurp reads all of a descriptor and closes it; p is the caller's to free. */
__attribute__((unused)) static struct str shared_slurp(int fd)
{
	enum { MOST = 8 << 20 };
	char *p = malloc(MOST);
	size_t n = 0;
	ssize_t got;

	if (p == NULL)
		abort();
	while ((got = read(fd, p + n, MOST - n)) > 0)
		n += (size_t)got;
	(void)close(fd);
	return (struct str){ p, n };
}

#endif
