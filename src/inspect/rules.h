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
	  "do not install it; report it to its index")                                             \
	X(RULE_ARCHIVE_BROKEN, "archive-broken", SEV_HOLD, "archive that cannot be read",          \
	  "what was not read was not judged",                                                      \
	  "fetch it again; when it stays so, do not install it")                                   \
	X(RULE_ARCHIVE_TOO_LARGE, "archive-too-large", SEV_HOLD, "archive past the bounds",        \
	  "bombs fill disks, and what was not read was not judged",                                \
	  "find out what makes it so large before unpacking it")                                   \
	X(RULE_ARCHIVE_UNREADABLE, "archive-unreadable", SEV_HOLD,                                 \
	  "archive or member in a form that is not read here",                                     \
	  "what was not read was not judged",                                                      \
	  "ask why it is not in the usual form, and look into it by other means")                  \
	X(RULE_ARCHIVE_ODD, "archive-odd", SEV_INFO, "archive that no common tool writes so",      \
	  "it was put together by hand or by an unusual tool",                                     \
	  "nothing, unless other evidence stands beside it")                                       \
	X(RULE_RECORD_CODE, "record-code", SEV_BLOCK,                                              \
	  "code in the package is not what its RECORD says",                                       \
	  "it was changed after the package had been built",                                       \
	  "do not install it; fetch it again from its index, and report it when it stays so")      \
	X(RULE_RECORD_UNLISTED, "record-unlisted", SEV_HOLD, "file that RECORD does not list",     \
	  "it was added after the package had been built, and uninstalling leaves it behind",      \
	  "look at the file before installing the package")                                        \
	X(RULE_RECORD_DIFFERS, "record-differs", SEV_HOLD,                                         \
	  "RECORD and the files of the package differ",                                            \
	  "no index takes such a package today",                                                   \
	  "fetch it again from its index")                                                         \
	X(RULE_NAME_MISMATCH, "name-mismatch", SEV_HOLD,                                           \
	  "package under another name or version than its own",                                    \
	  "advisories and policies are looked up by a name that is not the package's",             \
	  "find out which of the names is right before installing it")                             \
	X(RULE_METADATA_UNCLEAR, "metadata-unclear", SEV_HOLD,                                     \
	  "metadata that tools read differently",                                                  \
	  "name, version or requirements depend on who reads them",                                \
	  "do not install it without having asked who published it")                               \
	X(RULE_PACKAGE_LAYOUT, "package-layout", SEV_HOLD,                                         \
	  "package that lacks what every package has",                                             \
	  "which of its files are installed, and as what, depends on the installer",               \
	  "do not install it without having asked who published it")

/* What an advisory record says of a release. */
#define RULES_ADVISORY(X)                                                                          \
	X(RULE_KNOWN_MALWARE, "known-malware", SEV_BLOCK, "known malicious release",               \
	  "a malware record names this very release",                                              \
	  "remove it, then treat every secret its processes could read as stolen")                 \
	X(RULE_KNOWN_VULNERABLE, "known-vulnerable", SEV_HOLD, \
	  "release with known vulnerability",                                                      \
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
	X(RULE_INVISIBLE_UNICODE, "invisible-unicode", SEV_BLOCK, \
	  "source hides text in invisible characters",                                             \
	  "variation selectors in bulk carry a payload that no reviewer sees",                     \
	  "do not install it; look at the decoded text")

/* What a manifest, lock file or package metadata asks for. */
#define RULES_MANIFEST(X)                                                                          \
	X(RULE_INSTALL_SCRIPT, "install-script", SEV_INFO, \
	  "package runs a script when it is installed",                                            \
	  "install scripts run with the rights of whoever installs",                               \
	  "install without scripts, or read the script first")

/* What it did when it was run (detonation). */
#define RULES_RUN(X)										   \
	X(RULE_HONEY_LEFT, "honey-left", SEV_BLOCK, "a planted secret left the sandbox",	   \
	  "the code read a secret that nothing honest reads and sent it out",			   \
	  "do not install it; report it to its index")						   \
	X(RULE_HONEY_OPAQUE, "honey-opaque", SEV_BLOCK,						   \
	  "read a planted secret, then sent bytes that nobody can read",			   \
	  "thieves encrypt what they take; nothing honest does both",				   \
	  "do not install it; report it to its index")						   \
	X(RULE_START_NETWORK, "start-network", SEV_BLOCK,					   \
	  "uses the network as soon as the interpreter starts",					   \
	  "it runs at every start of the interpreter, before any import",			   \
	  "do not install it; where it is installed, remove it from outside")			   \
	X(RULE_RAN_DOWNLOADED, "ran-downloaded", SEV_BLOCK,					   \
	  "runs what it downloads when it starts or is imported",				   \
	  "whoever holds that server runs code of their choice, today or later",		   \
	  "do not install it; report it to its index")						   \
	X(RULE_INSTALL_DOWNLOADED, "install-downloaded", SEV_HOLD,				   \
	  "runs what it downloads when it is installed or called",				   \
	  "what was looked at is not what will run",						   \
	  "read what it downloads, and pin it by hash, or do without it")			   \
	X(RULE_HONEY_READ, "honey-read", SEV_HOLD, "reads credentials of others when it is loaded",\
	  "no library needs another program's keys in order to be imported",			   \
	  "find the code that does it before installing")					   \
	X(RULE_PERSISTENCE, "persistence", SEV_HOLD, "writes where programs are started from",	   \
	  "what settles there stays when the package has been removed",				   \
	  "find the code that does it before installing; look for the file where it is installed") \
	X(RULE_METADATA_ASKED, "metadata-asked", SEV_HOLD,					   \
	  "asks a cloud's metadata service for credentials when it is loaded",			   \
	  "on a cloud machine this gives the machine's own keys",				   \
	  "find the code that does it before installing")					   \
	X(RULE_RUN_NETWORK, "run-network", SEV_INFO, "uses the network",			   \
	  "where it connects to, and in which phase", "see whether these are places you expect")   \
	X(RULE_RUN_SPAWN, "run-spawn", SEV_INFO, "starts other programs",			   \
	  "which ones, as far as can be told", "see whether these are programs you expect")	   \
	X(RULE_RUN_LINGERS, "run-lingers", SEV_INFO, "leaves processes behind",			   \
	  "they go on after the program that was started has ended",				   \
	  "see whether it says why")								   \
	X(RULE_SANDBOX_PROBE, "sandbox-probe", SEV_INFO, "looks whether it is watched",		   \
	  "code that acts only where nobody looks begins with looking",				   \
	  "weigh it with the other findings")							   \
	X(RULE_TLS_REFUSED, "tls-refused", SEV_INFO,						   \
	  "trusts certificates of its own choice only", "what it sends there cannot be read here", \
	  "weigh it with the other findings")							   \
	X(RULE_LONG_SLEEP, "long-sleep", SEV_INFO, "sleeps for a minute or longer",		   \
	  "code that waits outlives most tests; here the clock skips sleeps",			   \
	  "weigh it with the other findings")

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
	RULES_ARCHIVE(X) RULES_ADVISORY(X) RULES_STARTUP(X) RULES_SOURCE(X)                        \
	RULES_MANIFEST(X) RULES_RUN(X) RULES_CHANGE(X) RULES_TRUST(X)

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
