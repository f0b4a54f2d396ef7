/*
 * proto/control.h - messages between keeper and everybody else (docs/PROTO.md has who, when, how
 * large). Ring 0. Each body is encoded and decoded here, in the same order.
 */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

/* X(enum, from, body) */
#define CONTROL_MESSAGES(X)                                                                        \
	/* between keeper and its children */                                                      \
	X(MSG_POLICY, "keeper", "fds: policy memfd (ingress, admin)")                              \
	X(MSG_UPSTREAMS, "keeper", "fds: table memfd, secret memfd (egress)")                      \
	X(MSG_PAIR, "keeper", "fds: new rings of the pair: tx, tx wake, rx, rx wake, arena")       \
	X(MSG_KEY_SET, "keeper", "struct control_key: a key in force (ingress)")                   \
	X(MSG_KEY_DROP, "keeper", "u32 slot")                                                      \
	X(MSG_KEYS_DONE, "keeper", "empty: all keys have been sent after a start")                 \
	X(MSG_TLS, "keeper", "str certificate chain PEM, str key PEM (ingress)")                   \
	X(MSG_SETTLED, "keeper", "u64 generation: no ingress uses an older one (egress)")          \
	X(MSG_DRAIN, "keeper", "u32 timeout ms: finish what runs, accept nothing new")             \
	X(MSG_READY, "child",                                                                      \
	  "u32 1 when the policy, table or certificate is in force, 0 refused")                    \
	X(MSG_DRAINED, "child", "empty")                                                           \
	X(MSG_HANDOFF, "ingress", "str bytes already read; fds: the client's socket")              \
	/* requests of admin and of the control socket, answered by MSG_REPLY with the same seq */ \
	X(MSG_KEY_CREATE, "control", "struct control_key, u8 has_secret, str secret")              \
	X(MSG_KEY_UPDATE, "control", "struct control_key with its mask")                           \
	X(MSG_KEY_GET, "control", "str: hash in hex, id, alias or the key itself")                 \
	X(MSG_KEY_LIST, "control", "u32 after id, u32 count")                                      \
	X(MSG_KEY_DELETE, "control", "str as MSG_KEY_GET")                                         \
	X(MSG_KEY_BLOCK, "control", "str, u8 blocked")                                             \
	X(MSG_KEY_ROTATE, "control", "str, u8 has_secret, str secret")                             \
	X(MSG_SPEND_LOGS, "control", "struct control_spend_query")                                 \
	X(MSG_USAGE_SUMMARY, "control", "i64 from ms, i64 to ms, u8 group")                        \
	X(MSG_STATUS, "control", "empty")                                                          \
	X(MSG_RELOAD, "control", "empty")                                                          \
	X(MSG_STOP, "control", "empty")                                                            \
	X(MSG_REPLY, "keeper", "u32 enum err, str text, then what the request defines")

#define X(name, from, body) name,
enum control_msg { MSG_NONE, CONTROL_MESSAGES(X) MSG_COUNT };
#undef X

/* What a connection that is handed over may already have had read of it. */
enum { CONTROL_HANDOFF = LIMIT_HEAD };

/* Fields of a key, as bits of control_key.mask: which of them an update sets. */
enum {
	KEY_ALIAS = 1 << 0,
	KEY_MODELS = 1 << 1,
	KEY_EXPIRES = 1 << 2,
	KEY_RPM = 1 << 3,
	KEY_TPM = 1 << 4,
	KEY_PARALLEL = 1 << 5,
	KEY_BUDGET = 1 << 6,
	KEY_BUDGET_PERIOD = 1 << 7,
	KEY_BLOCKED = 1 << 8,
	KEY_METADATA = 1 << 9,
	KEY_USER = 1 << 10,
	KEY_TEAM = 1 << 11,
	KEY_ALIASES = 1 << 12,
	KEY_SPEND = 1 << 13,
	KEY_SOFT_BUDGET = 1 << 14,
	KEY_TAGS = 1 << 15,
};

