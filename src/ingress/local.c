/* ingress/local.c - what the gate knows itself. Runs in: ingress. */
#include "ingress/local.h"

#include "base/rd.h"
#include "codec/jw.h"
#include "codec/url.h"
#include "ingress/auth.h"
#include "ingress/limits.h"
#include "ingress/meter.h"
#include "ingress/reply.h"
#include "sys/clock.h"
#include "sys/ipc.h"

#include <unistd.h>

static void refuse(struct conn *c, enum llm_dialect d, const struct diag *why)
{
	struct llm_error e = { 0 };

	llm_error_set(&e, reply_error_kind(why->err), &c->in->turn, str_z(diag_text(why)));
	if (why->err == ERR_NOT_FOUND)
		e.code = S("model_not_found");
	reply_error(c, d, &e, S(""), NULL);
}

static void finish(struct conn *c, struct str type)
{
	struct str body = arena_dup(&c->in->turn, buf_str(&c->in->encoded));

	if (c->in->encoded.err != OK || body.p == NULL)
		reply_plain(c, 503, "no memory for this answer");
	else
		reply_whole(c, 200, type, S(""), body);
}

/* ---- models -----------------------------------------------------------------------------------
 */

static void openai_model(struct buf *b, struct str name, const char *created)
{
	(void)created;
	jw_obj(b);
	jw_kv_str(b, S("id"), name);
	jw_kv_str(b, S("object"), S("model"));
	jw_kv_int(b, S("created"), 1677610602); /* LiteLLM's constant: clients want a number */
	jw_kv_str(b, S("owned_by"), S("openai"));
	jw_obj_end(b);
}

static void anthropic_model(struct buf *b, struct str name, const char *created)
{
	jw_obj(b);
	jw_kv_str(b, S("type"), S("model"));
	jw_kv_str(b, S("id"), name);
	jw_kv_str(b, S("display_name"), name);
	jw_kv_str(b, S("created_at"), str_z(created));
	jw_obj_end(b);
}

static void gemini_model(struct buf *b, struct str name, const char *created)
{
	(void)created;
	jw_obj(b);
	jw_key(b, S("name"));
	jw_quote_open(b);
	jw_str_add(b, S("models/"));
	jw_str_add(b, name);
	jw_quote_close(b);
	jw_kv_str(b, S("displayName"), name);
	jw_kv_raw(b, S("supportedGenerationMethods"),
		  S("[\"generateContent\",\"streamGenerateContent\",\"countTokens\"]"));
	jw_obj_end(b);
}

/* How each dialect lists models: what goes around, and one. */
static const struct {
	struct str before, after;
	void (*one)(struct buf *, struct str, const char *);
} lists[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = { SC("{\"object\":\"list\",\"data\":["), SC("]}"), openai_model },
	[DIALECT_ANTHROPIC] = { SC("{\"has_more\":false,\"first_id\":null,\"last_id\":null,"
				   "\"data\":["),
				SC("]}"), anthropic_model },
	[DIALECT_GEMINI] = { SC("{\"models\":["), SC("]}"), gemini_model },
};

static bool visible(const struct policy *p, const struct key *key, const struct policy_model *m)
{
	return !m->hidden && (key == NULL || limits_model(key, p, m->name, m));
}

static void list_models(struct conn *c, const struct key *key, enum llm_dialect d)
{
	const struct policy *p = &c->in->gen->policy;
	struct buf *b = &c->in->encoded;

	buf_reset(b);
	buf_add(b, lists[d].before);
	for (uint32_t i = 0; i < p->n_models; i++) {
		if (!visible(p, key, &p->models[i]))
			continue;
		if (b->n > lists[d].before.n)
			buf_addc(b, ',');
		buf_addc(b, ' '); /* jw looks at the byte before; a space starts a fresh text */
		lists[d].one(b, p->models[i].name, "2024-01-01T00:00:00Z");
	}
	for (uint32_t i = 0; i < p->n_aliases; i++) {
		const struct policy_model *m = policy_model_find(p, p->aliases[i].name,
								 &(struct str){ 0 });
		if (p->aliases[i].hidden || m == NULL ||
		    (key != NULL && !limits_model(key, p, p->aliases[i].name, m)))
			continue;
		if (b->n > lists[d].before.n)
			buf_addc(b, ',');
		buf_addc(b, ' ');
		lists[d].one(b, p->aliases[i].name, "2024-01-01T00:00:00Z");
	}
	buf_add(b, lists[d].after);
	finish(c, S("application/json"));
}

