/*
 * checker/checker.h - one check: the target, what is known already, and what is found. Ring 2.
 * Memory: arena lives as long as the check, scratch as long as one file.
 */
#ifndef CHECKER_CHECKER_H
#define CHECKER_CHECKER_H

#include "checker/cache.h"
#include "checker/team.h"
#include "checker/tree.h"
#include "crypto/sha256.h"
#include "inspect/publishers.h"
#include "inspect/change.h"
#include "inspect/report.h"
#include "inspect/source.h"
#include "inspect/startup.h"
#include "inspect/trace.h"
#include "inspect/typosquat.h"
#include "package/manifest.h"
#include "proto/check.h"

enum {
	CHECKER_ARENA = 2000 << 20,
	CHECKER_SCRATCH = 768 << 20,
	CHECKER_TEXT = 64 << 20, /* of one file, read as a whole */
	CHECKER_SMALL = 8 << 20, /* of a file that is small when it is honest: .pth, settings */
	CHECKER_FILE_GB = 16,	 /* a larger file is not even hashed */
	CHECKER_SECONDS = 600,	 /* of a whole check; what is left then counts as skipped */
};

struct root {
	enum check_role role;
	struct str label;
	struct str uploader; /* who published it, by its index; "" */
	struct tree tree;
};

struct checker {
	struct check_request request;
	struct arena arena, scratch;
	struct arena content; /* of one member of an archive */
	struct lexicon *lexicon; /* what all source text is read with */
	struct report report;
	struct check_policy policy;
	struct cache cache;
	struct team team;
	struct sha256 sha;
	struct root roots[CHECK_ROOTS];
	unsigned n_roots;
	const struct advisory_index *advisories; /* NULL: none */
	struct typosquats squats;
	struct publishers publishers;			 /* who published what; empty: not known */
	char *text;				 /* CHECKER_TEXT bytes, reserved */
	uint64_t deadline_ns;
	bool late; /* the deadline has passed */
};

/* What a file is, for those who inspect it. */
struct subject {
	struct tree *tree;
	uint32_t entry;
	struct str package; /* purl, or "" */
	enum language language;
	enum role role;
};

/* ---- file.c ---- */

/* file_path gives how findings name an entry: its path in the target, and with its label in front
 * when it is in another root. */
struct str file_path(struct checker *c, const struct tree *t, uint32_t i);

/* file_hash makes sure that the entry's digest is known. False: it could not be read, which is then
 * in the report. */
bool file_hash(struct checker *c, struct tree *t, uint32_t i);

/* file_read gives the content of a regular file, max bytes at most (*out_whole: that is all of it),
 * and its digest. It is valid until the next file is read. False as with file_hash. */
bool file_read(struct checker *c, struct tree *t, uint32_t i, size_t max, struct str *out,
	       bool *out_whole);

/* file_copy is file_read into the arena, for what must outlive the next file. */
bool file_copy(struct checker *c, struct tree *t, uint32_t i, size_t max, struct str *out);

/* file_content reads all of a file that is open, the first max bytes into text (CHECKER_TEXT
 * bytes), and digests it; *out_n counts what was read. False: it could not be read, ended early or
 * grew. */
bool file_content(int fd, const struct entry *e, size_t max, uint64_t deadline_ns,
		  struct sha256 *sha, char *text, uint64_t *out_n, uint8_t out[SHA256_BYTES]);

/* file_head reads the first n bytes of a file and nothing else of it. False as with file_hash. */
bool file_head(struct checker *c, struct tree *t, uint32_t i, char *out, size_t n);

/* file_inspect looks for findings in a file of source text, or takes them from what is remembered.
 * Its capabilities are in the entry then. */
void file_inspect(struct checker *c, const struct subject *s);

/* file_finding notes a finding in a file, with its digest when that is known. */
void file_finding(struct checker *c, struct tree *t, uint32_t i, enum rule rule, struct str package,
		  uint32_t line, struct str excerpt, const char *fmt, ...)
	__attribute__((format(printf, 8, 9)));

/* A file of the target that is looked at in place. */
struct mapped_file {
	int fd;
	uint64_t size;
	struct str text;
};

/* file_open opens a file; false as with file_hash. file_map maps all of it; what cuts it short
 * meanwhile ends this process, which then has not said that anything is clean. file_close ends
 * both; false: it is not the file any more that was listed, which is in the report. */
