/*
 * admin/admin.h - the admin API's process: HTTP/1.1 on one side, keeper's control socket on the
 * other. It holds no key, no SQL and no file; what it may ask of keeper is keeper's table.
 * Lifetimes: struct admin process, struct conn connection (a slot of its pool), conn.arena request.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/rd.h"
#include "codec/http1.h"
#include "codec/json.h"
#include "proto/control.h"
#include "proto/policy.h"
#include "sys/ipc.h"
#include "sys/loop.h"

enum {
	ADMIN_CONNS = 128,
	ADMIN_BODY = 1 << 20,        /* one request's body */
	ADMIN_ANSWER = 8 << 20,      /* one answer; reports stop before it */
	ADMIN_ARENA = 16 << 20,      /* one request */
	ADMIN_NAMES = 100,           /* keys in one /key/delete */
	ADMIN_POLICY = 64 << 20,
};

struct admin;
struct conn;

/* What came back from keeper: the outcome, a sentence, and the request's own part. */
struct answer {
	enum err err;
	struct str text;
	struct rd rest;
};

/* Who asks: one of these, found before a handler runs. */
enum caller { CALLER_NOBODY, CALLER_KEY, CALLER_MASTER };

struct conn {
	struct watch watch;          /* fd -1: the slot is free */
	struct timer timer;
	struct admin *admin;
	bool local;                  /* came by the Unix socket */
	bool handed;                 /* came from ingress: one answer, then closed */
	bool close, ending; /* after the answer; it is sent, and the peer's end is awaited */
	struct buf in, body, out, json; /* json: the answer's content while it is written */
	size_t searched, sent, used; /* used: bytes of in that the current request takes */
	struct http1_head head;
	struct http1_chunked chunked; /* the body's decoder, and what of in it has had */
	size_t decoded;
	struct str content;          /* the request's body */
	enum caller caller;
	uint8_t caller_hash[32];     /* of the key that was presented */

	struct arena arena;
	uint32_t seq;                /* keeper's answer that is awaited; 0 none */
	void (*on_answer)(struct conn *c, struct answer *a);

	/* The request in hand, as its handler needs it. */
	struct control_key key;
	struct str names[ADMIN_NAMES], ignored;
	uint32_t n_names, at, page, size, total, seen;
	bool full, secret_given;
	struct str secret, wanted;
	struct control_spend_query query;
	uint64_t next;               /* where the list would go on; 0: it is whole */
	struct buf part;             /* copied from one answer for the next */
};

struct admin {
	struct loop *loop;
	struct watch control, listener;
	bool listener_local;
	uint32_t seq;
	struct buf store;            /* the message being handled */
	struct buf sending;
	struct policy policy;
	struct arena policy_arena;
	struct str policy_map;
	bool have_policy, draining;
	struct timer drain, accept_again;
	uint64_t requests;
	unsigned n_conns;
	struct conn conns[ADMIN_CONNS];
};

/* ---- connections (conn.c) ---- */

/* conn_accept takes what waits on the listener; conn_adopt takes a client over from ingress, with
 * the bytes read so far. */
void conn_accept(struct watch *w, uint32_t ready);
void conn_adopt(struct admin *a, int fd, struct str read_already);

/* conn_answered gives keeper's answer to the connection that waits for seq, if it is still there.
 */
void conn_answered(struct admin *a, uint32_t seq, struct str body);

/* conn_ask sends a request to keeper; on_answer runs when its answer is here. */
void conn_ask(struct conn *c, uint16_t type, struct str body,
	      void (*on_answer)(struct conn *, struct answer *));

/* conn_send ends the request with c->json as its content; conn_text with a text. */
void conn_send(struct conn *c, unsigned status);
void conn_text(struct conn *c, unsigned status, struct str type, struct str text);

/* conn_error ends the request with LiteLLM's form of an error; conn_fail takes status and sentence
 * from d, conn_refused from keeper's answer. */
void conn_error(struct conn *c, unsigned status, struct str message, struct str param);
void conn_fail(struct conn *c, const struct diag *d);
void conn_refused(struct conn *c, const struct answer *a);

/* ---- routes (route.c) ---- */

/* route_run authenticates the request in c and starts its handler. */
void route_run(struct conn *c);

/* A query parameter, percent-decoded into the arena; "" when absent. */
struct str query_get(struct conn *c, struct str name);

/* ---- handlers ---- */

/* A handler answers now or after keeper did. */
void key_generate(struct conn *c);
void key_update(struct conn *c);
void key_delete(struct conn *c);
void key_block(struct conn *c);
void key_unblock(struct conn *c);
void key_regenerate(struct conn *c);
void key_info(struct conn *c);
void key_list(struct conn *c);
void model_info(struct conn *c);
void spend_logs(struct conn *c);
void health_live(struct conn *c);
void health_ready(struct conn *c);
void metrics(struct conn *c);

/* ---- a key as JSON (key_field.c) ---- */

/* key_fields reads the members of a request into c->key, its mask and c->secret. What has no
 * meaning here is noted in c->ignored. Refused: what nobody knows, and limits that would not be
 * kept. */
MUST_USE enum err key_fields(struct conn *c, const struct json *body, struct diag *d);

/* key_members writes the members of a key as LiteLLM's table has them; never its secret. */
void key_members(struct buf *b, const struct control_key *k);

/* key_hash_text writes a hash in hex, quoted. */
void key_hash_text(struct buf *b, const uint8_t hash[32]);

/* body_object parses the request's content: an object, or with nothing sent NULL and OK. */
MUST_USE enum err body_object(struct conn *c, const struct json **out, struct diag *d);

#endif
