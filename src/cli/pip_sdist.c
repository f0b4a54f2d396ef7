/*
 * cli/pip_sdist.c - `yett pip install --allow-sdist`: releases that exist as source archives only.
 * Input: hostile (an index's listings, pip's log, archives).   Runs in: cli.
 * Fuzz: fuzz/listing_fuzz.c, fuzz/pip_log_fuzz.c
 *
 * To choose a release pip has to know what it needs, and of a source archive that is known only
 * after its code has run. So pip is shown a stub for each such release, a wheel without anything
 * in it, and chooses as ever: pins, extras, markers, constraints and files of requirements are
 * its own business. So are indexes, pages of links and directories: its log says which source
 * archives it has seen and where. The release that it chooses is fetched here, judged and built in
 * a box (cli/pip_build.c); the wheel takes the stub's place, and pip resolves again, now with what
 * the wheel really needs. When no stub is left in pip's report, all that it names is a wheel.
 *
 * Stubs are also made of what pip finds no wheel of, allowed or not: so the one that is refused is
 * just the release that pip would take.
 */
#include "cli/fetch.h"
#include "cli/pip.h"

#include "codec/url.h"
#include "crypto/sha256.h"
#include "package/requirement.h"
#include "package/version.h"
#include "package/wheel.h"
#include "package/wheel_stub.h"
#include "sys/fs.h"

#include <stdio.h>
#include <string.h>

enum {
	STUBS_MAX = 2048,
	STUB_BYTES = 16 << 10,
	LISTINGS_ARENA = 512 << 20,
	SAID_MAX = 64 << 20,
	MISSING_ROOM = 16 << 10,
};

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

/* seen is kept already. */
static enum err add_stub(struct pip *p, const struct pip_log_sdist *seen,
			 const struct listing_file *f, struct diag *d)
{
	struct sdists *all = &p->sdists;
	struct sdist s = { .name = seen->name, .page = seen->page };
	struct buf b;

	TRY(arena_keep(&p->in.arena, f->name, &s.file.name));
	TRY(arena_keep(&p->in.arena, f->url, &s.file.url));
	TRY(arena_keep(&p->in.arena, f->version, &s.file.version));
	s.file.hash = f->hash;
	s.file.uploaded_s = f->uploaded_s;
	TRY(stub_path(p, &s, d));
	buf_init(&b, STUB_BYTES);
	wheel_stub(s.name, s.file.version, f->requires_python, &b);
	enum err e = b.err == OK ? fs_write(s.path, buf_str(&b), 0600, d) : b.err;
	sha256(buf_str(&b), s.wheel);
	buf_free(&b);
	TRY(e);
	if (!ARENA_ROOM(&p->in.arena, all->items, all->n, all->cap))
		return ERR_NOMEM;
	all->items[all->n++] = s;
	return OK;
}

enum err sdist_prepare(struct pip *p, struct diag *d)
{
	TRY(install_path(&p->in, "stubs", &p->sdists.dir, d));
	TRY(install_path(&p->in, "links.html", &p->sdists.links, d));
	TRY(install_path(&p->in, "pip.log", &p->sdists.log, d));
	return fs_mkdirs(p->sdists.dir, d);
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

/* ---- where they are ---- */

static bool is_local(struct str url)
{
	return str_has_prefix(url, S("file://"));
}

static enum err read_local(struct str url, struct buf *out, struct diag *d)
{
	char path[CLI_PATH];
	struct buf b;

	buf_fixed(&b, path, sizeof path - 1);
	url_decode(&b, str_tail(url, S("file://").n));
	if (b.err != OK)
		return diag_set(d, ERR_SYNTAX, "its address is none");
	path[b.n] = 0;
	return fs_read(path, 0, out, d);
}

/* An archive that no page of an index speaks of; what lies on this machine is asked for its
 * digest. */
static enum err list_one(struct str name, struct str url, struct arena *a, struct listing *out,
			 struct diag *d)
{
	struct listing_file *f = NEW(a, struct listing_file);
	struct buf bytes;
	enum err e = OK;

	if (f == NULL || !listing_link(a, name, url, f))
		return f == NULL ? ERR_NOMEM : OK;
	buf_init(&bytes, FETCH_ARTIFACT_MAX);
	if (is_local(url)) {
		e = read_local(f->url, &bytes, d);
		f->hash.algorithm = S("sha256");
		f->hash.n = SHA256_BYTES;
		sha256(buf_str(&bytes), f->hash.bytes);
	}
	buf_free(&bytes);
	*out = (struct listing){ .files = f, .n = e == OK };
	return e;
}

/* With the secret that pip was given for it: in its arguments, its configuration or a file of
 * requirements. */
static enum err find_page(struct pip *p, struct str page, struct fetch_index *out, struct diag *d)
{
	static const char *const config[] = { "-m", "pip", "config", "list", NULL };
	struct buf said;

