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
#include "package/package.h"

enum { PROFILE_LIST = 4096, PROFILE_FILES = 1 << 20, PROFILE_SHOWN = 16 };

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

/* Where the names of its files begin: what lies otherwise is not compared file by file. */
enum layout {
	LAYOUT_NONE,
	LAYOUT_INSTALLED, /* in a directory of packages: a wheel, an environment */
	LAYOUT_SOURCE,	  /* a source archive, unpacked or not */
	LAYOUT_NPM,	  /* in the directory of the package */
};

struct profile_file {
	struct str name; /* in its layout */
	struct str path; /* for findings */
	uint8_t sha256[32];
};

/* X(code, weighs, "in words"). What a release or its index says of who made it. What weighs is
 * seldom another one in ordinary work: maintainers take turns, and give publishing to a workflow.
 */
#define MAKER_LIST(X)                                                                              \
	X(MAKER_EMAIL, true, "e-mail address of author and maintainers")                           \
	X(MAKER_REPOSITORY, true, "repository")                                                    \
	X(MAKER_SIGNER, true, "identity that signed it")                                           \
	X(MAKER_UPLOADER, false, "account that published it")                                      \
	X(MAKER_ADDRESS, true, "e-mail address of the account that published it")                  \
	X(MAKER_REGISTRY, false, "registry that it is published to")

#define X(code, weighs, words) code,
enum maker { MAKER_LIST(X) MAKER_COUNT };
#undef X

/* One release, as far as it is compared. */
struct profile {
	struct arena *arena;
	struct package package; /* ecosystem, name and version; name "": not known */
	struct str label;	/* its purl, or "" */
	enum layout layout;
	struct profile_list makers[MAKER_COUNT]; /* names, as they are compared */
	struct profile_file *files;		 /* of code, in the end by name */
	size_t n_files, cap_files;
	bool files_wanted; /* of an archive: they are compared with those of another */
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

/* profile_add appends to a list of p; what it names is copied. */
void profile_add(struct profile *p, struct profile_list *l, const struct profile_item *item);

/* profile_has: an item of the same name and detail is in the list. */
bool profile_has(const struct profile_list *l, const struct profile_item *item);

/* profile_content notes the content of a file of code; any other file is passed over. */
void profile_content(struct profile *p, struct str name, struct str path, const uint8_t sha256[32]);

/* profile_maker notes who made it, in the form in which that is compared: addresses and
 * repositories without what may be spelt in several ways. What is empty then is passed over. */
void profile_maker(struct profile *p, enum maker what, struct str value);

/* change_compare adds a finding for what is new in a release. */
void change_compare(const struct profile *old, const struct profile *new, struct findings *f);

/* All that is in a directory or an archive. */
struct profile_set {
	struct profile *items;
	size_t n;
	struct profile *loose; /* what no package owns, or NULL */
	bool release;	       /* one release and nothing else: items[0] */
};

/* change_compare_sets pairs what is the same package and compares that; what is only on one side is
 * told, too. The items are put in another order. ERR_NOMEM. */
MUST_USE enum err change_compare_sets(struct profile_set *old, struct profile_set *new,
				      struct arena *a, struct findings *f);

#endif
