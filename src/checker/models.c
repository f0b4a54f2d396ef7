/*
 * checker/models.c - files that hold models or data and may hold code: as files, inside of
 * archives, and archives of their own kind (torch, numpy). Input: the target's files, read by
 * package/model.c.   Runs in: checker.
 */
#include "checker/python.h"

#include "codec/archive.h"
#include "package/model.h"

#include <string.h>
#include <unistd.h>

enum { HEAD = 16, PICKLE_MAX = 256 << 20, PATH_ROOM = 8192 };

bool model_named(struct str name)
{
	static const struct str endings[] = {
		SC(".pkl"),	    SC(".pickle"), SC(".pck"),	  SC(".pt"),   SC(".pth"),
		SC(".ckpt"),	    SC(".bin"),	   SC(".joblib"), SC(".dill"), SC(".p"),
		SC(".safetensors"), SC(".gguf"),   SC(".npy"),	  SC(".npz"),
	};

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (name.n >= endings[i].n &&
		    str_ieq(str_tail(name, name.n - endings[i].n), endings[i]))
			return true;
	return false;
}

/* ---- archives ---- */

/* What a loader takes for a pickle; tensors are data, whatever they look like. */
static bool is_loaded(struct str name)
{
	static const struct str endings[] = { SC(".pkl"), SC(".pickle"), SC(".npy"),
					      SC(".pt"),  SC(".pth"),	 SC(".joblib") };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (name.n >= endings[i].n &&
		    str_ieq(str_tail(name, name.n - endings[i].n), endings[i]))
			return true;
	return false;
}

/* Two readers that find different pickles in it: one of them is the loader. */
static bool is_doubtful(const struct faults *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		enum fault_class k = fault_class(f->items[i].code);
		if (k == FAULT_AMBIGUOUS || k == FAULT_MALFORMED || k == FAULT_UNSUPPORTED)
			return true;
	}
	return false;
}

static void judge_member(struct checker *c, struct archive *ar, const struct member *m,
			 const struct model_place *at)
{
	char room[PATH_ROOM];
	struct buf path;
	struct str text;
	enum err e = archive_read_all(ar, &c->scratch, PICKLE_MAX, &text);

	buf_fixed(&path, room, sizeof room);
	buf_add(&path, at->path);
	buf_addc(&path, '/');
	buf_add(&path, str_head(m->name, PATH_ROOM / 2));
	if (path.err != OK)
		return;
	if (e != OK) {
		finding_add(at->f, RULE_PICKLE_UNREAD, at->package, buf_str(&path), 0, S(""), "%s",
			    err_text(e));
		return;
	}
	enum model kind = model_kind(m->name, str_head(text, HEAD));
	/* An archive in an archive is a model that a library packed once more. */
	model_inspect(kind, at->package, buf_str(&path), text, &c->scratch, at->f);
}

static void judge_bundle(struct checker *c, const struct model_place *at, struct str map)
{
	const struct member *m;
	struct archive *ar;
	enum err e = archive_open(&ar, &c->scratch, map, true);

	if (e == ERR_NOMEM) {
		c->report.coverage.skipped++;
		return;
	}
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		if (m->type == MEMBER_FILE && is_loaded(m->name))
			judge_member(c, ar, m, at);
	if (e != OK || is_doubtful(archive_faults(ar)))
		finding_add(at->f, RULE_PICKLE_UNREAD, at->package, at->path, 0, S(""),
			    "as an archive it is broken, or readers find different members in it");
}

/* ---- one model ---- */

void model_judge(struct checker *c, const struct model_place *at, struct str map)
{
	enum model kind = model_kind(at->path, str_head(map, HEAD));

	arena_reset(&c->scratch);
	model_inspect(kind, at->package, at->path, map, &c->scratch, at->f);
	if (kind == MODEL_TORCH || (kind == MODEL_NONE && archive_kind(map) == ARCHIVE_ZIP))
		judge_bundle(c, at, map);
}

/* The head of a file tells whether it is worth a mapping. */
static bool is_model(int fd, struct str name)
{
	char head[HEAD];
	ssize_t n = pread(fd, head, sizeof head, 0);
	struct str s = { head, n > 0 ? (size_t)n : 0 };

	return model_kind(name, s) != MODEL_NONE ||
	       (str_has_suffix(name, S(".npz")) && archive_kind(s) == ARCHIVE_ZIP);
}

static void judge_file(struct checker *c, struct tree *t, uint32_t i)
{
	struct entry *e = &t->items[i];
	const struct model_place at = { package_purl(c, e), file_path(c, t, i),
					&c->report.findings };
	struct mapped_file map;
	size_t first = c->report.findings.n;

	if (!file_open(c, t, i, &map))
		return;
	if (is_model(map.fd, entry_name(e)) && file_map(&map))
		model_judge(c, &at, map.text);
	if (!file_close(c, t, i, &map) || e->state != ENTRY_HASHED)
		return;
	for (size_t k = first; k < c->report.findings.n; k++) {
		c->report.findings.items[k].has_sha256 = true;
		memcpy(c->report.findings.items[k].sha256, e->sha256, sizeof e->sha256);
	}
}

void models_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	for (uint32_t i = 0; i < t->n; i++)
		if (S_ISREG(t->items[i].mode) && t->items[i].size > 0 &&
		    t->items[i].state != ENTRY_FAILED && model_named(t->items[i].path))
			judge_file(c, t, i);
}
