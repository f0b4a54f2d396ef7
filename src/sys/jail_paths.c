/*
 * sys/jail_paths.c - what Landlock leaves reachable. Apart from jail.c, so that a process which may
 * reach no path at all has no open in it.   Runs in: keeper, egress.
 */
#include "sys/jail.h"

#include "sys/fs.h"
#include "sys/jail_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err jail_allow(int ruleset, uint64_t handled, const struct jail_path *p, struct diag *d)
{
	AUTO(fd_closep) int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return OK; /* what is not there needs no rule */
	if (fd < 0 || fstat(fd, &st) != 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", p->path, strerror(errno));
	struct ll_beneath rule = { .allowed = p->write ? LL_READS | LL_WRITES : LL_READS,
				   .parent = fd };
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= LL_ON_FILES;
	rule.allowed &= handled;
	if (syscall(LL_ADD, ruleset, LL_PATH_BENEATH, &rule, 0) != 0)
		return diag_set(d, ERR_SYS, "cannot add '%s' to the Landlock rules: %s", p->path,
				strerror(errno));
	return OK;
}
