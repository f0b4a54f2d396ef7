/* tests/unit/sys/ipc_test.c */
#include "sys/ipc.h"

#include "base/limits.h"

#include "../check.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct buf store;

static bool is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

CASE(messages_keep_their_bounds)
{
	int fds[2];
	struct ipc_msg m;
	static char large[LIMIT_CONTROL];

	buf_init(&store, LIMIT_CONTROL);
	CHECK(ipc_pair(fds, NULL) == OK);
	CHECK(ipc_recv(fds[1], &store, &m) == ERR_AGAIN);
	CHECK(ipc_send(fds[0], 7, 99, S("hello"), NULL, 0) == OK);
	CHECK(ipc_send(fds[0], 8, 100, S(""), NULL, 0) == OK);
	CHECK(ipc_recv(fds[1], &store, &m) == OK && m.type == 7 && m.seq == 99 && m.n_fds == 0);
	CHECK_STR(m.body, S("hello"));
	CHECK(ipc_recv(fds[1], &store, &m) == OK && m.type == 8 && m.body.n == 0);

	memset(large, 'x', sizeof large);
	struct str most = { large, sizeof large - IPC_HEAD };
	CHECK(ipc_send(fds[0], 9, 1, most, NULL, 0) == OK);
	CHECK(ipc_recv(fds[1], &store, &m) == OK && str_eq(m.body, most));
	most.n++;
	CHECK(ipc_send(fds[0], 9, 1, most, NULL, 0) == ERR_LIMIT);

	unsigned n = 0;
	while (ipc_send(fds[0], 9, n, S("fill"), NULL, 0) == OK && n < 100000)
		n++;
	CHECK(n < 100000);
	for (unsigned i = 0; i < n; i++)
		CHECK(ipc_recv(fds[1], &store, &m) == OK && m.seq == i);
	(void)close(fds[0]);
	CHECK(ipc_recv(fds[1], &store, &m) == ERR_NOT_FOUND);
	CHECK(ipc_send(fds[1], 1, 1, S("x"), NULL, 0) == ERR_NOT_FOUND);
	(void)close(fds[1]);
	buf_free(&store);
}

CASE(descriptors_travel)
{
	int fds[2], pipes[2];
	struct ipc_msg m;
	char c = 0;

	buf_init(&store, LIMIT_CONTROL);
	CHECK(ipc_pair(fds, NULL) == OK && pipe(pipes) == 0);
	CHECK(ipc_send(fds[0], 3, 4, S("with"), pipes, 2) == OK);
	CHECK(ipc_recv(fds[1], &store, &m) == OK && m.n_fds == 2);
	CHECK((fcntl(m.fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	CHECK(write(m.fds[1], "!", 1) == 1 && read(pipes[0], &c, 1) == 1 && c == '!');
	int taken = ipc_take_fd(&m, 0), left = m.fds[1];
	ipc_close_fds(&m);
	CHECK(!is_closed(taken) && is_closed(left) && m.n_fds == 0);
	(void)close(taken);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	(void)close(fds[0]);
	(void)close(fds[1]);
	buf_free(&store);
}

/* send_raw sends bytes that ipc_send would not, with n_fds copies of standard input. */
static void send_raw(int fd, struct str bytes, unsigned n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 32)];
	} control = { 0 };
	char copy[64];
	struct iovec iov = { copy, bytes.n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(copy, bytes.p, bytes.n);
	if (n_fds) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(int) * n_fds), SOL_SOCKET, SCM_RIGHTS };
		int *at = (int *)(void *)CMSG_DATA(c);
		for (unsigned i = 0; i < n_fds; i++)
			at[i] = STDERR_FILENO;
	}
	CHECK(sendmsg(fd, &m, 0) >= 0);
}

CASE(malformed_messages_leak_nothing)
{
	static const struct str bad[] = { SC("x"), SC("1234567"), SC("\1\0\1\0\0\0\0\0"), SC("\1\0\0\1\0\0\0\0") };
	int fds[2];
	struct ipc_msg m;

	buf_init(&store, LIMIT_CONTROL);
	CHECK(ipc_pair(fds, NULL) == OK);
	int next = dup(STDERR_FILENO);
	(void)close(next);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		send_raw(fds[0], bad[i], 1);
		CHECK(ipc_recv(fds[1], &store, &m) == ERR_SYNTAX);
	}
	send_raw(fds[0], S("\1\0\0\0\0\0\0\0"), 20); /* more descriptors than a message may have */
	CHECK(ipc_recv(fds[1], &store, &m) == ERR_SYNTAX);
	int after = dup(STDERR_FILENO);
	CHECK(after == next);
	(void)close(after);
	send_raw(fds[0], S(""), 0);
	CHECK(ipc_recv(fds[1], &store, &m) == ERR_NOT_FOUND);
	(void)close(fds[0]);
	(void)close(fds[1]);
	buf_free(&store);
}

CASE(a_named_socket)
{
	char path[128];
	struct stat st;
	struct diag d;
	int l, c, s;
	unsigned uid = 0;

	(void)snprintf(path, sizeof path, "/tmp/yett-ipc-test-%d", (int)getpid());
	CHECK(ipc_connect(path, &c, &d) == ERR_NOT_FOUND);
	CHECK(ipc_listen(path, &l, &d) == OK);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(ipc_accept(l, &s) == ERR_AGAIN);
	CHECK(ipc_connect(path, &c, &d) == OK);
	CHECK(ipc_accept(l, &s) == OK && ipc_peer_uid(s, &uid) == OK && uid == getuid());
	(void)close(l);
	CHECK(ipc_listen(path, &l, &d) == OK); /* nobody there any more: replaced */
	(void)close(l);
	(void)unlink(path);
	int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(ipc_listen(path, &l, &d) == ERR_EXISTS); /* not ours to remove */
	(void)close(file);
	(void)unlink(path);
}

TESTS(CASE_ROW(messages_keep_their_bounds), CASE_ROW(descriptors_travel),
      CASE_ROW(malformed_messages_leak_nothing), CASE_ROW(a_named_socket))
