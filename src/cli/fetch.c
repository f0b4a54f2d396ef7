/*
 * cli/fetch.c - what is fetched, from where, and whether it is what was asked for.
 * Input: hostile (reports and listings of a fetcher that may have been taken over).   Runs in: cli.
 * Fuzz: fuzz/listing_fuzz.c
 */
#include "cli/fetch.h"

#include "cli/cli.h"
#include "codec/url.h"
#include "codec/url_join.h"
#include "crypto/sha256.h"
#include "crypto/sha512.h"
#include "package/version.h"
#include "proto/fetch.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One GET with what it needs. */
struct get {
	char url[FETCH_URL];
	const char *authorization; /* "": none; sent to the first origin only */
	const char *accept;
	enum fetch_mode mode;
	enum ecosystem eco;
	struct str name;
	uint64_t bytes_max;
	bool plain_ok; /* the operator configured a plain http index */
	struct fetch_report report;
	char room[FETCH_REPORT_MAX]; /* the report's strings lie here */
};

/* ---- one process ---- */

/* trusted reads the roots that the environment names for tools like this one. */
static void trusted(struct buf *out)
{
	static const char *const names[] = { "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *path = getenv(names[i]);
		if (path && path[0] && fs_read(path, 0, out, NULL) == OK)
			return;
		buf_reset(out);
	}
}

static enum err make_request(const struct get *g, bool with_secret, int *out_fd, struct diag *d)
{
	struct fetch_request r = {
		.url = str_z(g->url),
		.authorization = with_secret ? str_z(g->authorization) : S(""),
		.accept = str_z(g->accept),
		.bytes_max = g->bytes_max,
		.mode = g->mode,
		.eco = g->eco,
		.name = g->name,
	};
	struct buf ca, b;

	buf_init(&ca, FETCH_CA_MAX);
	buf_init(&b, FETCH_CA_MAX + (1 << 20));
	trusted(&ca);
	r.ca_pem = buf_str(&ca);
	fetch_request_encode(&r, &b);
	enum err e = b.err == OK ? fs_memfd("fetch", buf_str(&b), out_fd, d)
				 : diag_set(d, b.err, "the request is too large");
	buf_wipe(&b);
	buf_free(&b);
	buf_free(&ca);
	return e;
}

static enum err hear(struct get *g, int fd, pid_t pid, struct diag *d)
{
	char words[64];
	size_t n = spawn_hear(fd, g->room, sizeof g->room);
	int status = spawn_wait(pid);

	if (fetch_report_decode(&g->report, (struct str){ g->room, n }) != OK)
		return diag_set(d, ERR_SYS, "the fetcher ended without a report: %s",
				spawn_ending(status, words, sizeof words));
	if (g->report.err != OK)
		return diag_set(d, g->report.err, "%.*s", FMT(g->report.why));
	return OK;
}

/* run fetches once, without following. */
static enum err run(struct get *g, bool with_secret, int out, struct diag *d)
{
	AUTO(fd_closep) int request = -1;
	AUTO(fd_closep) int pidfd = -1;
	char path[4096];
	int pipes[2];
	pid_t pid;

	TRY(spawn_sibling("fetcher", path, sizeof path, d));
	TRY(make_request(g, with_secret, &request, d));
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return diag_set(d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
	AUTO(fd_closep) int ours = pipes[0];
	int theirs = pipes[1];
	const int fds[] = { request, out, theirs };
	struct spawn s = {
		.path = path, .argv = { "fetcher" }, .fds = fds, .n_fds = 3, .stderr_fd = -1
	};
	enum err e = spawn_child(&s, &pid, &pidfd, d);
	(void)close(theirs);
	return e == OK ? hear(g, ours, pid, d) : e;
}

/* ---- redirects ---- */

/* say_proxy tells that a proxy is not used, where the failure may be due to that. */
static enum err say_proxy(enum err e, struct diag *d)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy",
					     "all_proxy", "ALL_PROXY" };
	char text[sizeof d->text];

	if (d == NULL)
		return e;
	(void)snprintf(text, sizeof text, "%s", diag_text(d));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return diag_set(d, e, "%.200s (%s is set; yett does not use proxies)", text,
					names[i]);
	}
	return e;
}

/* may_go: only to https, or, where the index itself is plain, to the same host. */
static bool may_go(const struct get *g, struct str to)
{
	struct url u;

	if (url_parse(&u, to) != OK)
		return false;
	return u.https || (g->plain_ok && str_eq(url_origin(str_z(g->url)), url_origin(to)));
}

