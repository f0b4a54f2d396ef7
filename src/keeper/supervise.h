/*
 * keeper/supervise.h - what supervision's files share. Runs in: keeper.
 */
#ifndef KEEPER_SUPERVISE_H
#define KEEPER_SUPERVISE_H

#include "keeper/forker.h"
#include "keeper/keeper.h"

/* ---- children (supervise.c) ---- */

/* children_init prepares the table; children_start starts every child for the first time, and a
 * failure to execute one is then an error. */
void children_init(struct keeper *k);
MUST_USE enum err children_start(struct keeper *k, struct diag *d);

/* children_each calls on_child for every child that may exist: workers' pairs, then admin. */
void children_each(struct keeper *k, void (*on_child)(struct child *));

/* child_owe notes what c is to get and sends what the socket takes. */
void child_owe(struct child *c, unsigned due);

/* child_flush sends what is owed; called again when the socket has room. */
void child_flush(struct child *c);

/* child_kill ends c because of why; it is started anew unless the gate is draining. */
void child_kill(struct child *c, const char *why);

/* child_lost: its control socket has ended, mostly because it has, too. If not, it is killed
 * soon. */
void child_lost(struct child *c);

/* child_running: c has said that it is ready for the first time. */
void child_running(struct child *c);

/* children_end kills what is left and waits for it. */
void children_end(struct keeper *k);

/* child_of gives the child a peer is embedded in; only for roles of children. */
struct child *child_of(struct peer *p);

/* child_runs: it was started and nothing is known against it. */
bool child_runs(const struct child *c);
bool child_loops(const struct child *c); /* it ends soon after every start */

/* keeper_drain finishes: no new clients, the streams that run may end. keeper_stop ends at once. */
void keeper_drain(struct keeper *k);
void keeper_stop(struct keeper *k, int status);

/* ---- shared memory (pair.c) ---- */

/* pair_init: nothing is open. */
void pair_init(struct pair *p);
/* pair_renew makes new rings in place of the old. The arena stays as long as the ingress whose
 * bodies lie in it; where that has ended there is a new one, because its egress still sends from
 * the old. */
MUST_USE enum err pair_renew(struct pair *p, enum role ended, struct diag *d);
void pair_close(struct pair *p);
/* pair_fds gives the five descriptors in the order of proto/start.h as role sees them. */
void pair_fds(const struct pair *p, enum role role, int out[5]);

/* shared_open makes the counters and the rings of every worker's pair. */
MUST_USE enum err shared_open(struct keeper *k, struct diag *d);
/* shared_clear gives back the calls in flight that a dead ingress had counted. */
void shared_clear(struct keeper *k, unsigned worker);

/* ---- messages (rules.c) ---- */

/* rules_handle judges one message by the table and handles it; false: a violation, *why says
 * which. */
bool rules_handle(struct keeper *k, struct peer *from, struct ipc_msg *m, const char **why);

/* ---- sockets (control.c) ---- */

/* peer_open watches a socket; peer_close closes it and forgets what was unsent. */
MUST_USE enum err peer_open(struct keeper *k, struct peer *p, int fd, enum role role,
			    enum phase phase);
void peer_close(struct peer *p);
/* peer_flush sends what was kept. False: something is left. */
bool peer_flush(struct peer *p);

/* control_open listens on control.sock below data. */
MUST_USE enum err control_open(struct keeper *k, struct diag *d);
void control_close(struct keeper *k);

/* status_write encodes the state of the gate (proto/status.h). */
void status_write(struct keeper *k, struct buf *out);

/* ---- configuration (reload.c) ---- */

/* reload_first loads the configuration at the start and waits for it; it also gives addresses, the
 * number of workers and the time to drain, where the command line did not. */
MUST_USE enum err reload_first(struct keeper *k, struct diag *d);

/* reload_begin loads it again; the outcome is told to every peer with waits_reload. ERR_BUSY: one
 * is under way. */
MUST_USE enum err reload_begin(struct keeper *k, struct diag *d);

/* reload_ready says that c has answered; ok: what it was sent is in force. reload_gone: c ended. */
void reload_ready(struct keeper *k, struct child *c, bool ok);
void reload_gone(struct keeper *k, struct child *c);

/* reload_tables gives the snapshot a child of this role is to have now. */
const struct snapshot *reload_tables(const struct keeper *k, enum role role);

/* tls_send sends certificate and key from secret memory as MSG_TLS. */
MUST_USE enum err tls_send(int control_fd, int tls_fd);

/* snapshot_close closes the descriptors. */
void snapshot_close(struct snapshot *s);

#endif
