/*
 * checker/cached.c - which artifact a package was installed from, where that is certain: one in a
 * cache of pip or uv that has the very files which are installed.
 * Input: the target's files.   Runs in: checker.
 */
#include "checker/python.h"

#include "base/num.h"
#include "codec/archive.h"
#include "inspect/trace.h"
#include "package/direct_url.h"
#include "package/version.h"
#include "package/wheel.h"

#include <string.h>

enum { POINTER_MAX = 64 << 10 };
static const uint64_t WHEEL_BYTES_MAX = (uint64_t)1 << 30;

/* An installed package whose artifact nothing has named yet. */
struct wanted {
	uint32_t site; /* the directory that it was installed into */
	uint32_t owner;
	bool found, several; /* artifacts with the same files: which it was is not known */
	struct package_hash hash;
	struct str from;
};

struct search {
	struct checker *c;
	struct tree *t;
	struct wanted *items;
	size_t n;
};

/* ---- what is installed ---- */

/* What an installer, or a run, writes beside an artifact's own files. */
static bool is_note(struct str path)
{
	static const struct str names[] = { SC(".dist-info/RECORD"),
					    SC(".dist-info/INSTALLER"),
					    SC(".dist-info/REQUESTED"),
					    SC(".dist-info/RECORD.jws"),
					    SC(".dist-info/direct_url.json"),
					    SC(".dist-info/uv_cache.json"),
					    SC(".pyc") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_has_suffix(path, names[i]))
			return true;
	return false;
}

static bool find_wanted(struct search *s)
{
	struct tree *t = s->t;

	s->items = NEW_ARRAY(&s->c->arena, struct wanted, s->c->report.packages.n + 1);
	for (uint32_t i = 0; s->items != NULL && i < t->n; i++) {
		struct entry *e = &t->items[i];
		if (e->owner == 0 || !str_has_suffix(e->path, S(".dist-info/METADATA")))
			continue;
		const struct package *p = &s->c->report.packages.items[e->owner - 1];
		bool named = p->n_hashes == 0 && p->url.n == 0 && p->eco == ECO_PYPI;
		if (named && s->n < s->c->report.packages.n)
			s->items[s->n++] = (struct wanted){ .site = t->items[e->parent].parent,
							    .owner = e->owner };
	}
	return s->n > 0;
}

static size_t count_files(const struct search *s, const struct wanted *w)
{
	struct range r = tree_range(s->t, w->site);
	size_t n = 0;

	for (uint32_t i = r.from; i < r.to; i++) {
		const struct entry *e = &s->t->items[i];
		n += e->owner == w->owner && S_ISREG(e->mode) && !is_note(e->path);
	}
	return n;
}

/* One file of an artifact, by its name in it: the package has it as it is. */
static bool has_file(const struct search *s, const struct wanted *w, struct str name,
		     const uint8_t sha256[32])
{
	uint32_t i = tree_below(s->t, w->site, name);

	return i != TREE_NONE && s->t->items[i].owner == w->owner && file_hash(s->c, s->t, i) &&
	       memcmp(s->t->items[i].sha256, sha256, 32) == 0;
}

/* ---- the same files ---- */

static bool digest_member(struct archive *ar, uint8_t out[32])
{
	struct sha256 h;
	struct str piece;
	enum err e = sha256_init(&h);

	while (e == OK && (e = archive_read(ar, &piece)) == OK && piece.n > 0)
		sha256_update(&h, piece);
	sha256_final(&h, out);
	sha256_done(&h);
	return e == OK;
}

/* What is in a ".data" directory is installed elsewhere, and changed on the way. */
static bool same_members(const struct search *s, const struct wanted *w, struct archive *ar)
{
	const struct member *m;
	uint8_t sha256[32];
	size_t n = 0;

	for (;;) {
		if (archive_next(ar, &m) != OK)
			return false;
		if (m == NULL)
			return n > 0 && n == count_files(s, w);
		if (m->type == MEMBER_DIR || is_note(m->name))
			continue;
		if (m->type != MEMBER_FILE || !digest_member(ar, sha256) ||
		    !has_file(s, w, m->name, sha256))
			return false;
		n++;
	}
}

