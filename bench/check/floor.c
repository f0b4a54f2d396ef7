/*
 * bench/check/floor.c - what the kernel takes to show all of a tree: every directory is opened and
 * listed, and all that is in it is asked for. Nothing is compared or kept. One thread.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING = 1 << 16, BATCH = 64 << 10 };

static char *waiting[WAITING]; /* directories */
static size_t n_waiting, seen;

static void push(const char *dir, const char *name)
{
	if (n_waiting < WAITING && asprintf(&waiting[n_waiting], "%s/%s", dir, name) > 0)
		n_waiting++;
}

static void list(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char batch[BATCH];
	struct stat st;

	for (ssize_t n; fd >= 0 && (n = getdents64(fd, batch, sizeof batch)) > 0;) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(batch + at);
			at += d->d_reclen;
			if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
			    fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
				continue;
			seen++;
			if (S_ISDIR(st.st_mode))
				push(dir, d->d_name);
		}
	}
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 64;
	push(argv[1], ".");
	while (n_waiting > 0) {
		char *dir = waiting[--n_waiting];
		list(dir);
		free(dir);
	}
	printf("%zu\n", seen);
	return seen > 0 ? 0 : 1;
}
