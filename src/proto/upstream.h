/*
 * proto/upstream.h - the table that keeper gives to egress: where a call goes and which key goes
 * along. Ring 0. The table names secrets by number; the secrets themselves lie in a secret memory
 * file that only keeper's loader writes and only egress maps.
 */
#ifndef PROTO_UPSTREAM_H
#define PROTO_UPSTREAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

enum upstream_auth { AUTH_NONE, AUTH_BEARER, AUTH_X_API_KEY, AUTH_API_KEY, AUTH_X_GOOG_API_KEY,
		     AUTH_COUNT };

enum { UPSTREAM_HEADERS = 16, UPSTREAM_PINS = 4, UPSTREAM_NO_SECRET = 0xffff };

struct upstream_header {
	struct str name;   /* lower case; never a framing or credential field */
	uint16_t secret;   /* its value: any static header may be a key */
};

struct upstream {
	struct str id;          /* the deployment's id, for logs */
	bool https;
	struct str host;        /* name or literal address */
	uint16_t port;
	struct str path_prefix; /* "/v1"; no trailing slash */
	struct str query;       /* "api-version=..." or "" */
	enum upstream_auth auth;
	uint16_t secret;        /* UPSTREAM_NO_SECRET for AUTH_NONE */
	struct upstream_header headers[UPSTREAM_HEADERS];
	uint8_t n_headers;
	bool allow_private;     /* the operator's row says that the address may be private */
	bool proxied;           /* over the table's proxy */
	bool http2;             /* offer h2 in ALPN */
	struct str ca_pem;      /* the only trusted roots when not "" */
	struct str pins[UPSTREAM_PINS]; /* SHA-256 of a SubjectPublicKeyInfo, 32 bytes */
	uint8_t n_pins;
	uint32_t paths;         /* bit set of enum call_path that may be called */
	uint32_t connect_timeout_ms;
	uint16_t conns_max;     /* 0: the default */
};

/* An HTTP proxy: asked to CONNECT, then TLS with the provider inside. */
struct upstream_proxy {
	struct str host;        /* name or literal address; "": there is none */
	uint16_t port;
	uint16_t secret;        /* value of proxy-authorization; UPSTREAM_NO_SECRET: not sent */
};

enum { UPSTREAM_HOSTS = 1 << 20, UPSTREAM_ROOTS = 16 << 20, UPSTREAM_RESOLV = 64 << 10 };

struct upstreams {
	uint64_t generation;
	struct upstream *rows;  /* a row's index is its number */
	uint32_t n;
	uint32_t n_secrets;
	struct upstream_proxy proxy;
	struct str hosts;       /* text of a hosts file */
	struct str resolv;      /* text of a resolv.conf */
	struct str roots;       /* PEM, trusted where a row names none of its own; "": none */
};

/* upstreams_encode appends the table; its form is canonical. */
void upstreams_encode(const struct upstreams *t, struct buf *out);
/* upstreams_decode borrows strings from blob and takes rows from a. Every secret's number is below
 * n_secrets, a row has one exactly when its auth sends one, and none is proxied without a proxy. *t
 * is set only on OK. */
MUST_USE enum err upstreams_decode(struct upstreams *t, struct str blob, struct arena *a);

/* Secrets: u32 magic, u32 count, then (u32 offset, u32 length) each, then the bytes. Offsets
 * count from the start. secrets_size and secrets_put are for the loader, which writes straight
 * into secret memory. */
size_t secrets_size(const struct str *secrets, uint32_t n);
void secrets_put(const struct str *secrets, uint32_t n, uint8_t *map);
/* secrets_get borrows secret i of the mapped file. ERR_SYNTAX when the file does not hold it. */
MUST_USE enum err secrets_get(struct str map, uint32_t i, struct str *out);

#endif
