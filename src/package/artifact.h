/*
 * package/artifact.h - what a wheel, a source archive or an npm package says of itself, put
 * together while its members pass by in any order, and judged when all have been seen. Ring 0.
 *
 *	struct artifact *f = artifact_new(arena, S("demo-1.0-py3-none-any.whl"));
 *	for each file member m:
 *		if (artifact_wants(f, m)) read it whole, else in pieces; digest it either way
 *		artifact_add(f, m, content or S(""), sha256)
 *	artifact_end(f, findings)
 *
 * Member names must outlive the artifact, contents need not. Memory: some 80 bytes for each member
 * of a wheel, besides what is kept of the small files.
 */
#ifndef PACKAGE_ARTIFACT_H
#define PACKAGE_ARTIFACT_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/archive.h"
#include "inspect/finding.h"
#include "package/metadata.h"
#include "package/package.h"
#include "package/wheel.h"

enum artifact_kind {
	ARTIFACT_NONE, /* an archive, but no package that we know */
	ARTIFACT_WHEEL,
	ARTIFACT_SDIST,
	ARTIFACT_NPM,
};

enum { ARTIFACT_TOPS = 256, ARTIFACT_ROOTS = 8 };

/* The small files that tell. */
enum artifact_text {
	ARTIFACT_METADATA, /* METADATA of a wheel, PKG-INFO of a source archive */
	ARTIFACT_WHEEL_FILE,
	ARTIFACT_RECORD,
	ARTIFACT_ENTRY_POINTS,
	ARTIFACT_PACKAGE_JSON,
	ARTIFACT_TEXTS,
};

struct artifact_file {
	struct str name;
	uint64_t size;
	uint8_t sha256[32];
	unsigned mode;
};

struct artifact {
	enum artifact_kind kind;
	struct str file_name;	/* of the archive, the last component */
	struct package release; /* after artifact_end: ecosystem, name and version, as written */
	struct str label;	/* after artifact_end: "pkg:pypi/demo@1.0", or "" */
	struct metadata meta;	/* of wheel and source archive */
	struct entry_point *entries;
	size_t n_entries;
	struct str tops[ARTIFACT_TOPS]; /* names that can be imported, of a wheel */
	size_t n_tops;

	struct arena *arena;
	struct str texts[ARTIFACT_TEXTS];  /* p is NULL: not seen */
	struct str places[ARTIFACT_TEXTS]; /* the members they are from */
	struct str roots[ARTIFACT_ROOTS];  /* first components; of a wheel those in ".dist-info" */
	size_t n_roots;
	struct artifact_file *files; /* of a wheel */
	size_t n_files, cap_files;
	bool twice; /* one of texts was there again, in another place */
};

/* artifact_kind tells from the last component of a path what kind of release it names. */
enum artifact_kind artifact_kind(struct str file_name);

/* artifact_new begins with an archive of that name. NULL: no memory. */
struct artifact *artifact_new(struct arena *a, struct str file_name);

/* artifact_packing adds to out what its bytes make it besides what its name says: pip takes for a
 * zip archive whatever has the end of one. */
void artifact_packing(const struct artifact *f, struct str map, struct findings *out);

/* artifact_wants: the content of this member is needed whole (it is then no larger than
 * artifact_max says). */
bool artifact_wants(const struct artifact *f, const struct member *m);

/* artifact_max gives how large a member that is wanted may be. */
size_t artifact_max(const struct member *m);

/* artifact_add takes a member: content is copied when it is wanted; sha256 of it may be NULL for
 * whatever is no wheel. ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err artifact_add(struct artifact *f, const struct member *m, struct str content,
			       const uint8_t sha256[32]);

/* artifact_end reads what was gathered and adds what does not fit together to out. */
MUST_USE enum err artifact_end(struct artifact *f, struct findings *out);

/* artifact_scripts_next gives the next console or gui script behind after, or the first for NULL.
 */
const struct entry_point *artifact_scripts_next(const struct artifact *f,
						const struct entry_point *after);

/* artifact_faults adds what is wrong with an archive to out; path is the archive's. */
void artifact_faults(const struct faults *faults, struct str package, struct str path,
		     struct findings *out);

/* artifact_record compares RECORD with the files of a wheel; a step of artifact_end. */
MUST_USE enum err artifact_record(struct artifact *f, struct findings *out);

#endif