bool file_open(struct checker *c, struct tree *t, uint32_t i, struct mapped_file *out);
bool file_map(struct mapped_file *m);
bool file_close(struct checker *c, struct tree *t, uint32_t i, struct mapped_file *m);

/* installed_role tells when code runs that lies at path below an import root, or in a package of
 * npm: whatever can be imported may be, also out of a directory of tests. */
enum role installed_role(enum ecosystem eco, enum language lang, struct str path);

/* What was found in a file before its turn came. */
struct examined {
	enum language language;
	enum role role;
	uint32_t caps;
	const struct finding *items;
	size_t n, dropped;
};

/* examine reads and inspects all files among the entries from..to that are not remembered, side by
 * side; what it finds waits for file_hash and file_inspect. role tells when a file runs, by its
 * path behind cut bytes; NULL: they are only digested. What could not be read is left for them,
 * too. */
void examine(struct checker *c, struct tree *t, uint32_t from, uint32_t to, size_t cut,
	     enum role (*role)(enum language lang, struct str path));

/* ---- what is looked at ---- */

/* python_check judges every Python environment in the tree of root r. */
void python_check(struct checker *c, struct root *r);

/* stdlib_check looks at what an interpreter's own library starts by itself. */
void stdlib_check(struct checker *c, struct root *r);

/* node_scripts judges what the package.json at entry i, read into root, makes run. prepare: it is
 * no installed package but a project, whose scripts npm runs when that is installed from. */
struct json;
void node_scripts(struct checker *c, struct tree *t, uint32_t i, const struct json *root,
		  struct str purl, bool prepare);

/* node_check judges every node_modules directory in it. */
void node_check(struct checker *c, struct root *r);

/* node_package_dir: dir is the directory of a package in a node_modules. */
bool node_package_dir(const struct tree *t, uint32_t dir);

/* agents_check looks at files that control AI agents and editors. */
void agents_check(struct checker *c, struct root *r);

/* Where a model lies, for findings. */
struct model_place {
	struct str package, path;
	struct findings *f;
};

/* models_check looks at models and other data that may hold code. */
void models_check(struct checker *c, struct root *r);

/* model_named: by the end of its name a file may be one. model_judge judges one, all of which is at
 * map; it uses the scratch arena. */
bool model_named(struct str name);
void model_judge(struct checker *c, const struct model_place *at, struct str map);

/* caches_check looks at what pip, uv and npm keep to install from. */
void caches_check(struct checker *c, struct root *r);

/* cache_pip_answer reads the headers of an answer that pip keeps: which release it is of. False: of
 * none. */
bool cache_pip_answer(struct checker *c, struct tree *t, uint32_t i, struct trace *out);

/* cached_artifacts gives installed packages the digest of their artifact, where one in a cache has
 * exactly their files. Only for a bill of materials: it reads much. */
void cached_artifacts(struct checker *c, struct root *r);

/* manifests_check reads lock files, manifests and logs of installations. */
void manifests_check(struct checker *c, struct root *r);

/* manifest_check reads one manifest, log_check one log; certain: it is one, whatever it looks like.
 */
void manifest_check(struct checker *c, struct tree *t, uint32_t i, enum manifest kind,
		    struct str text);
void log_check(struct checker *c, struct tree *t, uint32_t i, bool certain);

/* target_file judges a target that is one file: an archive, a manifest, a log, a script. It is the
 * only entry of the tree of r. */
void target_file(struct checker *c, struct root *r);

/* artifact_check judges a wheel, source archive or npm package, mapped as a whole. artifact_profile
 * only reads what it is to be compared by; false: it could not be read. */
void artifact_check(struct checker *c, struct str name, struct str map, struct profile *out);
bool artifact_profile(struct checker *c, struct str name, struct str map, struct profile *out);

/* release_add puts a release into the report and asks the advisories about it. Strings are
 * copied. */
void release_add(struct checker *c, const struct package *p);

/* release_ask only asks. malware is the rule for a record of malware; with another one than
 * RULE_KNOWN_MALWARE nothing is said of vulnerabilities: the release is not in use. */
void release_ask(struct checker *c, const struct package *p, enum rule malware);

/* release_purl gives a release's purl, "" without memory. */
struct str release_purl(struct checker *c, const struct package *p);

/* finding_date adds a time to what is said of malware in findings from number first on. */
void finding_date(struct checker *c, size_t first, const char *what, int64_t time_ns);

/* artifact_ask asks about a file by its digest. */
void artifact_ask(struct checker *c, struct str path, const uint8_t sha256[32], enum rule malware);

#endif
