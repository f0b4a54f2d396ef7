/*
 * ingress/request.c - splice or translate.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "ingress/request.h"

#include "codec/jw.h"
#include "codec/splice.h"
#include "ingress/overrides.h"
#include "ingress/steer.h"

#include <string.h>

static enum err look_model(struct exchange *x, const struct json *root, struct diag *d)
{
	const struct json *model = json_get(root, S("model"));

	if (x->query_model.p != NULL) {
		x->model = x->query_model;
		return OK;
	}
	if (!json_is(model, JSON_STRING) || model->n == 0)
		return diag_param(d, ERR_SYNTAX, S("model"),
				  "'model' must be a string; see /v1/models");
	if (model->n > LIMIT_NAME)
		return diag_param(d, ERR_SYNTAX, S("model"), "'model' is longer than %d bytes",
				  LIMIT_NAME);
	struct str name = json_str(&x->in->turn, model);
	x->model = name.p ? arena_dup(&x->arena, name) : name;
	return x->model.p ? OK : diag_set(d, ERR_NOMEM, "no memory for this request");
}

/* look_user finds the end user where no header has named one. */
static enum err look_user(struct exchange *x, const struct json *root, struct diag *d)
{
	const struct json *said[] = { json_get(root, S("user")),
				      json_get(json_get(root, S("metadata")), S("user_id")),
				      json_get(root, S("safety_identifier")) };

	for (size_t i = x->client == DIALECT_ANTHROPIC; i < sizeof said / sizeof said[0]; i++)
		if (x->end_user[0] == 0 && json_is(said[i], JSON_STRING))
			usage_text(x->end_user, sizeof x->end_user,
				   json_str(&x->in->turn, said[i]));
	if (x->end_user[0] == 0 && x->gen->policy.enforce_user)
		return diag_param(d, ERR_SYNTAX, S("user"),
				  "a request has to name its end user: 'user'");
	return OK;
}

static enum err look_stream(struct exchange *x, const struct json *root, struct diag *d)
{
	const struct json *stream = json_get(root, S("stream"));

	if (x->client == DIALECT_GEMINI)
		return OK;
	if (stream != NULL && !json_is(stream, JSON_TRUE) && !json_is(stream, JSON_FALSE) &&
	    !json_is(stream, JSON_NULL))
		return diag_param(d, ERR_SYNTAX, S("stream"), "'stream' must be true or false");
	x->stream = json_bool(stream);
	x->wants_usage = x->gen->policy.always_include_usage ||
			 json_bool(
				 json_get(json_get(root, S("stream_options")), S("include_usage")));
	return OK;
}

enum err request_look(struct exchange *x, const struct json *root, struct diag *d)
{
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "the request body must be a JSON object");
	TRY(steer_look(x, root, d));
	TRY(look_model(x, root, d));
	TRY(look_user(x, root, d));
	return look_stream(x, root, d);
}

struct str request_upstream_model(struct exchange *x)
{
	struct str name = x->dep->upstream_model;
	size_t star = str_chr(name, '*');
	struct buf b;
	char *room;

	if (star == SIZE_MAX)
		return name;
	size_t n = name.n + x->star.n;
	room = arena_take(&x->in->turn, n ? n : 1, 1);
	if (room == NULL)
		return S("");
	buf_fixed(&b, room, n ? n : 1);
	buf_add(&b, str_head(name, star));
	buf_add(&b, x->star);
	buf_add(&b, str_tail(name, star + 1));
	return buf_str(&b);
}

/* A part of a call's body: by reference where it lies in the shared arena, else inline. */
static enum err add_part(struct call *c, const struct body *body, struct str part)
{
	struct call_segment *s = &c->segments[c->n_segments];

	if (part.n == 0)
		return OK;
	if (c->n_segments == CALL_SEGMENTS)
		return ERR_LIMIT;
	*s = (struct call_segment){ .n = (uint32_t)part.n, .bytes = part };
	if (body->shared && part.p >= body->p && part.p < body->p + body->cap) {
		s->at = body->at + (uint64_t)(part.p - body->p);
		s->bytes = (struct str){ NULL, 0 };
	}
	c->body_bytes += part.n;
	c->n_segments++;
	return OK;
}

static enum err add_splice(struct exchange *x, struct call *c, struct splice *s)
{
	UNSET struct str parts[2 * SPLICE_MAX + 1];

	TRY(s->err);
	size_t n = splice_parts(s, parts);
	for (size_t i = 0; i < n; i++)
		TRY(add_part(c, &x->body, parts[i]));
	return OK;
}

