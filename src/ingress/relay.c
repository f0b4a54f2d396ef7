/*
 * ingress/relay.c - answers: heads, errors and whole bodies. Streams are in relay_stream.c.
 * Input: hostile (the provider's).   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "ingress/relay.h"

#include "base/num.h"
#include "codec/jw.h"
#include "ingress/attempt.h"
#include "ingress/choose.h"
#include "ingress/link.h"
#include "ingress/meter.h"
#include "ingress/relay_stream.h"
#include "llm/scrub.h"
#include "sys/log.h"

#include <string.h>

enum {
	ERROR_BODY_MAX = 256 << 10,
	OWN_WORDS_MAX = 64 << 10,
	LINES_MAX = 4 << 10,
	DENIED_EVERY_MS = 1000
};

/* Under which name a provider's header reaches the client. Rate limits are the provider's, not the
 * gate's, so they are marked as LiteLLM marks them. */
static const struct str reply_as[CALL_REPLY_COUNT] = {
	[REPLY_REQUEST_ID] = SC("request-id"),
	[REPLY_X_REQUEST_ID] = SC("x-request-id"),
	[REPLY_RATE_LIMIT_REQUESTS] = SC("llm_provider-x-ratelimit-limit-requests"),
	[REPLY_RATE_LIMIT_TOKENS] = SC("llm_provider-x-ratelimit-limit-tokens"),
	[REPLY_RATE_LEFT_REQUESTS] = SC("llm_provider-x-ratelimit-remaining-requests"),
	[REPLY_RATE_LEFT_TOKENS] = SC("llm_provider-x-ratelimit-remaining-tokens"),
	[REPLY_OPENAI_PROCESSING_MS] = SC("openai-processing-ms"),
	[REPLY_OPENAI_VERSION] = SC("openai-version"),
};

static void keep_reply_lines(struct exchange *x, const struct call_head *h)
{
	struct buf b;
	size_t n = 0;

	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++)
		if (h->replies[i].p != NULL && reply_as[i].p != NULL)
			n += reply_as[i].n + h->replies[i].n + 4;
	char *room = n && n <= LINES_MAX ? arena_take(&x->arena, n, 1) : NULL;
	x->reply_lines = S("");
	if (room == NULL)
		return;
	buf_fixed(&b, room, n);
	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++) {
		if (h->replies[i].p == NULL || reply_as[i].p == NULL)
			continue;
		buf_add(&b, reply_as[i]);
		buf_add(&b, S(": "));
		buf_add(&b, h->replies[i]);
		buf_add(&b, S("\r\n"));
	}
	x->reply_lines = buf_str(&b);
}

static void add_line(struct buf *out, struct str name, struct str value)
{
	buf_add(out, name);
	buf_add(out, value);
	buf_add(out, S("\r\n"));
}

void relay_head_lines(struct exchange *x, struct buf *out)
{
	add_line(out, S("x-litellm-call-id: "), str_z(x->id));
	add_line(out, S("x-litellm-model-id: "), x->dep->id);
	add_line(out, S("x-litellm-model-group: "), x->group->name);
	add_line(out, S("x-yett-config: "), str_z(x->gen->config_hex));
	/* A model whose deployments all cool down is left without an attempt. */
	unsigned again = x->attempts ? x->attempts - 1 : 0;
	buf_add(out, S("x-litellm-attempted-retries: "));
	buf_addu(out, again > x->fallbacks ? again - x->fallbacks : 0);
	buf_add(out, S("\r\nx-litellm-attempted-fallbacks: "));
	buf_addu(out, x->fallbacks);
	buf_add(out, S("\r\n"));
	buf_add(out, x->reply_lines);
	reply_limits_write(out, &x->limits);
}