static bool same_as_wheel(const struct search *s, const struct wanted *w, uint32_t wheel)
{
	struct mapped_file map;
	struct archive *ar;
	bool same = false;

	if (s->t->items[wheel].size > WHEEL_BYTES_MAX || !file_open(s->c, s->t, wheel, &map))
		return false;
	arena_reset(&s->c->scratch);
	if (file_map(&map) && archive_kind(map.text) == ARCHIVE_ZIP &&
	    archive_open(&ar, &s->c->scratch, map.text, false) == OK)
		same = same_members(s, w, ar);
	return file_close(s->c, s->t, wheel, &map) && same;
}

static bool same_as_directory(const struct search *s, const struct wanted *w, uint32_t dir)
{
	struct tree *t = s->t;
	size_t n = 0, cut = t->items[dir].path.n + 1;

	for (uint32_t i = dir + 1; i < t->items[dir].end; i++) {
		const struct entry *e = &t->items[i];
		if (S_ISDIR(e->mode) || is_note(e->path))
			continue;
		if (!S_ISREG(e->mode) || !file_hash(s->c, t, i) ||
		    !has_file(s, w, str_tail(e->path, cut), e->sha256))
			return false;
		n++;
	}
	return n > 0 && n == count_files(s, w);
}

/* ---- what a cache has ---- */

/* An artifact that a cache knows, with its files in a wheel or a directory of the tree. */
struct cached {
	struct str name, version;
	uint32_t files;
	bool unpacked;
	struct package_hash hash; /* n 0: that of the wheel itself */
	uint32_t from;		  /* the file that says so */
};

static bool is_named(struct search *s, const struct cached *k, const struct package *p)
{
	struct buf name;

	buf_init(&name, 256);
	package_name_normalise(ECO_PYPI, k->name, &name);
	bool is = name.err == OK && str_eq(buf_str(&name), p->name) &&
		  version_cmp(ECO_PYPI, k->version, p->version, NULL) == 0;
	buf_free(&name);
	return is && (k->unpacked ? S_ISDIR(s->t->items[k->files].mode)
				  : S_ISREG(s->t->items[k->files].mode));
}

static void take(struct search *s, struct wanted *w, const struct cached *k)
{
	struct package_hash h = k->hash;

	if (h.n == 0) {
		if (!file_hash(s->c, s->t, k->files))
			return;
		h.n = SHA256_BYTES;
		memcpy(h.bytes, s->t->items[k->files].sha256, SHA256_BYTES);
	}
	h.algorithm = S("sha256");
	w->several |= w->found && memcmp(w->hash.bytes, h.bytes, SHA256_BYTES) != 0;
	w->found = true;
	w->hash = h;
	w->from = file_path(s->c, s->t, k->from);
}

static void offer(struct search *s, const struct cached *k)
{
	for (size_t i = 0; i < s->n && k->files != TREE_NONE; i++) {
		struct wanted *w = &s->items[i];
		if (is_named(s, k, &s->c->report.packages.items[w->owner - 1]) &&
		    (k->unpacked ? same_as_directory(s, w, k->files)
				 : same_as_wheel(s, w, k->files)))
			take(s, w, k);
	}
}

/* pip: the answer of an index, its headers in one file and the wheel beside it. */
static void offer_answer(struct search *s, uint32_t i)
{
	struct cached k = { .from = i };
	struct trace found;
	struct buf body;

	if (!cache_pip_answer(s->c, s->t, i, &found))
		return;
	buf_init(&body, TREE_PATH);
	buf_add(&body, s->t->items[i].path);
	buf_add(&body, S(".body"));
	k.name = found.name;
	k.version = found.version;
	k.files = body.err == OK ? tree_find(s->t, buf_str(&body)) : TREE_NONE;
	buf_free(&body);
	offer(s, &k);
}

