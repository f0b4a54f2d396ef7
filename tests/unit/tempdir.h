/*
 * tests/unit/tempdir.h - a directory of the test's own, which goes when the test ends.
 */
#ifndef TESTS_TEMPDIR_H
#define TESTS_TEMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char tempdir_path[] = "/tmp/yett-test-XXXXXX";
static pid_t tempdir_owner;

static int tempdir_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path); /* what stays makes its directory stay, for everybody to see */
	return 0;
}

static void tempdir_clear(void)
{
	if (getpid() == tempdir_owner) /* and not a child that leaves by exit */
		(void)nftw(tempdir_path, tempdir_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* tempdir makes the directory at the first call and gives its path. */
static const char *tempdir(void)
{
	if (tempdir_owner == 0) {
		if (mkdtemp(tempdir_path) == NULL || atexit(tempdir_clear) != 0)
			abort();
		tempdir_owner = getpid();
	}
	return tempdir_path;
}

#endif
