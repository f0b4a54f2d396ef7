/*
 * keeper/reload.c - configuration: loaded apart, then swapped in all processes or in none.
 *
 * Egress first: it keeps the table before, too, and a call says which one its number counts in.
 * When every egress has said yes the new snapshot is the gate's, and ingress and admin get it. When
 * every ingress has it egress hears so, and from then on refuses calls of the table before.
 * Input: our loader's report.   Runs in: keeper.
 */
#include "keeper/supervise.h"

#include "base/rd.h"
#include "config/memory.h"
#include "keeper/loader.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/secret.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LOAD_MS = 60000, STAGE_MS = 30000, DRAIN_DEFAULT_MS = 30000 };

enum stage { LOADING, TO_EGRESS, TO_INGRESS };

struct reload {
	struct keeper *keeper;
	enum stage stage;
	struct watch result;
	struct timer timer;
	struct snapshot next;
	unsigned waiting; /* children that have yet to answer */
	struct deferred reap;
};

static const struct snapshot no_snapshot = {
	.policy_fd = -1, .table_fd = -1, .secrets_fd = -1, .tls_fd = -1
};

void snapshot_close(struct snapshot *s)
{
	fd_closep(&s->policy_fd);
	fd_closep(&s->table_fd);
	fd_closep(&s->secrets_fd);
	fd_closep(&s->tls_fd);
	*s = no_snapshot;
}

const struct snapshot *reload_tables(const struct keeper *k, enum role role)
{
	if (role == R_EGRESS && k->reload != NULL && k->reload->stage == TO_EGRESS)
		return &k->reload->next;
	return &k->now;
}

enum err tls_send(int control_fd, int tls_fd)
{
	struct str map;

	assert(tls_fd >= 0);
	/* From secret memory straight into the socket: no copy of the key in ours. */
	TRY(secret_map(tls_fd, &map, NULL));
	struct rd r = rd_from(map);
	(void)rd_str(&r, map.n);
	(void)rd_str(&r, map.n);
	size_t n = r.err == OK ? (size_t)((const char *)r.p - map.p) : 0;
	enum err e = n ? ipc_send(control_fd, MSG_TLS, 0, str_head(map, n), NULL, 0) : ERR_SYNTAX;
	secret_unmap(map);
	return e;
}

/* ---- the loader's report ---- */

static enum err load_start(struct keeper *k, uint64_t generation, int *out_fd, struct diag *d)
{
	const struct loader_args a = { .generation = generation,
				       .config = str_z(k->opts.config),
				       .data = str_z(k->data),
				       .listen = str_z(k->opts.listen),
				       .admin = str_z(k->opts.admin) };

	return forker_load(k->forker, &a, k->env_fd, out_fd, d);
}

/* report_read receives the report and makes a snapshot of it. *out_loaded borrows from k->in. */
static enum err report_read(struct keeper *k, int fd, uint64_t generation, struct snapshot *out,
			    struct loaded *out_loaded, struct diag *d)
{
	struct ipc_msg m;
	enum err e = ipc_recv(fd, &k->in, &m);

	if (e == ERR_AGAIN)
		return e;
	if (e != OK)
		return diag_set(d, ERR_CONFIG, "the loader ended without a word; the log says why");
	if (m.type == LOADER_FAILED && m.n_fds == 0) {
		struct rd r = rd_from(m.body);
		struct str text = rd_str(&r, LOADER_TEXT);
		return diag_set(d, ERR_CONFIG, "%.*s", FMT(text));
	}
	if (m.type != LOADER_DONE || m.n_fds < LOADER_FDS || m.n_fds > LOADER_FDS + 1 ||
	    loaded_decode(out_loaded, m.body) != OK) {
		ipc_close_fds(&m);
		return diag_set(d, ERR_CONFIG, "the loader's report is malformed");
	}
	*out = no_snapshot;
	out->generation = generation;
	out->policy_fd = ipc_take_fd(&m, 0);
	out->table_fd = ipc_take_fd(&m, 1);
	out->secrets_fd = ipc_take_fd(&m, 2);
	if (m.n_fds > LOADER_FDS)
		out->tls_fd = ipc_take_fd(&m, LOADER_FDS);
	memcpy(out->config_hash, out_loaded->config_hash, sizeof out->config_hash);
	struct buf text;
	buf_fixed(&text, out->warning, sizeof out->warning - 1);
	buf_add(&text, str_head(out_loaded->warning, sizeof out->warning - 1));
	out->warning[text.n] = '\0';
	return OK;
}

/* address takes what the command line says, else the configuration, else the default. */
static enum err address(const char *option, struct str configured, struct str otherwise,
			struct listen_addr *out, struct diag *d)
{
	struct str text = option != NULL     ? str_z(option)
			  : configured.n > 0 ? configured
					     : otherwise;

	return listen_parse(text, out, d);
}