	buf_init(&said, SAID_MAX);
	for (size_t i = 0; i < p->args.n[PIP_FETCH]; i++)
		buf_addf(&said, "%s\n", p->args.runs[PIP_FETCH][i]);
	for (size_t i = 0; i < p->args.n_files; i++)
		if (fs_read(p->args.files[i], 0, &said, NULL) == OK)
			buf_addc(&said, '\n');
	enum err e = pip_ask(p, config, &said, d);
	if (e == OK)
		e = fetch_index_at(page, buf_str(&said), out, d);
	buf_wipe(&said);
	buf_free(&said);
	return e;
}

static enum err list_page(struct pip *p, struct str name, struct str page, struct arena *a,
			  struct listing *out, struct diag *d)
{
	struct fetch_index ix;

	TRY(find_page(p, page, &ix, d));
	enum err e = fetch_listing_at(&ix, ECO_PYPI, name, a, out, d);
	explicit_bzero(ix.authorization, sizeof ix.authorization);
	return e;
}

/* ---- what pip has seen ---- */

/* By name, as one of those that --allow-sdist lists. */
static bool named(const struct pip *p, struct str name)
{
	for (size_t i = 0; i < p->args.n_sdists; i++)
		for (struct str rest = str_z(p->args.sdists[i]); rest.n > 0;) {
			struct str one = str_trim(str_cut(rest, ',', &rest));
			if (str_eq(one, name) || wheel_name_same(one, name))
				return true;
		}
	return false;
}

/* remember gives NULL for what was looked at already. */
static const struct pip_log_sdist *remember(struct pip *p, struct str name, struct str page)
{
	struct sdists *all = &p->sdists;
	struct pip_log_sdist s = { .url = S("") };

	for (size_t i = 0; i < all->n_seen; i++)
		if (str_eq(all->seen[i].name, name) && str_eq(all->seen[i].page, page))
			return NULL;
	if (arena_keep(&p->in.arena, name, &s.name) != OK ||
	    arena_keep(&p->in.arena, page, &s.page) != OK ||
	    !ARENA_ROOM(&p->in.arena, all->seen, all->n_seen, all->cap_seen))
		return NULL;
	all->seen[all->n_seen] = s;
	return &all->seen[all->n_seen++];
}

/* look_at shows pip what one page says of a package, all but what was withdrawn. */
static void look_at(struct pip *p, struct str name, const struct pip_log_sdist *x)
{
	bool paged = str_has_prefix(x->page, S("http"));
	const struct pip_log_sdist *seen = remember(p, name, paged ? x->page : x->url);
	struct sdists *all = &p->sdists;
	struct listing l = { .n = 0 };
	struct diag d = { 0 };
	size_t before = all->n;
	struct arena a;

	if (seen == NULL)
		return;
	arena_init(&a, LISTINGS_ARENA);
	enum err e = paged ? list_page(p, name, x->page, &a, &l, &d)
			   : list_one(name, x->url, &a, &l, &d);
	for (size_t i = 0; e == OK && i < l.n && all->n < STUBS_MAX; i++) {
		const struct listing_file *f = &l.files[i];
		if (f->kind == LISTING_SDIST && !f->yanked && readable(f->name) &&
		    version_valid(ECO_PYPI, f->version) && !known(all, name, f->version))
			e = add_stub(p, seen, f, &d);
	}
	if (e != OK)
		install_say("the source archives of '%.*s' at %.*s cannot be had: %s", FMT(name),
			    FMT(seen->page), diag_text(&d));
	else if (all->n > before)
		install_say("showing pip the source archives of '%.*s', too", FMT(name));
	arena_done(&a);
}

/* Of what pip found no way. */
static size_t missing(struct str log, struct buf *names, struct str out[PIP_LOG_WISHES])
{
	struct str wishes[PIP_LOG_WISHES];
	struct requirement r;
	size_t found = 0, n = pip_log_missing(log, true, wishes);

	for (size_t i = 0; i < n; i++) {
		size_t at = names->n;
		if (requirement_parse(wishes[i], &r, NULL) != OK || r.url.n > 0)
			continue;
		package_name_normalise(ECO_PYPI, r.name, names);
		if (names->err == OK)
			out[found++] = str_tail(buf_str(names), at);
	}
	return found;
}

bool sdist_look(struct pip *p, bool failed)
{
	char room[MISSING_ROOM], one[512];
	struct str absent[PIP_LOG_WISHES];
	size_t before = p->sdists.n;
	struct buf log, names, b;
	struct pip_log_sdist x;

	buf_init(&log, PIP_LOG_MAX);
	buf_fixed(&names, room, sizeof room);
	if (fs_read(p->sdists.log, FS_NOFOLLOW, &log, NULL) != OK)
		buf_reset(&log);
	struct str rest = buf_str(&log);
	size_t n = failed ? missing(rest, &names, absent) : 0;
	while (pip_log_sdist(&rest, &x)) {
		buf_fixed(&b, one, sizeof one);
		package_name_normalise(ECO_PYPI, x.name, &b);
		struct str name = buf_str(&b);
		bool wanted = named(p, name);
		for (size_t i = 0; i < n; i++)
			wanted |= str_eq(name, absent[i]);
		if (wanted && b.err == OK && package_name_valid(ECO_PYPI, name))
			look_at(p, name, &x);
	}
	buf_free(&log);
	return p->sdists.n > before;
}

/* ---- the archive ---- */

/* The bytes go to a file of ours; whatever is said of them, from now on they are those that were
 * fetched. */
static enum err keep(struct pip *p, const struct sdist *s, struct str bytes,
		     struct install_item *out, struct diag *d)
{
	char rest[CLI_PATH];

