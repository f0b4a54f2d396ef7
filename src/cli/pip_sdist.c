/*
 * cli/pip_sdist.c - `yett pip install --allow-sdist`: releases that exist as source archives only.
 * Input: hostile (an index's listings, pip's log, archives).   Runs in: cli.
 * Fuzz: fuzz/listing_fuzz.c, fuzz/pip_log_fuzz.c
 *
 * To choose a release pip has to know what it needs, and of a source archive that is known only
 * after its code has run. So pip is shown a stub for each such release, a wheel without anything
 * in it, and chooses as ever: pins, extras, markers, constraints and files of requirements are
 * its own business. The release that it chooses is fetched here, judged and built in a box
 * (cli/pip_build.c); the wheel takes the stub's place, and pip resolves again, now with what the
 * wheel really needs. When no stub is left in pip's report, all that it names is a wheel.
 *
 * Stubs are also made of what pip finds no wheel of, allowed or not: so the one that is refused is
 * just the release that pip would take.
 */
#include "cli/fetch.h"
#include "cli/pip.h"

#include "codec/url.h"
#include "crypto/sha256.h"
#include "package/pip_log.h"
#include "package/requirement.h"
#include "package/version.h"
#include "package/wheel.h"
#include "package/wheel_stub.h"
#include "sys/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUBS_MAX = 2048, STUB_BYTES = 16 << 10, LISTINGS_ARENA = 512 << 20 };

/* ---- stubs ---- */

static bool readable(struct str file)
{
	return str_has_suffix(file, S(".tar.gz")) || str_has_suffix(file, S(".tgz")) ||
	       str_has_suffix(file, S(".zip"));
}

static bool known(const struct sdists *all, struct str name, struct str version)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->items[i].name, name) &&
		    version_cmp(ECO_PYPI, all->items[i].file.version, version, NULL) == 0)
			return true;
	return false;
}

/* Where the stub of a release lies. */
static enum err stub_path(struct pip *p, struct sdist *s, struct diag *d)
{
	char rest[CLI_PATH];
	struct buf b;

	buf_fixed(&b, rest, sizeof rest - 1);
	buf_add(&b, S("stubs/"));
	wheel_stub_name(s->name, s->file.version, &b);
	if (b.err != OK)
		return diag_set(d, ERR_LIMIT, "the name of a release is too long");
	rest[b.n] = 0;
	return install_path(&p->in, rest, &s->path, d);
}

static enum err add_stub(struct pip *p, struct str name, const struct listing_file *f,
			 struct diag *d)
{
	struct sdists *all = &p->sdists;
	struct sdist s = { .name = name };
	struct buf b;

	TRY(arena_keep(&p->in.arena, f->name, &s.file.name));
	TRY(arena_keep(&p->in.arena, f->version, &s.file.version));
	s.file.hash = f->hash;
	TRY(stub_path(p, &s, d));
	buf_init(&b, STUB_BYTES);
	wheel_stub(name, s.file.version, f->requires_python, &b);
	enum err e = b.err == OK ? fs_write(s.path, buf_str(&b), 0600, d) : b.err;
	sha256(buf_str(&b), s.wheel);
	buf_free(&b);
	TRY(e);
	if (!ARENA_ROOM(&p->in.arena, all->items, all->n, all->cap))
		return ERR_NOMEM;
	all->items[all->n++] = s;
	return OK;
}

/* look_up shows pip the source archives of a package, all but those that were withdrawn. False: it
 * was done already, or there are none. */
static bool look_up(struct pip *p, struct str written)
{
	struct sdists *all = &p->sdists;
	struct diag d = { 0 };
	struct listing l = { .n = 0 };
	struct arena a;
	struct str name;
	char room[512];
	struct buf b;
	size_t before = all->n;

	buf_fixed(&b, room, sizeof room);
	package_name_normalise(ECO_PYPI, written, &b);
	const char *no_index = getenv("PIP_NO_INDEX");
	if (p->args.no_index || (no_index != NULL && no_index[0] != 0) ||
	    buf_finish(&b, &name) != OK || !package_name_valid(ECO_PYPI, written))
		return false;
	for (size_t i = 0; i < all->n_names; i++)
		if (str_eq(all->names[i], name))
			return false;
	if (arena_keep(&p->in.arena, name, &name) != OK ||
	    !ARENA_ROOM(&p->in.arena, all->names, all->n_names, all->cap_names))
		return false;
	all->names[all->n_names++] = name;
	arena_init(&a, LISTINGS_ARENA);
	enum err e = fetch_listing(ECO_PYPI, name, &a, &l, &d);
	for (size_t i = 0; e == OK && i < l.n && all->n < STUBS_MAX; i++) {
		const struct listing_file *f = &l.files[i];
		if (f->kind == LISTING_SDIST && !f->yanked && readable(f->name) &&
		    version_valid(ECO_PYPI, f->version) && !known(all, name, f->version))
			e = add_stub(p, name, f, &d);
	}
	if (e != OK)
		install_say("no source archive of '%.*s' is known: %s", FMT(name), diag_text(&d));
	else if (all->n > before)
		install_say("showing pip the source archives of '%.*s', too", FMT(name));
	arena_done(&a);
	return all->n > before;
}

enum err sdist_prepare(struct pip *p, struct diag *d)
{
	TRY(install_path(&p->in, "stubs", &p->sdists.dir, d));
	TRY(install_path(&p->in, "links.html", &p->sdists.links, d));
	TRY(install_path(&p->in, "pip.log", &p->sdists.log, d));
	TRY(fs_mkdirs(p->sdists.dir, d));
	for (size_t i = 0; i < p->args.n_sdists; i++)
		for (struct str rest = str_z(p->args.sdists[i]); rest.n > 0;)
			(void)look_up(p, str_trim(str_cut(rest, ',', &rest)));
	return OK;
}

