/*
 * proto/status.h - what follows the common beginning of the reply to MSG_STATUS: the state of the
 * gate. Ring 0.
 */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include "base/buf.h"
#include "base/limits.h"

enum { STATUS_CHILDREN = 2 * LIMIT_WORKERS + 1, STATUS_TEXT = 256 };

/* enum status_phase: of a child. */
enum status_phase {
	STATUS_STOPPED,
	STATUS_STARTING,
	STATUS_RUNNING,
	STATUS_DRAINING,
	STATUS_PHASES
};
extern const char *const status_phase_text[STATUS_PHASES];

struct status_child {
	struct str role; /* "ingress", "egress", "admin" */
	uint32_t worker, pid;
	enum status_phase phase;
	uint64_t up_ms;
	uint32_t restarts;   /* since the gate was started */
	bool crash_loop;     /* it ends again and again soon after its start */
	struct str last_end; /* "killed by SIGSYS", or "" */
};

struct status {
	struct str version;
	uint64_t up_ms, generation;
	uint8_t config_hash[32];
	struct str listen, admin, warning;
	bool draining;
	uint32_t landlock; /* its version, 0: the kernel has none */
	uint32_t n;
	struct status_child children[STATUS_CHILDREN];
};

/* status_encode: s->n rows of children, STATUS_CHILDREN at most. */
void status_encode(const struct status *s, struct buf *out);
/* status_decode: the strings borrow from body. */
MUST_USE enum err status_decode(struct status *s, struct str body);

#endif
