/*
 * inspect/caps.h - what a file is able to do, as a set of bits: the axis on which releases are
 * compared, and what findings are joined from. Ring 0. The numbers go into reports and digests:
 * new ones are added at the end.
 */
#ifndef INSPECT_CAPS_H
#define INSPECT_CAPS_H

#include "base/str.h"

/* X(code, "name in reports", "what the code does, in words"). */
#define CAPS_LIST(X)                                                                               \
	X(CAP_NET, "network", "opens network connections")                                         \
	X(CAP_EXEC, "spawn", "starts programs")                                                    \
	X(CAP_EVAL, "eval", "runs code made at run time")                                          \
	X(CAP_DECODE, "decode", "decodes or decompresses data")                                    \
	X(CAP_ENV, "environment", "reads environment variables")                                   \
	X(CAP_ENV_ALL, "environment-all", "copies the whole environment")                          \
	X(CAP_CREDENTIALS, "credentials", "names files that hold credentials")                     \
	X(CAP_METADATA, "metadata-service", "asks a cloud's metadata service")                     \
	X(CAP_PERSIST, "persistence", "names places that are started by themselves")               \
	X(CAP_SELF_DELETE, "self-delete", "deletes itself")                                        \
	X(CAP_NATIVE, "native", "loads native code")                                               \
	X(CAP_DNS, "dns", "looks up names that it builds from data")                               \
	X(CAP_FETCH_RUN, "fetch-and-run", "runs what it fetched")                                  \
	X(CAP_RUNTIME, "foreign-runtime", "brings another language's runtime")                     \
	X(CAP_CLIPBOARD, "clipboard", "reads or writes the clipboard")                             \
	X(CAP_KEYS, "keylogger", "listens to keys or records the screen")                          \
	X(CAP_PROBE, "sandbox-probe", "looks whether it is being watched")                         \
	X(CAP_AGENT, "agent-control", "names files that control AI agents")                        \
	X(CAP_AI_CLI, "agent-cli", "starts an AI agent's command line")                            \
	X(CAP_DELAY, "delay", "waits long, or for a date")                                         \
	X(CAP_HOST, "host-facts", "reads host and user names")                                     \
	X(CAP_OBFUSCATED, "obfuscated", "is written so that it cannot be read")                    \
	X(CAP_WRITE, "write", "writes files")                                                      \
	X(CAP_UNPICKLE, "unpickle", "loads pickles or marshalled code")

#define X(code, name, words) code##_BIT,
enum cap_bit { CAPS_LIST(X) CAP_COUNT };
#undef X
#define X(code, name, words) code = 1u << code##_BIT,
enum cap { CAPS_LIST(X) };
#undef X

struct caps {
	uint32_t bits; /* of enum cap */
};

/* cap_name gives a capability's name in reports ("network"), cap_words what it is in words. */
struct str cap_name(enum cap_bit bit);
struct str cap_words(enum cap_bit bit);

/* cap_by_name finds a bit by its name; CAP_COUNT: there is none. */
enum cap_bit cap_by_name(struct str name);

#endif
