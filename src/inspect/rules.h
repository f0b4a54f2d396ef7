/*
 * inspect/rules.h - every rule there is: id, severity, title, why it matters, what to do next.
 * Ring 0. A rule's id is for ever: policies, SARIF and people refer to it. A new rule is one line
 * here, a finding_add where it is seen, and a test of both what it finds and what it leaves alone.
 *
 * Severities decide the verdict (inspect/verdict.h): SEV_BLOCK is only for facts with next to no
 * false alarms; SEV_HOLD asks a person; SEV_INFO is evidence beside others.
 */
#ifndef INSPECT_RULES_H
#define INSPECT_RULES_H

#include "base/str.h"

enum severity { SEV_INFO, SEV_HOLD, SEV_BLOCK };

/* X(code, "id", severity, "title", "why it matters", "what to do next") */

/* An archive that two readers would read differently, or that is no honest package. */
#define RULES_ARCHIVE(X)                                                                           \
	X(RULE_ARCHIVE_AMBIGUOUS, "archive-ambiguous", SEV_BLOCK,                                  \
	  "archive that two readers would read differently",                                       \
	  "what is checked would not be what is installed",                                        \
	  "do not install it; report it to its index")

/* What an advisory record says of a release. */
#define RULES_ADVISORY(X)                                                                          \
	X(RULE_KNOWN_MALWARE, "known-malware", SEV_BLOCK, "known malicious release",               \
	  "a malware record names this very release",                                              \
	  "remove it, then treat every secret its processes could read as stolen")                 \
	X(RULE_KNOWN_VULNERABLE, "known-vulnerable", SEV_HOLD, "release with known vulnerability", \
	  "an advisory names a range that holds this release",                                     \
	  "go to the safe version that is named")

/* What runs when an interpreter starts, and files nobody owns. */
#define RULES_STARTUP(X)                                                                           \
	X(RULE_STARTUP_EXEC, "startup-exec", SEV_BLOCK,                                            \
	  "startup hook that decodes, spawns or opens the network",                                \
	  "it runs at every start of the interpreter, before any import",                          \
	  "do not start this interpreter; remove the file from outside")

/* What source text does. */
#define RULES_SOURCE(X)                                                                            \
	X(RULE_INVISIBLE_UNICODE, "invisible-unicode", SEV_BLOCK,                                  \
	  "source hides text in invisible characters",                                             \
	  "variation selectors in bulk carry a payload that no reviewer sees",                     \
	  "do not install it; look at the decoded text")                                           \
	X(RULE_HIDDEN_TEXT, "hidden-text", SEV_HOLD,                                               \
	  "source holds characters that change how it is shown",                                   \
	  "what a reviewer reads is not what the interpreter runs",                                \
	  "look at the line in an editor that shows control characters")                           \
	X(RULE_DECODED_EXEC, "decoded-exec", SEV_BLOCK,                                            \
	  "runs decoded text that spawns, fetches or sends",                                       \
	  "honest code has no reason to hide what it runs",                                        \
	  "do not install it; the decoded text is the evidence")                                   \
	X(RULE_DECODED_RUN, "decoded-run", SEV_HOLD, "runs text that it decodes first",            \
	  "what runs stands nowhere in the package as text",                                       \
	  "find out what is decoded before anything imports it")                                   \
	X(RULE_SECRETS_SENT, "secrets-sent", SEV_BLOCK,                                            \
	  "sends credentials or the whole environment away when loaded",                           \
	  "nothing has to be called for it: importing or installing is enough",                    \
	  "do not install it; where it ran, rotate every secret in reach")                         \
	X(RULE_SECRETS_NEAR_NET, "secrets-and-network", SEV_HOLD,                                  \
	  "collects credentials beside network access",                                            \
	  "reading files of several services and opening the network is what stealers do",         \
	  "read the function; a client of these services is harmless")                             \
	X(RULE_FETCH_RUN, "fetch-and-run", SEV_BLOCK,                                              \
	  "runs what it fetched when loaded or installed",                                         \
	  "the code that runs is not in the package and may change at any time",                   \
	  "do not install it; report it to its index")                                             \
	X(RULE_FETCH_MAY_RUN, "fetch-then-run", SEV_HOLD,                                          \
	  "fetches and starts programs when loaded or installed",                                  \
	  "what is started may be what was fetched",                                               \
	  "see what is fetched, and whether its digest is checked")                                \
	X(RULE_FOREIGN_RUNTIME, "foreign-runtime", SEV_HOLD, "brings another language's runtime",  \
	  "code in a second language escapes what watches the first",                              \
	  "look at what is given to that runtime")                                                 \
	X(RULE_FOREIGN_RUNTIME_LOADED, "foreign-runtime-loaded", SEV_BLOCK,                        \
	  "fetches another language's runtime on import and starts programs",                      \
	  "no library needs a second interpreter only for being imported",                         \
	  "do not install it; look at what is given to that runtime")                              \
	X(RULE_FAILS_ON_PURPOSE, "install-fails-on-purpose", SEV_HOLD,                             \
	  "install script runs a file, then fails",                                                \
	  "a failing optional dependency leaves no trace of what it ran",                          \
	  "look at the file that it runs")                                                         \
	X(RULE_PERSISTENCE, "persistence", SEV_HOLD,                                               \
	  "writes to a place that is started by itself", "it stays after the package is removed",  \
	  "look for the named file on machines where this ran")                                    \
	X(RULE_SELF_DELETE, "self-delete", SEV_BLOCK, "starts programs and deletes itself",        \
	  "it removes the evidence after it ran",                                                  \
	  "do not install it; what is on disk afterwards proves nothing")                          \
	X(RULE_SELF_DELETE_ONLY, "self-delete-only", SEV_HOLD, "deletes its own file when loaded", \
	  "evidence of what ran is gone afterwards", "see why the file must go")                   \
	X(RULE_METADATA_SERVICE, "metadata-service", SEV_HOLD,                                     \
	  "asks a cloud's metadata service when loaded",                                           \
	  "the answers hold credentials of the machine's role",                                    \
	  "see whether a client of that cloud is expected here")                                   \
	X(RULE_DNS_EXFILTRATION, "dns-exfiltration", SEV_HOLD,                                     \
	  "looks up names built from data of the host", "queries carry data past firewalls",       \
	  "see which domain is asked")                                                             \
	X(RULE_OBFUSCATED, "obfuscated", SEV_HOLD, "source is written so that it cannot be read",  \
	  "only what should not be seen is hidden so", "ask for the source it was made from")      \
	X(RULE_LOOKALIKE_NAMES, "lookalike-names", SEV_HOLD,                                       \
	  "keywords in letters that only look like ASCII",                                         \
	  "the interpreter reads them as the plain ones, a search does not",                       \
	  "read the normalised text")                                                              \
	X(RULE_SOURCE_CODING, "source-coding", SEV_HOLD,                                           \
	  "source declares an encoding that hides code",                                           \
	  "what a reader sees as comment can be code after decoding",                              \
	  "decode the file as its first lines say")                                                \
	X(RULE_AGENT_CONTROL, "agent-control", SEV_HOLD, "writes files that control AI agents",    \
	  "hooks and servers there run with the rights of the agent's user",                       \
	  "look at ~/.claude, ~/.cursor and the like where this ran")                              \
	X(RULE_AGENT_HIJACK, "agent-hijack", SEV_BLOCK,                                            \
	  "starts an AI agent that is told to ask nobody",                                         \
	  "the agent searches the machine for secrets on behalf of the package",                   \
	  "do not install it")                                                                     \
	X(RULE_WIPES_HOME, "wipes-home", SEV_BLOCK, "deletes the home directory",                  \
	  "it destroys data when loaded or installed", "do not install it")                        \
	X(RULE_REVIEWER_INJECTION, "reviewer-injection", SEV_INFO,                                 \
	  "text speaks to reviewers that are language models",                                     \
	  "it tries to talk a scanner into a good verdict", "let no model decide on this package") \
	X(RULE_SOURCE_CUT, "source-cut", SEV_INFO, "source was not read to its end",               \
	  "a bound of size or memory was met", "look at the rest by other means")                  \
	X(RULE_SOURCE_FLOOD, "source-flood", SEV_HOLD, "source does more than is looked at",       \
	  "thousands of calls of interest in one file can hide one",                               \
	  "look at the file by other means")                                                       \
	X(RULE_TYPOSQUAT, "typosquat", SEV_HOLD, "name is one slip away from a much-used one",     \
	  "who mistypes the known name gets this package",                                         \
	  "check that this is the package you meant")                                              \
	X(RULE_NAME_NEAR, "name-near-known", SEV_INFO, "name resembles a much-used one",           \
	  "it may be meant to be taken for it", "check that this is the package you meant")