/* A wish in seconds or in milliseconds; dates are not honoured. */
static uint32_t retry_after_of(const struct call_head *h)
{
	int64_t ms;

	if (h->replies[REPLY_RETRY_AFTER_MS].p != NULL &&
	    num_scaled(h->replies[REPLY_RETRY_AFTER_MS], 0, &ms) == OK && ms > 0 && ms < INT32_MAX)
		return (uint32_t)ms;
	if (h->replies[REPLY_RETRY_AFTER].p != NULL &&
	    num_scaled(h->replies[REPLY_RETRY_AFTER], 3, &ms) == OK && ms > 0 && ms < INT32_MAX)
		return (uint32_t)ms;
	return 0;
}

static bool is_event_stream(struct str content_type)
{
	struct str rest;

	return content_type.p != NULL &&
	       str_ieq(str_trim(str_cut(content_type, ';', &rest)), S("text/event-stream"));
}

void exchange_head(struct exchange *x, const struct call_head *h)
{
	if (x->answer != A_NONE)
		ingress_blame("egress sent two heads for one call");
	x->upstream_status = h->status;
	x->first_byte_ms = (uint32_t)(loop_now_ms(x->in->loop) - x->start_mono_ms);
	x->retry_after_ms = retry_after_of(h);
	keep_reply_lines(x, h);
	body_free(x->in->bodies, &x->sent);
	if (h->status >= 300) {
		x->answer = A_ERROR;
		return;
	}
	if (x->stream && is_event_stream(h->replies[REPLY_CONTENT_TYPE])) {
		relay_stream_begin(x);
		return;
	}
	x->answer = A_WHOLE;
	if (h->content_length <= LIMIT_RESPONSE)
		x->expected = (uint32_t)h->content_length;
}

static void pay(struct exchange *x, size_t n)
{
	x->unpaid += (uint32_t)n;
	if (x->unpaid < LIMIT_STREAM_CREDIT / 4)
		return;
	link_credit(x->in->link, x->call_id, x->unpaid);
	x->unpaid = 0;
}

void exchange_data(struct exchange *x, struct str data)
{
	switch (x->answer) {
	case A_ERROR:
		buf_add(&x->got, str_head(data, ERROR_BODY_MAX - (x->got.n < ERROR_BODY_MAX
									  ? x->got.n
									  : ERROR_BODY_MAX)));
		break;
	case A_WHOLE:
		if (x->got.n == 0 && x->expected)
			(void)buf_room(&x->got, x->expected);
		buf_add(&x->got, data);
		if (x->got.err != OK) {
			struct llm_error e = { 0 };
			llm_error_set(&e, LLM_UPSTREAM, &x->in->turn,
				      S("the provider's answer is too large"));
			exchange_refuse(x, &e, NULL);
			return;
		}
		break;
	case A_HELD:
	case A_STREAM:
		if (!relay_stream_data(x, data))
			return; /* the exchange has ended */
		x->unpaid += (uint32_t)data.n;
		if (!conn_blocked(x->conn))
			exchange_writable(x);
		return;
	case A_NONE:
	default:
		ingress_blame("egress sent a body without a head");
	}
	if (x->dep->serves != SERVES_ECHO)
		pay(x, data.n);
}

void exchange_writable(struct exchange *x)
{
	if (x->in_flight && x->dep->serves != SERVES_ECHO)
		pay(x, 0);
}

/* ---- ends that are no answer ------------------------------------------------------------------
 */

static void end_error(struct exchange *x, enum call_end how, struct llm_error *e)
{
	enum llm_error_kind kind = how == END_TIMEOUT ? LLM_TIMEOUT
				   : how == END_BUSY  ? LLM_OVERLOADED
						      : LLM_UPSTREAM;

	*e = (struct llm_error){ 0 };
	llm_error_set(e, kind, &x->in->turn, str_z(call_end_text[how]));
	e->request_id = str_z(x->id);
}

/* The statuses that may pass if asked again or elsewhere. */
static bool retryable_status(unsigned status)
{
	return status == 401 || status == 403 || status == 404 || status == 408 || status == 409 ||
	       status == 429 || status >= 500;
}

