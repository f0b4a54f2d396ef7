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
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a build has left running may still move things about in there. fts stands in the directory
 * of which it removes something, and makes sure which one that is: a link in its place leads
 * nowhere. */
void dir_remove(const char *dir)
{
	char *const paths[] = { (char *)(uintptr_t)dir, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);

	for (FTSENT *e; walk != NULL && (e = fts_read(walk)) != NULL;)
		if (e->fts_info == FTS_D) /* a tool may have taken our right to look into it */
			(void)!fchmodat(AT_FDCWD, e->fts_accpath, 0700, AT_SYMLINK_NOFOLLOW);
		else
			(void)remove(e->fts_accpath);
	if (walk != NULL)
		(void)fts_close(walk);
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
