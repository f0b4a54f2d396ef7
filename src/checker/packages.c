/*
 * checker/packages.c - what is installed in a directory of packages, and whose each file is.
 * Input: the target's files; METADATA, RECORD and direct_url.json are read by package/.
 * Runs in: checker.
 */
#include "checker/python.h"

#include "base/num.h"
#include "inspect/digest.h"
#include "package/direct_url.h"
#include "package/metadata.h"
#include "package/purl.h"
#include "package/version.h"
#include "package/wheel_record.h"

#include <openssl/evp.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, RECORD_MAX = 32 << 20 };

struct range tree_range(const struct tree *t, uint32_t dir)
{
	return dir == TREE_NONE ? (struct range){ 0, t->n }
				: (struct range){ dir + 1, t->items[dir].end };
}

struct str package_purl(struct checker *c, const struct entry *e)
{
	if (e->owner == 0 || e->owner > c->report.packages.n)
		return S("");
	return release_purl(c, &c->report.packages.items[e->owner - 1]);
}

/* ---- names and versions ---- */

/* "litellm-1.82.8.dist-info": the name has no dash in it, or the version begins behind the last. */
static bool from_dir_name(struct str name, struct str ending, struct package *p)
{
	if (!str_has_suffix(name, ending))
		return false;
	name.n -= ending.n;
	size_t at = name.n - str_last(name, '-').n;
	if (at < 2 || at == name.n) {
		p->name = name;
		p->version = S("");
		return true;
	}
	p->name = str_head(name, at - 1);
	p->version = str_tail(name, at);
	return true;
}

static void from_metadata(struct checker *c, struct tree *t, uint32_t i, struct package *p)
{
	struct metadata m;
	struct str text;

	if (i == TREE_NONE || !S_ISREG(t->items[i].mode) ||
	    !file_copy(c, t, i, CHECKER_SMALL, &text) || metadata_read(text, &c->arena, &m) != OK)
		return;
	if (m.name.n > 0 && m.name.n <= NAME_MAX_BYTES)
		p->name = m.name;
	if (m.version.n > 0 && m.version.n <= NAME_MAX_BYTES)
		p->version = m.version;
}

static void add_package(struct checker *c, struct package *p)
{
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	package_name_normalise(ECO_PYPI, p->name, &name);
	if (name.err == OK)
		p->name = arena_dup(&c->arena, buf_str(&name));
	buf_free(&name);
	release_add(c, p);
}

/* ---- RECORD ---- */

/* Code is what an interpreter, a shell or a loader takes. */
static bool is_code(const struct entry *e)
{
	static const struct str endings[] = { SC(".py"),  SC(".so"), SC(".pth"), SC(".start"),
					      SC(".pyc"), SC(".js"), SC(".sh"),	 SC(".pyd") };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (str_has_suffix(e->path, endings[i]))
			return true;
	return (e->mode & 0111) != 0;
}

static void own(struct checker *c, struct site *s, uint32_t owner,
		const struct wheel_record_row *row)
{
	struct tree *t = &s->root->tree;
	bool outside;
	uint32_t i = tree_resolve(t, s->dir, row->path, &outside);

	if (i == TREE_NONE || !S_ISREG(t->items[i].mode))
		return;
	struct entry *e = &t->items[i];
	if (e->owner == 0)
		e->owner = owner;
	if (row->fault != WHEEL_RECORD_WELL || !str_eq(row->algorithm, S("sha256")) || e->agrees)
		return;
	/* Two packages may list one file; it is right when it is what one of them says. */
	if (!file_hash(c, t, i))
		return;
	e->agrees = memcmp(row->digest, e->sha256, sizeof e->sha256) == 0;
	e->differs = !e->agrees;
}

static void read_record(struct checker *c, struct site *s, uint32_t record, uint32_t owner)
{
	struct tree *t = &s->root->tree;
	struct wheel_record r;
	struct wheel_record_row row = { .line = 0 };
	struct str text;
	enum err e;

	if (!file_copy(c, t, record, RECORD_MAX, &text))
		return;
	s->has_records = true;
	t->items[record].owner = owner;
	struct str package = package_purl(c, &t->items[record]);
	wheel_record_init(&r, &c->arena, text);
	while ((e = wheel_record_next(&r, &row)) == OK) {
		own(c, s, owner, &row);
		if (wheel_record_unclear(row.fault))
			file_finding(c, t, record, RULE_RECORD_DIFFERS, package, row.line, row.path,
				     "%s", wheel_record_text(row.fault));
	}
	if (e == ERR_LIMIT)
		file_finding(c, t, record, RULE_RECORD_DIFFERS, package, row.line, S(""),
			     "row with a field that is too long");
}

/* Everything in a directory belongs to the package that it describes. */
static void own_dir(struct tree *t, uint32_t dir, uint32_t owner)
{
	for (uint32_t i = dir; i < t->items[dir].end; i++)
		if (t->items[i].owner == 0)
			t->items[i].owner = owner;
}

