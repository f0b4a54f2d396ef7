/*
 * codec/http1.h - HTTP/1.1 message heads and bodies (RFC 9110, RFC 9112): bytes in, slices out.
 * Ring 0. Nothing is allocated or copied. Refused, because two readers could disagree: bare LF,
 * obs-fold, white space before a colon, Transfer-Encoding with Content-Length, more than one
 * Content-Length or Host, any transfer coding but a single final chunked, chunked with HTTP/1.0,
 * control bytes anywhere, an absolute-form target whose authority differs from Host.
 */
#ifndef CODEC_HTTP1_H
#define CODEC_HTTP1_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct http1_field {
	struct str name, value; /* value without surrounding white space */
};

/* X(enum name, lower-case name): fields that the program looks at get an index at parse time. */
#define HTTP1_KNOWN(X)                                   \
	X(H_HOST, "host")                                \
	X(H_ORIGIN, "origin")                            \
	X(H_CONTENT_LENGTH, "content-length")            \
	X(H_TRANSFER_ENCODING, "transfer-encoding")      \
	X(H_CONNECTION, "connection")                    \
	X(H_EXPECT, "expect")                            \
	X(H_UPGRADE, "upgrade")                          \
	X(H_CONTENT_TYPE, "content-type")                \
	X(H_CONTENT_ENCODING, "content-encoding")        \
	X(H_ACCEPT, "accept")                            \
	X(H_AUTHORIZATION, "authorization")              \
	X(H_X_API_KEY, "x-api-key")                      \
	X(H_API_KEY, "api-key")                          \
	X(H_X_GOOG_API_KEY, "x-goog-api-key")            \
	X(H_X_LITELLM_API_KEY, "x-litellm-api-key")      \
	X(H_OCP_APIM_KEY, "ocp-apim-subscription-key")   \
	X(H_X_REQUEST_ID, "x-request-id")                \
	X(H_USER_AGENT, "user-agent")                    \
	X(H_ANTHROPIC_VERSION, "anthropic-version")      \
	X(H_ANTHROPIC_BETA, "anthropic-beta")            \
	X(H_OPENAI_ORGANIZATION, "openai-organization")  \
	X(H_OPENAI_PROJECT, "openai-project")            \
	X(H_OPENAI_BETA, "openai-beta")                  \
	X(H_IDEMPOTENCY_KEY, "idempotency-key")          \
	X(H_RETRY_AFTER, "retry-after")                  \
	X(H_LOCATION, "location")                        \
	X(H_DATE, "date")                                \
	X(H_X_LITELLM_TIMEOUT, "x-litellm-timeout")      \
	X(H_X_LITELLM_STREAM_TIMEOUT, "x-litellm-stream-timeout") \
	X(H_X_LITELLM_NUM_RETRIES, "x-litellm-num-retries") \
	X(H_X_LITELLM_TAGS, "x-litellm-tags")            \
	X(H_X_LITELLM_END_USER_ID, "x-litellm-end-user-id") \
	X(H_X_LITELLM_CUSTOMER_ID, "x-litellm-customer-id") \
	X(H_RETRY_AFTER_MS, "retry-after-ms")            \
	X(H_REQUEST_ID, "request-id")                    \
	X(H_RATE_LIMIT_REQUESTS, "x-ratelimit-limit-requests") \
	X(H_RATE_LIMIT_TOKENS, "x-ratelimit-limit-tokens") \
	X(H_RATE_LEFT_REQUESTS, "x-ratelimit-remaining-requests") \
	X(H_RATE_LEFT_TOKENS, "x-ratelimit-remaining-tokens") \
	X(H_RATE_RESET_REQUESTS, "x-ratelimit-reset-requests") \
	X(H_RATE_RESET_TOKENS, "x-ratelimit-reset-tokens") \
	X(H_OPENAI_PROCESSING_MS, "openai-processing-ms") \
	X(H_OPENAI_VERSION, "openai-version")            \
	X(H_ANTHROPIC_ORGANIZATION, "anthropic-organization-id")

#define X(name, text) name,
enum http1_known { HTTP1_KNOWN(X) HTTP1_KNOWN_COUNT };
#undef X

enum http1_framing {
	HTTP1_NONE,    /* no body */
	HTTP1_LENGTH,  /* content_length bytes */
	HTTP1_CHUNKED,
	HTTP1_CLOSE,   /* responses only: until the connection ends */
};

struct http1_head {
	struct str method, target;   /* request */
	struct str path, query;      /* of the target; query without '?'; not percent-decoded */
	unsigned status;             /* response */
	unsigned minor;              /* HTTP/1.minor */
	struct str known[HTTP1_KNOWN_COUNT]; /* p is NULL where the field is absent */
	struct http1_field fields[LIMIT_HEADERS];
	unsigned n_fields;
	enum http1_framing framing;
	uint64_t content_length;
	bool keep_alive;             /* the version's default, as changed by Connection */
	bool expect_continue;
	size_t head_bytes;           /* of the whole head with its blank line */
};

/* http1_request parses a request head at the start of in. ERR_AGAIN: incomplete, call again with
 * more (from: bytes already searched for the end without success, 0 the first time). ERR_SYNTAX:
 * 400. ERR_LIMIT: past LIMIT_HEAD or LIMIT_HEADERS, 431. ERR_UNSUPPORTED: 501 for an unknown
 * transfer coding or 505 for another version. *out_why (may be NULL) is then a static sentence.
 * Slices point into in. */
MUST_USE enum err http1_request(struct http1_head *h, struct str in, size_t from,
				const char **out_why);

/* http1_response parses a response head likewise; to_head: the request was HEAD, so no body
 * follows. */
MUST_USE enum err http1_response(struct http1_head *h, struct str in, size_t from, bool to_head,
				 const char **out_why);

/* A chunked body's decoder: fed bytes in pieces of any size. */
struct http1_chunked {
	uint64_t left;    /* of the current chunk's data */
	uint32_t overhead; /* of extensions and trailers so far; bounded by LIMIT_HEAD */
	uint8_t state;
	bool done;        /* the last chunk and its trailers have been read */
};

/* http1_chunked_next takes bytes from the front of *in. *out is the next span of body data,
 * possibly empty, inside *in. Call until *in is empty or c->done; what is left of *in then belongs
 * to the next message. ERR_SYNTAX: not chunked. Trailers are checked and dropped. */
MUST_USE enum err http1_chunked_next(struct http1_chunked *c, struct str *in, struct str *out);

/* http1_named gives the value of the first field of that name; p NULL: there is none. */
struct str http1_named(const struct http1_head *h, struct str name);

/* http1_token: s is a token of RFC 9110, 5.6.2, and not empty. */
bool http1_token(struct str s);

/* http1_list_has: the comma separated list contains item, compared without case. */
bool http1_list_has(struct str list, struct str item);

/* http1_reason gives the standard phrase of a status, "" for an unknown one. */
const char *http1_reason(unsigned status);

/* http1_query_get finds name in a query string; the value is not percent-decoded. p NULL:
 * absent. */
struct str http1_query_get(struct str query, struct str name);

#endif