/* The client is told to ask the operator; here the operator is. */
static void log_denied(struct exchange *x, bool auth)
{
	uint64_t now = loop_now_ms(x->in->loop);
	char model[80], id[80];

	if (x->dep == NULL || (x->in->denied_ms && now - x->in->denied_ms < DENIED_EVERY_MS))
		return;
	x->in->denied_ms = now;
	log_msg(LOG_WARN, "model '%s': the provider %s the credential of deployment '%s'",
		log_str(x->model, model, sizeof model), auth ? "refuses" : "denies this call to",
		log_str(x->dep->id, id, sizeof id));
}

/* A provider that refuses the gate's own credential must not look as if the client's key were
 * wrong, and what it says about that key is not for the client. */
void relay_hide_auth(struct exchange *x, struct llm_error *e)
{
	bool auth = x->upstream_status == 401 || e->kind == LLM_AUTH;

	if (!auth && x->upstream_status != 403 && e->kind != LLM_PERMISSION)
		return;
	log_denied(x, auth);
	llm_error_set(e, LLM_UPSTREAM, &x->in->turn,
		      auth ? S("the provider refused the gate's credential; "
			       "its operator must renew it")
			   : S("the provider denies this call to the gate's credential"));
	e->request_id = str_z(x->id);
}

void relay_scrub(struct exchange *x, struct llm_error *e)
{
	e->message = llm_scrub(e->message, &x->in->turn);
	e->code = llm_scrub(e->code, &x->in->turn);
	e->param = llm_scrub(e->param, &x->in->turn);
}

void relay_fill(struct exchange *x, int64_t *created, struct str *model)
{
	if (*created == 0)
		*created = (int64_t)(loop_wall_ms(x->in->loop) / 1000);
	if (model->n == 0)
		*model = x->model_esc;
}

/* own_words gives the provider's error as it is where the client knows its shape: more is in it
 * than we have words for. Absent: it has not that shape, or is too long. */
static struct str own_words(struct exchange *x, const struct json *root, struct str body)
{
	const struct json *message = json_get(json_get(root, S("error")), S("message"));

	if (!x->same || body.n > OWN_WORDS_MAX || !json_is(root, JSON_OBJECT) ||
	    !json_is(message, JSON_STRING))
		return (struct str){ NULL, 0 };
	return llm_scrub(body, &x->in->turn);
}

static void end_upstream_error(struct exchange *x)
{
	struct llm_error e = { 0 };
	const struct json *root = NULL;

	struct str body = x->whole.p ? arena_dup(&x->in->turn, x->whole) : buf_str(&x->got);

	if (body.p == NULL || json_read(&x->in->turn, body, &root, NULL) != OK)
		root = NULL;
	dialects[x->up]->decode_error(x->upstream_status, root, &e, &x->in->turn);
	if (e.status < 400)
		e.status = 502;
	e.request_id = str_z(x->id);
	relay_scrub(x, &e);
	e.body = own_words(x, root, body);
	bool retryable = retryable_status(x->upstream_status) && e.kind != LLM_CONTEXT &&
			 e.kind != LLM_CONTENT;
	attempt_failed(x, &e, retryable, x->retry_after_ms);
}

/* ---- whole answers ----------------------------------------------------------------------------
 */

/* body stays valid until the end of the turn. */
static void send_whole(struct exchange *x, struct str body)
{
	struct conn *c = x->conn;
	struct buf head;
	bool known;

	enum err e = reply_begin(c, &head, 200, S("application/json"));
	if (e == OK) {
		relay_head_lines(x, &head);
		int64_t cost = meter_cost(x, &known);
		if (known) {
			buf_add(&head, S("x-litellm-response-cost: "));
			jw_number(&head, cost, 12);
			buf_add(&head, S("\r\n"));
		}
		e = head.err;
	}
	if (e != OK || body.p == NULL) { /* a translation that found no room */
		struct llm_error told = { 0 };
		llm_error_set(&told, LLM_SERVER, &x->in->turn, S("no memory for the answer"));
		exchange_refuse(x, &told, NULL);
		return;
	}
	x->status = 200;
	x->conn = NULL; /* so that finish leaves the connection to reply_end */
	c->x = NULL;
	exchange_finish(x);
	reply_end(c, &head, 200, body);
}

