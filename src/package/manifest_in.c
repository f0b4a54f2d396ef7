/*
 * package/manifest_in.c - what the readers of manifests share: names, digests, origins, findings.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

#include "base/limits.h"
#include "base/num.h"
#include "codec/base64.h"
#include "package/purl.h"
#include "package/requirement.h"
#include "package/version.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- trees ---------------------------------------------------------------------------------- */

enum err manifest_json(struct manifest_in *m, const struct json **out)
{
	struct str text = m->text;
	size_t at = 0;

	if (str_has_prefix(text, S("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	enum err e = json_read(m->scratch, text, out, &at);
	if (e != OK)
		return diag_set(m->d, e, "line %u: %s",
				manifest_line(m, text.p + (at < text.n ? at : text.n)),
				e == ERR_SYNTAX ? "not strict JSON" : err_text(e));
	if (!json_is(*out, JSON_OBJECT))
		return diag_set(m->d, ERR_SYNTAX, "not a JSON object");
	return OK;
}

enum err manifest_yaml(struct manifest_in *m, struct str text, struct node_budget *budget,
		       const struct node **out)
{
	struct diag why = { 0 };
	enum err e = node_parse(S("line"), text, m->scratch, budget, out, &why);

	return e == OK ? OK : diag_set(m->d, e, "%s", diag_text(&why));
}

enum err manifest_toml(struct manifest_in *m, const struct toml **out)
{
	return toml_parse(m->text, m->scratch, LIMIT_TOML_NODES, out, m->d);
}

uint32_t manifest_line(struct manifest_in *m, const char *at)
{
	if (at < m->at) {
		m->at = m->text.p;
		m->line = 1;
	}
	assert(at >= m->at && at <= m->text.p + m->text.n);
	while (m->at < at) {
		const char *nl = memchr(m->at, '\n', (size_t)(at - m->at));
		if (nl != NULL)
			m->line++;
		m->at = nl != NULL ? nl + 1 : at;
	}
	return m->line;
}

/* ---- packages ------------------------------------------------------------------------------- */

struct package manifest_new(const struct manifest_in *m, enum ecosystem eco, uint32_t line)
{
	return (struct package){ .eco = eco, .where = m->path, .line = line };
}

struct str manifest_keep(struct manifest_in *m, struct str s)
{
	uintptr_t at = (uintptr_t)s.p, text = (uintptr_t)m->text.p;

	if (s.n == 0)
		return S("");
	if (at >= text && at < text + m->text.n)
		return s;
	return arena_dup(m->out->arena, s);
}

static enum err no_memory(struct manifest_in *m)
{
	return diag_set(m->d, ERR_NOMEM, "out of memory");
}

enum err manifest_name_set(struct manifest_in *m, struct package *p, struct str written)
{
	struct buf b;
	char *at = arena_take(m->out->arena, written.n + 1, 1);

	if (at == NULL)
		return no_memory(m);
	buf_fixed(&b, at, written.n + 1);
	package_name_normalise(p->eco, written, &b);
	p->name = buf_str(&b);
	return b.err;
}

struct str manifest_string(struct manifest_in *m, const struct json *v)
{
	struct str s = json_str(m->out->arena, v);

	return s.p != NULL ? s : S("");
}

/* ---- digests -------------------------------------------------------------------------------- */

static const struct {
	struct str name;
	uint8_t n;
	bool weak;
} algorithms[] = {
	{ SC("sha256"), 32, false },   { SC("sha512"), 64, false },   { SC("sha384"), 48, false },
	{ SC("sha224"), 28, false },   { SC("sha1"), 20, true },      { SC("md5"), 16, true },
	{ SC("sha3_256"), 32, false }, { SC("sha3_512"), 64, false }, { SC("blake2b"), 64, false },
	{ SC("blake2s"), 32, false },
};

enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

/* Its row, also for "SHA-256" as SBOMs write it; ALGORITHMS: unknown. */
static size_t algorithm(struct str name)
{
	char plain[16];
	size_t n = 0, i;

	for (i = 0; i < name.n && n < sizeof plain; i++)
		if (name.p[i] != '-')
			plain[n++] = name.p[i];
	for (i = 0; i < ALGORITHMS; i++)
		if (str_ieq((struct str){ plain, n }, algorithms[i].name))
			break;
	return i;
}

static void add_digest(struct manifest_in *m, struct package *p, size_t row, const uint8_t *bytes)
{
	for (unsigned i = 0; i < p->n_hashes; i++)
		if (p->hashes[i].n == algorithms[row].n &&
		    memcmp(p->hashes[i].bytes, bytes, algorithms[row].n) == 0)
			return;
	if (p->n_hashes == LIMIT_PACKAGE_HASHES ||
	    !ARENA_ROOM(m->out->arena, p->hashes, p->n_hashes, p->cap_hashes)) {
		p->hashes_cut = true;
		return;
	}
	struct package_hash *h = &p->hashes[p->n_hashes++];
	h->algorithm = algorithms[row].name;
	h->n = algorithms[row].n;
	memcpy(h->bytes, bytes, h->n);
}

void manifest_toml_hashes(struct manifest_in *m, struct package *p, const struct toml *table)
{
	TOML_EACH(table, it)
	manifest_hash(m, p, it->key, toml_str(it));
}

void manifest_hash(struct manifest_in *m, struct package *p, struct str name, struct str hex)
{
	uint8_t bytes[64];
	size_t row = algorithm(name);

	if (row != ALGORITHMS && num_hex_bytes(hex, bytes, algorithms[row].n))
		add_digest(m, p, row, bytes);
}

void manifest_hash_pair(struct manifest_in *m, struct package *p, struct str pair)
{
	struct str hex, name = str_cut(pair, ':', &hex);

	manifest_hash(m, p, name, hex);
}

void manifest_integrity(struct manifest_in *m, struct package *p, struct str sri)
{
	char room[66];

	while (sri.n > 0) {
		struct str one = str_cut(sri, ' ', &sri), text;
		struct str name = str_cut(one, '-', &text);
		struct buf b;
		size_t row = algorithm(name);
		buf_fixed(&b, room, sizeof room);
		text = str_cut(text, '?', &one); /* options, which nobody uses */
		if (row != ALGORITHMS && base64_decode(&b, text, BASE64_STD) == OK &&
		    b.n == algorithms[row].n)
			add_digest(m, p, row, (const uint8_t *)b.p);
	}
}

/* Whether one digest of p is strong enough to hold. */
static bool strong(const struct package *p)
{
	for (unsigned i = 0; i < p->n_hashes; i++)
		if (p->hashes[i].n > 20)
			return true;
	return false;
}

/* ---- where it comes from -------------------------------------------------------------------- */

static bool has_scheme(struct str url, const struct str *schemes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(str_head(url, schemes[i].n), schemes[i]))
			return true;
	return false;
}

static bool is_repository(struct str url)
{
	static const struct str schemes[] = {
		SC("git+"),    SC("git:"),	 SC("git@"),  SC("hg+"),
		SC("svn+"),    SC("bzr+"),	 SC("ssh:"),  SC("github:"),
		SC("gitlab:"), SC("bitbucket:"), SC("gist:"), SC("https://codeload.github.com/"),
	};
	struct str rest, plain = str_cut(url, '#', &rest);

	return has_scheme(url, schemes, sizeof schemes / sizeof schemes[0]) ||
	       str_has_suffix(plain, S(".git"));
}

static bool is_path(struct str url)
{
	static const struct str schemes[] = {
		SC("file:"), SC("link:"), SC("portal:"), SC("workspace:"),
		SC("./"),    SC("../"),	  SC("/"),	 SC("~/"),
	};

	return has_scheme(url, schemes, sizeof schemes / sizeof schemes[0]) ||
	       str_eq(url, S(".")) || str_eq(url, S(".."));
}

/* "https:host/a" has no "//" and is a URL all the same to npm and uv. */
static bool is_http(struct str url)
{
	return str_ieq(str_head(url, 5), S("http:")) || str_ieq(str_head(url, 6), S("https:"));
}

/* "#sha256=..." and "#egg=x&sha256=...", which pip checks. */
static void fragment_hash(struct manifest_in *m, struct package *p, struct str url)
{
	struct str fragment, value;

	for ((void)str_cut(url, '#', &fragment); fragment.n > 0;) {
		struct str one = str_cut(fragment, '&', &fragment);
		struct str name = str_cut(one, '=', &value);
		manifest_hash(m, p, name, value);
	}
}

void manifest_url(struct manifest_in *m, struct package *p, struct str url, bool registry)
{
	p->url = url;
	if (is_repository(url))
		p->origin = ORIGIN_GIT;
	else if (is_path(url) || (str_find(url, S("://")) == SIZE_MAX && !is_http(url)))
		p->origin = ORIGIN_PATH;
	else
		p->origin = registry ? ORIGIN_INDEX : ORIGIN_URL;
	fragment_hash(m, p, url);
}

/* ---- findings ------------------------------------------------------------------------------- */

void manifest_find(struct manifest_in *m, enum rule rule, const struct package *p, uint32_t line,
		   struct str excerpt, const char *detail)
{
	char room[512];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (p != NULL)
		purl_write(p, &b);
	finding_add(m->f, rule, b.err == OK ? buf_str(&b) : S(""), m->path, line, excerpt, "%s",
		    detail);
}

static bool without_tls(struct str url)
{
	return str_ieq(str_head(url, 5), S("http:"));
}

/* A path that leaves the project: inside of it is the user's own source. */
static bool leaves(struct str path)
{
	return str_find(path, S("..")) != SIZE_MAX || str_has_prefix(path, S("/")) ||
	       str_has_prefix(path, S("file:/")) || str_has_prefix(path, S("~"));
}

/* A finding whose evidence is where p comes from, without the user name and password that may
 * stand in it. */
static void find_url(struct manifest_in *m, enum rule rule, const struct package *p)
{
	char room[FINDING_EXCERPT];
	size_t scheme = str_find(p->url, S("://"));
	struct str rest, after = str_tail(p->url, scheme == SIZE_MAX ? p->url.n : scheme + 3);
	struct str host = str_cut(after, '/', &rest);
	size_t user = str_chr(host, '@');
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (user == SIZE_MAX) {
		buf_add(&b, str_head(p->url, sizeof room));
	} else {
		buf_add(&b, str_head(p->url, scheme + 3));
		buf_add(&b, str_head(str_tail(after, user + 1), sizeof room - b.n));
	}
	manifest_find(m, rule, p, p->line, buf_str(&b), "");
}

static void judge_origin(struct manifest_in *m, const struct package *p)
{
	switch (p->origin) {
	case ORIGIN_GIT:
		find_url(m, p->dev ? RULE_OUTSIDE_DEPENDENCY : RULE_GIT_DEPENDENCY, p);
		break;
	case ORIGIN_URL:
		find_url(m, p->dev || strong(p) ? RULE_OUTSIDE_DEPENDENCY : RULE_URL_DEPENDENCY, p);
		break;
	case ORIGIN_PATH:
	case ORIGIN_EDITABLE:
		if (leaves(p->url))
			find_url(m, RULE_OUTSIDE_DEPENDENCY, p);
		break;
	case ORIGIN_UNKNOWN:
	case ORIGIN_INDEX:
	default:
		break;
	}
}

enum err manifest_add(struct manifest_in *m, const struct package *p)
{
	enum err e = package_list_add(m->out, p);

	if (e != OK)
		return diag_set(m->d, e, "line %u: %s", p->line,
				e == ERR_LIMIT ? "too many packages" : "out of memory");
	judge_origin(m, p);
	if (without_tls(p->url) && !strong(p))
		find_url(m, RULE_INDEX_PLAIN, p);
	if (p->n_hashes > 0 && !strong(p))
		manifest_find(m, RULE_WEAK_HASH, p, p->line, p->hashes[0].algorithm, "");
	if (p->hashes_cut)
		manifest_find(m, RULE_MANIFEST_UNREAD, p, p->line, S(""), "too many hashes");
	if (p->scripts)
		manifest_find(m, RULE_INSTALL_SCRIPT, p, p->line, S(""), "");
	return OK;
}

static struct str host_of(struct str url)
{
	size_t at = is_http(url) ? str_chr(url, ':') + 1 : str_find(url, S("://")), n = 0;
	struct str host = at == SIZE_MAX ? url : str_tail(url, at);

	/* As many slashes as there are, of either kind: WHATWG URL. */
	while (at != SIZE_MAX && host.n && str_chr(S(":/\\"), host.p[0]) != SIZE_MAX)
		host = str_tail(host, 1);
	while (n < host.n && str_chr(S("/\\?#"), host.p[n]) == SIZE_MAX)
		n++;
	host = str_head(host, n);
	at = str_chr(host, '@');
	return at == SIZE_MAX ? host : str_tail(host, at + 1);
}

void manifest_index(struct manifest_in *m, struct str url, uint32_t line, bool extra, bool bound)
{
	static const struct str known[] = { SC("pypi.org"), SC("files.pythonhosted.org"),
					    SC("pypi.python.org"), SC("registry.npmjs.org"),
					    SC("registry.yarnpkg.com") };
	struct str host = host_of(url);

	/* A user name and password may stand before the host: only the host is shown. */
	if (without_tls(url))
		manifest_find(m, RULE_INDEX_PLAIN, NULL, line, host, "");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_ieq(host, known[i]))
			return;
	for (unsigned i = 0; i < m->n_hosts && !extra; i++)
		if (str_eq(m->hosts[i], host))
			return;
	if (m->n_hosts < sizeof m->hosts / sizeof m->hosts[0])
		m->hosts[m->n_hosts++] = host;
	manifest_find(m, extra && !bound ? RULE_EXTRA_INDEX : RULE_OTHER_INDEX, NULL, line, host,
		      bound ? "for some packages only" : "");
}

/* ---- direct dependencies -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct package *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

/* The first of the sorted packages whose name is not below name. */
static size_t lower_bound(struct package *const *sorted, size_t n, struct str name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (str_cmp(sorted[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

enum err manifest_mark_direct(struct manifest_in *m, size_t first, const struct str *wanted,
			      size_t n)
{
	size_t count = m->out->n - first;
	struct package **sorted = NEW_ARRAY(m->scratch, struct package *, count + 1);

	if (sorted == NULL)
		return no_memory(m);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &m->out->items[first + i];
	qsort(sorted, count, sizeof sorted[0], by_name);
	for (size_t i = 0; i < n; i++)
		for (size_t at = lower_bound(sorted, count, wanted[i]);
		     at < count && !sorted[at]->direct && str_eq(sorted[at]->name, wanted[i]); at++)
			sorted[at]->direct = true;
	return OK;
}

/* ---- requirements --------------------------------------------------------------------------- */

enum err manifest_requirement(struct manifest_in *m, struct str spec, const struct package *tag)
{
	struct requirement r;
	struct package p = *tag;
	struct diag why = { 0 };

	spec = manifest_keep(m, spec);
	if (spec.p == NULL)
		return no_memory(m);
	enum err e = requirement_parse(spec, &r, &why);
	if (e != OK) {
		manifest_find(m, RULE_MANIFEST_UNREAD, NULL, tag->line, spec, diag_text(&why));
		return OK;
	}
	e = requirement_package(m->out->arena, &r, &p);
	if (e != OK)
		return diag_set(m->d, e, "line %u: %s", tag->line, err_text(e));
	fragment_hash(m, &p, p.url);
	return manifest_add(m, &p);
}
