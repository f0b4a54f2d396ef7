/* ingress/reply.c - heads and errors. Runs in: ingress. */
#include "ingress/reply.h"

#include "ingress/exchange.h"
#include "ingress/meter.h"

#include <stdio.h>

enum { ERROR_MAX = 16 << 10, JOIN_MAX = 2 << 10 };

static const enum llm_error_kind kinds[ERR_COUNT] = {
	[OK] = LLM_SERVER,
	[ERR_AGAIN] = LLM_OVERLOADED,
	[ERR_SYNTAX] = LLM_BAD_REQUEST,
	[ERR_LIMIT] = LLM_TOO_LARGE,
	[ERR_UNSUPPORTED] = LLM_BAD_REQUEST,
	[ERR_ENCODING] = LLM_BAD_REQUEST,
	[ERR_AUTH] = LLM_AUTH,
	[ERR_DENIED] = LLM_PERMISSION,
	[ERR_NOT_FOUND] = LLM_NOT_FOUND,
	[ERR_EXISTS] = LLM_BAD_REQUEST,
	[ERR_RATE] = LLM_RATE,
	[ERR_BUDGET] = LLM_BUDGET,
	[ERR_UPSTREAM] = LLM_UPSTREAM,
	[ERR_TIMEOUT] = LLM_TIMEOUT,
	[ERR_BUSY] = LLM_OVERLOADED,
	[ERR_USAGE] = LLM_BAD_REQUEST,
	[ERR_CONFIG] = LLM_SERVER,
	[ERR_NOMEM] = LLM_OVERLOADED,
	[ERR_SYS] = LLM_SERVER,
};

enum llm_error_kind reply_error_kind(enum err e)
{
	return kinds[e];
}

/* The status lines that matter, ready made. */
void reply_head(struct buf *out, unsigned status, struct str content_type)
{
	if (status == 200) {
		buf_add(out, S("HTTP/1.1 200 OK\r\ncontent-type: "));
	} else {
		buf_add(out, S("HTTP/1.1 "));
		buf_addu(out, status);
		buf_addc(out, ' ');
		buf_add(out, str_z(http1_reason(status)));
		buf_add(out, S("\r\ncontent-type: "));
	}
	buf_add(out, content_type);
	buf_add(out, S("\r\n"));
}

static void add_number(struct buf *out, struct str name, int64_t v)
{
	buf_add(out, name);
	buf_add(out, S(": "));
	buf_addi(out, v < 0 ? 0 : v);
	buf_add(out, S("\r\n"));
}

void reply_limits_write(struct buf *out, const struct reply_limits *lim)
{
	if (lim->limit_requests >= 0) {
		add_number(out, S("x-ratelimit-limit-requests"), lim->limit_requests);
		add_number(out, S("x-ratelimit-remaining-requests"), lim->remaining_requests);
	}
	if (lim->limit_tokens >= 0) {
		add_number(out, S("x-ratelimit-limit-tokens"), lim->limit_tokens);
		add_number(out, S("x-ratelimit-remaining-tokens"), lim->remaining_tokens);
	}
	if (lim->limit_requests >= 0 || lim->limit_tokens >= 0)
		add_number(out, S("x-ratelimit-reset-requests"), lim->reset_s);
	if (lim->retry_after_s)
		add_number(out, S("retry-after"), lim->retry_after_s);
}

enum err reply_begin(struct conn *c, struct buf *head, unsigned status, struct str content_type)
{
	char *room = arena_take(&c->in->turn, REPLY_HEAD, 1);

	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(head, room, REPLY_HEAD);
	reply_head(head, status, content_type);
	return OK;
}

void reply_end(struct conn *c, struct buf *head, unsigned status, struct str body)
{
	struct str text;

	meter_status(c->in, status);
	buf_add(head, S("content-length: "));
	buf_addu(head, body.n);
	if (!c->keep_alive || c->close_after)
		buf_add(head, S("\r\nconnection: close"));
	else if (c->http10)
		buf_add(head, S("\r\nconnection: keep-alive"));
	buf_add(head, S("\r\n\r\n"));
	if (buf_finish(head, &text) != OK) {
		conn_kill(c);
		return;
	}
	/* One piece is cheaper to send than two, as long as it is small. */
	bool join = !c->head_only && body.n <= JOIN_MAX && body.n <= head->cap - head->n;
	if (join) {
		buf_add(head, body);
		text = buf_str(head);
	}
	arena_trim(&c->in->turn, head->p, head->cap, head->n);
	conn_gather(c, text);
	if (!join && !c->head_only)
		conn_gather(c, body);
	conn_done(c);
}