/* Metering needs a stream's usage; a client that did not ask for it does not see the event. */
static void ask_usage(struct exchange *x, const struct json *root, struct splice *s)
{
	const struct json *options = json_get(root, S("stream_options"));
	struct arena *a = &x->in->turn;

	if (x->client != DIALECT_OPENAI || !x->stream ||
	    (x->wants_usage && !x->gen->policy.always_include_usage))
		return;
	if (json_is(options, JSON_OBJECT))
		splice_member(s, options, S("include_usage"), S("true"), a);
	else
		splice_member(s, root, S("stream_options"), S("{\"include_usage\":true}"), a);
}

static enum err build_same(struct exchange *x, const struct json *root, struct call *c)
{
	struct ingress *in = x->in;
	UNSET struct splice s;

	splice_init(&s, json_raw(root));
	if (x->client != DIALECT_GEMINI && !json_str_eq(json_get(root, S("model")), c->model)) {
		buf_reset(&in->encoded);
		jw_str(&in->encoded, c->model);
		TRY(in->encoded.err);
		struct str text = arena_dup(&in->turn, buf_str(&in->encoded));
		if (text.p == NULL)
			return ERR_NOMEM;
		splice_member(&s, root, S("model"), text, &in->turn);
	}
	if (x->route->endpoint != EP_COUNT_TOKENS && x->route->endpoint != EP_GEMINI_COUNT) {
		ask_usage(x, root, &s);
		steer_splice(x, root, &s);
		overrides_splice(x->dep, x->up, root, &s, &in->turn);
	}
	return add_splice(x, c, &s);
}

enum err request_neutral(struct exchange *x, const struct json *root, struct llm_request *out,
			 struct diag *d)
{
	TRY(dialects[x->client]->decode_request(root, out, &x->in->turn, d));
	if (x->client == DIALECT_GEMINI) {
		out->stream = x->stream;
		out->model = x->model;
	}
	if (x->steered)
		steer_extras(&out->extras);
	out->include_usage = out->include_usage || x->wants_usage;
	return OK;
}

static enum err keep_model(struct exchange *x)
{
	struct buf *b = &x->in->encoded;
	size_t at = b->n;

	if (x->model_esc.p != NULL)
		return OK;
	jw_str_add(b, x->model);
	x->model_esc = arena_dup(&x->arena, str_tail(buf_str(b), at));
	b->n = at;
	return x->model_esc.p ? OK : ERR_NOMEM;
}

/* An encoder looks at the client's request as long as the stream lasts, and the body does not last
 * that long: it gets a short form that does. */
static struct llm_encoder *new_encoder(struct exchange *x, const struct llm_request *r)
{
	struct llm_request *kept = NEW(&x->arena, struct llm_request);

	if (kept == NULL)
		return NULL;
	llm_request_init(kept, x->client);
	kept->model = x->model_esc;
	kept->stream = true;
	kept->include_usage = r->include_usage;
	kept->n = r->n;
	return dialects[x->client]->encoder_new(&x->arena, kept);
}

static enum err encode(struct exchange *x, const struct json *root, struct str model,
		       struct diag *d)
{
	struct ingress *in = x->in;
	struct llm_request r;
	struct llm_opts o = { .model = model,
			      .drop_params = x->drop_params || x->dep->drop_params ||
					     x->gen->policy.drop_params,
			      .compatible = x->dep->compatible,
			      .default_max_tokens = x->dep->max_output_tokens > 0
							    ? x->dep->max_output_tokens
							    : 4096,
			      .arena = &in->turn,
			      .diag = d };

	TRY(request_neutral(x, root, &r, d));
	buf_reset(&in->encoded);
	if (llm_names_fit(&r, x->up, &in->turn, &x->arena, &x->names) != OK)
		return diag_set(d, ERR_NOMEM, "no memory for this request");
	TRY(dialects[x->up]->encode_request(&r, &o, &in->encoded));
	TRY(keep_model(x));
	if (x->stream)
		x->encoder = new_encoder(x, &r);
	x->decoder = x->stream ? dialects[x->up]->decoder_new(&x->arena) : NULL;
	if (in->encoded.err != OK)
		return diag_set(d, in->encoded.err, "the translated request is too large");
	return x->stream && (x->encoder == NULL || x->decoder == NULL)
		       ? diag_set(d, ERR_NOMEM, "no memory for this stream")
		       : OK;
}

/* What s makes of its text, in the turn's memory. */
static enum err spliced(struct exchange *x, struct splice *s, struct str *out)
{
	struct buf b;

	TRY(s->err);
	char *room = arena_take(&x->in->turn, splice_len(s), 1);
	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, splice_len(s));
	splice_write(s, &b);
	return buf_finish(&b, out);
}

