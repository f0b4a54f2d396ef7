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

/* severity_word gives "info", "hold" or "block"; severity_by_word false: it is none of them. */
struct str severity_word(enum severity s);
bool severity_by_word(struct str word, enum severity *out);

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
	X(RULE_KNOWN_VULNERABLE, "known-vulnerable", SEV_HOLD, "release with known vulnerability", \
	  "an advisory names a range that holds this release",                                     \
	  "go to the safe version that is named")                                                  \
	X(RULE_KNOWN_MALWARE_SIBLING, "malware-in-other-release", SEV_INFO,                        \
	  "other releases of this package are recorded as malicious",                              \
	  "who could publish those may have published this one too",                               \
	  "look when it was published, and by whom")                                               \
	X(RULE_ADVISORIES_OLD, "advisories-old", SEV_INFO, "the advisory records are old",         \
	  "what became known since is not in them",                                                \
	  "run 'yett advisories update'")

/* What runs when an interpreter starts, and files nobody owns. */
#define RULES_STARTUP(X)                                                                           \
	X(RULE_STARTUP_EXEC, "startup-exec", SEV_BLOCK,                                            \
	  "startup hook that decodes, spawns or opens the network",                                \
	  "it runs at every start of the interpreter, before any import",                          \
	  "do not start this interpreter; remove the file from outside")                           \
	X(RULE_STARTUP_MODULE, "startup-module", SEV_HOLD,                                         \
	  "startup hook loads a module that spawns or opens the network",                          \
	  "the module runs at every start of the interpreter, whatever is started",                \
	  "read the module that is named; if it is wanted, allow it by its sha256")                \
	X(RULE_STARTUP_UNOWNED, "startup-unowned", SEV_HOLD,                                       \
	  "startup hook that no installed package owns",                                           \
	  "it runs at every start, and uninstalling any package leaves it there",                  \
	  "find out who put it there; remove it, or allow it by its sha256")                       \
	X(RULE_STARTUP_OVERSIZED, "startup-oversized", SEV_HOLD,                                   \
	  "startup hook too large to be honest",                                                   \
	  "it is read at every start, and nobody can review it",                                   \
	  "do not start this interpreter before you know what the file is")                        \
	X(RULE_STARTUP_HOOK, "startup-hook", SEV_INFO, "startup hook",                             \
	  "it runs at every start of the interpreter",                                             \
	  "nothing, unless you do not know the package that owns it")                              \
	X(RULE_STARTUP_PATH, "startup-path", SEV_INFO,                                             \
	  "startup file adds a directory outside of the environment",                              \
	  "modules are loaded from there, and this check did not look there",                      \
	  "check that directory, too")                                                             \
	X(RULE_FILE_ALTERED, "file-altered", SEV_BLOCK,                                            \
	  "installed code differs from what its package lists",                                    \
	  "somebody changed it after it was installed, or the package lies",                       \
	  "install the package again, and find out who changed it")                                \
	X(RULE_DATA_ALTERED, "data-altered", SEV_INFO,                                             \
	  "installed file differs from what its package lists",                                    \
	  "somebody changed it after it was installed",                                            \
	  "nothing, if it is known why")                                                           \
	X(RULE_FILE_UNOWNED, "unowned-file", SEV_INFO,                                             \
	  "code that no installed package owns",                                                   \
	  "it can be imported, and no package manager knows of it",                                \
	  "find out who put it there")                                                             \
	X(RULE_NATIVE_SHADOW, "native-shadow", SEV_HOLD,                                           \
	  "unowned native module in front of a Python module",                                     \
	  "the interpreter loads it instead of the source that the package lists",                 \
	  "find out who put it there; remove it")                                                  \
	X(RULE_BYTECODE_FOREIGN, "bytecode-foreign", SEV_BLOCK,                                    \
	  "compiled code that is not of its source and runs instead of it",                        \
	  "whoever reads the source does not see what runs",                                       \
	  "do not import it; remove the .pyc and compile anew")                                    \
	X(RULE_BYTECODE_SOURCELESS, "bytecode-sourceless", SEV_HOLD,                               \
	  "compiled code that runs without its source",                                            \
	  "it is imported, and nobody can read it",                                                \
	  "find out who put it there; remove it")                                                  \
	X(RULE_EDITABLE, "editable-install", SEV_INFO,                                             \
	  "package is used from a directory that can change at any time",                          \
	  "what was checked is not what will run",                                                 \
	  "check that directory, too; use a built package where it matters")                       \
	X(RULE_LINK_OUTSIDE, "link-outside", SEV_HOLD,                                             \
	  "code lies behind a link that leads out of the target",                                  \
	  "this check could not look at what runs",                                                \
	  "check the directory that holds it, or the whole")                                       \
	X(RULE_FILE_UNREADABLE, "unreadable", SEV_INFO, "file could not be judged",                \
	  "what is not looked at is not known to be clean",                                        \
	  "check again with the rights to read it, or look at it yourself")                        \
	X(RULE_FILE_CHANGING, "changed-while-read", SEV_INFO,                                      \
	  "file changed while it was looked at",                                                   \
	  "what was judged is not what is there now",                                              \
	  "check again when nothing is at work in the target")                                     \
	X(RULE_FILE_TOO_LARGE, "too-large", SEV_INFO,                                              \
	  "file too large to be looked at as a whole",                                             \
	  "what is not looked at is not known to be clean",                                        \
	  "look at it by hand")                                                                    \
	X(RULE_AGENT_EXEC, "agent-exec", SEV_BLOCK,                                                \
	  "agent or editor hook that decodes, or downloads and runs",                              \
	  "it runs whenever the agent or the editor is used, with the user's rights",              \
	  "do not start the agent here; remove the hook")                                          \
	X(RULE_AGENT_SMUGGLED, "agent-control-in-package", SEV_HOLD,                               \
	  "package brings files that control AI agents or editors",                                \
	  "an agent that works near it takes orders from them",                                    \
	  "read what it tells the agent to do before you use it")                                  \
	X(RULE_AGENT_HOOK, "agent-hook", SEV_INFO,                                                 \
	  "agent or editor starts a program by itself",                                            \
	  "hooks and servers of agents run with the user's rights",                                \
	  "nothing, if you put it there")                                                          \
	X(RULE_WORKFLOW_SECRETS, "workflow-secrets", SEV_HOLD,                                     \
	  "workflow hands out all secrets of the repository at once",                              \
	  "worms put such a workflow into every repository they reach",                            \
	  "find out who added the workflow; when it ran, replace every secret")                    \
	X(RULE_PROGRAM_SHADOWED, "program-shadowed", SEV_HOLD,                                     \
	  "package installs a program under the name of another one",                              \
	  "who types the known name, or a script that does, runs this package instead",            \
	  "do not install it where that program is used, unless it is meant to replace it")        \
	X(RULE_ENVIRONMENT_FILE, "environment-file", SEV_HOLD,                                     \
	  "package puts a file among the environment's own",                                       \
	  "it is sourced or loaded by what has nothing to do with the package",                    \
	  "do not install it without having read that file")                                       \
	X(RULE_CACHED_BAD, "cached-malware", SEV_BLOCK,                                            \
	  "a cache holds a known malicious release",                                               \
	  "the next installation may take it from there without asking any index",                 \
	  "clear that cache, then look where it was installed from it")                            \
	X(RULE_TRACE_BAD, "installed-before", SEV_HOLD,                                            \
	  "a log or lock file says that a known malicious release was here",                       \
	  "it may have run, even if it is gone now",                                               \
	  "treat the secrets that were in reach at that time as stolen")

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
	X(RULE_DATA_RUN, "data-run", SEV_HOLD, "runs a file as code that is no source by name",    \
	  "who looks for code passes such a file over",                                            \
	  "read the named file before anything imports it")                                        \
	X(RULE_PACKED, "packed-code", SEV_HOLD,                                                    \
	  "runs what it makes out of a large encoded constant",                                    \
	  "nobody can read in the package what runs",                                              \
	  "find out what the constant comes to before anything imports it")                        \
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
	X(RULE_TIME_BOMB, "time-bomb", SEV_HOLD,                                                   \
	  "spawns, connects or runs hidden code from a certain date on",                           \
	  "whoever tests it before that day sees nothing",                                         \
	  "read what it does then; set the clock there in a sandbox")                              \
	X(RULE_HOST_BOUND, "host-bound", SEV_INFO,                                                 \
	  "spawns, connects or runs hidden code on certain machines only",                         \
	  "whoever tests it elsewhere sees nothing", "weigh it with the other findings")           \
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
	X(RULE_AGENT_STARTED, "agent-started", SEV_HOLD,                                           \
	  "starts an AI agent when loaded or installed",                                           \
	  "the agent acts with the user's rights, on the word of the package",                     \
	  "read what it is told to do")                                                            \
	X(RULE_AGENT_POISON, "agent-poison", SEV_HOLD,                                             \
	  "text tells an AI agent to act behind its user's back",                                  \
	  "an agent that reads it may take it for an order",                                       \
	  "let no agent read it; report the package to its index")                                 \
	X(RULE_VARIABLE_SET, "variable-set", SEV_HOLD,                                             \
	  "sets a variable that redirects or is run by other programs",                            \
	  "what the process sends to a model or through a proxy goes elsewhere, keys included",    \
	  "see who has that address or file")                                                      \
	X(RULE_HOOK_SENDS, "hook-sends", SEV_HOLD,                                                 \
	  "replaces a function of another package by one that sends to a fixed place",             \
	  "what others hand to that function, keys and requests, is sent along",                   \
	  "read the function, and see whose the place is")                                         \
	X(RULE_WALLET_SWAP, "wallet-swap", SEV_HOLD,                                               \
	  "hooks what carries payments, beside addresses of wallets",                              \
	  "a payment that passes through may go to another wallet than the one that is shown",     \
	  "do not ship it to browsers before you have read the function")                          \
	X(RULE_MEMORY_FILE, "memory-file", SEV_HOLD,                                               \
	  "makes a file in memory and starts programs",                                            \
	  "what runs from there is on no disk, before or after",                                   \
	  "read what is written into it")                                                          \
	X(RULE_PROCESS_MEMORY, "process-memory", SEV_HOLD,                                         \
	  "reads the memory of other processes when loaded",                                       \
	  "secrets of a CI runner that are masked in its log stand there in clear",                \
	  "find out why a library needs that")                                                     \
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
	  "install without scripts, or read the script first")                                     \
	X(RULE_GIT_DEPENDENCY, "git-dependency", SEV_HOLD, \
	  "dependency comes from a repository instead of an index",                                \
	  "what a repository serves can change, and no index or advisory watches it",              \
	  "take the release from the index, or allow this commit in the policy")                   \
	X(RULE_URL_DEPENDENCY, "url-dependency", SEV_HOLD, \
	  "dependency is fetched from a URL without a hash",                                       \
	  "whoever holds that host decides at each installation what is installed",                \
	  "add its hash, or take the release from the index")                                      \
	X(RULE_OUTSIDE_DEPENDENCY, "outside-dependency", SEV_INFO, \
	  "dependency comes from outside the index",                                               \
	  "a directory, a hashed URL or a development dependency that no index watches",           \
	  "look at it as at your own source")                                                      \
	X(RULE_EXTRA_INDEX, "extra-index", SEV_HOLD, \
	  "a second index may answer for any name",                                                \
	  "who registers a private name on the other index is installed instead of it",            \
	  "use one index that proxies both, or bind each name to its index")                       \
	X(RULE_OTHER_INDEX, "other-index", SEV_INFO, "packages come from another index",           \
	  "advisories speak of the public index; this one may serve other bytes",                  \
	  "check that you know who runs it")                                                       \
	X(RULE_INDEX_PLAIN, "index-without-tls", SEV_HOLD, \
	  "packages are fetched without TLS or its checks",                                        \
	  "anybody on the way can replace what is installed",                                      \
	  "use https, and do not trust hosts without a certificate")                               \
	X(RULE_LOCK_MISMATCH, "lock-mismatch", SEV_HOLD, \
	  "lock file names one package and fetches another",                                       \
	  "no tool writes such an entry; reviewers see the name, the tool takes the URL",          \
	  "make the lock file anew and compare")                                                   \
	X(RULE_WEAK_HASH, "weak-hash", SEV_INFO, "only a broken hash protects this package",       \
	  "MD5 and SHA-1 can be met by other bytes",                                               \
	  "make the lock file anew with a current tool")                                           \
	X(RULE_MANIFEST_INCLUDE, "manifest-include", SEV_INFO, \
	  "this file takes in another one",                                                        \
	  "what the other file names is not judged with this one",                                 \
	  "check the other file too")                                                              \
	X(RULE_MANIFEST_UNREAD, "manifest-unread", SEV_HOLD, \
	  "a part of this file could not be read",                                                 \
	  "what is not read is not judged",                                                        \
	  "correct the line, or look at it yourself")                                              \
	X(RULE_NOTEBOOK_OUTPUT, "notebook-output", SEV_INFO, \
	  "notebook has outputs that run in a browser",                                            \
	  "scripts in outputs run when the notebook is opened and trusted",                        \
	  "clear the outputs before trusting it")                                                  \
	X(RULE_NOTEBOOK_HIDDEN, "notebook-hidden", SEV_HOLD, \
	  "notebook hides active content",                                                         \
	  "the reader does not see what runs",                                                     \
	  "show all cells and outputs, and read them")                                             \
	X(RULE_NOTEBOOK_SECRET, "notebook-secret", SEV_HOLD, "notebook holds a secret",            \
	  "a key in a cell or output is known to everybody who has the file",                      \
	  "revoke the key, then remove it from the file and its history")                          \
	X(RULE_PICKLE_EXEC, "pickle-exec", SEV_HOLD, \
	  "pickle imports what runs code or commands",                                             \
	  "loading it is running it",                                                              \
	  "do not load it; ask its author for safetensors")                                        \
	X(RULE_PICKLE_IMPORT, "pickle-import", SEV_INFO, \
	  "pickle imports something outside the usual",                                            \
	  "loading it calls what it imports",                                                      \
	  "see whether that class may be called with any arguments")                               \
	X(RULE_PICKLE_UNREAD, "pickle-unread", SEV_HOLD, \
	  "pickle cannot be followed to its end",                                                  \
	  "a loader runs what stands before the fault",                                            \
	  "do not load it")                                                                        \
	X(RULE_MODEL_FILE, "model-file", SEV_INFO, "model file",                                   \
	  "models are data that few people look at",                                               \
	  "prefer formats that cannot hold code")                                                  \
	X(RULE_MODEL_BROKEN, "model-broken", SEV_HOLD, "model file with a false header",           \
	  "two readers would find different tensors, or something besides tensors",                \
	  "fetch it again from its author")

