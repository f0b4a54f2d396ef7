/*
 * sys/jail_filter.c - rules to a seccomp program, and to text.
 * The program is a plain list: the kernel remembers per call number what a filter always allows, so
 * its length costs nothing on the calls that matter.
 */
#include "sys/jail_filter.h"

#include "sys/native.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#if defined(__aarch64__)
/* Calls that this architecture never had: their successors stand in, twice in the list. */
#define __NR_epoll_wait __NR_epoll_pwait
#define __NR_open       __NR_openat
#define __NR_access     __NR_faccessat
#define __NR_readlink   __NR_readlinkat
#define __NR_stat       __NR_newfstatat
#define __NR_lstat      __NR_newfstatat
#endif

const struct jail_rule jail_common[] = {
	JAIL(recvfrom),
	JAIL(sendto),
	JAIL(recvmsg),
	JAIL(sendmsg),
	JAIL(read),
	JAIL(write),
	JAIL(writev),
	JAIL(epoll_wait),
	JAIL(epoll_pwait),
	JAIL(epoll_ctl),
	JAIL(close),
	JAIL(shutdown),
	JAIL(futex),
	JAIL(munmap),
	JAIL(mremap),
	JAIL(brk),
	JAIL(madvise),
	JAIL(clock_gettime),
	JAIL(gettimeofday),
	JAIL(getrandom),
	JAIL(fstat),
	JAIL(exit),
	JAIL(exit_group),
	JAIL(rt_sigreturn),
	JAIL(rt_sigprocmask),
	JAIL(rt_sigaction),
	JAIL(restart_syscall),
	JAIL(getpid),
	JAIL(gettid),
	JAIL(sched_yield),
	/* No memory becomes executable any more. */
	JAIL_BITS(mmap, 2, PROT_EXEC, 0),
	JAIL_BITS(mprotect, 2, PROT_EXEC, 0),
	JAIL_ARG(fcntl, 1, F_GET_SEALS),
	JAIL_ARG(fcntl, 1, F_GETFL),
	JAIL_ARG(fcntl, 1, F_GETFD),
	/* What libraries do in innocence and can do without. */
	JAIL_SOFT(open),
	JAIL_SOFT(openat),
	JAIL_SOFT(newfstatat),
	JAIL_SOFT(stat),
	JAIL_SOFT(lstat),
	JAIL_SOFT(access),
	JAIL_SOFT(faccessat),
	JAIL_SOFT(readlink),
	JAIL_SOFT(readlinkat),
	JAIL_SOFT(sysinfo),
	JAIL_SOFT(uname),
	JAIL_SOFT(prlimit64),
	JAIL_SOFT(sched_getaffinity),
	{ __NR_ioctl, JAIL_EACCES, 1, UINT32_MAX, TCGETS },
};
const size_t jail_common_n = sizeof jail_common / sizeof jail_common[0];

struct program {
	struct sock_filter *code;
	size_t n;
};

static void emit(struct program *p, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert(p->n < JAIL_CODE_MAX);
	p->code[p->n++] = (struct sock_filter){ op, jt, jf, k };
}

static void load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static uint32_t verdict(uint8_t action)
{
	switch ((enum jail_action)action) {
	case JAIL_ALLOW:
		return SECCOMP_RET_ALLOW;
	case JAIL_EACCES:
		return SECCOMP_RET_ERRNO | EACCES;
	case JAIL_ENOSYS:
		return SECCOMP_RET_ERRNO | ENOSYS;
	case JAIL_LOG:
		return SECCOMP_RET_LOG;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* add compiles one rule; the call's number is in the accumulator before and, when it does not
 * match, after. */
static void add(struct program *p, const struct jail_rule *r)
{
	const uint16_t is = BPF_JMP | BPF_JEQ | BPF_K;

	if (r->mask == 0) {
		emit(p, is, 0, 1, r->nr);
		emit(p, BPF_RET | BPF_K, 0, 0, verdict(r->action));
		return;
	}
	/*
	 * Only the low half of the argument is looked at: the kernel takes these arguments (flags,
	 * commands, ids) as 32-bit values, or as bit sets whose defined bits all lie there.
	 */
	assert(r->arg < 6);
	emit(p, is, 0, 5, r->nr);
	load(p, offsetof(struct seccomp_data, args) + r->arg * sizeof(uint64_t));
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, r->mask);
	emit(p, is, 0, 1, r->value);
	emit(p, BPF_RET | BPF_K, 0, 0, verdict(r->action));
	load(p, offsetof(struct seccomp_data, nr));
}

size_t jail_filter_build(const struct jail *j, uint32_t self,
			 struct sock_filter code[JAIL_CODE_MAX])
{
	struct program p = { code, 0 };
	const struct jail_rule abort_self = { __NR_tgkill, JAIL_ALLOW, 0, UINT32_MAX, self };

	load(&p, offsetof(struct seccomp_data, arch));
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
	emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, OTHERS);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < j->n_rules; i++) /* first, so that a role may soften or allow more */
		add(&p, &j->rules[i]);
	for (size_t i = 0; i < jail_common_n; i++)
		add(&p, &jail_common[i]);
	for (size_t i = 0; i < jail_sanitizer_n; i++)
		add(&p, &jail_sanitizer_rules[i]);
	add(&p, &abort_self);
	emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	return p.n;
}

/* ---- text ---- */

static void dump_rule(const struct jail_rule *r, struct buf *out)
{
	static const char *const verbs[] = { "allow", "EACCES", "ENOSYS", "log" };
	const char *name = jail_call_name(r->nr);

	buf_addf(out, "%-6s ", verbs[r->action]);
	if (name != NULL)
		buf_add(out, str_z(name));
	else
		buf_addf(out, "call-%u", r->nr);
	if (r->mask == UINT32_MAX)
		buf_addf(out, " when argument %u is %u", r->arg, r->value);
	else if (r->mask != 0)
		buf_addf(out, " when argument %u & %#x is %#x", r->arg, r->mask, r->value);
	buf_addc(out, '\n');
}

void jail_dump(const struct jail *j, struct buf *out)
{
	buf_addf(out, "role %s\n", j->role);
	buf_addf(out, "landlock tcp connect %s, tcp bind %s, signals %s\n",
		 j->tcp_connect ? "yes" : "no", j->tcp_bind ? "yes" : "no",
		 "only to what it started");
	for (size_t i = 0; i < j->n_paths; i++)
		buf_addf(out, "landlock %s %s\n", j->paths[i].write ? "write" : "read",
			 j->paths[i].path);
	for (size_t i = 0; i < j->n_rules; i++)
		dump_rule(&j->rules[i], out);
	buf_add(out, S("every role:\n"));
	for (size_t i = 0; i < jail_common_n; i++)
		dump_rule(&jail_common[i], out);
	buf_add(out, S("allow  tgkill to itself\nkill   everything else\n"));
}
