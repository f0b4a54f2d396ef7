/*
 * detonator/supervisor.h - runs one variant: makes the box and the sink, answers the box's system
 * calls, and passes facts on. One per process.
 */
#ifndef DETONATOR_SUPERVISOR_H
#define DETONATOR_SUPERVISOR_H

#include "base/diag.h"
#include "detonator/box.h"
#include "inspect/canary.h"
#include "proto/detonation.h"
#include "sys/ipc.h"

enum { PROBES_MAX = 32, PORTS = 65536, TEXTS_MAX = 64 };

struct supervisor {
	int master; /* to the detonator */
	struct box box;
	int sink, inotify;		/* sink: sys/ipc.h */
	int listener, output, coverage; /* of the phase that runs, -1 without */
	struct buf message;		/* what was received last */
	struct buf out;			/* what is being sent */
	struct buf tail, line;		/* of output; of coverage */
	struct detonation_order order;
	struct diag d;
	enum detonation_phase phase;
	bool made, ran, broken;
	uint32_t status, survivors;
	uint32_t facts, weighty, events, texts, execs; /* counted against their bounds */
	uint32_t probes;			       /* set of rows that were told */
	uint64_t reads; /* set of honey files that were read in this phase */
	uint8_t listens[PORTS / 8];
};

/* supervise does everything and returns the process' exit status. */
int supervise(struct supervisor *s, int master);

/* tell passes one fact to the detonator, up to a bound. */
void tell(struct supervisor *s, enum fact_kind kind, uint32_t n, struct str text, struct str more,
	  struct str excerpt);

/* break_off tells that nothing can be concluded from this run. */
void break_off(struct supervisor *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ask_listen has the sink listen on a port, once. */
void ask_listen(struct supervisor *s, uint16_t port);

/* notify_answer takes one notification from the listener and answers it. */
void notify_answer(struct supervisor *s);

#endif