/* A page, since not every pip tells the digest of what it finds in a directory. */
enum err sdist_show(struct pip *p, struct diag *d)
{
	struct buf b;

	buf_init(&b, STUBS_MAX * (3 * CLI_PATH + 256));
	buf_add(&b, S("<!DOCTYPE html>\n"));
	for (size_t i = 0; i < p->sdists.n; i++) {
		const struct sdist *s = &p->sdists.items[i];
		buf_add(&b, S("<a href=\"file://"));
		url_encode(&b, str_z(s->path), S("/"));
		buf_add(&b, S("#sha256="));
		buf_addhex(&b, (struct str){ (const char *)s->wheel, sizeof s->wheel });
		buf_add(&b, S("\">wheel</a>\n"));
	}
	enum err e = b.err == OK ? fs_write(p->sdists.links, buf_str(&b), 0600, d)
				 : diag_set(d, b.err, "too many source archives");
	buf_free(&b);
	return e;
}

bool sdist_missing(struct pip *p)
{
	struct str wishes[PIP_LOG_WISHES];
	struct requirement r;
	struct buf b;
	bool found = false;

	buf_init(&b, PIP_LOG_MAX);
	enum err e = fs_read(p->sdists.log, FS_NOFOLLOW, &b, NULL);
	size_t n = e == OK ? pip_log_missing(buf_str(&b), true, wishes) : 0;
	for (size_t i = 0; i < n; i++)
		if (requirement_parse(wishes[i], &r, NULL) == OK && r.url.n == 0)
			found |= look_up(p, r.name);
	buf_free(&b);
	return found;
}

struct sdist *sdist_wanted(struct pip *p)
{
	for (size_t i = 0; i < p->report.n; i++)
		for (size_t k = 0; k < p->sdists.n; k++)
			if (!p->sdists.items[k].built &&
			    memcmp(p->sdists.items[k].wheel, p->report.items[i].sha256,
				   sizeof p->sdists.items[k].wheel) == 0)
				return &p->sdists.items[k];
	return NULL;
}

/* ---- the archive ---- */

static bool allowed(const struct pip *p, struct str name)
{
	for (size_t i = 0; i < p->args.n_sdists; i++)
		for (struct str rest = str_z(p->args.sdists[i]); rest.n > 0;) {
			struct str one = str_trim(str_cut(rest, ',', &rest));
			if (str_eq(one, S(":all:")) || wheel_name_same(one, name))
				return true;
		}
	return false;
}

/* The bytes go to a file of ours; whatever their index says of them, from now on they are those
 * that were fetched. */
static enum err keep(struct pip *p, const struct sdist *s, int fd, struct install_item *out,
		     struct diag *d)
{
	char rest[CLI_PATH];
	struct str map;

	TRY(install_path(&p->in, "sdists", &out->path, d));
	TRY(fs_mkdirs(out->path, d));
	if (snprintf(rest, sizeof rest, "sdists/%.*s", FMT(s->file.name)) >= (int)sizeof rest)
		return diag_set(d, ERR_LIMIT, "a file's name is too long");
	TRY(install_path(&p->in, rest, &out->path, d));
	TRY(fs_map(fd, FETCH_ARTIFACT_MAX, &map, d));
	out->hash.n = SHA256_BYTES;
	out->hash.algorithm = S("sha256");
	sha256(map, out->hash.bytes);
	enum err e = fs_write(out->path, map, 0600, d);
	fs_unmap(map);
	return e;
}

static enum err fetch(struct pip *p, const struct sdist *s, struct install_item *out,
		      struct diag *d)
{
	struct fetched f = { .fd = -1 };
	struct arena a;

	*out = (struct install_item){
		.name = s->name, .version = s->file.version, .file = s->file.name, .builds = true
	};
	arena_init(&a, LISTINGS_ARENA);
	enum err e = fetch_file_of(ECO_PYPI, s->name, s->file.version, s->file.name, &a, &f, d);
	if (e == OK && (f.file.hash.n != s->file.hash.n ||
			memcmp(f.file.hash.bytes, s->file.hash.bytes, s->file.hash.n) != 0))
		e = diag_set(d, ERR_DENIED, "the index has changed its mind about '%.*s'",
			     FMT(s->file.name));
	if (e == OK)
		e = keep(p, s, f.fd, out, d);
	fd_closep(&f.fd);
	arena_done(&a);
	return e;
}

enum err sdist_build(struct pip *p, struct sdist *s, bool *out_go, struct diag *d)
{
	size_t first = p->in.n;
	struct install_item it;

	if (!allowed(p, s->name))
		return diag_set(d, ERR_DENIED,
				"'%.*s' %.*s has no wheel that fits, only a source archive, and to "
				"build that is to run it; with '--allow-sdist %.*s' it is judged, "
				"then built in a box, and the wheel judged: nothing was installed",
				FMT(str_head(s->name, 60)), FMT(str_head(s->file.version, 40)),
				FMT(str_head(s->name, 60)));
	install_say("fetching and judging %.*s", FMT(s->file.name));
	TRY(fetch(p, s, &it, d));
	TRY(install_add(&p->in, &it, d));
	TRY(install_judge(&p->in, first, d));
	*out_go = install_allowed(&p->in);
	if (!*out_go)
		return OK;
	s->made_of = it.hash;
	return pip_build(p, s, it.path, out_go, d);
}
