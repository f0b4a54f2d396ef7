/*
 * detonator/filter.c - the system call filter of the box. Input: own.   Runs in: box.
 */
#include "detonator/filter.h"

#include "sys/native.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	IS = BPF_JMP | BPF_JEQ | BPF_K,
	CODE_MAX = 256,
	NAMESPACES = 0x7e020000
};

/* The supervisor looks at these. */
static const uint16_t watched[] = {
#ifdef __NR_open
	__NR_open,	__NR_creat,
#endif
	__NR_openat,	__NR_openat2, __NR_execve,	    __NR_execveat,
	__NR_connect,	__NR_sendto,  __NR_sendmsg,	    __NR_sendmmsg,
	__NR_nanosleep, __NR_ptrace,  __NR_clock_nanosleep, __NR_sched_setaffinity,
};

/* Refused as if this kernel had them not: libc has another way; memory, queues and semaphores of
 * System V are nobody's and bounded by nothing. */
static const uint16_t absent[] = {
	__NR_shmget,	     __NR_msgget,	  __NR_semget,
	__NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register,
	__NR_clone3,
};

/* Doors to more of the kernel than a package needs, and out of the namespaces. */
static const uint16_t refused[] = {
	__NR_unshare,
	__NR_setns,
	__NR_mount,
	__NR_umount2,
	__NR_pivot_root,
	__NR_chroot,
	__NR_move_mount,
	__NR_open_tree,
	__NR_fsopen,
	__NR_fsmount,
	__NR_fsconfig,
	__NR_fspick,
	__NR_mount_setattr,
	__NR_bpf,
	__NR_keyctl,
	__NR_add_key,
	__NR_request_key,
	__NR_userfaultfd,
	__NR_perf_event_open,
	__NR_pidfd_getfd,
	__NR_kcmp,
	__NR_name_to_handle_at,
	__NR_open_by_handle_at,
	__NR_init_module,
	__NR_finit_module,
	__NR_delete_module,
	__NR_kexec_load,
	__NR_kexec_file_load,
	__NR_quotactl,
	__NR_acct,
	__NR_swapon,
	__NR_swapoff,
	__NR_reboot,
	__NR_syslog,
	__NR_seccomp,
};

/* Of socket: no family that namespaces do not hold back, as AF_VSOCK to the host of a virtual
 * machine, and no protocol for which the kernel would load a module or that the sink does not
 * speak. */
static const struct {
	uint16_t family, protocol;
} sockets[] = {
	{ AF_UNIX, 0 },
	{ AF_INET, 0 },
	{ AF_INET, IPPROTO_TCP },
	{ AF_INET, IPPROTO_UDP },
	{ AF_INET, IPPROTO_ICMP },
	{ AF_INET6, 0 },
	{ AF_INET6, IPPROTO_TCP },
	{ AF_INET6, IPPROTO_UDP },
	{ AF_INET6, IPPROTO_ICMPV6 },
	{ AF_NETLINK, 0 /* NETLINK_ROUTE */ },
};

struct program {
	struct sock_filter code[CODE_MAX];
	unsigned short n;
};

static void emit(struct program *p, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert(p->n < CODE_MAX);
	p->code[p->n++] = (struct sock_filter){ op, jt, jf, k };
}

static void load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void when(struct program *p, uint32_t equals, uint32_t verdict)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, equals);
	emit(p, BPF_RET | BPF_K, 0, 0, verdict);
}

static void all(struct program *p, const uint16_t *calls, size_t n, uint32_t verdict)
{
	for (size_t i = 0; i < n; i++)
		when(p, calls[i], verdict);
}

#define ALL(p, calls, verdict) all(p, calls, sizeof(calls) / sizeof(calls)[0], verdict)

static void verdict(struct program *p, uint32_t v)
{
	emit(p, BPF_RET | BPF_K, 0, 0, v);
}

/* Where an argument of the call stands, the half of it that counts on these machines. */
static size_t argument(unsigned i)
{
	return offsetof(struct seccomp_data, args) + 8 * i;
}

static void sockets_only(struct program *p)
{
	const uint8_t n = sizeof sockets / sizeof sockets[0];

	emit(p, IS, 0, (uint8_t)(5 * n + 1), __NR_socket);
	for (uint8_t i = 0; i < n; i++) {
		load(p, argument(0));
		emit(p, IS, 0, 3, sockets[i].family);
		load(p, argument(2));
		when(p, sockets[i].protocol, SECCOMP_RET_ALLOW);
	}
	verdict(p, SECCOMP_RET_ERRNO | EPROTONOSUPPORT);
	emit(p, IS, 0, 4, __NR_socketpair);
	load(p, argument(0));
	when(p, AF_UNIX, SECCOMP_RET_ALLOW);
	verdict(p, SECCOMP_RET_ERRNO | EPROTONOSUPPORT);
}

/* Where core_pattern is a program, a limit of 1 alone keeps the machine from starting it, as root,
 * with what a process of the box left: so nobody changes it, and is told that it is changed. */
static void core_limit_stays(struct program *p)
{
	emit(p, IS, 0, 4, __NR_setrlimit);
	load(p, argument(0));
	when(p, RLIMIT_CORE, SECCOMP_RET_ERRNO);
	verdict(p, SECCOMP_RET_ALLOW);
	emit(p, IS, 0, 9, __NR_prlimit64);
	load(p, argument(1));
	emit(p, IS, 0, 6, RLIMIT_CORE);
	load(p, argument(2)); /* the new limit: NULL only asks for it */
	emit(p, IS, 0, 3, 0);
	load(p, argument(2) + 4);
	emit(p, IS, 0, 1, 0);
	verdict(p, SECCOMP_RET_ALLOW);
	verdict(p, SECCOMP_RET_ERRNO);
	verdict(p, SECCOMP_RET_ALLOW);
}

/* The rules that look at an argument; the call's number is in the accumulator before each. */
static void arguments(struct program *p)
{
	emit(p, IS, 0, 4, __NR_clone);
	load(p, argument(0));
	emit(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
	verdict(p, SECCOMP_RET_ERRNO | EPERM);
	verdict(p, SECCOMP_RET_ALLOW);
	sockets_only(p);
	core_limit_stays(p);
}

enum err filter_install(int *out_listener)
{
	struct program p = { .n = 0 };
	const unsigned long listen = SECCOMP_FILTER_FLAG_NEW_LISTENER;

	load(&p, offsetof(struct seccomp_data, arch));
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
	emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, OTHERS);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	arguments(&p);
	ALL(&p, watched, SECCOMP_RET_USER_NOTIF);
	ALL(&p, absent, SECCOMP_RET_ERRNO | ENOSYS);
	ALL(&p, refused, SECCOMP_RET_ERRNO | EPERM);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { p.n, p.code };
	long fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
			  listen | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	if (fd < 0 && errno == EINVAL) /* a kernel before 5.19 */
		fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, listen, &program);
	if (fd < 0)
		return ERR_SYS;
	*out_listener = (int)fd;
	return OK;
}