static void read_direct_url(struct checker *c, struct site *s, uint32_t i, struct package *p)
{
	struct tree *t = &s->root->tree;
	struct direct_url d;
	struct str text;

	if (i == TREE_NONE || !S_ISREG(t->items[i].mode) ||
	    !file_copy(c, t, i, CHECKER_SMALL, &text) ||
	    direct_url_read(text, &c->arena, &d, NULL) != OK)
		return;
	p->url = d.url;
	p->origin = d.origin;
	/* Of the archive that it was installed from. */
	p->hashes = NEW_ARRAY(&c->arena, struct package_hash, d.n_hashes + 1);
	if (p->hashes != NULL) {
		memcpy(p->hashes, d.hashes, d.n_hashes * sizeof *d.hashes);
		p->n_hashes = d.n_hashes;
		p->cap_hashes = d.n_hashes + 1;
		p->hashes_from = d.n_hashes > 0 ? file_path(c, t, i) : S("");
	}
	if (p->origin == ORIGIN_EDITABLE)
		file_finding(c, t, i, RULE_EDITABLE, S(""), 0, p->url, "%.*s", FMT(p->name));
}

/* ---- one package ---- */

static void read_dist_info(struct checker *c, struct site *s, uint32_t dir)
{
	struct tree *t = &s->root->tree;
	struct package p = { .eco = ECO_PYPI, .origin = ORIGIN_INDEX };

	(void)from_dir_name(entry_name(&t->items[dir]), S(".dist-info"), &p);
	from_metadata(c, t, tree_below(t, dir, S("METADATA")), &p);
	p.where = file_path(c, t, dir);
	read_direct_url(c, s, tree_below(t, dir, S("direct_url.json")), &p);
	p.direct = tree_below(t, dir, S("REQUESTED")) != TREE_NONE;
	size_t first = c->report.findings.n;
	add_package(c, &p);
	finding_date(c, first, "installed", t->items[dir].mtime_ns);
	uint32_t owner = (uint32_t)c->report.packages.n;
	uint32_t record = tree_below(t, dir, S("RECORD"));
	if (record != TREE_NONE && S_ISREG(t->items[record].mode))
		read_record(c, s, record, owner);
	else
		own_dir(t, dir, owner);
}

/* Old installations name their files in installed-files.txt, relative to the directory. */
static void read_egg_info(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct package p = { .eco = ECO_PYPI, .origin = ORIGIN_INDEX };
	bool dir = S_ISDIR(t->items[i].mode), outside;
	struct str text;

	(void)from_dir_name(entry_name(&t->items[i]), S(".egg-info"), &p);
	struct str py, version = str_cut(p.version, '-', &py); /* "1.0-py3.11" */
	p.version = str_has_prefix(p.version, S("py")) ? S("") : version;
	from_metadata(c, t, dir ? tree_below(t, i, S("PKG-INFO")) : i, &p);
	p.where = file_path(c, t, i);
	add_package(c, &p);
	uint32_t owner = (uint32_t)c->report.packages.n;
	own_dir(t, i, owner);
	uint32_t list = dir ? tree_below(t, i, S("installed-files.txt")) : TREE_NONE;
	if (list == TREE_NONE || !file_copy(c, t, list, RECORD_MAX, &text))
		return;
	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		uint32_t at = tree_resolve(t, i, str_trim(line), &outside);
		if (at != TREE_NONE && t->items[at].owner == 0)
			t->items[at].owner = owner;
	}
}

static void read_egg_link(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct str text;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	file_finding(c, t, i, RULE_EDITABLE, S(""), 1, str_head(text, str_chr(text, '\n')), " ");
}

/* ---- dpkg ---- */

static bool md5_is(struct checker *c, struct tree *t, uint32_t i, struct str hex)
{
	unsigned char md5[16], want[16];
	struct str content;
	unsigned n = sizeof md5;
	bool whole;

	if (!file_read(c, t, i, CHECKER_TEXT, &content, &whole) || !whole ||
	    EVP_Digest(content.p, content.n, md5, &n, EVP_md5(), NULL) != 1)
		return true; /* unread is in the report; without MD5 nothing can be said */
	return num_hex_bytes(hex, want, sizeof want) && memcmp(md5, want, sizeof md5) == 0;
}

/* One line of a .md5sums file: a digest, two spaces, a path from the root. What dpkg put there is
 * the truth: a distribution strips and patches files after their RECORD was written. */
