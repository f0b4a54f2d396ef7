/*
 * ingress/exchange.h - one request from its last byte to its answer. Runs in: ingress.
 * Memory: a slot of a pool, plus an arena for what translation must remember.
 */
#ifndef INGRESS_EXCHANGE_H
#define INGRESS_EXCHANGE_H

#include "codec/http1.h"
#include "ingress/bodies.h"
#include "ingress/conn.h"
#include "ingress/encoding.h"
#include "ingress/ingress.h"
#include "ingress/limits.h"
#include "ingress/reply.h"
#include "ingress/route.h"
#include "llm/llm.h"
#include "proto/call.h"

enum {
	EXCHANGE_TRIED = 16,
	EXCHANGE_ID = 24,
	EXCHANGE_RETRIES = 10, /* the most that a client may ask for */
};

/* Where the answer stands; see relay.c. */
enum answer_state {
	A_NONE,	 /* nothing from the provider yet */
	A_ERROR, /* collecting an error's body */
	A_WHOLE, /* collecting an answer that is no stream */
	A_HELD, /* a stream before its first content: nothing is sent yet, a fallback is possible */
	A_STREAM, /* relaying */
};

struct exchange {
	struct llm_sink sink;	    /* where the decoder of a translated stream pushes to */
	struct exchange *next_free; /* also in link_replace's list of those whose call is gone */
	struct conn *conn;	    /* NULL once the client is gone */
	struct ingress *in;
	struct generation *gen;
	struct arena arena;
	struct timer timer; /* the pause before a retry */

	const struct route *route;
	enum llm_dialect client;   /* whom we answer */
	bool array_open;	   /* the array's bracket is written */
	struct str model_esc;	   /* model, escaped for JSON, in the arena; for translations */
	bool stream, array_stream; /* array_stream: Gemini without alt=sse */
	bool wants_usage;	   /* the client asked for a stream's usage itself */
	struct body body;
	enum encoding encoding; /* of the body as it came */
	struct body sent;	/* a large translated body, until the response head */
	size_t asked_bytes;
	struct str model;			/* as asked, in the arena */
	struct str query_model;			/* of the path */
	uint32_t key_id, key_slot;		/* slot UINT32_MAX: master or open */
	bool promised;				/* has a place among the records of use */
	bool counted;				/* holds a place in the parallel counters */
	bool budgeted;				/* its key has a budget */
	struct limits_share pending;		/* of its key's limits, until it ends */
	struct reply_limits limits;		/* what the key's limits said */
	uint32_t timeout_ms, stream_timeout_ms; /* the client's own, 0 none */
	int retries_asked;			/* by the client; -1 none */
	bool drop_params, drops;		/* asked by the client; drops: names of them */
	bool steered;				/* see ingress/steer.h */
	struct policy_fallback *own_fallbacks;	/* asked by the client; NULL none */
	struct str fields[CALL_FIELD_COUNT];

	/* the attempt */
	const struct policy_model *group;
	const struct policy_deployment *dep;
	uint32_t dep_index;
	struct str star;     /* what a wildcard matched */
	enum llm_dialect up; /* whom we ask */
	uint32_t call_id;
	bool in_flight, same; /* same: splice, no translation */
	bool abandoned;	      /* the client left while it was in flight */
	bool lent;	      /* cancelled, and egress may still read the body */
	bool hurried;	      /* its time is the client's own, shorter than the operator's */
	uint32_t tried[EXCHANGE_TRIED];
	unsigned n_tried, attempts, retries_left, fallbacks;
	enum policy_fallback_kind fallback_kind; /* the list in use, of the model first asked for */
	unsigned next_fallback;			 /* the place in it */

	/* the answer */
	enum answer_state answer;
	struct str reply_lines; /* header lines for the client, in the arena */
	struct str whole;	/* A_WHOLE: all of the body, in the ring, while END is looked at */
	uint32_t expected;	/* A_WHOLE: the body's length where the provider tells it */
	struct buf got;	 /* A_ERROR, A_WHOLE: the body; A_HELD, A_STREAM: an unfinished event */
	struct buf held; /* A_HELD: ready output */
	struct llm_names *names; /* of tools that go by another; NULL none */
	struct llm_decoder *decoder;
	struct llm_encoder *encoder;
	struct llm_peek peek;
	uint32_t unpaid; /* bytes received for which no credit was given back yet */
	size_t searched; /* bytes of got in which no event ends */
	uint32_t guess;	 /* tokens of the content seen, for when no usage comes */
	bool head_sent;
	uint64_t held_until_ms;	 /* a stream: by then what comes is relayed, content or not */
	uint32_t retry_after_ms; /* the provider's wish */
	bool stream_error;	 /* EV_ERROR came */
	struct llm_error error;

	int64_t lost_input, lost_pico; /* of attempts that the client has cut short */
	int64_t start_ms;	       /* wall clock */
	uint64_t start_mono_ms;
	uint32_t first_byte_ms;
	unsigned status, upstream_status;
	uint16_t flags;
	char id[EXCHANGE_ID + 1];
	char end_user[USAGE_TEXT];
};

/* exchange_begin authenticates a request as soon as its head is there, and remembers what it needs
 * of the head, which is valid during the call only. On a refusal the answer has been given and c->x
 * is NULL. */
void exchange_begin(struct conn *c, const struct route_match *m, const struct http1_head *h);

/* exchange_body takes over the whole body and starts the first attempt. */
void exchange_body(struct exchange *x, struct body *body);

/* Frames of this exchange's call. */
void exchange_head(struct exchange *x, const struct call_head *h);
void exchange_data(struct exchange *x, struct str data);
void exchange_end(struct exchange *x, enum call_end how, bool any_byte);

/* exchange_gone: the client has left; the call is cancelled and what was used is recorded. */
void exchange_gone(struct exchange *x);

/* exchange_writable: the client has taken all pending output; the provider may send more. */
void exchange_writable(struct exchange *x);

/* exchange_cancel ends the call in flight, if there is one: nothing more of it will be heard. */
void exchange_cancel(struct exchange *x);

/* exchange_parse reads the body; ERR_SYNTAX and ERR_LIMIT say in d what is wrong with it. *out_root
 * lasts as long as the turn. */
MUST_USE enum err exchange_parse(struct exchange *x, const struct json **out_root, struct diag *d);

/* exchange_adopt takes the policy in force now where it is not the one that x began with: an
 * upstream that has been removed since is not asked any more. No call is in flight. */
MUST_USE enum err exchange_adopt(struct exchange *x, struct diag *d);

/* exchange_refuse answers with an error of ours, records the call and ends it. lim may be NULL. */
void exchange_refuse(struct exchange *x, const struct llm_error *e, const struct reply_limits *lim);

/* exchange_refuse_diag is exchange_refuse with what d says. */
void exchange_refuse_diag(struct exchange *x, const struct diag *d, const struct reply_limits *lim);

/* exchange_finish records the call with the status that the client got, and ends it. The client's
 * last byte is gathered by the caller afterwards or before, but always in the same turn: the record
 * is in keeper's file before the turn is flushed. */
void exchange_finish(struct exchange *x);

#endif
