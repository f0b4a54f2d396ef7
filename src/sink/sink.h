/*
 * sink/sink.h - where everything that a box sends arrives. One thread, one loop; everything lives
 * in one struct sink for the life of the process.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include "base/diag.h"
#include "codec/http1.h"
#include "inspect/canary.h"
#include "proto/detonation.h"
#include "sink/mint.h"
#include "sys/loop.h"

#include <netinet/in.h>

enum {
	DNS_HOST_MAX = 256,
	FLOWS_MAX = 256, /* connections at once; more are closed at once, and that is told */
	LISTENERS_MAX = 512,
	CAPTURE_MAX = 1 << 20, /* bytes kept of one connection between two looks at them */
	NAMES_MAX = 256,
	DOMAINS_MAX = 64,
	LABELS_MAX = 16 << 10,
};

struct sink;

/* Where somebody thinks that he is. */
struct place {
	struct in6_addr address; /* IPv4 is mapped */
	uint16_t port;
};

enum flow_state {
	FLOW_FREE,
	FLOW_NEW,	/* nothing has come */
	FLOW_HANDSHAKE, /* TLS begins */
	FLOW_HTTP,
	FLOW_RAW, /* anything else */
};

struct flow {
	struct watch watch;
	struct sink *sink;
	enum flow_state state;
	SSL *ssl;
	struct place to;
	struct buf in, body; /* what came; of HTTP, the body without its framing */
	struct http1_chunked chunked;
	struct http1_head head;
	bool in_body, told_continue, ended;
	uint64_t bytes, left;	 /* all that came; of a body with a length */
	char host[DNS_HOST_MAX]; /* by SNI or Host */
	char first[160];	 /* line or bytes, printable */
};

struct listener {
	struct watch watch;
	struct sink *sink;
	uint16_t port;
	bool udp;
};

/* A name that was looked up, to tell who an address is. */
struct known_name {
	char name[DNS_HOST_MAX];
	uint32_t ip;
};

/* Labels of all questions below one base: secrets go out in pieces there. */
struct domain {
	char base[DNS_HOST_MAX];
	struct buf labels;
	size_t scanned;
};

struct sink {
	struct loop *loop;
	struct watch control;
	struct buf message, out, scratch;
	struct mint *mint;
	struct canaries canaries;
	struct canary_scanner *scanner; /* NULL until something comes */
	struct canary_hits hits;
	struct flow flows[FLOWS_MAX];
	struct listener listeners[LISTENERS_MAX];
	unsigned n_listeners, n_names, n_domains;
	struct known_name names[NAMES_MAX];
	struct domain domains[DOMAINS_MAX];
};

/* sink_listen makes the listeners of a port, TCP and UDP. A port that the box itself uses is left
 * to it. */
void sink_listen(struct sink *s, uint16_t port);

/* sink_flush looks at everything that has come and was not looked at yet. */
void sink_flush(struct sink *s);

/* sink_tell sends one fact to the supervisor. A supervisor that is gone ends the process. */
void sink_tell(struct sink *s, enum fact_kind kind, uint32_t n, struct str text, struct str more,
	       struct str excerpt);

/* sink_unread tells that something could not be read, by errno, when that means that it is lost. */
void sink_unread(struct sink *s);

/* sink_scan looks for canaries in bytes that went to place, as host ("" when unknown), and tells.
 * opaque: also tell of bytes that nobody can read. */
void sink_scan(struct sink *s, struct str bytes, const struct place *to, struct str host,
	       bool opaque);

/* place_text writes "tcp evil.example (203.0.113.9:443)" into out and returns it. */
struct str place_text(const struct sink *s, const char *protocol, const struct place *to,
		      struct str host, char *out, size_t cap);

/* name_of gives the name that was looked up for an address, or "". */
struct str name_of(const struct sink *s, const struct place *to);

/* flow_accept begins a connection that fd is. */
void flow_accept(struct sink *s, int fd);

/* flow_flush looks at what a connection has brought so far; flow_end also ends it. */
void flow_flush(struct flow *f);
void flow_end(struct flow *f);

/* datagrams takes all datagrams that wait. */
void datagrams(struct listener *l);

/* domains_flush looks at labels that were not looked at yet. */
void domains_flush(struct sink *s);

/* http_answer writes what a request gets into out: credentials where the metadata service is asked,
 * else a program that says that it was run. */
void http_answer(struct sink *s, const struct flow *f, struct buf *out);

/* is_metadata: the place or the host is a cloud's metadata service. */
bool is_metadata(const struct place *to, struct str host);

/* is_beacon: the place to which only programs connect that were downloaded here. */
bool is_beacon(const struct place *to);

#endif
