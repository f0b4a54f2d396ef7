/*
 * keeper/keeper.h - the parent's state, shared by its parts: supervision (supervise.c, rules.c,
 * reload.c, control.c), and what it keeps (parts.c before store, ledger, usage and keys). Runs in:
 * keeper. Lifetime of everything here: process.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "base/limits.h"
#include "keeper/voice.h"
#include "proto/control.h"
#include "proto/counters.h"
#include "proto/usage.h"
#include "sys/ipc.h"
#include "sys/listen.h"
#include "sys/loop.h"

#include <sys/types.h>

#define B(x)                   (1u << (x))
#define OWNER(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

enum { KEEPER_CLIENTS = 16, KEEPER_PATH = 1024 };

/* Who is at the other end of a control socket. */
enum role { R_INGRESS, R_EGRESS, R_ADMIN, R_CLI, ROLE_COUNT };

/* What a child may say depends on where it is in its life. A client of the control socket is in
 * P_RUN. */
enum phase { P_NONE, P_BOOT, P_RUN, P_DRAIN, PHASE_COUNT };

struct keeper;

/* A control socket, and what could not be sent yet. Embedded in its child or client. */
struct peer {
	struct watch watch;
	struct keeper *keeper;
	enum role role;
	enum phase phase;
	struct buf unsent; /* u16 type, u32 seq, str body, for each message without descriptors */
	bool dead;         /* gone or broken: nothing more is sent or read */
	bool waits_reload; /* for the outcome of a reload, asked for in reload_seq */
	uint32_t reload_seq;
};

/* The rings of a pair, made anew when one of the two ends, and its arena. -1: none. */
struct pair {
	int memfd[2], wake[2]; /* [0]: ingress to egress, [1]: back */
	int arena[2]; /* [0]: as ingress has it, [1]: for egress, read-only */
};

/* What a child is owed. State, not a queue: when it could not be sent, the newest is sent later. In
 * the order of sending. */
enum due {
	DUE_PAIR = 1,
	DUE_TLS = 2,
	DUE_TABLES = 4,
	DUE_SETTLED = 8,
	DUE_KEYS = 16,
	DUE_DRAIN = 32,
};

struct child {
	struct peer peer;
	unsigned worker;
	pid_t pid;        /* 0: none runs */
	const char *name; /* "ingress" */
	struct keeper *keeper;
	struct watch exit;  /* its pidfd */
	struct voice voice; /* its standard error */
	struct timer timer; /* to start it again, or the time it has to become ready */
	uint64_t started_ms;
	uint32_t delay_ms;   /* before the next start */
	uint32_t restarts;   /* since keeper started */
	uint32_t quick_ends; /* in a row; many are a crash loop */
	unsigned due;        /* what is to be sent, a bit set of enum due */
	unsigned awaiting;   /* MSG_READY that are to come */
	bool reloading;      /* the reload that runs waits for it */
	uint32_t key_cursor; /* ingress: the last key's id that went out */
	char last_end[48];   /* "killed by SIGSYS", or "" */
};

struct client {
	struct peer peer; /* watch.fd -1: free */
};

/* The configuration in force. Descriptors are keeper's and are passed on; -1: none. */
struct snapshot {
	uint64_t generation;
	int policy_fd, table_fd, secrets_fd;
	int tls_fd; /* secret memory: str certificate chain, str key; -1: plain HTTP */
	uint8_t config_hash[32];
	char warning[256]; /* the most important thing the loader had to say, or "" */
};

struct keeper_opts {
	const char *config; /* NULL: none */
	const char *data;
	const char *listen, *admin; /* NULL: from the configuration */
	unsigned workers;           /* 0: from the configuration */
};

struct parts;
struct forker;

struct keeper {
	struct loop *loop;
	struct keeper_opts opts;
	char data[KEEPER_PATH];
	struct forker *forker; /* starts processes for us: we can not */
	struct snapshot now;
	unsigned workers;
	uint32_t drain_ms;

	struct listen_addr listen_at, admin_at;
	int listen_fds[LIMIT_WORKERS]; /* -1 once draining */
	int admin_fd;
	struct child ingress[LIMIT_WORKERS], egress[LIMIT_WORKERS], admin;
	struct pair pairs[LIMIT_WORKERS];

	int control_fd;
	struct watch control;
	struct timer accept_again; /* who waits at control */
	struct client clients[KEEPER_CLIENTS];
	struct watch signals, forker_end;
	struct timer tick;     /* parts_tick */
	struct timer deadline; /* of a drain */
	struct reload *reload; /* NULL: none runs */
	bool reload_again;     /* SIGHUP came while one ran, which may have read the older file */
	bool draining, ready_said;
	int exit_status;

	int env_fd;  /* secret memory: the environment we were started with */
	int lock_fd; /* of the data directory: one keeper each */
	uint64_t started_ms;
	int landlock;  /* its version, 0: none */
	struct buf in; /* the message being handled */

	int counters_fd;
	struct counters *counters;
	int usage_fds[LIMIT_WORKERS]; /* parts.c's */

	struct parts *parts; /* store, ledger, usage and keys (parts.c) */
};

/* ---- for the parts: saying something (control.c) ---- */

/* peer_send sends a message, or keeps it until the socket has room; too much waiting ends the
 * peer. */
void peer_send(struct peer *p, uint16_t type, uint32_t seq, struct str body);

/* peer_reply answers request seq: the outcome, a sentence (d may be NULL), then rest (for OK
 * only). */
void peer_reply(struct peer *p, uint32_t seq, enum err e, const struct diag *d, struct str rest);

/* keeper_to_ingress sends a message to every ingress that runs: a key that was set or dropped. */
void keeper_to_ingress(struct keeper *k, uint16_t type, struct str body);

/* ---- what keeper keeps: store, ledger, usage and keys, behind one small front (parts.c) ---- */

/* parts_open opens the store, the ledger, the keys and the usage files below k->data; called once,
 * before the jail, when k->workers is known. parts_close writes what is left; legal on what was
 * never opened. */
MUST_USE enum err parts_open(struct keeper *k, struct diag *d);
void parts_close(struct keeper *k);

/* parts_tick moves finished calls from the usage files into the store; gives the ms until the next
 * time. */
uint32_t parts_tick(struct keeper *k, bool flush);

/* parts_recount sets the shared counters of spending to what is recorded: an ingress has ended, and
 * who took it over could write there. */
void parts_recount(struct keeper *k);

/* parts_next_key encodes the first key in force with an id over *cursor into out as the body of
 * MSG_KEY_SET and moves *cursor there. ERR_NOT_FOUND: there are no more. */
MUST_USE enum err parts_next_key(struct keeper *k, uint32_t *cursor, struct buf *out);

/* parts_request serves MSG_KEY_CREATE to MSG_USAGE_SUMMARY and answers with peer_reply. ERR_SYNTAX:
 * the body is not what proto/control.h says, which is a violation. */
MUST_USE enum err parts_request(struct keeper *k, struct peer *from, const struct ipc_msg *m);

/* parts_event adds a line to the audit log: what supervision did. text is ours, no client's
 * bytes. */
void parts_event(struct keeper *k, const char *what, const char *text);

/* parts_trouble gives one sentence for health, or NULL when all is well. */
const char *parts_trouble(const struct keeper *k);

#endif
