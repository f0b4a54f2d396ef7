/*
 * detonator/preload/preload.c - a clock that skips sleeps, loaded into every process of the box. A
 * sleep returns at once and all clocks have gone on by as much, for all processes: the seconds to
 * add stand in a page that they share. It lives in the hostile process, so nothing rests on it; who
 * goes around it meets the supervisor, which ends long sleeps without moving the clock.
 *
 * Calls that wait for descriptors, too, wait REAL_MS first, so that an answer can come.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { REAL_MS = 50 };
#define BILLION 1000000000

struct page {
	_Atomic int64_t wall_s;	  /* of the wall clock alone: the date */
	_Atomic int64_t slept_ns; /* of all clocks */
};

static struct page *_Atomic shared;
static struct page own;

static struct page *page(void)
{
	struct page *p = shared;

	if (p != NULL)
		return p;
	long fd = syscall(SYS_openat, AT_FDCWD, "/dev/shm/.clock", O_RDWR | O_CLOEXEC);
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	if (fd >= 0)
		(void)syscall(SYS_close, fd);
	p = at == MAP_FAILED ? &own : at;
	shared = p;
	return p;
}

static int64_t ns_of(const struct timespec *t)
{
	if (t->tv_sec > INT64_MAX / BILLION - 1)
		return INT64_MAX / 2;
	return (int64_t)t->tv_sec * BILLION + t->tv_nsec;
}

static struct timespec of_ns(int64_t ns)
{
	return (struct timespec){ ns / BILLION, ns % BILLION };
}

static void skip(int64_t ns)
{
	if (ns > 0)
		atomic_fetch_add(&page()->slept_ns, ns);
}

/* The library's own function behind ours. */
static void *next(const char *name, void *_Atomic *kept)
{
	if (*kept == NULL)
		*kept = dlsym(RTLD_NEXT, name);
	return *kept;
}
#define NEXT(name)                                                                                 \
	({                                                                                         \
		static void *_Atomic kept;                                                         \
		(__typeof__(&name))next(#name, &kept);                                             \
	})

static int is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI;
}

static int is_shifted(clockid_t id)
{
	return is_wall(id) || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW ||
	       id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME;
}

static int64_t shift_of(clockid_t id)
{
	if (!is_shifted(id))
		return 0;
	return page()->slept_ns + (is_wall(id) ? page()->wall_s * BILLION : 0);
}

/* ---- clocks ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = NEXT(clock_gettime)(id, t);

	if (r == 0)
		*t = of_ns(ns_of(t) + shift_of(id));
	return r;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	*t = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* ---- sleeps ---- */

int clock_nanosleep(clockid_t id, int flags, const struct timespec *want, struct timespec *left)
{
	struct timespec now;

	(void)left;
	if (want == NULL || want->tv_nsec < 0 || want->tv_nsec >= BILLION || want->tv_sec < 0)
		return EINVAL;
	if ((flags & TIMER_ABSTIME) == 0)
		skip(ns_of(want));
	else if (clock_gettime(id, &now) == 0)
		skip(ns_of(want) - ns_of(&now));
	return 0;
}

int nanosleep(const struct timespec *want, struct timespec *left)
{
	int e = clock_nanosleep(CLOCK_MONOTONIC, 0, want, left);

	errno = e ? e : errno;
	return e ? -1 : 0;
}

unsigned sleep(unsigned s)
{
	skip((int64_t)s * BILLION);
	return 0;
}

int usleep(useconds_t us)
{
	skip((int64_t)us * 1000);
	return 0;
}

/* ---- waits for descriptors ---- */

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	int some = ms < 0 || ms > REAL_MS ? (ms < 0 ? -1 : REAL_MS) : ms;
	int r = NEXT(poll)(fds, n, n == 0 && ms > 0 ? 0 : some);

	if (r == 0 && ms > some)
		skip((int64_t)(ms - some) * 1000000);
	return r;
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *want, const sigset_t *mask)
{
	struct timespec some = { 0, REAL_MS * 1000000 };

	if (want == NULL || ns_of(want) <= ns_of(&some))
		return NEXT(ppoll)(fds, n, want, mask);
	int r = NEXT(ppoll)(fds, n, &some, mask);
	if (r == 0)
		skip(ns_of(want) - ns_of(&some));
	return r;
}

int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict x,
	   struct timeval *restrict want)
{
	struct timeval some = { 0, n == 0 ? 0 : REAL_MS * 1000 };

	if (want == NULL || (want->tv_sec == 0 && want->tv_usec <= REAL_MS * 1000))
		return NEXT(select)(n, r, w, x, want);
	int got = NEXT(select)(n, r, w, x, &some);
	if (got == 0)
		skip((int64_t)want->tv_sec * BILLION + want->tv_usec * 1000);
	return got;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
	int some = ms > REAL_MS ? REAL_MS : ms;
	int r = NEXT(epoll_wait)(fd, events, max, some);

	if (r == 0 && ms > some)
		skip((int64_t)(ms - some) * 1000000);
	return r;
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int ms, const sigset_t *mask)
{
	int some = ms > REAL_MS ? REAL_MS : ms;
	int r = NEXT(epoll_pwait)(fd, events, max, some, mask);

	if (r == 0 && ms > some)
		skip((int64_t)(ms - some) * 1000000);
	return r;
}

/* ---- waits for other threads: until a time of a clock ---- */

/* The end of a wait until then: at most REAL_MS of real time away. *out_rest is what is cut off. */
static struct timespec real_end(clockid_t id, const struct timespec *then, int64_t *out_rest)
{
	struct timespec now = { 0, 0 };
	int64_t shift = shift_of(id), most;

	(void)NEXT(clock_gettime)(id, &now);
	most = ns_of(&now) + (int64_t)REAL_MS * 1000000;
	int64_t end = ns_of(then) - shift;
	*out_rest = end > most ? end - most : 0;
	return of_ns(end > most ? most : end < 0 ? 0 : end);
}

#define UNTIL(id, then, failed, call)                                                              \
	do {                                                                                       \
		int64_t rest;                                                                      \
		struct timespec end = real_end(id, then, &rest);                                   \
		int r = (call);                                                                    \
		if (failed)                                                                        \
			skip(rest);                                                                \
		return r;                                                                          \
	} while (0)

int sem_timedwait(sem_t *restrict s, const struct timespec *restrict then)
{
	UNTIL(CLOCK_REALTIME, then, r != 0 && errno == ETIMEDOUT, NEXT(sem_timedwait)(s, &end));
}

int sem_clockwait(sem_t *restrict s, clockid_t id, const struct timespec *restrict then)
{
	UNTIL(id, then, r != 0 && errno == ETIMEDOUT, NEXT(sem_clockwait)(s, id, &end));
}

int pthread_cond_clockwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, clockid_t id,
			   const struct timespec *restrict then)
{
	UNTIL(id, then, r == ETIMEDOUT, NEXT(pthread_cond_clockwait)(c, m, id, &end));
}

/* The clock is the one that the condition was made with; its low bit says which. */
int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
			   const struct timespec *restrict then)
{
	struct timespec wall = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	/* A time long before the wall clock's is one of the monotonic clock's. */
	clockid_t id = then->tv_sec < wall.tv_sec / 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	UNTIL(id, then, r == ETIMEDOUT, NEXT(pthread_cond_timedwait)(c, m, &end));
}
