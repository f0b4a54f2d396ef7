/*
 * detonator/memory.h - what a box takes of this machine's memory. The limits of a process bound
 * each of a hundred; this bounds them together, and ends a box before the machine lacks memory.
 * Runs in: detonator.
 */
#ifndef DETONATOR_MEMORY_H
#define DETONATOR_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

enum { MEMORY_MAX_MB = 2048, MEMORY_TICK_MS = 100, MEMORY_PROCESSES = 16384 };

struct memory_process {
	uint32_t pid, parent;
};

struct memory_watch {
	uint64_t floor_kb;  /* of the machine's available memory */
	uint64_t shared_kb; /* what memory files and the like took before */
	struct memory_process items[MEMORY_PROCESSES];
	size_t n;
};

/* memory_begin looks how much there is before anything runs. */
void memory_begin(struct memory_watch *w);

/* memory_of gives how many kilobytes the processes below root take, its descendants to the last:
 * among the first MEMORY_PROCESSES of the machine. What several share counts once. */
uint64_t memory_of(struct memory_watch *w, pid_t root);

/* memory_over tells why the processes below root must be ended now, or NULL. What nothing maps, as
 * a memory file that is only held open, is seen by what the machine as a whole has of such. */
const char *memory_over(struct memory_watch *w, pid_t root);

#endif
