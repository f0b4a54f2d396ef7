/*
 * sys/ipc.c - control messages over SOCK_SEQPACKET, with descriptors.
 * Input: hostile.   Runs in: every process.   Fuzz: fuzz/ipc_fuzz.c
 */
#include "sys/ipc.h"

#include "base/limits.h"
#include "base/rd.h"
#include "sys/listen.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOCKET_TYPE = SOCK_SEQPACKET | SOCK_CLOEXEC, BACKLOG = 16 };

enum err ipc_pair(int out_fds[2], struct diag *d)
{
	if (socketpair(AF_UNIX, SOCKET_TYPE | SOCK_NONBLOCK, 0, out_fds) != 0)
		return diag_set(d, ERR_SYS, "cannot make a socket pair: %s", strerror(errno));
	return OK;
}

static enum err address(const char *path, struct sockaddr_un *out, struct diag *d)
{
	size_t n = strlen(path);

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof out->sun_path)
		return diag_set(d, ERR_LIMIT, "'%s' is too long for a socket's path", path);
	memcpy(out->sun_path, path, n + 1);
	return OK;
}

static enum err connect_to(const struct sockaddr_un *to, int *out_fd)
{
	int fd = socket(AF_UNIX, SOCKET_TYPE, 0);

	if (fd < 0)
		return ERR_SYS;
	if (connect(fd, (const struct sockaddr *)(const void *)to, sizeof *to) != 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return saved == ENOENT || saved == ECONNREFUSED ? ERR_NOT_FOUND : ERR_SYS;
	}
	*out_fd = fd;
	return OK;
}

/* remove_old removes the socket file of a process that has ended, and nothing else. */
static enum err remove_old(const struct sockaddr_un *at, struct diag *d)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return OK;
	if (!S_ISSOCK(st.st_mode))
		return diag_set(d, ERR_EXISTS, "'%s' exists and is no socket", at->sun_path);
	if (unlink(at->sun_path) != 0)
		return diag_set(d, ERR_SYS, "cannot remove '%s': %s", at->sun_path,
				strerror(errno));
	return OK;
}

enum err ipc_listen(const char *path, int *out_fd, struct diag *d)
{
	struct sockaddr_un at;

	TRY(address(path, &at, d));
	TRY(remove_old(&at, d));
	int fd = socket(AF_UNIX, SOCKET_TYPE | SOCK_NONBLOCK, 0);
	/* The mode of the unbound socket becomes the file's, so there is no moment with another
	 * one. */
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0) {
		int saved = errno;
		if (fd >= 0)
			(void)close(fd);
		return diag_set(d, ERR_SYS, "cannot listen on '%s': %s", path, strerror(saved));
	}
	*out_fd = fd;
	return OK;
}

enum err ipc_connect(const char *path, int *out_fd, struct diag *d)
{
	struct sockaddr_un to;

	TRY(address(path, &to, d));
	enum err e = connect_to(&to, out_fd);
	if (e != OK)
		return diag_set(d, e, "cannot connect to '%s': %s", path, strerror(errno));
	return OK;
}

enum err ipc_accept(int listen_fd, int *out_fd)
{
	return listen_accept(listen_fd, out_fd, NULL);
}

enum err ipc_send(int fd, uint16_t type, uint32_t seq, struct str body, const int *fds,
		  unsigned n_fds)
{
	char head_bytes[IPC_HEAD];
	struct buf head;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * IPC_FDS)];
	} control = { 0 };
	struct iovec iov[2] = { { head_bytes, IPC_HEAD }, { (void *)(uintptr_t)body.p, body.n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = body.n ? 2 : 1 };

	assert(n_fds <= IPC_FDS);
	if (body.n > LIMIT_CONTROL - IPC_HEAD)
		return ERR_LIMIT;
	buf_fixed(&head, head_bytes, sizeof head_bytes);
	wr_u16(&head, type);
	wr_u16(&head, 0);
	wr_u32(&head, seq);
	if (n_fds > 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	while (sendmsg(fd, &m, MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return ERR_AGAIN;
		return errno == EPIPE || errno == ECONNRESET ? ERR_NOT_FOUND : ERR_SYS;
	}
	return OK;
}

/* take_fds moves the descriptors of a received message into out, dropping what does not fit. */
static void take_fds(struct msghdr *m, struct ipc_msg *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (out->n_fds < IPC_FDS)
				out->fds[out->n_fds++] = fd;
			else
				(void)close(fd);
		}
	}
}

void ipc_close_fds(struct ipc_msg *m)
{
	for (unsigned i = 0; i < m->n_fds; i++)
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
	m->n_fds = 0;
}

int ipc_take_fd(struct ipc_msg *m, unsigned i)
{
	assert(i < m->n_fds);
	int fd = m->fds[i];

	m->fds[i] = -1;
	return fd;
}

enum err ipc_recv(int fd, struct buf *store, struct ipc_msg *out)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * IPC_FDS)];
	} control;
	struct ipc_msg got = { 0 };
	ssize_t n;

	buf_reset(store);
	char *at = buf_room(store, LIMIT_CONTROL);
	if (at == NULL)
		return ERR_NOMEM;
	struct iovec iov = { at, LIMIT_CONTROL };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof control.bytes };
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	if (n < 0)
		return errno == ECONNRESET ? ERR_NOT_FOUND : ERR_SYS;
	take_fds(&m, &got);
	if (n == 0 && got.n_fds == 0)
		return ERR_NOT_FOUND; /* the end; an empty message means the same */
	buf_grew(store, (size_t)n);

	struct rd r = rd_from(buf_str(store));
	got.type = rd_u16(&r);
	uint16_t zero = rd_u16(&r);
	got.seq = rd_u32(&r);
	if (r.err != OK || zero != 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		ipc_close_fds(&got);
		return ERR_SYNTAX;
	}
	got.body = str_tail(buf_str(store), IPC_HEAD);
	*out = got;
	return OK;
}

enum err ipc_peer_uid(int fd, unsigned *out_uid)
{
	struct ucred who;
	socklen_t n = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return ERR_SYS;
	*out_uid = who.uid;
	return OK;
}