static enum err next_hop(struct get *g, struct diag *d)
{
	char room[FETCH_URL];
	struct buf b;

	buf_fixed(&b, room, sizeof room - 1);
	if (g->report.location.n == 0 || url_join(str_z(g->url), g->report.location, &b) != OK ||
	    !may_go(g, buf_str(&b)))
		return diag_set(d, ERR_UPSTREAM, "the server sends us where we do not go");
	(void)snprintf(g->url, sizeof g->url, "%.*s", FMT(buf_str(&b)));
	return OK;
}

static enum err judge_status(const struct get *g, struct diag *d)
{
	struct str origin = url_origin(str_z(g->url));
	unsigned status = g->report.status;

	if (status == 200)
		return OK;
	if (status == 404 || status == 410)
		return diag_set(d, ERR_NOT_FOUND, "%.*s does not have it", FMT(origin));
	if (status == 401 || status == 403)
		return diag_set(d, ERR_AUTH, "%.*s wants other credentials (status %u)",
				FMT(origin), status);
	return diag_set(d, ERR_UPSTREAM, "%.*s answers with status %u", FMT(origin), status);
}

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static enum err get(struct get *g, int out, struct diag *d)
{
	char first[FETCH_URL];

	(void)snprintf(first, sizeof first, "%s", g->url);
	for (unsigned hop = 0; hop <= FETCH_HOPS; hop++) {
		bool same = str_eq(url_origin(str_z(first)), url_origin(str_z(g->url)));
		enum err e = run(g, same, out, d);
		if (e != OK)
			return say_proxy(e, d);
		if (!is_redirect(g->report.status))
			return judge_status(g, d);
		TRY(next_hop(g, d));
	}
	return diag_set(d, ERR_UPSTREAM, "more than %d redirects", FETCH_HOPS);
}

/* begin makes a GET of a URL, which must be one that we may go to; out is the caller's to free. */
static enum err begin(struct str url, bool plain_ok, struct get **out, struct diag *d)
{
	struct url u;

	if (url.n >= FETCH_URL || url_parse(&u, url) != OK || (!u.https && !plain_ok))
		return diag_set(d, ERR_DENIED, "not a URL that is fetched: only https is");
	struct get *g = calloc(1, sizeof *g);
	if (g == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	(void)snprintf(g->url, sizeof g->url, "%.*s", FMT(url));
	g->plain_ok = plain_ok;
	g->authorization = "";
	g->accept = "*/*";
	g->name = S("");
	*out = g;
	return OK;
}

static bool is_loopback(struct str url)
{
	struct url u;

	return url_parse(&u, url) == OK &&
	       (str_eq(u.host, S("127.0.0.1")) || str_eq(u.host, S("::1")) ||
		str_ieq(u.host, S("localhost")));
}

enum err fetch_url(struct str url, int fd, uint64_t bytes_max, struct diag *d)
{
	struct get *g;

	TRY(begin(url, is_loopback(url), &g, d));
	g->bytes_max = bytes_max;
	enum err e = get(g, fd, d);
	free(g);
	return e;
}

/* ---- memory files ---- */

static enum err new_memfd(int *out_fd, struct diag *d)
{
	*out_fd = memfd_create("fetched", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return *out_fd >= 0
		       ? OK
		       : diag_set(d, ERR_SYS, "cannot make a memory file: %s", strerror(errno));
}

static enum err seal(int fd, struct diag *d)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	return fcntl(fd, F_ADD_SEALS, seals) == 0
		       ? OK
		       : diag_set(d, ERR_SYS, "cannot seal what was fetched: %s", strerror(errno));
}

/* ---- listings ---- */

static const char pypi_accept[] =
	"application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
	"text/html;q=0.01";

static void add_name(struct buf *b, enum ecosystem eco, struct str name)
{
	char room[512];
	struct buf normal;

	buf_fixed(&normal, room, sizeof room);
	package_name_normalise(eco, name, &normal);
	/* npm: "@scope%2Fname". */
	url_encode(b, buf_str(&normal), S("@"));
	if (eco == ECO_PYPI)
		buf_addc(b, '/');
}

/* take_listing decodes what a fetcher wrote. The text stays mapped in the arena's copy. */
static enum err take_listing(int fd, enum ecosystem eco, struct arena *a, struct listing *out,
			     struct diag *d)
{
	struct str map;

