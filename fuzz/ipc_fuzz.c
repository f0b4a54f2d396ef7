/*
 * fuzz/ipc_fuzz.c - datagrams that no ipc_send made.
 * Oracle: a message arrives as it was sent or not at all, and sent again by ipc_send it is the same.
 */
#include "sys/ipc.h"

#include "base/limits.h"
#include "fuzz/fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf store;
	struct ipc_msg m, again;
	int fds[2];

	if (n == 0 || n > LIMIT_CONTROL)
		return 0;
	CHECK(ipc_pair(fds, NULL) == OK);
	buf_init(&store, LIMIT_CONTROL);
	CHECK(send(fds[0], p, n, 0) == (ssize_t)n);
	enum err e = ipc_recv(fds[1], &store, &m);
	bool formed = n >= IPC_HEAD && p[2] == 0 && p[3] == 0;
	CHECK(formed == (e == OK) && (e == OK || e == ERR_SYNTAX));
	if (e == OK) {
		CHECK(m.type == (p[0] | p[1] << 8) && m.n_fds == 0);
		CHECK(str_eq(m.body, (struct str){ (const char *)p + IPC_HEAD, n - IPC_HEAD }));
		CHECK(ipc_send(fds[0], m.type, m.seq, m.body, NULL, 0) == OK);
		CHECK(ipc_recv(fds[1], &store, &again) == OK);
		CHECK(again.type == m.type && again.seq == m.seq && again.body.n == n - IPC_HEAD);
	}
	CHECK(ipc_recv(fds[1], &store, &m) == ERR_AGAIN);
	buf_free(&store);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return 0;
}