struct control_key {
	uint32_t id, slot;           /* keeper's */
	uint32_t mask;
	uint8_t hash[32];            /* SHA-256 of the key */
	struct str name;             /* "sk-...wxyz": what may be shown */
	struct str alias, user, team;
	struct str metadata, aliases, tags; /* JSON text, or "" */
	struct str models[LIMIT_KEY_MODELS];
	uint32_t n_models;           /* 0: all */
	int64_t created_ms, expires_ms; /* 0: never */
	int64_t rpm, tpm, parallel;  /* -1: unlimited */
	int64_t budget_pico, soft_budget_pico; /* -1: unlimited */
	int64_t budget_period_s, budget_reset_ms; /* 0: never reset */
	int64_t spent_pico;
	bool blocked;
};

/* Each X_encode appends a body; X_decode reads a whole one, and its strings borrow from it.
 * ERR_SYNTAX: not what X_encode writes; ERR_LIMIT: a field is over its bound. */
void control_key_encode(const struct control_key *k, struct buf *out);
/* control_key_decode also refuses limits below -1, times below 0 and periods that
 * num_duration would not give. */
MUST_USE enum err control_key_decode(struct control_key *k, struct str body);

struct control_spend_query {
	struct str request_id, key, user; /* "" any; user: the key's */
	int64_t from_ms, to_ms;      /* 0 open */
	uint64_t before;             /* rows with a smaller number; 0 from the newest */
	uint32_t count;
};

/* Bounds of a key's fields; one encoded key fits a message several times. */
enum { KEY_JSON_MAX = 8 << 10 };

/* control_spend_query_encode, and its decoder. */
void control_spend_query_encode(const struct control_spend_query *q, struct buf *out);
MUST_USE enum err control_spend_query_decode(struct control_spend_query *q, struct str body);

/* MSG_REPLY begins alike for all requests: the outcome and a sentence. For OK there follows:
 *
 *	KEY_CREATE, KEY_ROTATE      str key, str the key's secret (shown this once)
 *	KEY_UPDATE, KEY_GET,
 *	KEY_BLOCK, KEY_DELETE       str key
 *	KEY_LIST                    u32 total, u32 count, (str key)*
 *	SPEND_LOGS                  u8 more, u32 count, (str call)*, u64 `before` of what is next
 *	USAGE_SUMMARY               u8 more, u32 count, (str sum)*
 */
void control_reply_encode(enum err e, struct str text, struct buf *out);

struct rd;
/* control_reply_read reads the common beginning; the rest of r is the request's own. */
void control_reply_read(struct rd *r, enum err *out_err, struct str *out_text);

/* One row of /spend/logs: a finished call as it was stored. */
struct control_call {
	uint64_t number; /* of the row; also the leaf in the audit log, counted from 1 */
	uint8_t key_hash[32];        /* zeros: the master key, or an open gate */
	struct str key_name, key_alias, key_user, key_team;
	struct str request_id, model_asked, model_served, deployment, end_user;
	int64_t start_ms, end_ms;
	uint32_t first_byte_ms, status, upstream_status, attempts, flags, client_dialect, endpoint;
	int64_t input, cache_read, cache_write, output, reasoning, cost_pico;
};

/* control_call_encode, and its decoder. */
void control_call_encode(const struct control_call *c, struct buf *out);
MUST_USE enum err control_call_decode(struct control_call *c, struct str body);

/* What MSG_USAGE_SUMMARY groups by, a bit set. */
enum { SUM_KEY = 1, SUM_MODEL = 2, SUM_DAY = 4 };

/* One row of a summary. Fields not grouped by are 0 or "". */
struct control_sum {
	int64_t day;                 /* days since 1970-01-01, UTC */
	uint8_t key_hash[32];
	struct str key_name, key_alias, model;
	int64_t calls, fails, input, cache_read, cache_write, output, reasoning, cost_pico;
};

/* control_sum_encode, and its decoder. */
void control_sum_encode(const struct control_sum *s, struct buf *out);
MUST_USE enum err control_sum_decode(struct control_sum *s, struct str body);

#endif
