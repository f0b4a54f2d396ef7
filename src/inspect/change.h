/*
 * inspect/change.h - what a release has that the one before had not. Ring 0. Every hijack of a
 * trusted library of 2024 to 2026 showed here: a new hook, script, dependency, or code in one file
 * that decodes and runs. Single capabilities come and go with ordinary work; what is compared is
 * what a file does with several of them together.
 */
#ifndef INSPECT_CHANGE_H
#define INSPECT_CHANGE_H

#include "base/arena.h"
#include "inspect/finding.h"

enum { PROFILE_LIST = 4096 };

/* X(code, "in words"). What one file does. */
#define TRAIT_LIST(X)                                                                              \
	X(TRAIT_DECODE_RUN, "decodes data and runs it")                                            \
	X(TRAIT_FETCH_RUN, "fetches a program and runs it")                                        \
	X(TRAIT_RUNTIME, "brings the runtime of another language")                                 \
	X(TRAIT_STEAL, "reads credentials or the whole environment, and opens the network")        \
	X(TRAIT_METADATA, "asks the metadata service of a cloud")                                  \
	X(TRAIT_PERSIST, "writes to places that are started by themselves")                        \
	X(TRAIT_SELF_DELETE, "deletes itself")                                                     \
	X(TRAIT_OBFUSCATED, "is written so that it cannot be read")                                \
	X(TRAIT_DNS, "looks up names that it builds from data")                                    \
	X(TRAIT_AGENT, "names files that control AI agents")

#define X(code, words) code,
enum trait { TRAIT_LIST(X) TRAIT_COUNT };
#undef X

/* X(code, "in words"). What files there are. */
#define KIND_LIST(X)                                                                               \
	X(KIND_NATIVE, "native code")                                                              \
	X(KIND_SHELL, "shell scripts")                                                             \
	X(KIND_JAVASCRIPT, "JavaScript in a Python package")                                       \
	X(KIND_PYTHON, "Python in an npm package")                                                 \
	X(KIND_ARCHIVE, "archives")                                                                \
	X(KIND_BUNDLE, "source files of more than a megabyte")

#define X(code, words) code,
enum kind { KIND_LIST(X) KIND_COUNT };
#undef X

struct profile_item {
	struct str name, detail; /* of a dependency: its URL where it is not from an index */
	struct str path;
	uint32_t line;
};

struct profile_list {
	struct profile_item *items;
	size_t n, cap;
};

/* One release, as far as it is compared. */
struct profile {
	struct arena *arena;
	struct str traits[TRAIT_COUNT],
		kinds[KIND_COUNT]; /* the first file that has it; p NULL: none */
	struct profile_list hooks, scripts, dependencies;
	uint64_t bytes;
};

/* profile_init begins an empty one in a. */
void profile_init(struct profile *p, struct arena *a);

/* profile_file takes a file in: what its code can do (inspect/caps.h), and what its name says.
 * python: the package is one of Python. */
void profile_file(struct profile *p, struct str path, uint64_t size, uint32_t caps, bool python);

/* profile_hook, profile_script and profile_dependency take in what else there is. Strings are
 * copied. url: "" for a dependency from the index. */
void profile_hook(struct profile *p, struct str path, uint32_t line, struct str text);
void profile_script(struct profile *p, struct str path, struct str name, struct str command);
void profile_dependency(struct profile *p, struct str path, struct str name, struct str url);

/* change_compare adds a finding for what is new. */
void change_compare(const struct profile *old, const struct profile *new, struct str package,
		    struct findings *f);

#endif
