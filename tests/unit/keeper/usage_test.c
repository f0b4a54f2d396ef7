/*
 * tests/unit/keeper/usage_test.c - the drain and the audit log together, with kills, lies and a full disk
 * Proves T-15.
 */
#include "../failing.h"
#include "keeper/usage.c"

#include "keeper/jail.h"
#include "keeper/usage.h"

#include "../check.h"
#include "../python.h"
#include "../tempdir.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

static char dir[64];
static struct store *store;
static struct ledger ledger;
static struct usage usage;
static struct diag d;
static struct usage_file *file;

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *out = path[turn++ % 4];

	(void)snprintf(out, 128, "%s/%s", dir, name);
	return out;
}

static void start(void)
{
	int fd = -1;

	CHECK(store_open(in_dir("yett.db"), &store, &d) == OK);
	CHECK(ledger_open(&ledger, store, in_dir("audit"), in_dir("audit.key"), &d) == OK);
	CHECK(usage_open(&usage, store, &ledger, in_dir("usage"), &d) == OK);
	CHECK(usage_file_for(&usage, 0, &fd, &d) == OK);
	if (file == NULL)
		file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(file != MAP_FAILED);
}

static void stop(void)
{
	usage_close(&usage);
	ledger_close(&ledger);
	store_close(store);
	store = NULL;
}

static void fresh(void)
{
	static unsigned turn;

	if (store)
		stop();
	if (file)
		(void)munmap(file, sizeof *file);
	file = NULL;
	(void)snprintf(dir, sizeof dir, "%s/%u", tempdir(), turn++);
	CHECK(mkdir(dir, 0700) == 0);
	start();
}

static bool put(uint64_t serial)
{
	struct usage_record r = { .key = 1, .start_ms = 1763900000000, .end_ms = 1763900000000 + (int64_t)serial,
				  .status = 200, .attempts = 1, .output = 1, .cost_pico = 1000 };

	usage_text(r.deployment, USAGE_TEXT, S("d"));
	usage_text(r.model_asked, USAGE_TEXT, S("m"));
	return usage_put(file, &r) == OK;
}

static bool on_sum(void *arg, const struct control_sum *row)
{
	*(struct control_sum *)arg = *row;
	return true;
}

static int64_t counted(int64_t *out_cost)
{
	struct control_sum sum = { 0 };

	CHECK(store_sums(store, 0, 100000, 0, &d, &sum, on_sum) == OK);
	*out_cost = sum.cost_pico;
	return sum.calls;
}

static void expect(int64_t calls)
{
	const char *argv[] = { "tests/unit/tlog/rfc6962.py", "verify", in_dir("audit"), NULL };
	struct buf out;
	char want[64];
	int64_t cost;

	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage_trouble(&usage) == NULL);
	CHECK(counted(&cost) == calls && cost == calls * 1000);
	CHECK(store_last(store) == (uint64_t)calls && ledger.published == (uint64_t)calls);
	buf_init(&out, 1 << 16);
	int rc = python_run(argv, &out);
	(void)snprintf(want, sizeof want, "ok %lld\n", (long long)calls);
	if (rc < 0)
		printf("skipped: python3 is not here to verify the log with\n");
	else {
		CHECK(rc == 0);
		CHECK_STR(buf_str(&out), str_z(want));
	}
	buf_free(&out);
}

/* A part of a number is written when the disk is full; what an earlier call failed with is not the reason. */
CASE(a_short_write_has_its_own_reason)
{
	int fd;

	fresh();
	usage_close(&usage);
	errno = EAGAIN;
	fail_errno = 0;
	fail_at = 1;
	CHECK(usage_open(&usage, store, &ledger, in_dir("usage"), &d) == ERR_SYS && fail_at == 0);
	CHECK_STR(str_z(d.text), S("cannot write a usage file: No space left on device"));
	CHECK(usage_open(&usage, store, &ledger, in_dir("usage"), &d) == OK);
	CHECK(usage_file_for(&usage, 0, &fd, &d) == OK);
}

CASE(drains_and_resumes)
{
	fresh();
	for (uint64_t i = 0; i < 700; i++)
		CHECK(put(i));
	expect(700);
	CHECK(atomic_load(&file->tail) == 700);
	for (int round = 0; round < 5; round++) {
		stop();
		start();
		for (uint64_t i = 0; i < 111; i++)
			CHECK(put(i));
		expect(700 + 111 * (round + 1));
	}
}

