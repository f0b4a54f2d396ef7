/*
 * proto/status.c - the state of the gate, for `yett status` and the admin process.
 * Input: keeper's.   Runs in: keeper, admin, cli.
 */
#include "proto/status.h"

#include "base/rd.h"

#include <assert.h>
#include <string.h>

const char *const status_phase_text[STATUS_PHASES] = {
	[STATUS_STOPPED] = "stopped",
	[STATUS_STARTING] = "starting",
	[STATUS_RUNNING] = "running",
	[STATUS_DRAINING] = "draining",
};

static void child_encode(const struct status_child *c, struct buf *out)
{
	wr_str(out, c->role);
	wr_u32(out, c->worker);
	wr_u32(out, c->pid);
	wr_u8(out, (uint8_t)c->phase);
	wr_u64(out, c->up_ms);
	wr_u32(out, c->restarts);
	wr_bool(out, c->crash_loop);
	wr_str(out, c->last_end);
}

static void child_decode(struct status_child *c, struct rd *r)
{
	c->role = rd_str(r, STATUS_TEXT);
	c->worker = rd_u32(r);
	c->pid = rd_u32(r);
	uint8_t phase = rd_u8(r);
	if (phase >= STATUS_PHASES && r->err == OK)
		r->err = ERR_SYNTAX;
	c->phase = (enum status_phase)(phase < STATUS_PHASES ? phase : 0);
	c->up_ms = rd_u64(r);
	c->restarts = rd_u32(r);
	c->crash_loop = rd_bool(r);
	c->last_end = rd_str(r, STATUS_TEXT);
}

void status_encode(const struct status *s, struct buf *out)
{
	assert(s->n <= STATUS_CHILDREN);
	wr_str(out, s->version);
	wr_u64(out, s->up_ms);
	wr_u64(out, s->generation);
	wr_bytes(out, (struct str){ (const char *)s->config_hash, sizeof s->config_hash });
	wr_str(out, s->listen);
	wr_str(out, s->admin);
	wr_str(out, s->warning);
	wr_bool(out, s->draining);
	wr_u32(out, s->landlock);
	wr_u32(out, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		child_encode(&s->children[i], out);
}

enum err status_decode(struct status *s, struct str body)
{
	struct rd r = rd_from(body);

	s->version = rd_str(&r, STATUS_TEXT);
	s->up_ms = rd_u64(&r);
	s->generation = rd_u64(&r);
	struct str hash = rd_bytes(&r, sizeof s->config_hash);
	if (r.err == OK)
		memcpy(s->config_hash, hash.p, sizeof s->config_hash);
	s->listen = rd_str(&r, STATUS_TEXT);
	s->admin = rd_str(&r, STATUS_TEXT);
	s->warning = rd_str(&r, STATUS_TEXT);
	s->draining = rd_bool(&r);
	s->landlock = rd_u32(&r);
	s->n = rd_count(&r, STATUS_CHILDREN, 34);
	for (uint32_t i = 0; i < s->n; i++)
		child_decode(&s->children[i], &r);
	return rd_end(&r);
}