/* What it did when it was run (detonation). */
#define RULES_RUN(X)                                                                               \
	X(RULE_HONEY_LEFT, "honey-left", SEV_BLOCK, "a planted secret left the sandbox",           \
	  "the code read a secret that nothing honest reads and sent it out",                      \
	  "do not install it; report it to its index")                                             \
	X(RULE_HONEY_OPAQUE, "honey-opaque", SEV_BLOCK,                                            \
	  "read a planted secret, then sent bytes that nobody can read",                           \
	  "thieves encrypt what they take; nothing honest does both",                              \
	  "do not install it; report it to its index")                                             \
	X(RULE_START_NETWORK, "start-network", SEV_BLOCK,                                          \
	  "uses the network as soon as the interpreter starts",                                    \
	  "it runs at every start of the interpreter, before any import",                          \
	  "do not install it; where it is installed, remove it from outside")                      \
	X(RULE_RAN_DOWNLOADED, "ran-downloaded", SEV_BLOCK,                                        \
	  "runs what it downloads when it starts or is imported",                                  \
	  "whoever holds that server runs code of their choice, today or later",                   \
	  "do not install it; report it to its index")                                             \
	X(RULE_INSTALL_DOWNLOADED, "install-downloaded", SEV_HOLD,                                 \
	  "runs what it downloads when it is installed or called",                                 \
	  "what was looked at is not what will run",                                               \
	  "read what it downloads, and pin it by hash, or do without it")                          \
	X(RULE_HONEY_READ, "honey-read", SEV_HOLD,                                                 \
	  "reads credentials of others when it is loaded",                                         \
	  "no library needs another program's keys in order to be imported",                       \
	  "find the code that does it before installing")                                          \
	X(RULE_RUN_SEALED, "run-sealed", SEV_HOLD,                                                 \
	  "uploads something sealed when it is loaded",                                            \
	  "what it takes along cannot be seen in an archive of this kind, or a locked one",        \
	  "find the code that does it before installing")                                          \
	X(RULE_RUN_PERSISTENCE, "run-persistence", SEV_HOLD,                                       \
	  "writes where programs start from when it is loaded",                                    \
	  "what settles there stays when the package has been removed",                            \
	  "find the code that does it before installing; look for the file where it is installed") \
	X(RULE_METADATA_ASKED, "metadata-asked", SEV_HOLD,                                         \
	  "asks a cloud's metadata service for credentials when it is loaded",                     \
	  "on a cloud machine this gives the machine's own keys",                                  \
	  "find the code that does it before installing")                                          \
	X(RULE_RUN_NETWORK, "run-network", SEV_INFO, "uses the network",                           \
	  "where it connects to, and in which phase", "see whether these are places you expect")   \
	X(RULE_RUN_SPAWN, "run-spawn", SEV_INFO, "starts other programs",                          \
	  "which ones, as far as can be told", "see whether these are programs you expect")        \
	X(RULE_RUN_LINGERS, "run-lingers", SEV_INFO, "leaves processes behind",                    \
	  "they go on after the program that was started has ended", "see whether it says why")    \
	X(RULE_SANDBOX_PROBE, "sandbox-probe", SEV_INFO, "looks whether it is watched",            \
	  "code that acts only where nobody looks begins with looking",                            \
	  "weigh it with the other findings")                                                      \
	X(RULE_TLS_REFUSED, "tls-refused", SEV_INFO, "trusts certificates of its own choice only", \
	  "what it sends there cannot be read here", "weigh it with the other findings")           \
	X(RULE_LONG_SLEEP, "long-sleep", SEV_INFO, "sleeps for a minute or longer",                \
	  "code that waits outlives most tests; here the clock skips sleeps",                      \
	  "weigh it with the other findings")