static enum err translate(struct exchange *x, const struct json *root, struct str *out)
{
	struct ingress *in = x->in;
	struct llm_response r;
	struct diag d = { 0 };

	memset(&r, 0, sizeof r);
	TRY(dialects[x->up]->decode_response(root, &r, &in->turn, &d));
	x->peek.usage = r.usage;
	llm_names_home(x->names, &r);
	relay_fill(x, &r.created, &r.model);
	buf_reset(&in->encoded);
	TRY(dialects[x->client]->encode_response(&r, &in->turn, &in->encoded));
	return buf_finish(&in->encoded, out);
}

static void bad_answer(struct exchange *x)
{
	struct llm_error e = { 0 };

	llm_error_set(&e, LLM_UPSTREAM, &x->in->turn,
		      S("the provider's answer cannot be understood"));
	e.request_id = str_z(x->id);
	attempt_failed(x, &e, true, 0);
}

/* An answer that goes on as it is need not be read whole: its outermost object is, and its usage
 * and error are. */
static enum err read_answer(struct exchange *x, struct str body, const struct json **out)
{
	const struct str *peeked = dialects[x->up]->peeked;

	if (x->same && !x->stream && peeked != NULL)
		return json_skim(&x->in->turn, body, peeked, out);
	TRY(json_read(&x->in->turn, body, out, NULL));
	return json_is(*out, JSON_OBJECT) ? OK : ERR_SYNTAX;
}

static void end_whole(struct exchange *x)
{
	struct ingress *in = x->in;
	const struct json *root;

	/* Egress could still change what lies in the ring, and the exchange gives its own buffer
	 * back before the turn ends. */
	struct str body = arena_dup(&in->turn, x->whole.p != NULL ? x->whole : buf_str(&x->got));
	if (body.p == NULL || read_answer(x, body, &root) != OK) {
		bad_answer(x);
		return;
	}
	dialects[x->up]->peek_response(root, &x->peek);
	if (x->peek.error) { /* 200 with an error inside */
		x->upstream_status = 502;
		end_upstream_error(x);
		return;
	}
	if (x->stream) { /* the client wants events, the provider gave a whole */
		if (!relay_stream_whole(x, root))
			bad_answer(x);
		return;
	}
	if (!x->same && translate(x, root, &body) != OK) {
		bad_answer(x);
		return;
	}
	send_whole(x, x->same ? body : arena_dup(&in->turn, body));
}

void exchange_end(struct exchange *x, enum call_end how, bool any_byte)
{
	struct llm_error e;

	(void)any_byte;
	x->in_flight = false;
	choose_end(x->in, x->dep_index);
	body_free(x->in->bodies, &x->sent);
	if (x->answer == A_ERROR) {
		end_upstream_error(x);
		return;
	}
	if (x->answer == A_STREAM || (x->answer == A_HELD && how == END_OK)) {
		end_error(x, how == END_OK ? END_TRUNCATED : how, &e);
		relay_stream_finish(x, how == END_OK, &e);
		return;
	}
	if (x->answer == A_WHOLE && how == END_OK) {
		end_whole(x);
		return;
	}
	if (how == END_TIMEOUT && x->hurried)
		meter_lost(x);
	end_error(x, how == END_OK ? END_PROTOCOL : how, &e);
	/* An egress that was started anew may not know the table that the call went by. */
	bool stale = how == END_REFUSED_CALL && x->gen != x->in->gen;
	attempt_failed(x, &e, stale || (how != END_REFUSED_CALL && how != END_TOO_LARGE), 0);
}