void reply_whole(struct conn *c, unsigned status, struct str content_type, struct str extra,
		 struct str body)
{
	struct buf head;

	if (reply_begin(c, &head, status, content_type) != OK) {
		conn_kill(c);
		return;
	}
	buf_add(&head, extra);
	reply_end(c, &head, status, body);
}

static const struct {
	unsigned status;
	enum llm_error_kind kind;
} by_status[] = {
	{ 400, LLM_BAD_REQUEST }, { 401, LLM_AUTH },	    { 403, LLM_PERMISSION },
	{ 404, LLM_NOT_FOUND },	  { 405, LLM_BAD_REQUEST }, { 408, LLM_TIMEOUT },
	{ 413, LLM_TOO_LARGE },	  { 431, LLM_TOO_LARGE },   { 501, LLM_BAD_REQUEST },
	{ 503, LLM_OVERLOADED },
};

void reply_plain(struct conn *c, unsigned status, const char *why)
{
	struct llm_error e = { 0 };
	enum llm_error_kind kind = LLM_SERVER;

	for (unsigned i = 0; i < sizeof by_status / sizeof by_status[0]; i++)
		if (by_status[i].status == status)
			kind = by_status[i].kind;
	llm_error_set(&e, kind, &c->in->turn, str_z(why));
	e.status = status;
	reply_error(c, DIALECT_OPENAI, &e, S(""), NULL);
}

void reply_no_route(struct conn *c, struct str path, enum err e)
{
	struct llm_error error = { 0 };
	bool method = e == ERR_UNSUPPORTED;

	llm_error_set(&error, method ? LLM_BAD_REQUEST : LLM_NOT_FOUND, &c->in->turn,
		      method ? S("this path takes another method; calls are sent with POST")
			     : S("no such path; see /v1/models, /v1/chat/completions, "
				 "/v1/messages, /v1beta/models"));
	error.status = method ? 405 : 404;
	if (!method)
		error.code = S("unknown_url"); /* OpenAI's; else a model would be missing */
	reply_error(c, route_dialect(path), &error, S(""), NULL);
}

void reply_error(struct conn *c, enum llm_dialect d, const struct llm_error *e, struct str id,
		 const struct reply_limits *lim)
{
	struct ingress *in = c->in;
	char *room = arena_take(&in->turn, ERROR_MAX, 1);
	char lines[1024];
	struct buf body, extra;
	struct str text;

	if (room == NULL) {
		conn_kill(c);
		return;
	}
	buf_fixed(&body, room, ERROR_MAX);
	if (e->body.p == NULL)
		dialects[d]->encode_error(e, &body);
	if (e->body.p != NULL)
		text = e->body;
	else if (buf_finish(&body, &text) != OK)
		text = S("{\"error\":{\"message\":\"the error is too long to be "
			 "told\",\"type\":\"server_error\"}}");
	buf_fixed(&extra, lines, sizeof lines);
	if (id.n) {
		buf_add(&extra, S("x-litellm-call-id: "));
		buf_add(&extra, id);
		buf_add(&extra, S("\r\n"));
	}
	if (lim != NULL)
		reply_limits_write(&extra, lim);
	if (e->status == 401)
		buf_add(&extra, S("www-authenticate: Bearer\r\n"));
	reply_whole(c, e->status, S("application/json"), buf_str(&extra), text);
}

void reply_refuse(struct conn *c, enum err e, const char *why)
{
	struct llm_error error = { 0 };
	struct exchange *x = c->x;

	llm_error_set(&error, reply_error_kind(e), &c->in->turn, str_z(why));
	if (e == ERR_TIMEOUT)
		error.status = 408;
	if (x == NULL) {
		reply_error(c, DIALECT_OPENAI, &error, S(""), NULL);
		return;
	}
	exchange_refuse(x, &error, NULL);
}