/* What an OpenAI client asked with the configuration's word in it, which is translated with the
 * rest; and without what the client says that the provider must not get. */
static enum err ask_more(struct exchange *x, const struct json **root)
{
	struct arena *a = &x->in->turn;
	struct str text;
	struct splice s;

	splice_init(&s, json_raw(*root));
	steer_drop(x, *root, &s);
	if (x->client == DIALECT_OPENAI)
		overrides_asked(x->dep, *root, &s, a);
	TRY(spliced(x, &s, &text));
	return json_read(a, text, root, NULL);
}

/* And in what the provider gets, where it could not be said before. */
static enum err override_encoded(struct exchange *x, struct str *text)
{
	struct arena *a = &x->in->turn;
	const struct json *encoded;
	struct splice s;

	TRY(json_read(a, *text, &encoded, NULL));
	splice_init(&s, *text);
	if (x->client == DIALECT_OPENAI)
		overrides_extra(x->dep, encoded, &s, a);
	else
		overrides_splice(x->dep, x->up, encoded, &s, a);
	return spliced(x, &s, text);
}

/* A large translation moves into the arena. */
static enum err build_other(struct exchange *x, const struct json *root, struct call *c,
			    struct diag *d)
{
	struct ingress *in = x->in;

	if (x->drops || (overrides_any(x->dep) && x->client == DIALECT_OPENAI))
		TRY(ask_more(x, &root));
	TRY(encode(x, root, c->model, d));
	struct str text = buf_str(&in->encoded);
	if (overrides_any(x->dep))
		TRY(override_encoded(x, &text));
	if (text.n <= CALL_INLINE_MAX)
		return add_part(c, &(struct body){ 0 }, text);
	body_free(in->bodies, &x->sent);
	TRY(body_alloc_shared(in->bodies, &x->sent, text.n));
	memcpy(x->sent.p, text.p, text.n);
	x->sent.n = text.n;
	return add_part(c, &x->sent, (struct str){ x->sent.p, text.n });
}

static enum call_path path_of(const struct exchange *x)
{
	bool count = x->route->endpoint == EP_COUNT_TOKENS || x->route->endpoint == EP_GEMINI_COUNT;

	switch (x->up) {
	case DIALECT_ANTHROPIC:
		return count ? PATH_COUNT_TOKENS : PATH_MESSAGES;
	case DIALECT_GEMINI:
		return count ? PATH_GEMINI_COUNT : x->stream ? PATH_STREAM_GENERATE : PATH_GENERATE;
	case DIALECT_OPENAI:
	case DIALECT_COUNT:
	default:
		return PATH_CHAT;
	}
}

static uint32_t first_set(uint32_t a, uint32_t b)
{
	return a ? a : b;
}

enum err request_build(struct exchange *x, const struct json *root, struct call *c, struct diag *d)
{
	const struct policy *p = &x->gen->policy;
	uint32_t timeout_ms = first_set(x->dep->timeout_ms, p->timeout_ms);

	memset(c, 0, offsetof(struct call, segments));
	c->n_segments = 0;
	c->body_bytes = 0;
	c->model = request_upstream_model(x);
	c->generation = (uint32_t)p->generation;
	c->upstream = x->dep->upstream;
	c->path = path_of(x);
	uint32_t asked_ms = x->timeout_ms;

	if (x->stream) {
		timeout_ms = first_set(x->dep->stream_timeout_ms,
				       first_set(p->stream_timeout_ms, timeout_ms));
		asked_ms = first_set(x->stream_timeout_ms, asked_ms);
	}
	x->hurried = asked_ms && asked_ms < timeout_ms;
	c->head_timeout_ms = x->hurried ? asked_ms : timeout_ms;
	c->idle_timeout_ms = c->head_timeout_ms;
	c->credit = LIMIT_STREAM_CREDIT;
	c->fields[FIELD_CONTENT_TYPE] = S("application/json");
	for (unsigned i = 0; x->same && i < CALL_FIELD_COUNT; i++)
		if (x->fields[i].p != NULL)
			c->fields[i] = x->fields[i];
	if (x->up == DIALECT_ANTHROPIC && c->fields[FIELD_ANTHROPIC_VERSION].p == NULL)
		c->fields[FIELD_ANTHROPIC_VERSION] = S("2023-06-01");
	if (c->model.n == 0 || c->model.n > LIMIT_NAME)
		return diag_param(d, ERR_SYNTAX, S("model"),
				  "the model's name is empty or too long");
	enum err e = x->same ? build_same(x, root, c) : build_other(x, root, c, d);
	if (e != OK && d->err == OK)
		return diag_set(d, e, "the request cannot be sent: %s", err_text(e));
	return e;
}
