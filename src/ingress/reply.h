/*
 * ingress/reply.h - answers that the gate itself gives: errors in the client's dialect, heads. Runs
 * in: ingress.
 */
#ifndef INGRESS_REPLY_H
#define INGRESS_REPLY_H

#include "ingress/conn.h"
#include "llm/llm.h"

struct exchange;

/* What a key's limits say, for x-ratelimit headers; -1: no such limit. */
struct reply_limits {
	int64_t limit_requests, remaining_requests, limit_tokens, remaining_tokens;
	uint32_t reset_s;
	uint32_t retry_after_s; /* 0: none */
};

/* reply_whole sends a complete answer and ends the request of c. extra is further header lines,
 * each with its CRLF. body is copied when the turn may not keep it. */
void reply_whole(struct conn *c, unsigned status, struct str content_type, struct str extra,
		 struct str body);

/* reply_begin opens a head of at most REPLY_HEAD bytes in the turn's memory, to which header lines
 * may be added; reply_end completes it and does the rest of reply_whole. ERR_NOMEM. */
enum { REPLY_HEAD = 8 << 10 };
MUST_USE enum err reply_begin(struct conn *c, struct buf *head, unsigned status,
			      struct str content_type);
void reply_end(struct conn *c, struct buf *head, unsigned status, struct str body);

/* reply_plain answers where no dialect is known: OpenAI's error shape. why is a plain sentence. */
void reply_plain(struct conn *c, unsigned status, const char *why);

/* reply_no_route answers a path that does not exist, or not for this method. */
void reply_no_route(struct conn *c, struct str path, enum err e);

/* reply_refuse answers the request that c is reading with an error of ours, in its dialect, and
 * ends it. */
void reply_refuse(struct conn *c, enum err e, const char *why);

/* reply_error answers in dialect d and ends the request. lim may be NULL. id is our request id. */
void reply_error(struct conn *c, enum llm_dialect d, const struct llm_error *e, struct str id,
		 const struct reply_limits *lim);

/* reply_limits_write appends the header lines for lim. */
void reply_limits_write(struct buf *out, const struct reply_limits *lim);

/* reply_head appends a response head up to, not including, its length or coding and the blank line.
 */
void reply_head(struct buf *out, unsigned status, struct str content_type);

/* reply_error_kind maps a code of ours to the kind of error that the dialects know. */
enum llm_error_kind reply_error_kind(enum err e);

#endif