/* The transaction is committed, the tail not yet moved, the log not yet written: then kill -9. */
CASE(kill_between_commit_and_tail)
{
	fresh();
	for (uint64_t i = 0; i < 300; i++)
		CHECK(put(i));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	for (uint64_t i = 0; i < 300; i++)
		CHECK(put(i));
	pid_t pid = fork();
	if (pid == 0) {
		/* The log's last checkpoint stays at 300 and the tail is set back, as if we died before. */
		usage.published_ms = 1000000;
		(void)usage_tick(&usage, 1000001, 1763900000000, false);
		atomic_store(&file->tail, 300);
		(void)kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(atomic_load(&file->tail) == 300);
	stop();
	start();
	CHECK(store_last(store) == 600 && ledger.published == 300 && atomic_load(&file->tail) == 600);
	expect(600);
}

static void consumer(void)
{
	/* Its own connection: SQLite's may not cross a fork. */
	start();
	for (int64_t now = 1;; now += 500) {
		(void)usage_tick(&usage, now, 1763900000000, false);
		(void)usleep(200);
	}
}

CASE(kill_at_any_point)
{
	uint64_t n = 0;
	unsigned seed = 12345;

	fresh();
	stop();
	for (int round = 0; round < 40; round++) {
		pid_t pid = fork();
		if (pid == 0)
			consumer();
		seed = seed * 1103515245 + 12345;
		unsigned steps = 10 + (seed >> 16) % 60;
		for (unsigned i = 0; i < steps; i++) {
			for (unsigned k = 0; k < 37; k++)
				n += put(n);
			(void)usleep(300);
		}
		(void)kill(pid, SIGKILL);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	start();
	expect((int64_t)n);
}

CASE(lying_writer)
{
	fresh();
	for (uint64_t i = 0; i < 10; i++)
		CHECK(put(i));
	file->records[3].seq = 99;
	memset(file->records[4].model_asked, 0xff, USAGE_TEXT);
	memset(file->records[5].request_id, '"', USAGE_ID);
	memcpy(file->records[5].model_asked, "a\xc2\x9b\x1b" "b", 6);
	file->records[6].cost_pico = INT64_MAX;
	file->records[6].input = -5;
	file->records[7].end_ms = INT64_MIN;
	file->records[7].start_ms = INT64_MAX;
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage.sources[0].lied && usage.dropped == 1 && usage.rows == 9 && store_last(store) == 9);
	CHECK(ledger.published == 9 && usage_trouble(&usage) == NULL);
	CHECK(memmem(ledger.bundle.p, ledger.bundle.n, "\"model\":\"a???b\"", 15) != NULL);
	usage.sources[0].lied = false;
	atomic_store(&file->head, UINT64_MAX / 2);
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage.sources[0].lied && store_last(store) == 9);
	/* A file that was cut is an error, not a signal. */
	usage_mend(&usage, 0);
	CHECK(put(0));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(!usage.sources[0].lied && store_last(store) == 10);
	int fd;
	CHECK(put(0));
	CHECK(usage_file_for(&usage, 0, &fd, &d) == OK && ftruncate(fd, 100) == 0);
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage.sources[0].lied && store_last(store) == 10);
	stop();
	start(); /* made whole again, and read on where the database stands */
	CHECK(put(0));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(store_last(store) == 11 && usage.dropped == 1); /* the cut one is gone */
}

CASE(full_database)
{
	uint64_t n = 0;

	fresh();
	CHECK(store_limit_pages(store, 24, &d) == OK);
	while (put(n)) {
		n++;
		if (n % 100 == 0 && usage_tick(&usage, (int64_t)n, 1763900000000, false) > 500)
			CHECK(usage_trouble(&usage) != NULL);
	}
	/* The file is full: ingress refuses now. Space comes back, and nothing is missing. */
	CHECK(!usage_room(file, 0) && usage_trouble(&usage) != NULL);
	CHECK(store_limit_pages(store, 0, &d) == OK);
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage_room(file, 0));
	expect((int64_t)n);
}