	TRY(seal(fd, d));
	TRY(fs_map(fd, LISTING_TEXT, &map, d));
	struct str copy = arena_dup(a, map);
	fs_unmap(map);
	if (copy.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	enum err e = listing_decode(a, eco, copy, out);
	return e == OK ? OK : diag_set(d, e, "the fetcher's listing is malformed");
}

static enum err list_at(const struct fetch_index *ix, struct str url, enum ecosystem eco,
			struct str name, const char *accept, struct arena *a, struct listing *out,
			struct diag *d)
{
	AUTO(fd_closep) int fd = -1;
	struct get *g;

	TRY(begin(url, str_has_prefix(str_z(ix->url), S("http://")), &g, d));
	g->authorization = ix->authorization;
	g->accept = accept;
	g->mode = FETCH_LISTING;
	g->eco = eco;
	g->name = name;
	g->bytes_max = LISTING_TEXT;
	enum err e = new_memfd(&fd, d);
	if (e == OK)
		e = get(g, fd, d);
	free(g);
	return e == OK ? take_listing(fd, eco, a, out, d) : e;
}

static enum err list_from(const struct fetch_index *ix, enum ecosystem eco, struct str name,
			  const char *accept, struct arena *a, struct listing *out, struct diag *d)
{
	char room[FETCH_URL];
	struct buf url;

	buf_fixed(&url, room, sizeof room);
	buf_add(&url, str_z(ix->url));
	add_name(&url, eco, name);
	return url.err == OK ? list_at(ix, buf_str(&url), eco, name, accept, a, out, d)
			     : diag_set(d, ERR_LIMIT, "the name is too long");
}

enum err fetch_listing_at(const struct fetch_index *page, enum ecosystem eco, struct str name,
			  struct arena *a, struct listing *out, struct diag *d)
{
	return list_at(page, str_z(page->url), eco, name, pypi_accept, a, out, d);
}

static struct str scope_of(enum ecosystem eco, struct str name)
{
	bool scoped = eco == ECO_NPM && name.n && name.p[0] == '@';

	return scoped ? str_head(name, str_chr(name, '/')) : S("");
}

static enum err list_and_index(enum ecosystem eco, struct str name, struct arena *a,
			       struct fetch_index *ix, struct listing *out, struct diag *d)
{
	if (!package_name_valid(eco, name))
		return diag_set(d, ERR_SYNTAX, "no index has a package of that name");
	TRY(fetch_index_find(eco, scope_of(eco, name), ix, d));
	if (eco == ECO_PYPI)
		return list_from(ix, eco, name, pypi_accept, a, out, d);
	enum err e = list_from(ix, eco, name, "application/json", a, out, d);
	/* Too large with everything said of each version; without times it may do. */
	if (e == ERR_LIMIT)
		e = list_from(ix, eco, name, "application/vnd.npm.install-v1+json", a, out, d);
	return e;
}

enum err fetch_listing(enum ecosystem eco, struct str name, struct arena *a, struct listing *out,
		       struct diag *d)
{
	struct fetch_index ix;
	enum err e = list_and_index(eco, name, a, &ix, out, d);

	explicit_bzero(ix.authorization, sizeof ix.authorization);
	return e;
}

/* ---- artifacts ---- */

/* check_hash compares the bytes with what the index published. */
static enum err check_hash(struct fetched *f, struct diag *d)
{
	uint8_t digest[SHA512_BYTES];
	struct str map;

	TRY(seal(f->fd, d));
	TRY(fs_map(f->fd, FETCH_ARTIFACT_MAX, &map, d));
	if (f->file.hash.n == SHA512_BYTES)
		sha512(map, digest);
	else
		sha256(map, digest);
	fs_unmap(map);
	f->hash_checked = f->file.hash.n == SHA512_BYTES || f->file.hash.n == SHA256_BYTES;
	if (f->hash_checked && memcmp(digest, f->file.hash.bytes, f->file.hash.n) != 0)
		return diag_set(d, ERR_DENIED,
				"'%.*s' is not what its index published: the hash differs",
				FMT(f->file.name));
	return OK;
}

enum err fetch_listed(const struct fetch_index *ix, const struct listing_file *file,
		      struct fetched *out, struct diag *d)
{
	struct fetched f = { .fd = -1, .file = *file };
	struct get *g;

	TRY(begin(file->url, str_has_prefix(str_z(ix->url), S("http://")), &g, d));
	/* The index's secret goes to the index's own host and nowhere else. */
	if (str_eq(url_origin(file->url), url_origin(str_z(ix->url))))
		g->authorization = ix->authorization;
	g->bytes_max = FETCH_ARTIFACT_MAX;
	enum err e = new_memfd(&f.fd, d);
	if (e == OK)
		e = get(g, f.fd, d);
	if (e == OK)
		e = check_hash(&f, d);
	free(g);
	if (e == OK)
		*out = f;
	else
		fd_closep(&f.fd);
	return e;
}

/* newest gives the highest version, a final one if there is any. */
static struct str newest(const struct listing *l, enum ecosystem eco)
{
	struct str best = S("");

