/*
 * bench/load/relay.c - the floor: a TCP relay that reads nothing of what it moves, one connection
 *to the provider for each of a client's. One thread, epoll, edge-triggered.
 *
 *	relay LISTEN_PORT PROVIDER_PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 20000, CHUNK = 64 << 10 };

/* One direction: what its destination refused. While something waits, its source is not read. */
struct pipe {
	char *p;
	size_t n, at;
};

static int peer_of[FDS_MAX];	     /* 0: not a relayed descriptor */
static struct pipe waiting[FDS_MAX]; /* for this descriptor to take */
static char scratch[CHUNK];
static int epoll_fd;

static void pair_close(int fd)
{
	int both[2] = {fd, peer_of[fd]};

	for (int i = 0; i < 2; i++) {
		free(waiting[both[i]].p);
		waiting[both[i]] = (struct pipe){0};
		peer_of[both[i]] = 0;
		close(both[i]);
	}
}

/* keep stores what fd refused. */
static bool keep(int fd, const char *p, size_t n)
{
	waiting[fd] = (struct pipe){malloc(n), n, 0};
	if (waiting[fd].p != NULL)
		memcpy(waiting[fd].p, p, n);
	return waiting[fd].p != NULL;
}

/* pump moves bytes from fd to its peer until one of both would block; false: the pair is over. */
static bool pump(int fd)
{
	int to = peer_of[fd];

	while (waiting[to].p == NULL) {
		ssize_t n = recv(fd, scratch, CHUNK, 0);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		ssize_t sent = send(to, scratch, (size_t)n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent < 0)
			sent = 0;
		if (sent < n && !keep(to, scratch + sent, (size_t)(n - sent)))
			return false;
		if (n < CHUNK)
			return true;
	}
	return true;
}

static bool flush(int fd)
{
	struct pipe *w = &waiting[fd];

	if (w->p == NULL)
		return true;
	while (w->at < w->n) {
		ssize_t n = send(fd, w->p + w->at, w->n - w->at, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		w->at += (size_t)n;
	}
	free(w->p);
	*w = (struct pipe){0};
	return pump(peer_of[fd]);
}

static void watch(int fd)
{
	int one = 1;
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void accept_all(int listen_fd, const struct sockaddr_in *to)
{
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		int up = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (up < 0 || up >= FDS_MAX || fd >= FDS_MAX ||
		    connect(up, (const struct sockaddr *)to, sizeof *to) != 0) {
			close(fd);
			if (up >= 0)
				close(up);
			continue;
		}
		peer_of[fd] = up;
		peer_of[up] = fd;
		waiting[fd] = waiting[up] = (struct pipe){0};
		watch(fd);
		watch(up);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event ev[256];
	int one = 1;

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	struct sockaddr_in from = loopback(argv[1]), to = loopback(argv[2]);
	int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listen_fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    listen(listen_fd, 4096) != 0) {
		perror("relay: listen");
		return 1;
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event accepting = {.events = EPOLLIN | EPOLLET, .data.fd = listen_fd};
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &accepting);
	for (;;) {
		int n = epoll_wait(epoll_fd, ev, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;
			if (fd == listen_fd)
				accept_all(listen_fd, &to);
			else if (peer_of[fd] != 0 && (ev[i].events & EPOLLOUT) != 0 && !flush(fd))
				pair_close(fd);
			else if (peer_of[fd] != 0 && (ev[i].events & ~(uint32_t)EPOLLOUT) != 0 &&
				 !pump(fd))
				pair_close(fd);
		}
	}
}