/* What differs from the release before. */
#define RULES_CHANGE(X)                                                                            \
	X(RULE_NEW_HOOK, "new-startup-hook", SEV_HOLD, "new startup hook since the last release",  \
	  "every hijack of a trusted library added something like this",                           \
	  "look why the release needs it before installing it")                                    \
	X(RULE_NEW_CAPABILITY, "new-capability", SEV_HOLD,                                         \
	  "code can do what the last release could not",                                           \
	  "decoding, starting programs and networking together are new in every hijack",           \
	  "read the files that are named before installing it")                                    \
	X(RULE_NEW_SCRIPT, "new-install-script", SEV_HOLD,                                         \
	  "new install script since the last release",                                             \
	  "it runs with the rights of whoever installs",                                           \
	  "read the script before installing it")                                                  \
	X(RULE_NEW_SOURCE, "new-foreign-dependency", SEV_HOLD,                                     \
	  "new dependency from outside of the index",                                              \
	  "a git or URL dependency is code that nobody published",                                 \
	  "look what it is before installing it")                                                  \
	X(RULE_NEW_DEPENDENCY, "new-dependency", SEV_INFO,                                         \
	  "new dependency since the last release",                                                 \
	  "hijacks bring their payload in a package of their own",                                 \
	  "check that package, too")                                                               \
	X(RULE_NEW_KIND, "new-file-kind", SEV_INFO,                                                \
	  "files of a kind that the last release had not",                                         \
	  "native code, scripts of another language and archives hide payloads",                   \
	  "look what they are for")                                                                \
	X(RULE_GROWN, "grown", SEV_INFO, "much larger than the last release",                      \
	  "payloads of hijacks are large: whole runtimes and bundles",                             \
	  "look what was added")                                                                   \
	X(RULE_PACKAGE_ADDED, "package-added", SEV_INFO, "package that was not there before",      \
	  "hijacks bring their payload in a package of their own",                                 \
	  "see who asked for it")                                                                  \
	X(RULE_PACKAGE_GONE, "package-gone", SEV_INFO, "package that was there before",            \
	  "what was installed is not what is installed now", "nothing, if you removed it")         \
	X(RULE_PACKAGE_VERSION, "package-version", SEV_INFO, "package in another version",         \
	  "what is new in it is told beside this", "nothing, if you asked for it")                 \
	X(RULE_SAME_VERSION, "same-version-other-code", SEV_HOLD,                                  \
	  "other code under the same version",                                                     \
	  "an index never changes a release: somebody did behind its back, or it is another build",\
	  "see which of the two is what the index has, and what differs")                          \
	X(RULE_FILES_DIFFER, "files-differ", SEV_INFO, "other files than before",                  \
	  "the version alone does not tell that",                                                  \
	  "nothing, if you know why")                                                              \
	X(RULE_PUBLISHER_CHANGED, "publisher-changed", SEV_INFO,                                   \
	  "names another publisher than the release before",                                       \
	  "a project was handed over, or somebody else publishes in its name",                     \
	  "see whether the project announced it")                                                  \
	X(RULE_PUBLISHER_AND_CODE, "publisher-and-dependency", SEV_HOLD,                           \
	  "another publisher, and a new dependency",                                               \
	  "a stolen account shows so: its mail address changes, and the payload is a new package", \
	  "check the new dependency, and see whether the project announced the change")

