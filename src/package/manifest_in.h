/*
 * package/manifest_in.h - what the readers of package/manifest.h share. Ring 0.
 */
#ifndef PACKAGE_MANIFEST_IN_H
#define PACKAGE_MANIFEST_IN_H

#include "codec/json.h"
#include "codec/toml.h"
#include "config/node.h"
#include "package/manifest.h"

struct manifest_in {
	struct str path, text;
	struct arena *scratch;
	struct package_list *out;
	struct findings *f;
	struct diag *d;
	const char *at; /* of manifest_line */
	uint32_t line;
	struct str hosts[16]; /* indexes that were told of */
	unsigned n_hosts;
};

/* One reader a format. */
enum err manifest_requirements(struct manifest_in *m);
enum err manifest_pyproject(struct manifest_in *m);
enum err manifest_pylock(struct manifest_in *m);
enum err manifest_uv_lock(struct manifest_in *m);
enum err manifest_poetry_lock(struct manifest_in *m);
enum err manifest_pipfile_lock(struct manifest_in *m);
enum err manifest_package_json(struct manifest_in *m);
enum err manifest_package_lock(struct manifest_in *m);
enum err manifest_pnpm_lock(struct manifest_in *m);
enum err manifest_yarn_lock(struct manifest_in *m);
enum err manifest_cyclonedx(struct manifest_in *m);
enum err manifest_spdx(struct manifest_in *m);
enum err manifest_setup_cfg(struct manifest_in *m);
enum err manifest_setup_py(struct manifest_in *m);

/* ---- trees: the whole text, parsed into scratch --------------------------------------------- */

/* manifest_json gives the root, which is an object; a byte order mark is stepped over. */
MUST_USE enum err manifest_json(struct manifest_in *m, const struct json **out);

/* manifest_toml gives the root table. */
MUST_USE enum err manifest_toml(struct manifest_in *m, const struct toml **out);

/* manifest_yaml gives the root map of one document of text. */
MUST_USE enum err manifest_yaml(struct manifest_in *m, struct str text, struct node_budget *budget,
				const struct node **out);

/* manifest_line gives the line of a place in the text; cheap when places come in order. */
uint32_t manifest_line(struct manifest_in *m, const char *at);

/* ---- packages ------------------------------------------------------------------------------- */

/* manifest_new gives a package of eco that is named by line of this file. */
struct package manifest_new(const struct manifest_in *m, enum ecosystem eco, uint32_t line);

/* manifest_keep gives s for as long as the list lives: as it is where it points into the text, else
 * a copy. p is NULL when memory is short. */
struct str manifest_keep(struct manifest_in *m, struct str s);

/* manifest_name_set sets p->name from a name as written, by its ecosystem's rules. */
MUST_USE enum err manifest_name_set(struct manifest_in *m, struct package *p, struct str written);

/* manifest_string gives a JSON string resolved, for as long as the list lives; "" for NULL and all
 * other types. */
struct str manifest_string(struct manifest_in *m, const struct json *v);

/* manifest_hash adds a digest to p: hex, of an algorithm as hashlib calls it. What is no digest of
 * a known algorithm, and one that p has, is left out; past LIMIT_PACKAGE_HASHES it is said. */
void manifest_hash(struct manifest_in *m, struct package *p, struct str algorithm, struct str hex);

/* manifest_hash_pair is manifest_hash for "sha256:abcd". */
void manifest_hash_pair(struct manifest_in *m, struct package *p, struct str pair);

/* manifest_integrity adds what "sha512-BASE64 sha1-BASE64" says (Subresource Integrity). */
void manifest_integrity(struct manifest_in *m, struct package *p, struct str sri);

/* manifest_url sets p's origin and url from where it is said to come from, by its scheme: git,
 * an archive elsewhere, or a path. registry: it is a file that an index serves. */
void manifest_url(struct manifest_in *m, struct package *p, struct str url, bool registry);

/* manifest_add adds p and the findings that its origin, hashes and scripts call for. */
MUST_USE enum err manifest_add(struct manifest_in *m, const struct package *p);

/* manifest_mark_direct sets direct for all packages from the first-th on that bear one of n names.
 */
MUST_USE enum err manifest_mark_direct(struct manifest_in *m, size_t first,
				       const struct str *wanted, size_t n);

/* manifest_find adds a finding about p, or about the file as a whole when p is NULL. */
void manifest_find(struct manifest_in *m, enum rule rule, const struct package *p, uint32_t line,
		   struct str excerpt, const char *detail);

/* manifest_index judges the URL of an index that packages are taken from. extra: besides another
 * one. bound: only named packages are taken from it. */
void manifest_index(struct manifest_in *m, struct str url, uint32_t line, bool extra, bool bound);

/* manifest_toml_hashes adds all members of a table of digests, algorithm = hex. */
void manifest_toml_hashes(struct manifest_in *m, struct package *p, const struct toml *table);

/* manifest_file_check compares the file name that a URL ends in with p's name and version, and adds
 * RULE_LOCK_MISMATCH when they differ, or when the URL means different things to different readers.
 */
void manifest_file_check(struct manifest_in *m, const struct package *p, struct str url);

/* manifest_npm_source is manifest_url for an archive in a lock file of npm, yarn or pnpm, which is
 * checked likewise, and its registry judged. p has its name and version. */
void manifest_npm_source(struct manifest_in *m, struct package *p, struct str url);

/* manifest_npm_spec sets wanted, version or origin of p from the right side of a dependency as
 * package.json has it ("^1.2", "npm:other@1", "github:a/b#c", "file:../x", "workspace:*"). An alias
 * changes p's name. */
MUST_USE enum err manifest_npm_spec(struct manifest_in *m, struct package *p, struct str spec);

/* manifest_purl sets p from a package URL. One that cannot be read becomes RULE_MANIFEST_UNREAD and
 * an error other than ERR_NOMEM. */
MUST_USE enum err manifest_purl(struct manifest_in *m, struct package *p, struct str text);

/* manifest_requirement adds what one specifier of Python (PEP 508) names; one that cannot be read
 * becomes RULE_MANIFEST_UNREAD. tag carries line, dev, direct and hashes. */
MUST_USE enum err manifest_requirement(struct manifest_in *m, struct str spec,
				       const struct package *tag);

#endif