static void own_line(struct checker *c, struct tree *t, struct str below, struct str line,
		     uint32_t owner)
{
	struct str path = str_tail(line, 34); /* 32 digits and two spaces */

	if (line.n < 35 || !str_has_prefix(path, below))
		return;
	uint32_t i = tree_find(t, str_tail(path, below.n));
	if (i == TREE_NONE || !S_ISREG(t->items[i].mode))
		return;
	struct entry *e = &t->items[i];
	if (e->owner == 0)
		e->owner = owner;
	if (!e->agrees && is_code(e)) {
		e->agrees = md5_is(c, t, i, str_head(line, 32));
		e->differs = !e->agrees;
	}
}

/* Files below the directory label that packages of the system own, as far as info tells. */
static void own_by_list(struct checker *c, struct tree *info, uint32_t i, struct tree *t,
			struct str below, struct str mark)
{
	struct str name = entry_name(&info->items[i]), text;
	struct package p = { .eco = ECO_OTHER, .origin = ORIGIN_INDEX };

	if (!str_has_suffix(name, S(".md5sums")) || !file_copy(c, info, i, RECORD_MAX, &text) ||
	    str_find(text, mark) == SIZE_MAX)
		return;
	p.name = str_head(name, name.n - S(".md5sums").n);
	p.version = S("");
	p.where = file_path(c, info, i);
	release_add(c, &p);
	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		own_line(c, t, below, line, (uint32_t)c->report.packages.n);
	}
}

/* What dpkg says it put below this directory: the system's own packages have no RECORD. */
static void own_by_dpkg(struct checker *c, struct site *s)
{
	struct tree *t = &s->root->tree;
	struct buf below;

	if (s->root->role == ROOT_TARGET && !t->absolute_inside)
		return;
	uint32_t inside = tree_find(t, S("var/lib/dpkg/info"));
	if (t->absolute_inside && inside != TREE_NONE) {
		/* In an image paths from the root are paths of the tree. */
		struct range r = tree_range(t, inside);
		struct str dir = s->dir == TREE_NONE ? S("") : t->items[s->dir].path;
		for (uint32_t i = r.from; i < r.to; i++)
			own_by_list(c, t, i, t, S(""), dir);
		s->has_records = true;
		return;
	}
	buf_init(&below, TREE_PATH + 2);
	if (!t->absolute_inside && t->label.n > 1) {
		buf_add(&below, str_tail(t->label, 1));
		buf_addc(&below, '/');
	}
	for (unsigned k = 0; k < c->n_roots; k++) {
		struct tree *info = &c->roots[k].tree;
		if (c->roots[k].role != ROOT_DPKG)
			continue;
		for (uint32_t i = 0; i < info->n; i++)
			own_by_list(c, info, i, t, buf_str(&below), buf_str(&below));
		s->has_records = true;
	}
	buf_free(&below);
}

void packages_read(struct checker *c, struct site *s)
{
	struct tree *t = &s->root->tree;
	struct range r = tree_range(t, s->dir);

	for (uint32_t i = r.from; i < r.to; i = t->items[i].end) {
		struct str name = entry_name(&t->items[i]);
		if (str_has_suffix(name, S(".dist-info")) && S_ISDIR(t->items[i].mode))
			read_dist_info(c, s, i);
		else if (str_has_suffix(name, S(".egg-info")))
			read_egg_info(c, s, i);
		else if (str_has_suffix(name, S(".egg-link")) && S_ISREG(t->items[i].mode))
			read_egg_link(c, s, i);
	}
	own_by_dpkg(c, s);
	for (uint32_t i = r.from; i < r.to; i++) {
		struct entry *e = &t->items[i];
		if (e->differs)
			file_finding(c, t, i, is_code(e) ? RULE_FILE_ALTERED : RULE_DATA_ALTERED,
				     package_purl(c, e), 0, S(""), " ");
	}
}

/* ---- the digest ---- */

void env_digest(struct checker *c, struct tree *t, uint32_t dir,
		bool (*counts)(const void *ctx, uint32_t i, struct str path), const void *ctx,
		struct report_environment *out)
{
	struct range r = tree_range(t, dir);
	size_t cut = dir == TREE_NONE ? 0 : t->items[dir].path.n + 1;
	struct env_digest d;
	struct sha256 h;
	bool whole = sha256_init(&h) == OK;

	if (!whole)
		return;
	env_digest_begin(&d, &h);
	for (uint32_t i = r.from; i < r.to && whole; i++) {
		struct entry *f = &t->items[i];
		struct str path = str_tail(f->path, cut);
		if ((!S_ISREG(f->mode) && !S_ISLNK(f->mode)) ||
		    (counts != NULL && !counts(ctx, i, path)))
			continue;
		if (S_ISLNK(f->mode))
			sha256_with(&c->sha, f->link, f->sha256);
		else
			whole = file_hash(c, t, i);
		whole = whole && env_digest_add(&d, path, f->mode, f->sha256) == OK;
	}
	env_digest_end(&d, out->digest);
	sha256_done(&h);
	out->has_digest = whole;
	out->files = d.files;
}
