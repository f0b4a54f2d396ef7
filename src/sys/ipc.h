/*
 * sys/ipc.h - control messages between keeper and its children, and between a client of the control
 * socket and keeper: SOCK_SEQPACKET, one message a datagram, descriptors attached. Ring 1.
 * A message is u16 type, u16 zero, u32 sequence, then the body that proto/control.h describes.
 */
#ifndef SYS_IPC_H
#define SYS_IPC_H

#include "base/buf.h"
#include "base/diag.h"

enum { IPC_FDS = 16, IPC_HEAD = 8 };

struct ipc_msg {
	uint16_t type;
	uint32_t seq;
	struct str body;
	int fds[IPC_FDS]; /* received; the receiver owns them */
	unsigned n_fds;
};

/* ipc_pair makes two connected close-on-exec, non-blocking ends. */
MUST_USE enum err ipc_pair(int out_fds[2], struct diag *d);

/* ipc_listen makes a listening socket at path with mode 0600. An old socket file there is replaced:
 * the caller holds a lock that says that nobody listens on it. */
MUST_USE enum err ipc_listen(const char *path, int *out_fd, struct diag *d);

/* ipc_connect connects to a listening socket (blocking use, for the command line). */
MUST_USE enum err ipc_connect(const char *path, int *out_fd, struct diag *d);

/* ipc_accept takes one waiting client; non-blocking, close-on-exec. ERR_AGAIN: none waits;
 * ERR_LIMIT: no descriptors left. */
MUST_USE enum err ipc_accept(int listen_fd, int *out_fd);

/* ipc_send sends one message. ERR_AGAIN: the socket is full;
 * ERR_NOT_FOUND: the peer is gone; ERR_LIMIT: larger than LIMIT_CONTROL. The descriptors stay the
 * caller's. */
MUST_USE enum err ipc_send(int fd, uint16_t type, uint32_t seq, struct str body, const int *fds,
			   unsigned n_fds);

/* ipc_recv receives one message into store (LIMIT_CONTROL bytes at least). ERR_AGAIN: none;
 * ERR_NOT_FOUND: the peer is gone; ERR_SYNTAX: no message of this form. */
MUST_USE enum err ipc_recv(int fd, struct buf *store, struct ipc_msg *out);

/* ipc_close_fds closes the descriptors that came with m and were not taken; ipc_take_fd takes
 * number i. */
void ipc_close_fds(struct ipc_msg *m);
int ipc_take_fd(struct ipc_msg *m, unsigned i);

/* ipc_peer_uid gives the uid at the other end of a Unix socket. */
MUST_USE enum err ipc_peer_uid(int fd, unsigned *out_uid);

#endif