/* pip: the wheel that it built, and beside it of what. */
static void offer_built(struct search *s, uint32_t i)
{
	struct tree *t = s->t;
	struct direct_url d;
	struct wheel_name w;
	struct str text;
	uint32_t dir = t->items[i].parent;

	if (dir == TREE_NONE || !file_copy(s->c, t, i, POINTER_MAX, &text) ||
	    direct_url_read(text, &s->c->arena, &d, NULL) != OK)
		return;
	struct cached k = { .from = i };
	for (unsigned h = 0; h < d.n_hashes; h++)
		if (str_eq(d.hashes[h].algorithm, S("sha256")))
			k.hash = d.hashes[h];
	for (uint32_t n = dir + 1; n < t->items[dir].end && k.hash.n > 0; n++) {
		if (!wheel_name_parse(entry_name(&t->items[n]), &w))
			continue;
		k.files = n;
		k.name = w.name;
		k.version = w.version;
		offer(s, &k);
	}
}

/* Takes a string of msgpack, of less than 256 bytes, from the front of *text. */
static bool packed_text(struct str *text, struct str *out)
{
	unsigned char first = text->n < 2 ? 0 : (unsigned char)text->p[0];
	size_t skip = first == 0xd9 ? 2 : 1;
	size_t n = skip == 2 ? (unsigned char)text->p[1] : first & 0x1f;

	if ((skip == 1 && (first & 0xe0) != 0xa0) || text->n < skip + n)
		return false;
	*out = str_head(str_tail(*text, skip), n);
	*text = str_tail(*text, skip + n);
	return true;
}

/* uv: an array of the directory with the files, an array of one map of algorithm to digest, the
 * wheel's name, and more. */
static void offer_pointer(struct search *s, uint32_t i)
{
	struct str text, id, algorithm, hex, file;
	struct cached k = { .from = i, .unpacked = true };
	struct wheel_name w;
	struct buf bytes;
	bool whole;

	if (!file_read(s->c, s->t, i, POINTER_MAX, &text, &whole) || text.n < 1 ||
	    ((unsigned char)text.p[0] & 0xf0) != 0x90)
		return;
	text = str_tail(arena_dup(&s->c->arena, text), 1);
	if (!packed_text(&text, &id) || !str_has_prefix(text, S("\x91\x81")))
		return;
	text = str_tail(text, 2);
	if (!packed_text(&text, &algorithm) || !str_eq(algorithm, S("Sha256")) ||
	    !packed_text(&text, &hex) ||
	    !num_hex_bytes(hex, k.hash.bytes, SHA256_BYTES) || !packed_text(&text, &file) ||
	    !wheel_name_parse(file, &w))
		return;
	k.hash.n = SHA256_BYTES;
	k.name = w.name;
	k.version = w.version;
	size_t at = str_find(s->t->items[i].path, S("wheels-v"));
	char room[TREE_PATH];
	buf_fixed(&bytes, room, sizeof room);
	buf_add(&bytes, str_head(s->t->items[i].path, at));
	buf_add(&bytes, S("archive-v0/"));
	buf_add(&bytes, id);
	k.files = bytes.err == OK ? tree_find(s->t, buf_str(&bytes)) : TREE_NONE;
	offer(s, &k);
}

void cached_artifacts(struct checker *c, struct root *r)
{
	struct search s = { .c = c, .t = &r->tree };

	if ((c->request.flags & CHECK_ARTIFACTS) == 0 || !find_wanted(&s))
		return;
	for (uint32_t i = 0; i < s.t->n; i++) {
		const struct entry *e = &s.t->items[i];
		if (!S_ISREG(e->mode))
			continue;
		if (str_find(e->path, S("/http-v2/")) != SIZE_MAX &&
		    !str_has_suffix(e->path, S(".body")))
			offer_answer(&s, i);
		else if (str_eq(entry_name(e), S("origin.json")))
			offer_built(&s, i);
		else if (str_find(e->path, S("wheels-v")) != SIZE_MAX &&
			 str_has_suffix(e->path, S(".http")))
			offer_pointer(&s, i);
	}
	for (size_t i = 0; i < s.n; i++) {
		struct package *p = &c->report.packages.items[s.items[i].owner - 1];
		if (!s.items[i].found || s.items[i].several ||
		    !ARENA_ROOM(&c->arena, p->hashes, p->n_hashes, p->cap_hashes))
			continue;
		p->hashes[p->n_hashes++] = s.items[i].hash;
		p->hashes_from = s.items[i].from;
	}
}
