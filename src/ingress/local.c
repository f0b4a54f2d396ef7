/* ingress/local.c - what the gate knows itself. Runs in: ingress. */
#include "ingress/local.h"

#include "base/rd.h"
#include "ingress/auth.h"
#include "ingress/meter.h"
#include "ingress/models.h"
#include "ingress/reply.h"
#include "sys/clock.h"
#include "sys/ipc.h"

#include <assert.h>
#include <unistd.h>

void local_refuse(struct conn *c, enum llm_dialect d, const struct diag *why)
{
	struct llm_error e = { 0 };

	llm_error_set(&e, reply_error_kind(why->err), &c->in->turn, str_z(diag_text(why)));
	if (why->err == ERR_NOT_FOUND)
		e.code = S("model_not_found");
	reply_error(c, d, &e, S(""), NULL);
}

void local_finish(struct conn *c, struct str type)
{
	struct str body = arena_dup(&c->in->turn, buf_str(&c->in->encoded));

	if (c->in->encoded.err != OK || body.p == NULL)
		reply_plain(c, 503, "no memory for this answer");
	else
		reply_whole(c, 200, type, S(""), body);
}

/* ---- health and metrics -----------------------------------------------------------------------
 */

static void readiness(struct conn *c)
{
	struct ingress *in = c->in;
	bool ready = in->keys_ready && !in->draining && usage_room(in->usage, in->promised);

	reply_whole(c, ready ? 200 : 503, S("application/json"), S(""),
		    ready	   ? S("{\"status\":\"healthy\",\"db\":\"connected\"}")
		    : in->draining ? S("{\"status\":\"draining\"}")
		    : in->keys_ready
			    ? S("{\"status\":\"usage cannot be recorded; free disk space\"}")
			    : S("{\"status\":\"starting\"}"));
}

static void metrics(struct conn *c, const struct http1_head *h)
{
	struct caller caller;
	struct diag why = { 0 };

	if (c->in->gen->policy.metrics_auth && auth_caller(c->in, h, &caller, &why) != OK) {
		local_refuse(c, DIALECT_OPENAI, &why);
		return;
	}
	buf_reset(&c->in->encoded);
	meter_write(c->in, &c->in->encoded);
	local_finish(c, S("text/plain; version=0.0.4; charset=utf-8"));
}

/* ---- admin paths ------------------------------------------------------------------------------
 */

/* The connection itself goes to the admin process, with what has been read of it: this process
 * holds no code for keys. */
static void hand_over(struct conn *c, struct str raw)
{
	struct ingress *in = c->in;
	struct diag why = { 0 };
	struct buf body;

	/* No answer waits to be sent on this connection: it would be lost with it. */
	assert(c->gather == NULL && conn_pending(c) == 0);
	if (!in->gen->policy.admin_on_inference || c->tls != NULL) {
		(void)diag_set(
			&why, ERR_DENIED,
			"admin paths answer on the admin listener (127.0.0.1:4001), or here with "
			"'yett: {admin_on_inference: true}'");
		local_refuse(c, DIALECT_OPENAI, &why);
		return;
	}
	buf_init(&body, LIMIT_CONTROL);
	wr_str(&body, raw);
	/* More than this keeper takes for an attack, and it is the client who says how much. */
	enum err e = raw.n > CONTROL_HANDOFF || body.err != OK
			     ? ERR_LIMIT
			     : ipc_send(in->control_fd, MSG_HANDOFF, 0, buf_str(&body),
					&c->watch.fd, 1);
	buf_free(&body);
	if (e != OK) {
		(void)diag_set(&why, e == ERR_LIMIT ? ERR_LIMIT : ERR_BUSY,
			       "the request cannot be handed to admin; "
			       "use the admin listener");
		local_refuse(c, DIALECT_OPENAI, &why);
		return;
	}
	(void)close(conn_detach(c));
}

void local_answer(struct conn *c, const struct route_match *m, const struct http1_head *h,
		  struct str raw)
{
	switch ((int)m->route->endpoint) {
	case EP_MODELS:
	case EP_MODEL:
	case EP_MODEL_INFO:
		models_answer(c, m, h);
		return;
	case EP_LIVE:
		reply_whole(c, 200, S("application/json"), S(""), S("\"I'm alive!\""));
		return;
	case EP_READY:
		readiness(c);
		return;
	case EP_METRICS:
		metrics(c, h);
		return;
	default:
		hand_over(c, raw);
	}
}