static void adopt_workers(struct keeper *k, uint32_t configured)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	k->workers = k->opts.workers ? k->opts.workers : configured;
	if (k->workers == 0)
		k->workers = cores > 0 ? (unsigned)cores : 1;
	if (k->workers > LIMIT_WORKERS)
		k->workers = LIMIT_WORKERS;
}

static void tell_memory(const struct keeper *k, uint32_t max_parallel)
{
	struct memory_worst m = memory_worst(k->workers, max_parallel);
	char text[256];
	struct buf b;

	buf_fixed(&b, text, sizeof text);
	memory_tell(&m, k->workers, &b);
	log_msg(LOG_INFO, "%.*s", FMT(buf_str(&b)));
}

enum err reload_first(struct keeper *k, struct diag *d)
{
	struct loaded l = { 0 };
	int fd;

	k->now = no_snapshot;
	TRY(load_start(k, 1, &fd, d));
	struct pollfd p = { fd, POLLIN, 0 };
	enum err e = poll(&p, 1, LOAD_MS) == 1
			     ? report_read(k, fd, 1, &k->now, &l, d)
			     : diag_set(d, ERR_CONFIG, "the loader takes too long");
	(void)close(fd);
	if (e != OK)
		return e;
	adopt_workers(k, l.workers);
	tell_memory(k, l.max_parallel);
	k->drain_ms = l.drain_ms ? l.drain_ms : DRAIN_DEFAULT_MS;
	TRY(address(k->opts.listen, l.listen, S("127.0.0.1:4000"), &k->listen_at, d));
	return address(k->opts.admin, l.admin, S("127.0.0.1:4001"), &k->admin_at, d);
}

/* ---- the swap ---- */

static void tell(struct peer *p, enum err e, const struct diag *d, struct str rest)
{
	if (!p->waits_reload)
		return;
	p->waits_reload = false;
	peer_reply(p, p->reload_seq, e, d, rest);
}

static void on_reap(struct deferred *deferred)
{
	struct reload *r = OWNER(deferred, struct reload, reap);
	struct keeper *k = r->keeper;
	struct diag d = { 0 };

	free(r);
	if (!k->reload_again || k->reload != NULL)
		return; /* the one that runs began later than what was asked for */
	k->reload_again = false;
	if (reload_begin(k, &d) != OK)
		log_msg(LOG_WARN, "no reload: %s", diag_text(&d));
}

/* settle tells every egress which generation is in force everywhere, after what else it is due. */
static void settle(struct keeper *k, unsigned due)
{
	for (unsigned i = 0; i < k->workers; i++)
		child_owe(&k->egress[i], due | DUE_SETTLED);
}

/* finish ends a reload with e and tells everybody who asked. */
static void finish(struct reload *r, enum err e, const struct diag *d)
{
	struct keeper *k = r->keeper;
	char text[256];
	struct buf b;

	if (e == OK) {
		log_msg(LOG_INFO, "configuration %llu is in force",
			(unsigned long long)k->now.generation);
		settle(k, 0);
	} else {
		log_msg(LOG_ERROR, "nothing was changed: %s", diag_text(d));
	}
	parts_event(k, "reload", e == OK ? "done" : diag_text(d));
	buf_fixed(&b, text, sizeof text);
	wr_str(&b, str_head(str_z(e == OK ? k->now.warning : ""), sizeof text - 4));
	for (unsigned i = 0; i < KEEPER_CLIENTS; i++)
		tell(&k->clients[i].peer, e, d, buf_str(&b));
	tell(&k->admin.peer, e, d, buf_str(&b));
	for (unsigned i = 0; i < LIMIT_WORKERS; i++)
		k->ingress[i].reloading = k->egress[i].reloading = false;
	k->admin.reloading = false;
	timer_cancel(&r->timer);
	if (r->result.fd >= 0) {
		loop_unwatch(k->loop, &r->result);
		(void)close(r->result.fd);
	}
	snapshot_close(&r->next);
	k->reload = NULL;
	r->reap.on_run = on_reap;
	loop_defer(k->loop, &r->reap);
}

static void ask(struct reload *r, struct child *c, unsigned due)
{
	if (!child_runs(c))
		return; /* the next birth brings it */
	c->reloading = true;
	r->waiting++;
	child_owe(c, due);
}

/* commit: every egress knows the new table, so it becomes the gate's. */
static void commit(struct reload *r)
{
	struct keeper *k = r->keeper;

	snapshot_close(&k->now);
	k->now = r->next;
	r->next = no_snapshot;
	r->stage = TO_INGRESS;
	timer_set(k->loop, &r->timer, STAGE_MS);
	r->waiting = 1; /* ours, so that no answer ends it before all were asked */
	for (unsigned i = 0; i < k->workers; i++)
		ask(r, &k->ingress[i], DUE_TABLES | (k->now.tls_fd >= 0 ? DUE_TLS : 0));
	ask(r, &k->admin, DUE_TABLES);
	if (--r->waiting == 0)
		finish(r, OK, NULL);
}