static void one_model(struct conn *c, const struct key *key, enum llm_dialect d, struct str encoded)
{
	const struct policy *p = &c->in->gen->policy;
	struct diag why = { 0 };
	char room[LIMIT_NAME];
	struct buf name;
	struct str star;

	buf_fixed(&name, room, sizeof room);
	url_decode(&name, encoded);
	const struct policy_model *m = name.err == OK ? policy_model_find(p, buf_str(&name), &star)
						      : NULL;
	if (m == NULL || (key != NULL && !limits_model(key, p, buf_str(&name), m))) {
		(void)diag_set(&why, ERR_NOT_FOUND, "no such model here; see /v1/models");
		refuse(c, d, &why);
		return;
	}
	buf_reset(&c->in->encoded);
	lists[d].one(&c->in->encoded, buf_str(&name), "2024-01-01T00:00:00Z");
	finish(c, S("application/json"));
}

static void models(struct conn *c, const struct route_match *m, const struct http1_head *h)
{
	enum llm_dialect d = m->route->dialect;
	struct diag why = { 0 };
	struct caller caller;

	/* The same path in all APIs; each of these headers is sent by one API's clients only. */
	if (d == DIALECT_OPENAI && h->known[H_ANTHROPIC_VERSION].p != NULL)
		d = DIALECT_ANTHROPIC;
	else if (d == DIALECT_OPENAI && h->known[H_X_GOOG_API_KEY].p != NULL)
		d = DIALECT_GEMINI;
	if (!c->in->keys_ready) {
		(void)diag_set(&why, ERR_AGAIN, "the gate is starting; retry in a second");
		refuse(c, d, &why);
	} else if (auth_caller(c->in, h, &caller, &why) != OK) {
		refuse(c, d, &why);
	} else if (m->route->endpoint == EP_MODELS) {
		list_models(c, caller.key, d);
	} else {
		one_model(c, caller.key, d, m->model);
	}
}

/* ---- health and metrics -----------------------------------------------------------------------
 */

static void readiness(struct conn *c)
{
	struct ingress *in = c->in;
	bool ready = in->keys_ready && !in->draining && usage_room(in->usage);

	reply_whole(c, ready ? 200 : 503, S("application/json"), S(""),
		    ready	   ? S("{\"status\":\"healthy\",\"db\":\"connected\"}")
		    : in->draining ? S("{\"status\":\"draining\"}")
		    : in->keys_ready
			    ? S("{\"status\":\"usage cannot be recorded; free disk space\"}")
			    : S("{\"status\":\"starting\"}"));
}

static void metrics(struct conn *c)
{
	buf_reset(&c->in->encoded);
	meter_write(c->in, &c->in->encoded);
	finish(c, S("text/plain; version=0.0.4; charset=utf-8"));
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

	/* An answer that waits to be sent on this connection would be lost with it. */
	bool waits = c->gather != NULL || conn_pending(c) != 0;
	if (waits)
		(void)diag_set(&why, ERR_BUSY, "send this request on a connection of its own");
	if (!in->gen->policy.admin_on_inference || c->tls != NULL)
		(void)diag_set(
			&why, ERR_DENIED,
			"admin paths answer on the admin listener (127.0.0.1:4001), or here with "
			"'yett: {admin_on_inference: true}'");
	if (why.err != OK) {
		refuse(c, DIALECT_OPENAI, &why);
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
		refuse(c, DIALECT_OPENAI, &why);
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
		models(c, m, h);
		return;
	case EP_LIVE:
		reply_whole(c, 200, S("application/json"), S(""), S("\"I'm alive!\""));
		return;
	case EP_READY:
		readiness(c);
		return;
	case EP_METRICS:
		metrics(c);
		return;
	default:
		hand_over(c, raw);
	}
}
