/*
 * keeper/status.c - the state of the gate for who asks.
 * Runs in: keeper.
 */
#include "keeper/supervise.h"

#include "proto/status.h"

#include <stdlib.h>
#include <string.h>

static void add(struct status *s, const struct child *c)
{
	static const enum status_phase phases[PHASE_COUNT] = { STATUS_STOPPED, STATUS_STARTING,
							       STATUS_RUNNING, STATUS_DRAINING };
	const struct keeper *k = c->keeper;

	s->children[s->n++] = (struct status_child){
		.role = str_z(c->name),
		.worker = c->worker,
		.pid = (uint32_t)c->pid,
		.phase = c->pid ? phases[c->peer.phase] : STATUS_STOPPED,
		.up_ms = c->pid ? loop_now_ms(k->loop) - c->started_ms : 0,
		.restarts = c->restarts,
		.crash_loop = child_loops(c),
		.last_end = str_z(c->last_end),
	};
}

void status_write(struct keeper *k, struct buf *out)
{
	char listen[LISTEN_TEXT], admin[LISTEN_TEXT];
	struct status *s = calloc(1, sizeof *s);

	if (s == NULL) {
		out->err = ERR_NOMEM;
		return;
	}
	s->version = S(YETT_VERSION);
	s->up_ms = loop_now_ms(k->loop) - k->started_ms;
	s->generation = k->now.generation;
	memcpy(s->config_hash, k->now.config_hash, sizeof s->config_hash);
	s->listen = str_z(listen_format(&k->listen_at, listen));
	s->admin = str_z(listen_format(&k->admin_at, admin));
	const char *trouble = parts_trouble(k);
	s->warning = str_z(trouble ? trouble : k->now.warning);
	s->draining = k->draining;
	s->landlock = (uint32_t)k->landlock;
	for (unsigned i = 0; i < k->workers; i++) {
		add(s, &k->ingress[i]);
		add(s, &k->egress[i]);
	}
	add(s, &k->admin);
	status_encode(s, out);
	free(s);
}
