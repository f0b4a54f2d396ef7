/* tests/unit/sys/secret_test.c */
#include "sys/secret.h"

#include "../check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* via_proc reads p through /proc/self/mem: the way of a debugger, with root's rights. */
static bool via_proc(const void *p, size_t n, char *out)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, out, n, (off_t)(uintptr_t)p);

	if (fd >= 0)
		(void)close(fd);
	return got == (ssize_t)n;
}

static bool kernel_has_secret_memory(void)
{
	int fd = (int)syscall(447, 0);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

CASE(no_debugger_reads_a_secret)
{
	struct secret s = { 0 };
	char copy[16], plain[16] = "ordinary memory";

	CHECK(secret_alloc(&s, 16, NULL) == OK && s.n == 16);
	memcpy(s.at, "sk-secret-secret", 16);
	CHECK(via_proc(plain, 16, copy) && memcmp(copy, plain, 16) == 0);
	if (kernel_has_secret_memory())
		CHECK(!via_proc(s.at, 16, copy));
	else
		printf("skipped: this kernel has no memfd_secret\n");
	secret_free(&s);
	CHECK(s.at == NULL);
	secret_free(&s);
}

CASE(a_file_is_shared_and_a_fork_has_no_mapping)
{
	uint8_t *w;
	int fd, status = -1;
	struct str r;

	CHECK(secret_memfd(5000, &fd, &w, NULL) == OK);
	memcpy(w, "the key", 7);
	CHECK(secret_map(fd, &r, NULL) == OK && r.n >= 5000);
	CHECK(memcmp(r.p, "the key", 7) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		/* write gives EFAULT where a read of ours would crash. */
		int null = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		ssize_t n = read(null, w, 1);
		_exit(n < 0 && errno == EFAULT ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	secret_unmap(r);
	secret_unmap((struct str){ (const char *)w, 5000 });
	CHECK(secret_map(STDERR_FILENO, &r, NULL) != OK);
	(void)close(fd);
	int soft = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(ftruncate(soft, 4096) == 0 && secret_map(soft, &r, NULL) == ERR_SYNTAX);
	(void)close(soft);
}

/* egress may lock less than who made the file, being another user. */
CASE(a_limit_is_named)
{
	static const struct rlimit none = { 0, 0 };
	struct diag d = { 0 };
	uint8_t *w;
	struct str r;
	int fd, status;

	CHECK(secret_memfd(4096, &fd, &w, NULL) == OK);
	pid_t pid = fork();
	if (pid == 0) {
		bool locked = setrlimit(RLIMIT_MEMLOCK, &none) == 0 && (geteuid() != 0 || setuid(65534) == 0);
		/* what is no memfd_secret needs no lock */
		_exit(!locked || secret_map(fd, &r, &d) == OK ||
		      str_find(str_z(d.text), S("LimitMEMLOCK")) != SIZE_MAX ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	secret_unmap((struct str){ (const char *)w, 4096 });
	CHECK(close(fd) == 0);
}

CASE(comparison_and_randomness)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	CHECK(secret_eq(S("abc"), S("abc")) && !secret_eq(S("abc"), S("abd")) && !secret_eq(S("abc"), S("ab")));
	CHECK(secret_eq(S(""), S("")));
	CHECK(secret_random(a, sizeof a) == OK && secret_random(b, sizeof b) == OK);
	CHECK(memcmp(a, b, sizeof a) != 0);
	secret_wipe(a, sizeof a);
	CHECK(a[0] == 0 && a[31] == 0);
}

TESTS(CASE_ROW(no_debugger_reads_a_secret), CASE_ROW(a_file_is_shared_and_a_fork_has_no_mapping), CASE_ROW(a_limit_is_named),
      CASE_ROW(comparison_and_randomness))