/* back_out gives every egress the table in force again, so that it is the newest it knows. */
static void back_out(struct reload *r, const char *why)
{
	struct keeper *k = r->keeper;
	struct diag d = { 0 };

	finish(r, diag_set(&d, ERR_CONFIG, "%s", why), &d);
	settle(k, DUE_TABLES);
}

static void on_timer(struct timer *t)
{
	struct reload *r = OWNER(t, struct reload, timer);
	struct keeper *k = r->keeper;
	struct diag d = { 0 };

	if (r->stage == LOADING) {
		finish(r, diag_set(&d, ERR_CONFIG, "the loader takes too long"), &d);
	} else if (r->stage == TO_EGRESS) {
		back_out(r, "an egress process does not answer");
	} else {
		for (unsigned i = 0; i < k->workers; i++)
			if (k->ingress[i].reloading)
				child_kill(&k->ingress[i], "it does not take its policy");
		if (k->admin.reloading)
			child_kill(&k->admin, "it does not take its policy");
		finish(r, OK, NULL);
	}
}

/* warn_fixed says what a reload does not change. */
static void warn_fixed(const struct keeper *k, const struct loaded *l)
{
	struct listen_addr at;
	char was[LISTEN_TEXT], is[LISTEN_TEXT];

	if (k->opts.listen == NULL && l->listen.n > 0 && listen_parse(l->listen, &at, NULL) == OK &&
	    strcmp(listen_format(&k->listen_at, was), listen_format(&at, is)) != 0)
		log_msg(LOG_WARN, "the gate goes on listening on %s; %s needs a restart", was, is);
	if (k->opts.workers == 0 && l->workers != 0 && l->workers != k->workers)
		log_msg(LOG_WARN, "the gate goes on with %u workers; %u need a restart", k->workers,
			l->workers);
}

static void on_result(struct watch *w, uint32_t ready)
{
	struct reload *r = OWNER(w, struct reload, result);
	struct keeper *k = r->keeper;
	struct diag d = { 0 };
	struct loaded l;

	(void)ready;
	enum err e = report_read(k, w->fd, k->now.generation + 1, &r->next, &l, &d);
	if (e == ERR_AGAIN)
		return;
	if (e != OK) {
		finish(r, e, &d);
		return;
	}
	loop_unwatch(k->loop, w);
	fd_closep(&w->fd);
	k->drain_ms = l.drain_ms ? l.drain_ms : DRAIN_DEFAULT_MS;
	warn_fixed(k, &l);
	r->stage = TO_EGRESS;
	timer_set(k->loop, &r->timer, STAGE_MS);
	r->waiting = 1;
	for (unsigned i = 0; i < k->workers; i++)
		ask(r, &k->egress[i], DUE_TABLES);
	if (--r->waiting == 0)
		commit(r);
}

enum err reload_begin(struct keeper *k, struct diag *d)
{
	int fd;

	if (k->reload != NULL)
		return diag_set(d, ERR_BUSY, "a reload is under way");
	if (k->draining)
		return diag_set(d, ERR_BUSY, "the gate is draining");
	TRY(load_start(k, k->now.generation + 1, &fd, d));
	struct reload *r = calloc(1, sizeof *r);
	if (r == NULL) {
		(void)close(fd);
		return diag_set(d, ERR_NOMEM, "no memory for a reload");
	}
	r->keeper = k;
	r->next = no_snapshot;
	r->result = (struct watch){ .fd = fd, .on_ready = on_result };
	r->timer.on_expire = on_timer;
	timer_set(k->loop, &r->timer, LOAD_MS);
	k->reload = r;
	if (loop_watch(k->loop, &r->result, EPOLLIN) != OK) {
		(void)diag_set(d, ERR_SYS, "cannot watch the loader");
		finish(r, ERR_SYS, d);
		return ERR_SYS;
	}
	return OK;
}

/* answered: one child fewer to wait for. */
static void answered(struct keeper *k, struct child *c)
{
	struct reload *r = k->reload;

	if (r == NULL || !c->reloading)
		return;
	c->reloading = false;
	if (--r->waiting > 0)
		return;
	if (r->stage == TO_EGRESS)
		commit(r);
	else
		finish(r, OK, NULL);
}

void reload_ready(struct keeper *k, struct child *c, bool ok)
{
	if (!ok && c->reloading && c->peer.role == R_EGRESS) {
		c->reloading = false;
		back_out(k->reload, "an egress process refuses the new table");
		return;
	}
	if (!ok) {
		child_kill(c, "it refuses what it was given");
		return;
	}
	if (c->awaiting > 0)
		return; /* an older one; the newest is yet to be answered */
	if (c->peer.phase == P_BOOT)
		child_running(c);
	answered(k, c);
}

void reload_gone(struct keeper *k, struct child *c)
{
	answered(k, c);
}
