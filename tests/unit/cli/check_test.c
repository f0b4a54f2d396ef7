/* tests/unit/cli/check_test.c - yett check gives a whole answer or says why there is none. */
#include "../failing.h"
#include "base/buf.c"

#include "cli/cmd_check.c"

#include "../check.h"

#include <fcntl.h>

/* cli/main.c's, of which there is none here: no option was given. */
const char *cli_value(const struct cli *c, const char *name)
{
	(void)c;
	(void)name;
	return NULL;
}

static struct arena arena;
static struct report report;
static int real_stdout, real_stderr;

static void begin(void)
{
	arena_init(&arena, 1 << 20);
	report_init(&report, &arena);
	report.target = S("target");
	report.kind = TARGET_PYTHON;
	finding_add(&report.findings, RULE_FILE_UNOWNED, S(""), S("x.py"), 0, S(""), "%s", "why");
	report_judge(&report, NULL);
}

/* Standard output and error go to a memory file until said gives what came of the second. */
static void listen_to(int *out, int *err)
{
	(void)fflush(stdout);
	(void)fflush(stderr);
	real_stdout = dup(STDOUT_FILENO);
	real_stderr = dup(STDERR_FILENO);
	*out = memfd_create("out", MFD_CLOEXEC);
	*err = memfd_create("err", MFD_CLOEXEC);
	CHECK(dup2(*out, STDOUT_FILENO) >= 0 && dup2(*err, STDERR_FILENO) >= 0);
}

static size_t said(int fd, char *text, size_t cap)
{
	ssize_t n = pread(fd, text, cap, 0);

	(void)close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void be_quiet(void)
{
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)dup2(real_stdout, STDOUT_FILENO);
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stdout);
	(void)close(real_stderr);
}

/* answer is what check_run does with a report that it has; nth: the allocation that fails. */
static int answer(enum format format, unsigned nth, char *text, size_t *n, size_t *n_err)
{
	struct cli c = { .cmd = &cmd_check };
	struct checking k = { .cli = &c, .format = format, .verdict = VERDICT_PASS };
	char why[512];
	int out, err;

	buf_init(&c.out, REPORT_MAX);
	buf_init(&k.reports, REPORT_MAX);
	listen_to(&out, &err);
	fail_at = nth;
	show(&k, &report, NULL, S(""));
	finish(&k);
	int status = cli_done(&c, OK);
	fail_at = fail_at != 0 ? UINT32_MAX : 0; /* not so many */
	be_quiet();
	*n = said(out, text, 1 << 16);
	*n_err = said(err, why, sizeof why);
	return status;
}

static void all_or_nothing(enum format format)
{
	static char whole[1 << 16], text[1 << 16];
	size_t n_whole, n, n_err;
	unsigned failed = 0;

	begin();
	CHECK(answer(format, 0, whole, &n_whole, &n_err) == 0 && n_whole > 100 && n_err == 0);
	fail_errno = ENOMEM;
	for (unsigned nth = 1; nth < 1000; nth++) {
		int status = answer(format, nth, text, &n, &n_err);
		bool fired = fail_at == 0;
		fail_at = 0;
		if (!fired)
			break;
		failed++;
		if (status == 0)
			CHECK(n == n_whole && memcmp(text, whole, n) == 0);
		else
			CHECK(status >= 64 && n == 0 && n_err > 0);
	}
	CHECK(failed > 0 && failed < 999);
	arena_done(&arena);
}

CASE(json_is_whole_or_none)
{
	all_or_nothing(FORMAT_JSON);
}

CASE(sarif_is_whole_or_none)
{
	all_or_nothing(FORMAT_SARIF);
}

/* The index was opened; a checker that starts without it would let known malware by without a word. */
CASE(no_check_without_the_advisories_that_were_opened)
{
	struct job_opts o = { .data = "", .advisory_fd = 1 << 20, .cold = true };
	struct diag d = { 0 };
	struct job job;

	CHECK(job_open(&job, "/", &o, &d) == ERR_SYS && d.text[0] != '\0');
	job_done(&job);
}

TESTS(CASE_ROW(json_is_whole_or_none), CASE_ROW(sarif_is_whole_or_none),
      CASE_ROW(no_check_without_the_advisories_that_were_opened))
