/*
 * base/err.h - the one list of error codes: HTTP status, exit status and text stand side by side.
 * Ring 0. Three classes are never mixed: bad input is a code for the peer; an own or system failure
 * is a code plus a sentence in a struct diag; a bug is an assert.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* UNSET leaves a large local as it is where the compiler would make it zero first: for working
 * memory on the path of every request that is written before it is read. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#else
#define UNSET
#endif

/* X(name, HTTP status, exit status of sysexits.h, text). Lower case, no full stop. */
#define ERR_LIST(X)                                                  \
	X(OK, 200, 0, "ok")                                          \
	X(ERR_AGAIN, 503, 75, "not ready, try again")                \
	X(ERR_SYNTAX, 400, 65, "malformed input")                    \
	X(ERR_LIMIT, 413, 65, "limit exceeded")                      \
	X(ERR_UNSUPPORTED, 400, 65, "not expressible")               \
	X(ERR_ENCODING, 415, 65, "unknown encoding")                 \
	X(ERR_AUTH, 401, 77, "not authenticated")                    \
	X(ERR_DENIED, 403, 77, "refused by policy")                  \
	X(ERR_NOT_FOUND, 404, 66, "not found")                       \
	X(ERR_EXISTS, 409, 65, "exists already")                     \
	X(ERR_RATE, 429, 75, "rate limit reached")                   \
	X(ERR_BUDGET, 429, 75, "budget spent")                       \
	X(ERR_UPSTREAM, 502, 69, "provider failed")                  \
	X(ERR_TIMEOUT, 504, 69, "timed out")                         \
	X(ERR_BUSY, 503, 75, "overloaded")                           \
	X(ERR_USAGE, 400, 64, "usage")                               \
	X(ERR_CONFIG, 500, 78, "configuration")                      \
	X(ERR_NOMEM, 503, 71, "out of memory")                       \
	X(ERR_SYS, 500, 71, "system call failed")

#define X(name, http, exit, text) name,
enum err { ERR_LIST(X) ERR_COUNT };
#undef X

/* err_http gives the HTTP status for e. */
int err_http(enum err e);

/* err_exit gives the process exit status for e, as in sysexits.h. */
int err_exit(enum err e);

/* err_text gives a short static English text for e, without a full stop. */
const char *err_text(enum err e);

/* TRY returns from the calling function with the first failure. Use it only where nothing owned
 * is lost. */
#define TRY(expr)                               \
	do {                                    \
		enum err try_ = (expr);         \
		if (try_ != OK)                 \
			return try_;            \
	} while (0)

#endif
