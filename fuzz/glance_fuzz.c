/*
 * fuzz/glance_fuzz.c - what was noted of a tree, written by anybody. The first two bytes choose a
 * note and a byte of it, the third what becomes of that; all of them are notes of their own, too.
 * Oracles: what was noted is so, with its seal, and nothing is left over; with another byte in what
 * stat said of any entry, or of the tree's own directory, it is not; nothing outside of the bytes
 * is read; notes that know nothing of this tree are not of it.
 */
#include "fuzz/fuzz.h"

#include "checker/glance.h"
#include "sys/fs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD = 40, NOTE = 56, STAT = 44 }; /* seal and sizes; a note; what stat said in it */

static struct team team;
static struct tree tree;
static struct buf noted;
static char top[] = "/tmp/glance-XXXXXX";
static int fd = -1;

/* A directory is opened that has more than a few entries, and others are gone through. */
static const char *const files[] = {
	"a",   "b/c", "b/d/e", "b/d/f", "g/h", "g/i", "g/j", "g/k",	"g/l",
	"g/m", "g/n", "g/o",   "g/p",	"g/q", "g/r", "g/s", "g/t/u/v", "g/w",
};
static const char *const dirs[] = { "b", "b/d", "g", "g/t", "g/t/u" };
enum { FILES = sizeof files / sizeof files[0], DIRS = sizeof dirs / sizeof dirs[0] };

static void clean(void)
{
	for (size_t i = 0; i < FILES; i++)
		(void)unlinkat(fd, files[i], 0);
	for (size_t i = DIRS; i-- > 0;)
		(void)unlinkat(fd, dirs[i], AT_REMOVEDIR);
	(void)rmdir(top);
}

static enum err enter(void *ctx, struct diag *d)
{
	(void)ctx;
	(void)d;
	return OK;
}

static void make(void)
{
	struct diag d = { 0 };

	CHECK(mkdtemp(top) != NULL && (fd = open(top, O_RDONLY | O_DIRECTORY)) >= 0);
	CHECK(atexit(clean) == 0);
	for (size_t i = 0; i < DIRS; i++)
		CHECK(mkdirat(fd, dirs[i], 0700) == 0);
	for (size_t i = 0; i < FILES; i++)
		CHECK(close(openat(fd, files[i], O_CREAT | O_WRONLY, 0600)) == 0);
	CHECK(team_start(&team, enter, NULL, &d) == OK);
	CHECK(tree_list(&tree, &team, fd, S("/x"), false, &d) == OK);
	CHECK(tree_order(&tree, &d) == OK && tree.n == FILES + DIRS);
	buf_init(&noted, 1 << 16);
	glance_note(&tree, &noted);
	CHECK(noted.err == OK && noted.n % 8 == 0);
}

static bool same(struct str notes, struct str *out_rest, uint8_t seal[32])
{
	*out_rest = notes;
	return glance_same(&team, fd, UINT64_MAX, out_rest, seal);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t seal[32];
	struct str rest;

	if (fd < 0)
		make();
	if (n < 3)
		return 0;
	CHECK(same(buf_str(&noted), &rest, seal) && rest.n == 0);
	CHECK(memcmp(seal, tree.seal, sizeof seal) == 0);
	size_t at = HEAD + p[0] % (tree.n + 1) * NOTE + p[1] % STAT;
	noted.p[at] ^= (char)(p[2] | 1);
	CHECK(!same(buf_str(&noted), &rest, seal));
	noted.p[at] ^= (char)(p[2] | 1);
	char *copy = aligned_alloc(8, (n + 7) & ~(size_t)7);
	CHECK(copy != NULL);
	memcpy(copy, p, n);
	CHECK(!same((struct str){ copy, n }, &rest, seal) && rest.n <= n);
	free(copy);
	return 0;
}
