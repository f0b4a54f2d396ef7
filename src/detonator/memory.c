/*
 * detonator/memory.c - adds up what the processes of a box take, as /proc tells it. A fork shares
 * its parent's pages until it writes: the quick sum counts them for each, so a sum that is too
 * large is made again from what the kernel divides among those who share. Input: /proc.   Runs in:
 * detonator.
 */
#include "detonator/memory.h"

#include "base/num.h"
#include "sys/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { TEXT = 4096, FLOOR_MAX_KB = 512 << 10 };

/* ---- reading /proc ---- */

static struct str read_text(const char *path, char room[TEXT])
{
	AUTO(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, room, TEXT);

	return (struct str){ room, n > 0 ? (size_t)n : 0 };
}

/* The number behind "name:" at the start of a line; 0: there is none. */
static uint64_t field(struct str text, struct str name)
{
	uint64_t v;

	while (text.n > 0) {
		struct str rest, line = str_cut(text, '\n', &text);
		if (!str_eq(str_cut(line, ':', &rest), name))
			continue;
		rest = str_trim(rest);
		return num_u64(str_cut(rest, ' ', &rest), UINT64_MAX / 2, &v) == OK ? v : 0;
	}
	return 0;
}

static uint64_t machine_kb(struct str name)
{
	char room[TEXT];

	return field(read_text("/proc/meminfo", room), name);
}

/* "12 (a) name) S 7 ...": the parent stands behind the last bracket. */
static bool parent_of(uint32_t pid, uint32_t *out)
{
	char path[64], room[TEXT];
	uint64_t v;

	(void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
	struct str s = read_text(path, room), word;
	for (size_t at; (at = str_chr(s, ')')) != SIZE_MAX;)
		s = str_tail(s, at + 1);
	(void)str_cut(str_trim(s), ' ', &word);
	if (num_u64(str_cut(word, ' ', &word), UINT32_MAX, &v) != OK)
		return false;
	*out = (uint32_t)v;
	return true;
}

static void list(struct memory_watch *w)
{
	DIR *dir = opendir("/proc");
	uint64_t pid;

	w->n = 0;
	for (struct dirent *e;
	     dir != NULL && w->n < MEMORY_PROCESSES && (e = readdir(dir)) != NULL;) {
		struct memory_process p;
		if (num_u64(str_z(e->d_name), UINT32_MAX, &pid) != OK)
			continue;
		p.pid = (uint32_t)pid;
		if (parent_of(p.pid, &p.parent))
			w->items[w->n++] = p;
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* Whether parent is root or one of the first n. */
static bool is_below(const struct memory_watch *w, size_t n, uint32_t parent, uint32_t root)
{
	for (size_t i = 0; parent != root && i < n; i++)
		if (w->items[i].pid == parent)
			return true;
	return parent == root;
}

/* Brings all below root to the front, until there is nobody new, and forgets the rest. */
static void keep_below(struct memory_watch *w, uint32_t root)
{
	size_t n = 0, before;

	do {
		before = n;
		for (size_t i = n; i < w->n; i++) {
			struct memory_process p = w->items[i];
			if (!is_below(w, n, p.parent, root))
				continue;
			w->items[i] = w->items[n];
			w->items[n++] = p;
		}
	} while (n > before);
	w->n = n;
}

/* ---- sums ---- */

static uint64_t quick_kb(uint32_t pid)
{
	char path[64], room[TEXT];

	(void)snprintf(path, sizeof path, "/proc/%u/status", pid);
	struct str s = read_text(path, room);
	return field(s, S("RssAnon")) + field(s, S("RssShmem")) + field(s, S("VmSwap"));
}

/* Its share of what it shares. Who may not be asked is taken for all of it. */
static uint64_t fair_kb(uint32_t pid)
{
	char path[64], room[TEXT];

	(void)snprintf(path, sizeof path, "/proc/%u/smaps_rollup", pid);
	struct str s = read_text(path, room);
	return s.n == 0 ? quick_kb(pid)
			: field(s, S("Pss_Anon")) + field(s, S("Pss_Shmem")) +
				  field(s, S("SwapPss"));
}

uint64_t memory_of(struct memory_watch *w, pid_t root)
{
	uint64_t quick = 0, fair = 0;

	list(w);
	keep_below(w, (uint32_t)root);
	for (size_t i = 0; i < w->n; i++)
		quick += quick_kb(w->items[i].pid);
	if (quick <= (uint64_t)MEMORY_MAX_MB << 10)
		return quick;
	for (size_t i = 0; i < w->n; i++)
		fair += fair_kb(w->items[i].pid);
	return fair;
}

void memory_begin(struct memory_watch *w)
{
	uint64_t available = machine_kb(S("MemAvailable")), floor = machine_kb(S("MemTotal")) / 16;

	if (floor > FLOOR_MAX_KB)
		floor = FLOOR_MAX_KB;
	w->floor_kb = floor < available / 2 ? floor : available / 2;
	w->shared_kb = machine_kb(S("Shmem"));
}

const char *memory_over(struct memory_watch *w, pid_t root)
{
	if (machine_kb(S("MemAvailable")) < w->floor_kb)
		return "this machine has hardly any memory left, so the package was ended; try "
		       "again where there is more";
	if (memory_of(w, root) > (uint64_t)MEMORY_MAX_MB << 10 ||
	    machine_kb(S("Shmem")) > w->shared_kb + ((uint64_t)MEMORY_MAX_MB << 10))
		return "the package took more than 2 GB of memory, so it was ended; look at what "
		       "it does with them";
	return NULL;
}
