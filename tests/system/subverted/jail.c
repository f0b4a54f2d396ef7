/* tests/system/subverted/jail.c - out of the process: files, sockets, other processes, and the search for keys. */
#include "subverted.h"

#include "proto/counters.h"
#include "proto/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

unsigned char hidden_needle[NEEDLE_MAX];
unsigned hidden_needle_n;

/* Opening is refused rather than deadly, as libc does it in innocence. */
static void files(struct world *w)
{
	static const char *const paths[] = { "/etc/passwd", "/proc/self/maps", "/proc/self/environ", "/proc/1/mem",
					     "/proc/self/fd/8", "/dev/shm", "/", "." };
	char path[64];
	unsigned opened = 0;
	pid_t self = getpid();

	(void)w;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		for (int flags = O_RDONLY; flags <= O_RDWR; flags++)
			opened += open(paths[i], flags | O_CREAT, 0600) >= 0 || errno != EACCES;
	/* The neighbours: keeper and the egress of the pair were started just before. */
	for (pid_t p = self - 40; p < self + 40; p++) {
		(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)p);
		opened += open(path, O_RDONLY) >= 0 || errno != EACCES;
	}
	said("%u opened", opened);
}

static void use_socket(struct world *w)
{
	(void)w;
	said("socket %d", socket(AF_INET, SOCK_STREAM, 0));
}

/* A connection with a socket that is there already. */
static void use_connect(struct world *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };

	(void)w;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	said("connect %d", connect(START_LISTEN, (struct sockaddr *)&a, sizeof a));
}

/* Datagrams need no connection, but no socket here may send any. */
static void use_sendto(struct world *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53) };
	unsigned sent = 0;

	(void)w;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int fd = START_TX; fd <= START_COUNTERS; fd++)
		sent += sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&a, sizeof a) >= 0;
	said("%u sent", sent);
}

static void use_exec(struct world *w)
{
	char *argv[] = { NULL };

	(void)w;
	said("exec %d", execve("/bin/true", argv, argv));
}

static void use_fork(struct world *w)
{
	(void)w;
	said("fork %ld", syscall(SYS_clone, 0, 0, 0, 0, 0));
}

static void use_readv(struct world *w)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)w, 1 };

	said("process_vm_readv %zd", process_vm_readv(getpid() - 1, &here, 1, &there, 1, 0));
}

static void use_pidfd(struct world *w)
{
	(void)w;
	said("pidfd_open %ld", syscall(434, getpid() - 1, 0));
}

static void use_ptrace(struct world *w)
{
	(void)w;
	said("ptrace %ld", ptrace(PTRACE_ATTACH, getpid() - 1, NULL, NULL));
}

static void use_truncate(struct world *w)
{
	(void)w;
	said("ftruncate %d", ftruncate(START_USAGE, 0));
}

static void use_uring(struct world *w)
{
	(void)w;
	said("io_uring_setup %ld", syscall(425, 8, NULL));
}

static void use_exec_memory(struct world *w)
{
	(void)w;
	said("mmap %p", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* The policy is common to all ingress and admin: its hash of the master key must be nobody's to change. */
static void policy_write(struct world *w)
{
	char *p = mmap(NULL, w->policy_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->policy_fd, 0);
	ssize_t n = write(w->policy_fd, "evil", 4);
	bool protect = mprotect(w->policy, w->policy_bytes, PROT_READ | PROT_WRITE) == 0;

	said("mmap %s, write %zd, mprotect %s", p == MAP_FAILED ? "refused" : "granted", n,
	     protect ? "granted" : "refused");
}

static unsigned find(const void *at, size_t n)
{
	const unsigned char *p = at;
	unsigned found = 0;

	for (size_t i = 0; hidden_needle_n > 0 && i + hidden_needle_n <= n; i++) {
		unsigned k = 0;
		if ((p[i] ^ NEEDLE_MASK) != hidden_needle[0])
			continue;
		while (k < hidden_needle_n && (p[i + k] ^ NEEDLE_MASK) == hidden_needle[k])
			k++;
		found += k == hidden_needle_n;
	}
	return found;
}

/* After calls that succeeded and calls that failed, a provider's key is nowhere in what this process can read. */
static void search(struct world *w)
{
	struct call c = world_call(w);
	unsigned found, control;
	char *copy = malloc(NEEDLE_MAX);

	if (copy == NULL || hidden_needle_n == 0) {
		said("no needle");
		return;
	}
	for (uint32_t i = 0; i < 40; i++) {
		c.id = 1 + i;
		c.upstream = (uint16_t)(i % w->upstreams);
		c.fields[FIELD_USER_AGENT] = S("search");
		world_send(w, &c);
		(void)world_end(w, c.id, 2000);
	}
	found = find(w->tx_raw, RING_DATA_AT + LIMIT_RING) + find(w->rx_raw, RING_DATA_AT + LIMIT_RING) +
		find(w->arena, 64 << 20) + find(w->usage, sizeof *w->usage) + find(w->counters, sizeof *w->counters) +
		find(w->policy, w->policy_bytes) +
		find(w->message.p, w->message.cap);
	/* The search itself must be able to find. */
	for (unsigned i = 0; i < hidden_needle_n; i++)
		copy[i] = (char)(hidden_needle[i] ^ NEEDLE_MASK);
	control = find(copy, hidden_needle_n);
	said("found %u control %u", found, control);
}

const struct act jail_acts[] = {
	{ "files", files },
	{ "socket", use_socket },
	{ "connect", use_connect },
	{ "sendto", use_sendto },
	{ "exec", use_exec },
	{ "fork", use_fork },
	{ "process-vm-readv", use_readv },
	{ "pidfd-open", use_pidfd },
	{ "ptrace", use_ptrace },
	{ "ftruncate", use_truncate },
	{ "io-uring", use_uring },
	{ "exec-memory", use_exec_memory },
	{ "policy-write", policy_write },
	{ "search", search },
};
const unsigned jail_acts_n = sizeof jail_acts / sizeof jail_acts[0];