/* What a manifest, lock file or package metadata asks for. */
#define RULES_MANIFEST(X)                                                                          \
	X(RULE_INSTALL_SCRIPT, "install-script", SEV_INFO,                                         \
	  "package runs a script when it is installed",                                            \
	  "install scripts run with the rights of whoever installs",                               \
	  "install without scripts, or read the script first")

/* What it did when it was run (detonation). */
#define RULES_RUN(X)                                                                               \
	X(RULE_HONEY_LEFT, "honey-left", SEV_BLOCK, "a planted secret left the sandbox",           \
	  "the code read a secret that nothing honest reads and sent it out",                      \
	  "do not install it; report it to its index")

/* What differs from the release before. */
#define RULES_CHANGE(X)                                                                            \
	X(RULE_NEW_HOOK, "new-startup-hook", SEV_HOLD, "new startup hook since the last release",  \
	  "every hijack of a trusted library added something like this",                           \
	  "look why the release needs it before installing it")

/* Who published it, and whether that can be proved. */
#define RULES_TRUST(X)                                                                             \
	X(RULE_ATTESTATION_INVALID, "attestation-invalid", SEV_BLOCK,                              \
	  "attestation is present but does not verify",                                            \
	  "the bytes are not those that were attested",                                            \
	  "do not install it; fetch it again from its index, and report it when it stays so")

#define RULE_LIST(X)                                                                               \
	RULES_ARCHIVE(X)                                                                           \
	RULES_ADVISORY(X)                                                                          \
	RULES_STARTUP(X)                                                                           \
	RULES_SOURCE(X) RULES_MANIFEST(X) RULES_RUN(X) RULES_CHANGE(X) RULES_TRUST(X)

#define X(code, id, severity, title, why, next) code,
enum rule { RULE_LIST(X) RULE_COUNT };
#undef X

struct rule_row {
	struct str id;
	enum severity severity;
	struct str title, why, next;
};

/* rule_row gives a rule's line of the table above. */
const struct rule_row *rule_row(enum rule r);

/* rule_by_id finds a rule by its id; RULE_COUNT: there is none. */
enum rule rule_by_id(struct str id);

#endif