	TRY(install_path(&p->in, "sdists", &out->path, d));
	TRY(fs_mkdirs(out->path, d));
	if (snprintf(rest, sizeof rest, "sdists/%.*s", FMT(s->file.name)) >= (int)sizeof rest)
		return diag_set(d, ERR_LIMIT, "a file's name is too long");
	TRY(install_path(&p->in, rest, &out->path, d));
	out->hash.n = SHA256_BYTES;
	out->hash.algorithm = S("sha256");
	sha256(bytes, out->hash.bytes);
	if (is_local(s->page) && memcmp(out->hash.bytes, s->file.hash.bytes, SHA256_BYTES) != 0)
		return diag_set(d, ERR_DENIED, "'%.*s' has changed meanwhile", FMT(s->file.name));
	return fs_write(out->path, bytes, 0600, d);
}

static enum err fetch_local(struct pip *p, const struct sdist *s, struct install_item *out,
			    struct diag *d)
{
	struct buf bytes;

	buf_init(&bytes, FETCH_ARTIFACT_MAX);
	enum err e = read_local(s->file.url, &bytes, d);
	if (e == OK)
		e = keep(p, s, buf_str(&bytes), out, d);
	buf_free(&bytes);
	return e;
}

static enum err fetch(struct pip *p, const struct sdist *s, struct install_item *out,
		      struct diag *d)
{
	struct fetched f = { .fd = -1 };
	struct fetch_index ix;
	struct str map;

	TRY(find_page(p, s->page, &ix, d));
	enum err e = fetch_listed(&ix, &s->file, &f, d);
	explicit_bzero(ix.authorization, sizeof ix.authorization);
	if (e == OK)
		e = fs_map(f.fd, FETCH_ARTIFACT_MAX, &map, d);
	fd_closep(&f.fd);
	TRY(e);
	e = keep(p, s, map, out, d);
	fs_unmap(map);
	return e;
}

enum err sdist_build(struct pip *p, struct sdist *s, bool *out_go, struct diag *d)
{
	size_t first = p->in.n;
	struct install_item it = { .name = s->name,
				   .version = s->file.version,
				   .file = s->file.name,
				   .published_s = s->file.uploaded_s,
				   .builds = true };

	if (!named(p, S(":all:")) && !named(p, s->name))
		return diag_set(d, ERR_DENIED,
				"'%.*s' %.*s has no wheel that fits, only a source archive, and to "
				"build that is to run it; with '--allow-sdist %.*s' it is judged, "
				"then built in a box, and the wheel judged: nothing was installed",
				FMT(str_head(s->name, 60)), FMT(str_head(s->file.version, 40)),
				FMT(str_head(s->name, 60)));
	install_say("fetching and judging %.*s", FMT(s->file.name));
	TRY(is_local(s->page) ? fetch_local(p, s, &it, d) : fetch(p, s, &it, d));
	TRY(install_add(&p->in, &it, d));
	TRY(install_judge(&p->in, first, d));
	*out_go = install_allowed(&p->in);
	if (!*out_go)
		return OK;
	return pip_build(p, s, it.path, out_go, d);
}
