/*
 * tests/system/shifted/clock.c - a wall clock that a test sets. It is linked into the gate's processes in place of
 * libc's clock_gettime and adds what the file "shift" beside the executable says, in nanoseconds. The file is
 * mapped before main, so before any jail. Other clocks are as they are.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ns;

__attribute__((constructor)) static void open_shift(void)
{
	char path[2200];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
	char *slash;

	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return;
	memcpy(slash + 1, "shift", sizeof "shift");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof *shift_ns, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		shift_ns = p;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	long r = syscall(SYS_clock_gettime, id, out);

	if (r == 0 && id == CLOCK_REALTIME && shift_ns != NULL) {
		int64_t ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + *shift_ns;
		out->tv_sec = (time_t)(ns / 1000000000);
		out->tv_nsec = (long)(ns % 1000000000);
	}
	return (int)r;
}

time_t time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}
