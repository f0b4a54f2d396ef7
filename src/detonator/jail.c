/*
 * detonator/jail.c - what the supervisor may still do while the target runs.   Runs in: supervisor.
 */
#include "detonator/jail.h"

#include "sys/jail_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

const struct jail_rule detonator_jail_rules[] = {
	/* Notifications, and the arguments of the calls that they are about. */
	JAIL_ARG(ioctl, 1, SECCOMP_IOCTL_NOTIF_RECV),
	JAIL_ARG(ioctl, 1, SECCOMP_IOCTL_NOTIF_SEND),
	JAIL(process_vm_readv),
	/* Its loop. */
	JAIL(ppoll),
#ifdef __NR_poll
	JAIL(poll),
#endif
	JAIL(wait4),
};
const size_t detonator_jail_n = sizeof detonator_jail_rules / sizeof detonator_jail_rules[0];

enum err detonator_lock(struct diag *d)
{
	const struct jail jail = { .role = "detonator",
				   .rules = detonator_jail_rules,
				   .n_rules = detonator_jail_n };
	struct sock_filter code[JAIL_CODE_MAX];
	size_t n = jail_filter_build(&jail, (uint32_t)getpid(), code);
	const struct sock_fprog program = { (unsigned short)n, code };

	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return diag_set(d, ERR_SYS, "cannot install the system call filter: %s",
				strerror(errno));
	return OK;
}
