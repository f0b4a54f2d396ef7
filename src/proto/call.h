/*
 * proto/call.h - what ingress and egress say to each other on their rings (docs/PROTO.md). Ring 0.
 * Ingress names an upstream by number, a path and header fields from closed lists, and a body. It
 * names no host, no port and no credential. Egress copies a frame's head before judging it.
 *
 *	ingress: CALL, CREDIT, CANCEL          egress: HEAD, DATA, END
 *
 * Every CALL is answered by exactly one END, also after CANCEL; a call has one HEAD at most, before
 * its first DATA. Until HEAD or END, whichever is first, ingress keeps the body's blocks in the
 * shared arena unchanged, for a cancelled call as well; after sending HEAD egress reads no more of
 * the body (a provider that answers before it has read everything gets no more of it). Egress sends
 * no more DATA bytes than the credit it was given. HEAD never carries a 1xx or 3xx status.
 */
#ifndef PROTO_CALL_H
#define PROTO_CALL_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdint.h>

enum call_frame {
	FRAME_CALL = 1,
	FRAME_CREDIT,
	FRAME_CANCEL,
	FRAME_HEAD,
	FRAME_DATA,
	FRAME_END,
};

/* X(enum, suffix after the upstream's path prefix; {model} is percent-encoded by egress) */
#define CALL_PATHS(X)                                                                  \
	X(PATH_CHAT, "/chat/completions")                                              \
	X(PATH_MESSAGES, "/messages")                                                  \
	X(PATH_COUNT_TOKENS, "/messages/count_tokens")                                 \
	X(PATH_GENERATE, "/models/{model}:generateContent")                            \
	X(PATH_STREAM_GENERATE, "/models/{model}:streamGenerateContent?alt=sse")       \
	X(PATH_GEMINI_COUNT, "/models/{model}:countTokens")

#define X(name, suffix) name,
enum call_path { CALL_PATHS(X) CALL_PATH_COUNT };
#undef X
extern const struct str call_path_suffix[CALL_PATH_COUNT];

/* X(enum, name): request header fields that ingress may ask for. Values are checked by egress:
 * visible ASCII and spaces, 1,024 bytes at most. */
#define CALL_FIELDS(X)                                      \
	X(FIELD_CONTENT_TYPE, "content-type")               \
	X(FIELD_ACCEPT, "accept")                           \
	X(FIELD_USER_AGENT, "user-agent")                   \
	X(FIELD_ANTHROPIC_VERSION, "anthropic-version")     \
	X(FIELD_ANTHROPIC_BETA, "anthropic-beta")           \
	X(FIELD_OPENAI_BETA, "openai-beta")                 \
	X(FIELD_IDEMPOTENCY_KEY, "idempotency-key")         \
	X(FIELD_X_REQUEST_ID, "x-request-id")

#define X(name, text) name,
enum call_field { CALL_FIELDS(X) CALL_FIELD_COUNT };
#undef X
extern const struct str call_field_name[CALL_FIELD_COUNT];

/* X(enum, name): response header fields that egress passes on. */
#define CALL_REPLIES(X)                                                                       \
	X(REPLY_CONTENT_TYPE, "content-type")                                                 \
	X(REPLY_RETRY_AFTER, "retry-after")                                                   \
	X(REPLY_RETRY_AFTER_MS, "retry-after-ms")                                             \
	X(REPLY_REQUEST_ID, "request-id")                                                     \
	X(REPLY_X_REQUEST_ID, "x-request-id")                                                 \
	X(REPLY_RATE_LIMIT_REQUESTS, "x-ratelimit-limit-requests")                            \
	X(REPLY_RATE_LIMIT_TOKENS, "x-ratelimit-limit-tokens")                                \
	X(REPLY_RATE_LEFT_REQUESTS, "x-ratelimit-remaining-requests")                         \
	X(REPLY_RATE_LEFT_TOKENS, "x-ratelimit-remaining-tokens")                             \
	X(REPLY_RATE_RESET_REQUESTS, "x-ratelimit-reset-requests")                            \
	X(REPLY_RATE_RESET_TOKENS, "x-ratelimit-reset-tokens")                                \
	X(REPLY_OPENAI_PROCESSING_MS, "openai-processing-ms")                                 \
	X(REPLY_OPENAI_VERSION, "openai-version")                                             \
	X(REPLY_OPENAI_ORGANIZATION, "openai-organization")                                   \
	X(REPLY_ANTHROPIC_ORGANIZATION, "anthropic-organization-id")

#define X(name, text) name,
enum call_reply { CALL_REPLIES(X) CALL_REPLY_COUNT };
#undef X
extern const struct str call_reply_name[CALL_REPLY_COUNT];

