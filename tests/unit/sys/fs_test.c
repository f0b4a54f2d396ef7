/* tests/unit/sys/fs_test.c - files, listeners, log text */
#include "sys/fs.h"

#include "sys/listen.h"
#include "sys/log.h"

#include "../check.h"

#include <fcntl.h>
#include <sys/stat.h>

static char root[64];

static const char *in_root(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	return path;
}

CASE(directories_and_files)
{
	struct buf b;
	struct stat st;
	struct diag d;

	(void)snprintf(root, sizeof root, "/tmp/yett-fs-test-%d", (int)getpid());
	CHECK(fs_mkdirs(in_root("a/b"), &d) == OK && fs_mkdirs(in_root("a/b"), &d) == OK);
	CHECK(stat(in_root("a"), &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(fs_write(in_root("f"), S("one"), 0600, &d) == OK);
	CHECK(fs_write(in_root("f"), S("second"), 0600, &d) == OK);
	buf_init(&b, 6);
	CHECK(fs_read(in_root("f"), FS_NOFOLLOW | FS_PRIVATE, &b, &d) == OK);
	CHECK_STR(buf_str(&b), S("second"));
	buf_free(&b);
	buf_init(&b, 5);
	CHECK(fs_read(in_root("f"), 0, &b, &d) == ERR_LIMIT);
	buf_reset(&b);
	CHECK(fs_read(in_root("none"), 0, &b, &d) == ERR_NOT_FOUND);
	CHECK(fs_read(root, 0, &b, &d) == ERR_DENIED);
	CHECK(symlink("f", in_root("l")) == 0);
	CHECK(fs_read(in_root("l"), FS_NOFOLLOW, &b, &d) == ERR_SYS);
	CHECK(chmod(in_root("f"), 0644) == 0 && fs_read(in_root("f"), FS_PRIVATE, &b, &d) == ERR_DENIED);
	CHECK(fs_mkdirs(in_root("f/x"), &d) != OK);
	CHECK(fs_write(in_root("none/x"), S(""), 0600, &d) == ERR_SYS);
	CHECK(chmod(in_root("a"), 0777) == 0 && fs_mkdirs(in_root("a"), &d) == ERR_DENIED && str_find(str_z(d.text), S("mode 0700")) != SIZE_MAX);
	buf_free(&b);
	(void)unlink(in_root("l"));
	(void)unlink(in_root("f"));
	(void)rmdir(in_root("a/b"));
	(void)rmdir(in_root("a"));
	CHECK(rmdir(root) == 0); /* no temporary file is left */
}

CASE(memory_files)
{
	int fd = -1;
	struct str s;

	CHECK(fs_memfd("t", S("blob"), &fd, NULL) == OK);
	CHECK(fs_map(fd, 4, &s, NULL) == OK && str_eq(s, S("blob")));
	fs_unmap(s);
	CHECK(fs_map(fd, 3, &s, NULL) == ERR_LIMIT);
	CHECK(write(fd, "x", 1) < 0);
	(void)close(fd);
	fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(write(fd, "x", 1) == 1 && fs_map(fd, 4, &s, NULL) == ERR_SYNTAX);
	(void)close(fd);
}

static bool round_trip(const char *in, const char *want, bool loopback)
{
	struct listen_addr a;
	char text[LISTEN_TEXT];

	return listen_parse(str_z(in), &a, NULL) == OK && strcmp(listen_format(&a, text), want) == 0 &&
	       listen_is_loopback(&a) == loopback;
}

CASE(addresses)
{
	struct listen_addr a;

	CHECK(round_trip("127.0.0.1:4000", "127.0.0.1:4000", true));
	CHECK(round_trip("localhost:1", "127.0.0.1:1", true));
	CHECK(round_trip("127.9.9.9:0", "127.9.9.9:0", true));
	CHECK(round_trip(":4000", "0.0.0.0:4000", false));
	CHECK(round_trip("*:4000", "0.0.0.0:4000", false));
	CHECK(round_trip("[::1]:65535", "[::1]:65535", true));
	CHECK(round_trip("[::]:80", "[::]:80", false));
	CHECK(round_trip("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", true));
	CHECK(round_trip("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.1]:80", false));
	static const char *const bad[] = { "", "4000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
		"[::1]", "[::1:80", "example.com:80", "127.0.0.1:-1", "256.0.0.1:80", "[]:80", "[127.0.0.1]:80" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(listen_parse(str_z(bad[i]), &a, NULL) == ERR_USAGE);
}

CASE(listeners)
{
	struct listen_addr a, peer;
	int one, two, client, got;
	struct diag d;

	CHECK(listen_parse(S("127.0.0.1:0"), &a, &d) == OK);
	CHECK(listen_probe(&a, &d) == OK);
	CHECK(listen_open(&a, 16, &one, &d) == OK && a.v4.sin_port != 0);
	CHECK(listen_probe(&a, &d) == ERR_SYS); /* taken */
	CHECK(listen_open(&a, 16, &two, &d) == OK);
	CHECK(listen_accept(one, &got, NULL) == ERR_AGAIN);
	(void)close(two);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(client, &a.sa, a.n) == 0);
	CHECK(listen_accept(one, &got, &peer) == OK && listen_is_loopback(&peer));
	CHECK(fcntl(got, F_GETFL) & O_NONBLOCK);
	(void)close(got);
	(void)close(client);
	(void)close(one);
}

CASE(local_listeners)
{
	char path[64];
	struct listen_addr a;
	struct stat st;
	struct diag d;
	int one, two;

	(void)snprintf(path, sizeof path, "/tmp/yett-listen-%d", (int)getpid());
	CHECK(round_trip(path, path, true));
	CHECK(listen_parse(str_z(path), &a, &d) == OK && listen_open(&a, 16, &one, &d) == OK);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	(void)close(one);
	CHECK(listen_open(&a, 16, &two, &d) == OK); /* left over */
	(void)close(two);
	(void)unlink(path);
}

CASE(log_text)
{
	char out[16];

	CHECK_STR(str_z(log_str(S("plain text"), out, sizeof out)), S("plain text"));
	CHECK_STR(str_z(log_str(S("a\n\x1b\\"), out, sizeof out)), S("a\\x0a\\x1b\\x5c"));
	CHECK_STR(str_z(log_str(S("fifteen letters"), out, sizeof out)), S("fifteen letters"));
	CHECK_STR(str_z(log_str(S("sixteen letters!"), out, sizeof out)), S("sixteen lett..."));
	CHECK_STR(str_z(log_str(S("\n\n\n\n\n\n"), out, sizeof out)), S("\\x0a\\x0a\\x0a..."));
	CHECK_STR(str_z(log_str(S("abc"), out, 1)), S(""));
	CHECK_STR(str_z(log_str(S("abc"), out, 3)), S(".."));
	CHECK_STR(str_z(log_str(S("abc"), out, 0)), S(""));
}

TESTS(CASE_ROW(directories_and_files), CASE_ROW(memory_files), CASE_ROW(addresses), CASE_ROW(listeners), CASE_ROW(local_listeners),
      CASE_ROW(log_text))