/* The log's own disk is full: here, its directory cannot be written to. */
CASE(log_in_trouble)
{
	int dir_fd;

	fresh();
	for (uint64_t i = 0; i < 20; i++)
		CHECK(put(i));
	expect(20);
	dir_fd = ledger.dir;
	ledger.dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (uint64_t i = 0; i < 900; i++)
		CHECK(put(i));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(usage_trouble(&usage) != NULL && store_last(store) == 920 && ledger.published == 20);
	(void)close(ledger.dir);
	ledger.dir = dir_fd;
	expect(920);
}

static void spoil(const char *name, long at)
{
	int fd = open(in_dir(name), O_RDWR | O_CLOEXEC);
	char c = 0;

	CHECK(fd >= 0 && pread(fd, &c, 1, at) == 1);
	c ^= 1;
	CHECK(pwrite(fd, &c, 1, at) == 1);
	(void)close(fd);
}

CASE(damaged_edge_is_mended)
{
	fresh();
	for (uint64_t i = 0; i < 300; i++)
		CHECK(put(i));
	expect(300);
	stop();
	spoil("audit/tile/0/001.p/44", 77);
	start();
	CHECK(!ledger.broken);
	expect(300);
	stop();
	spoil("audit/tile/entries/001.p/44", 500);
	start();
	CHECK(!ledger.broken);
	expect(300);
	stop();
	CHECK(unlink(in_dir("audit/tile/1/000.p/1")) == 0);
	start();
	expect(300);
}

CASE(forged_checkpoint_stops_the_log)
{
	fresh();
	for (uint64_t i = 0; i < 3; i++)
		CHECK(put(i));
	expect(3);
	stop();
	spoil("audit/checkpoint", 30);
	start();
	CHECK(ledger.broken && usage_trouble(&usage) != NULL);
	CHECK(put(3));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(store_last(store) == 4); /* calls are kept, nothing is signed */
	spoil("audit/checkpoint", 30);
	stop();
	start();
	expect(4);
}

CASE(lost_database)
{
	fresh();
	for (uint64_t i = 0; i < 300; i++)
		CHECK(put(i));
	expect(300);
	stop();
	CHECK(unlink(in_dir("yett.db")) == 0);
	start();
	CHECK(store_last(store) == 300);
	CHECK(put(300));
	(void)usage_tick(&usage, 1, 1763900000000, true);
	CHECK(store_last(store) == 301 && ledger.published == 301 && usage_trouble(&usage) == NULL);
}

/* What keeper's jail allows is enough for all of it, directories and renames included. */
CASE(inside_the_jail)
{
	struct jail_path paths[KEEPER_JAIL_PATHS];
	int status, landlock;

	fresh();
	stop();
	pid_t pid = fork();
	if (pid == 0) {
		const struct jail jail = keeper_jail(dir, paths);
		/* In the order of keeper's main: open everything, then lock. */
		if (jail_begin(&jail, NULL, 0, &d) != OK)
			_exit(2);
		start();
		if (jail_lock(&jail, &landlock, &d) != OK)
			_exit(3);
		for (uint64_t i = 0; i < 70000; i++) {
			if (!put(i)) {
				(void)usage_tick(&usage, 1, 1763900000000, true);
				CHECK(put(i));
			}
			if (i % 9000 == 0)
				(void)usage_tick(&usage, 1, 1763900000000, true);
		}
		(void)usage_tick(&usage, 1, 1763900000000, true);
		if (usage_trouble(&usage) != NULL)
			fprintf(stderr, "%s\n", usage_trouble(&usage));
		_exit(check_failed || usage_trouble(&usage) ? 4 : 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (status != 0)
		fprintf(stderr, "in the jail: status %x\n", (unsigned)status);
	start();
	expect(70000);
}

CASE(one_keeper)
{
	struct ledger other;

	CHECK(ledger_open(&other, store, in_dir("audit"), in_dir("audit.key"), &d) == ERR_EXISTS);
}

TESTS(CASE_ROW(a_short_write_has_its_own_reason), CASE_ROW(drains_and_resumes),
      CASE_ROW(kill_between_commit_and_tail), CASE_ROW(kill_at_any_point),
      CASE_ROW(lying_writer), CASE_ROW(full_database), CASE_ROW(log_in_trouble), CASE_ROW(damaged_edge_is_mended),
      CASE_ROW(forged_checkpoint_stops_the_log), CASE_ROW(lost_database),
      CASE_ROW(inside_the_jail), CASE_ROW(one_keeper))