	for (size_t i = 0; i < l->n; i++) {
		struct str v = l->files[i].version;
		if (l->files[i].yanked || l->files[i].kind == LISTING_OTHER)
			continue;
		bool pre = version_is_pre(eco, v), best_pre = version_is_pre(eco, best);
		if (best.n == 0 || (best_pre && !pre) ||
		    (pre == best_pre && version_cmp(eco, v, best, NULL) > 0))
			best = v;
	}
	return best;
}

static const struct listing_file *named(const struct listing *l, enum ecosystem eco,
					struct str version, struct str file)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->files[i].name, file) &&
		    version_cmp(eco, l->files[i].version, version, NULL) == 0)
			return &l->files[i];
	return NULL;
}

enum err fetch_file_of(enum ecosystem eco, struct str name, struct str version, struct str wish,
		       struct arena *a, struct fetched *out, struct diag *d)
{
	struct fetch_index ix = { .url = "" };
	struct listing l;
	enum err e = list_and_index(eco, name, a, &ix, &l, d);

	if (e == OK) {
		struct str wanted = version.n ? version : newest(&l, eco);
		const struct listing_file *file = wish.n ? named(&l, eco, wanted, wish)
							 : listing_best(&l, eco, wanted);
		e = file ? fetch_listed(&ix, file, out, d)
			 : diag_set(d, ERR_NOT_FOUND, "the index (%s) has no '%.*s' %.*s%s%.*s",
				    ix.from, FMT(name), FMT(wanted), wish.n ? " as " : "",
				    FMT(wish));
	}
	explicit_bzero(ix.authorization, sizeof ix.authorization);
	return e;
}

enum err fetch_release(enum ecosystem eco, struct str name, struct str version, struct arena *a,
		       struct fetched *out, struct diag *d)
{
	return fetch_file_of(eco, name, version, S(""), a, out, d);
}

static enum err get_document(const struct fetch_index *ix, struct str ref, const char *accept,
			     uint64_t bytes_max, int *out_fd, struct diag *d)
{
	char room[FETCH_URL];
	struct buf url;
	struct get *g;
	int fd = -1;

	buf_fixed(&url, room, sizeof room - 1);
	if (url_join(str_z(ix->url), ref, &url) != OK)
		return diag_set(d, ERR_UPSTREAM, "the index names an address that is none");
	TRY(begin(buf_str(&url), str_has_prefix(str_z(ix->url), S("http://")), &g, d));
	if (str_eq(url_origin(buf_str(&url)), url_origin(str_z(ix->url))))
		g->authorization = ix->authorization;
	g->accept = accept;
	g->bytes_max = bytes_max;
	enum err e = new_memfd(&fd, d);
	if (e == OK)
		e = get(g, fd, d);
	if (e == OK)
		e = seal(fd, d);
	free(g);
	if (e == OK && lseek(fd, 0, SEEK_SET) != 0)
		e = diag_set(d, ERR_SYS, "cannot rewind a memory file: %s", strerror(errno));
	if (e == OK)
		*out_fd = fd;
	else
		fd_closep(&fd);
	return e;
}

enum err fetch_document(enum ecosystem eco, struct str name, struct str ref, const char *accept,
			uint64_t bytes_max, int *out_fd, struct diag *d)
{
	struct fetch_index ix = { .url = "" };
	enum err e = fetch_index_find(eco, scope_of(eco, name), &ix, d);

	if (e == OK)
		e = get_document(&ix, ref, accept, bytes_max, out_fd, d);
	explicit_bzero(ix.authorization, sizeof ix.authorization);
	return e;
}

enum err fetch_previous(enum ecosystem eco, struct str name, struct str version, struct arena *a,
			struct fetched *out, struct diag *d)
{
	struct fetch_index ix = { .url = "" };
	struct listing l;
	enum err e = list_and_index(eco, name, a, &ix, &l, d);

	if (e == OK) {
		struct str before = listing_before(&l, eco, version);
		const struct listing_file *file = before.n ? listing_best(&l, eco, before) : NULL;
		e = file ? fetch_listed(&ix, file, out, d)
			 : diag_set(d, ERR_NOT_FOUND, "the index (%s) has no '%.*s' before %.*s",
				    ix.from, FMT(name), FMT(version));
	}
	explicit_bzero(ix.authorization, sizeof ix.authorization);
	return e;
}
