/*
 * sys/userns.c - a user namespace, from inside.
 */
#include "sys/userns.h"

#include "sys/fs.h"

#include <fcntl.h>
#include <stdio.h>

static enum err put(const char *path, const char *text)
{
	AUTO(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 ? fs_write_all(fd, str_z(text)) : ERR_SYS;
}

static enum err map_one(const char *path, unsigned inside, unsigned id)
{
	char line[64];

	(void)snprintf(line, sizeof line, "%u %u 1", inside, id);
	return put(path, line);
}

enum err userns_map(unsigned inside, unsigned uid, unsigned gid)
{
	TRY(put("/proc/self/setgroups", "deny"));
	TRY(map_one("/proc/self/uid_map", inside, uid));
	return map_one("/proc/self/gid_map", inside, gid);
}