/* Who published it, and whether that can be proved. */
#define RULES_TRUST(X)                                                                             \
	X(RULE_ATTESTATION_INVALID, "attestation-invalid", SEV_HOLD,                               \
	  "attestation is present but does not verify",                                            \
	  "the bytes are not those that were attested, or nobody who is trusted attested them",    \
	  "do not install it; fetch it again from its index, and report it when it stays so")      \
	X(RULE_ATTESTATION_VANISHED, "attestation-vanished", SEV_HOLD,                             \
	  "no attestation, and earlier releases had one",                                          \
	  "who steals a token publishes without the workflow that signs",                          \
	  "ask the project why before installing it")                                              \
	X(RULE_IDENTITY_CHANGED, "identity-changed", SEV_HOLD,                                     \
	  "published by another identity than the release before",                                 \
	  "a project was handed over, or somebody else publishes in its name",                     \
	  "see whether the project announced it before installing it")                             \
	X(RULE_BUILD_UNLIKE, "build-unlike-before", SEV_HOLD,                                      \
	  "built in another way than every release before",                                        \
	  "hijacked workflows sign validly, but from another ref or by another trigger",           \
	  "look at the run that built it before installing it")                                    \
	X(RULE_IDENTITY_UNEXPECTED, "identity-unexpected", SEV_HOLD,                               \
	  "not published by whom the lock file names",                                             \
	  "the lock file says who must have published it",                                         \
	  "do not install it; see who published it and whether that is right")                     \
	X(RULE_IDENTITY_UNCHECKED, "identity-unchecked", SEV_INFO,                                 \
	  "whom the lock file names was not compared",                                             \
	  "nothing is on record of who published this release",                                    \
	  "run yett verify for the release")

/* How old a release is, where the policy asks for an age. */
#define RULES_AGE(X)                                                                               \
	X(RULE_COOLDOWN, "cooldown", SEV_HOLD,                                                     \
	  "release younger than the policy's cooldown",                                            \
	  "hijacked releases are mostly found and taken down within days",                         \
	  "wait, or take the release before; allow it in the policy if it cannot wait")            \
	X(RULE_AGE_UNKNOWN, "release-age-unknown", SEV_INFO,                                       \
	  "not known when the release was published",                                              \
	  "the policy's cooldown could not be applied",                                            \
	  "ask the index, or give this rule the severity hold in the policy")

#define RULE_LIST(X)                                                                               \
	RULES_ARCHIVE(X)                                                                           \
	RULES_ADVISORY(X)                                                                          \
	RULES_STARTUP(X)                                                                           \
	RULES_SOURCE(X) RULES_MANIFEST(X) RULES_RUN(X) RULES_CHANGE(X) RULES_TRUST(X)          \
	RULES_AGE(X)

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

/* rule_of_run: the rule is one of RULES_RUN. */
bool rule_of_run(enum rule r);

/* rule_by_id finds a rule by its id; RULE_COUNT: there is none. */
enum rule rule_by_id(struct str id);

#endif
