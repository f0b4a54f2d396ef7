/*
 * detonator/notify.c - one look at a system call of the box, then it goes on. What is read here can
 * change before the kernel reads it again, so it is evidence and never decides anything.
 * Input: hostile.   Runs in: supervisor.   Fuzz: fuzz/detonation_fuzz.c
 */
#include "detonator/supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	PATH_CAP = 400,
	ARGS_MAX = 6,
	SKIP_FROM_NS = 100000000, /* a sleep that is longer is over at once */
	TELL_FROM_S = 60,
	MESSAGES_MAX = 1024, /* as many as the kernel takes */
};

/* Reads n bytes at address of the caller; how many could be read. Split at the page's border: the
 * second page may not be there. */
static size_t peek(struct supervisor *s, pid_t pid, uint64_t address, void *out, size_t n)
{
	size_t first = PAGE - (size_t)(address % PAGE), got = 0;

	while (got < n) {
		size_t some = n - got < first ? n - got : first;
		struct iovec to = { (char *)out + got, some };
		union {
			uint64_t address;
			void *p;
		} at = { address + got };
		struct iovec from = { at.p, some };
		ssize_t r = process_vm_readv(pid, &to, 1, &from, 1, 0);
		/* EFAULT, ESRCH: the caller's own doing. Before the first exec the caller is
		 * ours, and not to be read. */
		if (r < 0 && errno != EFAULT && errno != ESRCH && s->execs > 0)
			break_off(s, "what the package asks of the system cannot be read: %s",
				  strerror(errno));
		if (r <= 0)
			break;
		got += (size_t)r;
		first = PAGE;
	}
	return got;
}

static struct str peek_text(struct supervisor *s, pid_t pid, uint64_t address, char *out,
			    size_t cap)
{
	size_t n = peek(s, pid, address, out, cap);

	return (struct str){ out, strnlen(out, n) };
}

/* ---- what may be looked at ---- */

/* Places where nothing but a search for a sandbox looks. */
static const struct str probes[] = {
	SC("/.dockerenv"),     SC("/run/.containerenv"),
	SC("/proc/1/"),	       SC("/proc/self/mountinfo"),
	SC("/proc/mounts"),    SC("/proc/self/mounts"),
	SC("/sys/class/dmi"),  SC("/sys/devices/virtual/dmi"),
	SC("/sys/hypervisor"), SC("/proc/scsi"),
	SC("/proc/self/maps"), SC("/proc/version"),
	SC("/proc/uptime"),
};

static void look_open(struct supervisor *s, pid_t pid, uint64_t address)
{
	char storage[PATH_CAP];
	struct str path = peek_text(s, pid, address, storage, sizeof storage);

	for (unsigned i = 0; i < sizeof probes / sizeof probes[0]; i++) {
		if (!str_has_prefix(path, probes[i]) || (s->probes >> i & 1u))
			continue;
		s->probes |= 1u << i;
		tell(s, FACT_PROBE, 0, path, S(""), S(""));
	}
}

static void look_exec(struct supervisor *s, pid_t pid, uint64_t path, uint64_t argv)
{
	char storage[PATH_CAP];
	uint64_t args[ARGS_MAX] = { 0 };
	char line[3 * PATH_CAP];
	struct buf b;

	if (s->execs++ == 0 || s->texts++ >= TEXTS_MAX)
		return; /* the first is ours */
	buf_fixed(&b, line, sizeof line);
	buf_add(&b, peek_text(s, pid, path, storage, sizeof storage));
	size_t got = peek(s, pid, argv, args, sizeof args) / sizeof args[0];
	for (size_t i = 1; i < got && args[i] != 0; i++) {
		buf_addc(&b, ' ');
		buf_add(&b, str_head(peek_text(s, pid, args[i], storage, sizeof storage), 160));
	}
	tell(s, FACT_EXEC, (uint32_t)pid, buf_str(&b), S(""), S(""));
}

/* What goes to the box itself stays there, and what goes to a whole network does not leave it. */
static bool stays(const struct sockaddr_in *v4)
{
	uint32_t ip = ntohl(v4->sin_addr.s_addr);

	return ip == INADDR_ANY || ip >> 24 == 127 || ip >> 28 == 14;
}

static bool stays_v6(const struct in6_addr *ip)
{
	struct sockaddr_in v4;

	memcpy(&v4.sin_addr, ip->s6_addr + 12, sizeof v4.sin_addr);
	if (IN6_IS_ADDR_V4MAPPED(ip))
		return stays(&v4);
	return IN6_IS_ADDR_LOOPBACK(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_MULTICAST(ip);
}

/* The port that an address names gets a listener before the call goes on. */
static void look_address(struct supervisor *s, pid_t pid, uint64_t address, uint64_t n)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		char bytes[sizeof(struct sockaddr_in6)];
	} a = { .bytes = { 0 } };

	if (address == 0 || n < sizeof a.v4 ||
	    peek(s, pid, address, a.bytes, n < sizeof a ? (size_t)n : sizeof a) < sizeof a.v4)
		return;
	if (a.sa.sa_family == AF_INET && !stays(&a.v4))
		ask_listen(s, ntohs(a.v4.sin_port));
	else if (a.sa.sa_family == AF_INET6 && !stays_v6(&a.v6.sin6_addr))
		ask_listen(s, ntohs(a.v6.sin6_port));
}

