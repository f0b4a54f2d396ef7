/*
 * sys/secret.c - memory for keys.
 * memfd_secret pages are taken out of the kernel's own map of memory: not even root reads them
 * through /proc/PID/mem. Where the kernel has none (before 5.14, or without secretmem.enable=1),
 * the pages are locked and left out of core dumps, which keeps keys off the disk but not from root.
 */
#include "sys/secret.h"

#include "sys/fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif

static size_t page_up(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* protect keeps a mapping out of swap, core dumps and forks. memfd_secret does the first two itself
 * and refuses mlock, so a failure here is no reason to stop. */
static void protect(void *at, size_t n)
{
	(void)mlock(at, n);
	(void)madvise(at, n, MADV_DONTDUMP);
	(void)madvise(at, n, MADV_DONTFORK);
}

/* secret_file makes an unmapped file of size bytes, a multiple of the page's. -1 with errno set. */
static int secret_file(size_t size)
{
	int fd = (int)syscall(__NR_memfd_secret, O_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0)
		return fd;
	int saved = errno;
	fd_closep(&fd);
	errno = saved;
	return -1;
}

/* sealed_file is the same without secret memory. */
static int sealed_file(size_t size)
{
	int fd = memfd_create("yett-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	int saved = errno;
	fd_closep(&fd);
	errno = saved;
	return -1;
}

enum err secret_memfd(size_t size, int *out_fd, uint8_t **out_map, struct diag *d)
{
	static int (*const kinds[])(size_t) = { secret_file, sealed_file };

	assert(size > 0 && size < SIZE_MAX / 2);
	size = page_up(size);
	/* Mapping secret memory can fail for RLIMIT_MEMLOCK, which containers like to set low. */
	for (size_t i = 0; i < 2; i++) {
		int fd = kinds[i](size);
		void *at = fd < 0 ? MAP_FAILED
				  : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at != MAP_FAILED) {
			protect(at, size);
			*out_fd = fd;
			*out_map = at;
			return OK;
		}
		int saved = errno;
		fd_closep(&fd);
		errno = saved;
	}
	return diag_set(d, ERR_SYS, "cannot make %zu bytes of secret memory: %s", size,
			strerror(errno));
}

enum err secret_map(int fd, struct str *out, struct diag *d)
{
	int64_t size = fd_size(fd);

	if (size <= 0)
		return diag_set(d, ERR_SYNTAX, "not a secret memory file");
	/* Shrinking it under us would be SIGBUS; memfd_secret files cannot shrink and know no
	 * seals. */
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (seals & F_SEAL_SHRINK) == 0)
		return diag_set(d, ERR_SYNTAX, "not a secret memory file");
	size_t n = (size_t)size;
	void *at = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return diag_set(d, ERR_SYS,
				"cannot map %zu bytes of secret memory: %s%s", n, strerror(errno),
				errno == EAGAIN ? "; allow more (ulimit -l, LimitMEMLOCK=)" : "");
	protect(at, n);
	*out = (struct str){ at, n };
	return OK;
}

void secret_unmap(struct str map)
{
	if (map.n > 0)
		(void)munmap((void *)(uintptr_t)map.p, page_up(map.n));
}

enum err secret_alloc(struct secret *s, size_t n, struct diag *d)
{
	uint8_t *at;
	int fd;

	TRY(secret_memfd(n ? n : 1, &fd, &at, d));
	(void)close(fd); /* the mapping keeps the memory */
	*s = (struct secret){ at, n };
	return OK;
}

void secret_free(struct secret *s)
{
	if (s->at == NULL)
		return;
	explicit_bzero(s->at, s->n);
	(void)munmap(s->at, page_up(s->n ? s->n : 1));
	*s = (struct secret){ 0 };
}

void secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

bool secret_eq(struct str a, struct str b)
{
	unsigned char diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff = (unsigned char)(diff | (a.p[i] ^ b.p[i]));
	/* An opaque copy: the compiler cannot turn the loop into an early exit. */
	volatile unsigned char all = diff;
	return all == 0;
}

enum err secret_random(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_SYS;
		at += got;
		n -= (size_t)got;
	}
	return OK;
}
