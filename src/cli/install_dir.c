/*
 * cli/install_dir.c - private directories of installations, and what is left of those that were
 * killed.
 * Input: own files.   Runs in: cli.
 *
 * A directory lives as long as somebody holds a lock on it: the command, or the tool that it
 * started and that goes on after the command was killed. What nobody holds is swept by the next
 * one. Making and sweeping exclude each other by a lock on the directory above.
 */
#include "cli/install.h"

#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_AT_ONCE = 16 };

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	/* A tool may have taken our right to look into one of its directories. */
	if (type == FTW_DNR && chmod(path, 0700) != 0)
		return 0;
	(void)remove(path);
	return 0;
}

void dir_remove(const char *dir)
{
	(void)nftw(dir, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void sweep(const char *base)
{
	char path[CLI_PATH];
	DIR *dir = opendir(base);

	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof path, "%s/%s", base, e->d_name) >= (int)sizeof path)
			continue;
		AUTO(fd_closep) int fd = open_dir(path);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			dir_remove(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

enum err dir_make(const char *data, char out[CLI_PATH], int *out_lock, struct diag *d)
{
	char base[CLI_PATH - 8]; /* "/XXXXXX" comes behind it */

	out[0] = 0;
	if (snprintf(base, sizeof base, "%s/installs", data) >= (int)sizeof base)
		return diag_set(d, ERR_LIMIT, "the data directory's name is too long");
	TRY(fs_mkdirs(base, d));
	AUTO(fd_closep) int above = open_dir(base);
	if (above < 0 || flock(above, LOCK_EX) != 0)
		return diag_set(d, ERR_SYS, "cannot lock '%s': %s", base, strerror(errno));
	sweep(base);
	int n = snprintf(out, CLI_PATH, "%s/XXXXXX", base);
	if (n >= CLI_PATH || mkdtemp(out) == NULL) {
		out[0] = 0;
		return diag_set(d, ERR_SYS, "cannot make a directory in '%s': %s", base,
				strerror(errno));
	}
	*out_lock = open_dir(out);
	if (*out_lock < 0 || flock(*out_lock, LOCK_EX | LOCK_NB) != 0)
		return diag_set(d, ERR_SYS, "cannot lock '%s': %s", out, strerror(errno));
	return OK;
}