/* X(enum, text): how a call ended. The texts are safe for clients: no host, address or key. */
#define CALL_ENDS(X)                                                              \
	X(END_OK, "complete")                                                     \
	X(END_CANCELLED, "cancelled")                                             \
	X(END_REFUSED_CALL, "the call is not allowed for this upstream")          \
	X(END_DNS, "the provider's name does not resolve")                        \
	X(END_ADDRESS, "the provider's address is not allowed")                   \
	X(END_CONNECT, "cannot connect to the provider")                          \
	X(END_TLS, "TLS with the provider failed")                                \
	X(END_TLS_VERIFY, "the provider's certificate is not valid")              \
	X(END_TIMEOUT, "the provider did not answer in time")                     \
	X(END_RESET, "the provider closed the connection")                        \
	X(END_PROTOCOL, "the provider's answer is not valid HTTP")                \
	X(END_TRUNCATED, "the provider's answer ends early")                      \
	X(END_TOO_LARGE, "the provider's answer is too large")                    \
	X(END_REDIRECT, "the provider answered with a redirect")                  \
	X(END_BUSY, "too many connections to the provider")                       \
	X(END_GONE, "the egress process ended")

#define X(name, text) name,
enum call_end { CALL_ENDS(X) CALL_END_COUNT };
#undef X
extern const char *const call_end_text[CALL_END_COUNT];

enum { CALL_SEGMENTS = 72, CALL_FIELD_MAX = 1024, CALL_INLINE_MAX = 48 << 10 };

/* A piece of the body: in the frame itself, or in the shared arena by reference. */
struct call_segment {
	uint64_t at;      /* offset in the shared arena; ignored when bytes.p is set */
	uint32_t n;
	struct str bytes; /* inline: encode copies it into the frame, decode points into that */
};

struct call {
	uint32_t id;            /* chosen by ingress, unique among its calls in flight */
	uint32_t generation;    /* of egress's table, low 32 bits: egress knows two */
	uint16_t upstream;      /* a row of egress's table */
	enum call_path path;
	uint32_t head_timeout_ms; /* from the call to the last byte of the response head */
	uint32_t idle_timeout_ms; /* between two reads of the body */
	uint32_t credit;        /* bytes of DATA that may be sent before the first CREDIT */
	struct str model;       /* for {model}; "" where the path has none */
	struct str fields[CALL_FIELD_COUNT]; /* p NULL: absent */
	struct call_segment segments[CALL_SEGMENTS];
	unsigned n_segments;
	uint64_t body_bytes;    /* sum of the segments; the last member that decode sets */
};

struct call_head {
	uint32_t id;
	uint16_t status;
	uint64_t content_length; /* UINT64_MAX: unknown */
	struct str replies[CALL_REPLY_COUNT];
};

/* Frames are made in place in a ring. call_size gives what call_encode will need at the most. */
uint32_t call_size(const struct call *c);

/* call_encode writes a CALL frame into p and returns its length, call_size at most. */
uint32_t call_encode(const struct call *c, void *p);

/* call_decode reads a frame that the caller has copied. arena_bytes bounds references. ERR_SYNTAX:
 * anything that breaks the lists above, a segment outside the arena, or trailing bytes. */
MUST_USE enum err call_decode(struct call *c, struct str frame, uint64_t arena_bytes);

/* call_value_ok: what a header field's value may hold, which is printable ASCII and so nothing that
 * could end it or begin another, CALL_FIELD_MAX bytes at most. */
bool call_value_ok(struct str v);

/* The same for HEAD. ERR_SYNTAX: a status that is none, a field that is not listed or comes twice,
 * trailing bytes. */
uint32_t call_head_size(const struct call_head *h);
uint32_t call_head_encode(const struct call_head *h, void *p);
MUST_USE enum err call_head_decode(struct call_head *h, struct str frame);

/* The small frames. Each is FRAME_HEADER bytes: u8 type, u8 how, u16 0, u32 id, u32 n; DATA has n
 * bytes after it. */
enum { FRAME_HEADER = 12 };
struct frame {
	enum call_frame type;
	uint8_t how;   /* END: enum call_end */
	uint32_t id;
	uint32_t n;    /* CREDIT: bytes granted; DATA: bytes that follow; END: 1 after any byte */
	struct str data;
};

/* frame_encode writes the header and returns its length; DATA's bytes are put behind it. */
uint32_t frame_encode(const struct frame *f, void *p);

/* frame_decode reads one; a CALL or a HEAD is ERR_SYNTAX. data borrows from bytes. */
MUST_USE enum err frame_decode(struct frame *f, struct str bytes);

/* frame_type gives the type of any frame, 0 when it is too short. */
uint8_t frame_type(struct str bytes);

#endif
