/*
 * ingress/route.h - method and path to an endpoint. Pure. Runs in: ingress.
 */
#ifndef INGRESS_ROUTE_H
#define INGRESS_ROUTE_H

#include "base/err.h"
#include "base/str.h"
#include "llm/llm.h"

enum endpoint {
	EP_CHAT,
	EP_MESSAGES,
	EP_COUNT_TOKENS,
	EP_GENERATE,
	EP_STREAM_GENERATE,
	EP_GEMINI_COUNT,
	EP_MODELS,
	EP_MODEL,
	EP_MODEL_INFO,
	EP_LIVE,
	EP_READY,
	EP_METRICS,
	EP_ADMIN,
	EP_COUNT,
};

struct route {
	enum endpoint endpoint;
	const char *name; /* for metrics and the audit log */
	bool post;	  /* else GET */
	bool prefix;	  /* the pattern is a prefix */
	bool call;	  /* reaches a provider */
	enum llm_dialect dialect;
	struct str pattern; /* "{m}" stands for one model name, slashes included */
};

struct route_match {
	const struct route *route;
	struct str model; /* what {m} matched, still percent-encoded */
};

/* route_find. ERR_NOT_FOUND: no such path. ERR_UNSUPPORTED: the path exists for another method
 * (405). */
MUST_USE enum err route_find(struct str method, struct str path, struct route_match *out);

/* route_dialect guesses the error shape for a path that does not exist. */
enum llm_dialect route_dialect(struct str path);

#endif
