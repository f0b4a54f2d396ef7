/*
 * fuzz/replay_main.c - runs a fuzz target over the files of a corpus directory, without a fuzzer.
 * Each input is placed against an unmapped page, so that an overread crashes in every build.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void replay(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	if (!S_ISREG(st.st_mode)) {
		(void)close(fd);
		return;
	}
	size_t n = (size_t)st.st_size, page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (n + page - 1) / page * page;
	char *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || mprotect(at + room, page, PROT_NONE) != 0)
		abort();
	char *p = at + room - n;
	if (n && read(fd, p, n) != (ssize_t)n)
		abort();
	(void)close(fd);
	fprintf(stderr, "%s\n", name);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)p, n);
	(void)munmap(at, room + page);
}

int main(int argc, char **argv)
{
	DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *e;

	if (d == NULL) {
		fprintf(stderr, "no corpus '%s'\n", argc == 2 ? argv[1] : "");
		return 1;
	}
	while ((e = readdir(d)) != NULL)
		replay(dirfd(d), e->d_name);
	(void)closedir(d);
	return 0;
}
