/*
 * keeper/rules.c - who may say what, when, and how large. A message without a row, from the wrong
 * role, at the wrong time, too large or with other descriptors than its row says ends who sent it.
 * Input: hostile (a subverted child).   Runs in: keeper.   Fuzz: fuzz/control_fuzz.c for the bodies
 */
#include "keeper/supervise.h"

#include "base/rd.h"

/* A handed-over connection's bytes come with their length before them. */
enum { HANDOFF_MAX = CONTROL_HANDOFF + 4, KEY_MAX = 96 << 10, NAME_MAX_BODY = LIMIT_NAME + 4096 };

static enum err on_ready(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	uint32_t ok = rd_u32(&r);
	struct child *c = child_of(from);

	TRY(rd_end(&r));
	if (ok > 1 || c->awaiting == 0)
		return ERR_SYNTAX;
	c->awaiting--;
	reload_ready(k, c, ok == 1);
	return OK;
}

static enum err on_drained(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	(void)k;
	if (m->body.n != 0)
		return ERR_SYNTAX;
	child_kill(child_of(from), NULL);
	return OK;
}

/* A client asked for an admin path on the inference port. What it said is for admin to read. */
static enum err on_handoff(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);

	(void)from;
	(void)rd_str(&r, CONTROL_HANDOFF);
	TRY(rd_end(&r));
	/* Without admin, or with one that does not keep up, the client sees its connection
	 * close. */
	if (child_runs(&k->admin) && k->admin.peer.phase == P_RUN &&
	    ipc_send(k->admin.peer.watch.fd, MSG_HANDOFF, 0, m->body, m->fds, 1) != OK)
		return OK;
	return OK;
}

static enum err on_status(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	struct buf b;

	if (m->body.n != 0)
		return ERR_SYNTAX;
	buf_init(&b, LIMIT_CONTROL);
	status_write(k, &b);
	peer_reply(from, m->seq, b.err, NULL, buf_str(&b));
	buf_free(&b);
	return OK;
}

static enum err on_reload(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	struct diag d = { 0 };

	if (m->body.n != 0)
		return ERR_SYNTAX;
	enum err e = reload_begin(k, &d);
	if (e != OK) {
		peer_reply(from, m->seq, e, &d, S(""));
		return OK;
	}
	from->waits_reload = true;
	from->reload_seq = m->seq;
	return OK;
}

static enum err on_stop(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	if (m->body.n != 0)
		return ERR_SYNTAX;
	peer_reply(from, m->seq, OK, NULL, S(""));
	keeper_drain(k);
	return OK;
}

static enum err on_key(struct keeper *k, struct peer *from, struct ipc_msg *m)
{
	return parts_request(k, from, m);
}

enum { OPERATORS = B(R_ADMIN) | B(R_CLI) };

static const struct rule {
	uint16_t type;
	uint8_t fds;         /* exactly so many descriptors */
	uint32_t max;        /* largest body */
	unsigned from, when; /* bit sets of enum role, enum phase */
	enum err (*handle)(struct keeper *, struct peer *,
			   struct ipc_msg *); /* ERR_SYNTAX: a violation */
} rules[] = {
	{ MSG_READY, 0, 4, B(R_INGRESS) | B(R_EGRESS) | B(R_ADMIN),
	  B(P_BOOT) | B(P_RUN) | B(P_DRAIN), on_ready },
	{ MSG_DRAINED, 0, 0, B(R_INGRESS) | B(R_ADMIN), B(P_DRAIN), on_drained },
	{ MSG_HANDOFF, 1, HANDOFF_MAX, B(R_INGRESS), B(P_RUN) | B(P_DRAIN), on_handoff },
	{ MSG_KEY_CREATE, 0, KEY_MAX, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_UPDATE, 0, KEY_MAX, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_GET, 0, NAME_MAX_BODY, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_LIST, 0, 8, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_DELETE, 0, NAME_MAX_BODY, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_BLOCK, 0, NAME_MAX_BODY, OPERATORS, B(P_RUN), on_key },
	{ MSG_KEY_ROTATE, 0, NAME_MAX_BODY, OPERATORS, B(P_RUN), on_key },
	{ MSG_SPEND_LOGS, 0, NAME_MAX_BODY, OPERATORS, B(P_RUN), on_key },
	{ MSG_USAGE_SUMMARY, 0, 64, OPERATORS, B(P_RUN), on_key },
	{ MSG_STATUS, 0, 0, OPERATORS, B(P_RUN) | B(P_DRAIN), on_status },
	{ MSG_RELOAD, 0, 0, OPERATORS, B(P_RUN), on_reload },
	{ MSG_STOP, 0, 0, B(R_CLI), B(P_RUN), on_stop },
};

bool rules_handle(struct keeper *k, struct peer *from, struct ipc_msg *m, const char **why)
{
	const struct rule *r = NULL;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].type == m->type)
			r = &rules[i];
	*why = NULL;
	if (r == NULL)
		*why = "nobody may say to keeper";
	else if ((r->from & B(from->role)) == 0)
		*why = "this role may not say";
	else if ((r->when & B(from->phase)) == 0)
		*why = "may not be said now";
	else if (m->body.n > r->max)
		*why = "is too large";
	else if (m->n_fds != r->fds)
		*why = "has not the descriptors it must have";
	if (*why != NULL)
		return false;
	if (r->handle(k, from, m) == ERR_SYNTAX)
		*why = "is malformed";
	return *why == NULL;
}