static void look_message(struct supervisor *s, pid_t pid, uint64_t address)
{
	struct msghdr m;
	union {
		void *p;
		uint64_t address;
	} name = { 0 };

	if (peek(s, pid, address, &m, sizeof m) != sizeof m)
		return;
	name.p = m.msg_name;
	look_address(s, pid, name.address, m.msg_namelen);
}

/* ---- sleep ---- */

static int64_t ns_of(const struct timespec *t)
{
	/* Of any size: a program says them. The kernel refuses what is no fraction of a second. */
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= 1000000000)
		return 0;
	if (t->tv_sec > INT64_MAX / 2000000000)
		return INT64_MAX / 2;
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* True: the sleep is over as soon as it began. */
static bool look_sleep(struct supervisor *s, const struct seccomp_notif *n)
{
	bool clock = n->data.nr == __NR_clock_nanosleep;
	struct timespec want, now;

	if (peek(s, (pid_t)n->pid, n->data.args[clock ? 2 : 0], &want, sizeof want) != sizeof want)
		return false;
	int64_t ns = ns_of(&want);
	if (clock && (n->data.args[1] & TIMER_ABSTIME)) {
		if (clock_gettime((clockid_t)n->data.args[0], &now) != 0)
			return false;
		ns -= ns_of(&now);
	}
	if (ns / 1000000000 >= TELL_FROM_S && s->texts++ < TEXTS_MAX)
		tell(s, FACT_SLEEP,
		     (uint32_t)(ns / 1000000000 > UINT32_MAX ? UINT32_MAX : ns / 1000000000), S(""),
		     S(""), S(""));
	return ns > SKIP_FROM_NS;
}

/* ---- one notification ---- */

struct answer {
	int64_t value;
	bool done; /* with that value; else the call goes on */
};

static void look(struct supervisor *s, const struct seccomp_notif *n, struct answer *a)
{
	const __u64 *args = n->data.args;
	pid_t pid = (pid_t)n->pid;

	switch (n->data.nr) {
#ifdef __NR_open
	case __NR_open:
	case __NR_creat:
		look_open(s, pid, args[0]);
		break;
#endif
	case __NR_openat:
	case __NR_openat2:
		look_open(s, pid, args[1]);
		break;
	case __NR_execve:
		look_exec(s, pid, args[0], args[1]);
		break;
	case __NR_execveat:
		look_exec(s, pid, args[1], args[2]);
		break;
	case __NR_connect:
		look_address(s, pid, args[1], args[2]);
		break;
	case __NR_sendto:
		look_address(s, pid, args[4], args[5]);
		break;
	case __NR_sendmsg:
		look_message(s, pid, args[1]);
		break;
	case __NR_sendmmsg:
		for (uint64_t i = 0; i < args[2] && i < MESSAGES_MAX; i++)
			look_message(s, pid, args[1] + i * sizeof(struct mmsghdr));
		break;
	case __NR_nanosleep:
	case __NR_clock_nanosleep:
		a->done = look_sleep(s, n);
		break;
	case __NR_sched_setaffinity: /* the box stays on one CPU: that narrows races */
		a->done = true;
		break;
	case __NR_ptrace:
		if ((s->probes & 1u << 31) == 0)
			tell(s, FACT_PROBE, 0, S("ptrace"), S(""), S(""));
		s->probes |= 1u << 31;
		break;
	default:
		break;
	}
}

void notify_answer(struct supervisor *s)
{
	union {
		struct seccomp_notif n;
		char room[512]; /* a newer kernel's may be larger */
	} got;
	union {
		struct seccomp_notif_resp r;
		char room[512];
	} back;
	struct answer a = { .done = false };

	memset(&got, 0, sizeof got);
	memset(&back, 0, sizeof back);
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &got.n) != 0) {
		if (errno != ENOENT && errno != EINTR) /* ENOENT: the caller has died */
			break_off(s, "system calls of the package cannot be seen: %s",
				  strerror(errno));
		return;
	}
	s->events++;
	look(s, &got.n, &a);
	back.r.id = got.n.id;
	back.r.val = a.value;
	back.r.flags = a.done ? 0 : (__u32)SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	int sent;
	do
		sent = ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &back.r);
	while (sent != 0 && errno == EINTR);
}
