/* tests/unit/detonator/honey_test.c - files with canaries are where a thief looks, every kind of
 * canary is somewhere, and what happens to them is told. Proves T-31. */
#include "detonator/honey.h"

#include "base/buf.h"
#include "sys/fs.h"
#include "tests/unit/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/inotify.h>
#include <sys/stat.h>

static void make(struct canaries *c)
{
	uint8_t random[CANARY_RANDOM];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(i * 2654435761u >> 7);
	canaries_make(c, random);
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static unsigned read_events(int fd, struct buf *paths)
{
	union {
		char bytes[8192];
		struct inotify_event align;
	} got;
	unsigned n = 0;
	ssize_t some;

	while ((some = read(fd, got.bytes, sizeof got.bytes)) > 0) {
		struct inotify_event e;
		for (size_t at = 0; at < (size_t)some; at += sizeof e + e.len) {
			enum fact_kind what;
			bool soft;
			memcpy(&e, got.bytes + at, sizeof e);
			struct str name = str_z(e.len ? got.bytes + at + sizeof e : "");
			buf_addc(paths, ' ');
			size_t before = paths->n;
			if (honey_event(e.wd, e.mask, name, &what, paths, &soft))
				n += what == FACT_HONEY_READ || what == FACT_PERSISTENCE;
			else
				paths->n = before;
		}
	}
	return n;
}

static void touch(const char *root, const char *path, int flags)
{
	char whole[256];

	(void)snprintf(whole, sizeof whole, "%s%s", root, path);
	int fd = open(whole, flags | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	(void)close(fd);
}

CASE(files_and_their_events)
{
	char root[] = "/tmp/yett-honey-XXXXXX";
	struct canaries c;
	struct diag d = { .err = OK };
	struct buf paths;
	int fd = -1;

	make(&c);
	buf_init(&paths, 1 << 16);
	CHECK(mkdtemp(root) != NULL);
	CHECK(honey_files(root, "/site", &c, &fd, &d) == OK);
	CHECK(read_events(fd, &paths) == 0);
	touch(root, HOME "/.aws/credentials", O_RDONLY);
	CHECK(read_events(fd, &paths) == 1);
	touch(root, HOME "/.config/systemd/user/x.service", O_WRONLY | O_CREAT);
	touch(root, HOME "/.bashrc", O_WRONLY | O_CREAT);
	touch(root, HOME "/notes.txt", O_WRONLY | O_CREAT);
	touch(root, "/site/a.pth", O_WRONLY | O_CREAT);
	touch(root, "/site/a.py", O_WRONLY | O_CREAT);
	CHECK(read_events(fd, &paths) == 3);
	/* Another directory in place of one that is watched. */
	char from[256], to[256];
	(void)snprintf(from, sizeof from, "%s" HOME "/.config/systemd", root);
	(void)snprintf(to, sizeof to, "%s" HOME "/moved", root);
	CHECK(rename(from, to) == 0);
	CHECK(read_events(fd, &paths) == 1);
	CHECK(mkdir(from, 0700) == 0);
	CHECK(read_events(fd, &paths) == 1);
	CHECK(str_find(buf_str(&paths), S("~/.aws/credentials")) != SIZE_MAX);
	CHECK(str_find(buf_str(&paths), S("site-packages/a.pth")) != SIZE_MAX);
	CHECK(str_find(buf_str(&paths), S("notes")) == SIZE_MAX);
	(void)close(fd);
	CHECK(nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS) == 0);
	buf_free(&paths);
}

CASE(environment)
{
	static char storage[8192];
	const char *env[HONEY_ENV];
	struct canaries c;
	struct buf text;

	make(&c);
	for (unsigned variant = 0; variant < DETONATION_VARIANTS; variant++) {
		struct detonation_order o = { .variant = (uint8_t)variant };
		bool ci = false, key = false;
		unsigned n = 0;
		buf_fixed(&text, storage, sizeof storage);
		honey_environment(&o, &c, &text, env);
		CHECK(text.err == OK);
		for (; n < HONEY_ENV && env[n] != NULL; n++) {
			ci |= strcmp(env[n], "CI=true") == 0;
			key |= strncmp(env[n], "OPENAI_API_KEY=sk-proj-", 23) == 0;
			CHECK(strchr(env[n], '{') == NULL);
		}
		CHECK(n < HONEY_ENV && ci == (variant == 1) && key);
	}
}

TESTS(CASE_ROW(files_and_their_events), CASE_ROW(environment))
