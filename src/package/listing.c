/*
 * package/listing.c - what a package index says of one package.
 * Input: hostile.   Runs in: fetcher (reading documents), cli (decoding).
 * Fuzz: fuzz/listing_fuzz.c
 */
#include "package/listing.h"

#include "base/date.h"
#include "base/num.h"
#include "base/rd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/url.h"
#include "codec/url_join.h"
#include "package/version_key.h"

#include <string.h>

/* ---- the list ---- */

static enum err add(struct listing *l, const struct listing_file *f)
{
	if (l->n == LISTING_FILES)
		return ERR_LIMIT;
	if (!ARENA_ROOM(l->arena, l->files, l->n, l->cap))
		return ERR_NOMEM;
	l->files[l->n++] = *f;
	return OK;
}

/* set_hex takes a digest in hexadecimal; one of the wrong length counts as none. */
static void set_hex(struct package_hash *h, struct str algorithm, uint8_t bytes, struct str hex)
{
	if (!num_hex_bytes(hex, h->bytes, bytes))
		return;
	h->algorithm = algorithm;
	h->n = bytes;
}

/* ---- names of files ---- */

/* wheel_version cuts "name-VERSION-...-any.whl". */
static struct str wheel_version(struct str file)
{
	struct str rest;

	(void)str_cut(file, '-', &rest);
	return str_cut(rest, '-', &rest);
}

/* sdist_version cuts the version off "some-name-VERSION": what follows the package's own name. */
static struct str sdist_version(struct str stem, struct str name)
{
	char a[512], b[512];
	struct buf want, got;

	buf_fixed(&want, a, sizeof a);
	package_name_normalise(ECO_PYPI, name, &want);
	for (size_t i = 0; i < stem.n; i++) {
		if (stem.p[i] != '-')
			continue;
		buf_fixed(&got, b, sizeof b);
		package_name_normalise(ECO_PYPI, str_head(stem, i), &got);
		if (got.err == OK && want.err == OK && str_eq(buf_str(&got), buf_str(&want)))
			return str_tail(stem, i + 1);
	}
	return S("");
}

static void classify_pypi(struct listing_file *f, struct str name)
{
	static const struct str ends[] = { SC(".tar.gz"), SC(".zip"), SC(".tar.bz2"), SC(".tgz"),
					   SC(".tar.xz") };

	f->kind = LISTING_OTHER;
	f->version = S("");
	if (str_has_suffix(f->name, S(".whl"))) {
		f->kind = LISTING_WHEEL;
		f->version = wheel_version(f->name);
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_has_suffix(f->name, ends[i])) {
			f->kind = LISTING_SDIST;
			f->version = sdist_version(str_head(f->name, f->name.n - ends[i].n), name);
		}
}

/* joined copies the absolute form of a URL; "" when there is none. */
static struct str joined(struct arena *a, struct str base, struct str ref)
{
	char room[8192];
	struct buf b;

	if (ref.n == 0)
		return S("");
	buf_fixed(&b, room, sizeof room);
	return url_join(base, ref, &b) == OK ? arena_dup(a, buf_str(&b)) : S("");
}

/* name_ok: a file's name, and none of a path. */
static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '/' || s.p[i] == '\\')
			return false;
	return s.n > 0 && s.n < 512 && s.p[0] != '.';
}

/* When something was published; 0: it does not say. */
static int64_t time_of(struct str s)
{
	int64_t at_s;

	return date_parse(s, &at_s) == OK && at_s > 0 ? at_s : 0;
}

static struct str text_of(struct arena *a, const struct json *obj, struct str name)
{
	const struct json *v = json_get(obj, name);
	struct str s = json_is(v, JSON_STRING) ? json_str(a, v) : S("");

	return s.p ? s : S("");
}

/* ---- PyPI ---- */

/* Which interpreters a file is for; what cannot stand on a line of metadata is not said. */
static struct str requires_of(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] >= 0x7f)
			return S("");
	return s.n <= LISTING_REQUIRES ? s : S("");
}

static enum err pypi_json(struct listing *l, struct str name, struct str base, struct str text,
			  struct diag *d)
{
	const struct json *root;
	size_t at = 0;

	enum err e = json_read(l->arena, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "the index's answer is no JSON: %s at byte %zu", err_text(e),
				at);
	const struct json *files = json_get(root, S("files"));
	if (!json_is(files, JSON_ARRAY))
		return diag_set(d, ERR_SYNTAX, "the index's answer lists no files");
	JSON_EACH_ITEM (files, it) {
		struct listing_file f = { .name = text_of(l->arena, it, S("filename")) };
		const struct json *yanked = json_get(it, S("yanked"));
		if (!name_ok(f.name))
			continue;
		classify_pypi(&f, name);
		f.url = joined(l->arena, base, text_of(l->arena, it, S("url")));
		set_hex(&f.hash, S("sha256"), 32,
			text_of(l->arena, json_get(it, S("hashes")), S("sha256")));
		f.uploaded_s = time_of(text_of(l->arena, it, S("upload-time")));
		f.yanked = json_is(yanked, JSON_TRUE) || json_is(yanked, JSON_STRING);
		f.requires_python = requires_of(text_of(l->arena, it, S("requires-python")));
		/* PEP 740: "provenance" is there, and null where there is none. */
		f.provenance = joined(l->arena, base, text_of(l->arena, it, S("provenance")));
		f.provenance_said = f.provenance.n > 0 ||
				    json_is(json_get(it, S("provenance")), JSON_NULL);
		if (f.url.n && f.version.n)
			TRY(add(l, &f));
	}
	return OK;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str strip(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_tail(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* attribute finds NAME="VALUE" in the inside of a tag. present (may be NULL): it is there at all.
 */
static struct str attribute(struct str tag, struct str name, bool *present)
{
	for (size_t at = 0; at + name.n <= tag.n; at++) {
		struct str rest = str_tail(tag, at + name.n);
		bool begins = at > 0 && is_space(tag.p[at - 1]);
		if (!begins || !str_ieq(str_head(str_tail(tag, at), name.n), name))
			continue;
		if (present)
			*present = true;
		if (rest.n < 2 || rest.p[0] != '=' || (rest.p[1] != '"' && rest.p[1] != '\''))
			continue;
		return str_head(str_tail(rest, 2), str_chr(str_tail(rest, 2), rest.p[1]));
	}
	return S("");
}

/* unescaped resolves the five entities that a URL can need. */
static struct str unescaped(struct arena *a, struct str s)
{
	static const struct {
		struct str from;
		char to;
	} rows[] = { { SC("&amp;"), '&' },
		     { SC("&#38;"), '&' },
		     { SC("&quot;"), '"' },
		     { SC("&lt;"), '<' },
		     { SC("&gt;"), '>' } };
	char *p = arena_take(a, s.n + 1, 1);
	size_t n = 0;

	if (p == NULL)
		return S("");
	while (s.n) {
		size_t used = 1;
		p[n] = s.p[0];
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			if (str_has_prefix(s, rows[i].from)) {
				p[n] = rows[i].to;
				used = rows[i].from.n;
			}
		n++;
		s = str_tail(s, used);
	}
	return (struct str){ p, n };
}

static void set_fragment(struct listing_file *f, struct str fragment)
{
	if (str_has_prefix(fragment, S("sha256=")))
		set_hex(&f->hash, S("sha256"), 32, str_head(str_tail(fragment, 7), 64));
}

/* One "<a ...>text</a>"; tag is what lies between "<a" and ">". */
static enum err anchor(struct listing *l, struct str name, struct str base, struct str tag,
		       struct str text)
{
	struct str hash, href = unescaped(l->arena, attribute(tag, S("href"), NULL));
	struct listing_file f = { .name = strip(text) };

	(void)str_cut(href, '#', &hash);
	if (!name_ok(f.name) || href.n == 0)
		return OK;
	classify_pypi(&f, name);
	f.url = joined(l->arena, base, href);
	set_fragment(&f, hash);
	(void)attribute(tag, S("data-yanked"), &f.yanked);
	f.requires_python = requires_of(
		unescaped(l->arena, attribute(tag, S("data-requires-python"), NULL)));
	/* PEP 740: the attribute is there for files that have provenance, and for no others, so
	 * that its absence says nothing. */
	f.provenance = joined(l->arena, base,
			      unescaped(l->arena, attribute(tag, S("data-provenance"), NULL)));
	f.provenance_said = f.provenance.n > 0;
	return f.url.n && f.version.n ? add(l, &f) : OK;
}

bool listing_link(struct arena *a, struct str name, struct str url, struct listing_file *out)
{
	char room[512];
	struct str fragment, last;
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	url = arena_dup(a, str_cut(url, '#', &fragment));
	for (last = url; str_chr(last, '/') != SIZE_MAX;)
		(void)str_cut(last, '/', &last);
	url_decode(&b, str_head(last, str_chr(last, '?')));
	struct listing_file f = { .url = url, .name = arena_dup(a, buf_str(&b)) };
	if (b.err != OK || f.name.p == NULL || !name_ok(f.name))
		return false;
	classify_pypi(&f, name);
	set_fragment(&f, fragment);
	*out = f;
	return f.version.n > 0;
}

/* pypi_html walks the anchors of a page; everything else in it is skipped. */
static enum err pypi_html(struct listing *l, struct str name, struct str base, struct str text)
{
	for (;;) {
		size_t at = str_chr(text, '<');
		if (at == SIZE_MAX)
			return OK;
		text = str_tail(text, at + 1);
		if (text.n < 2 || (text.p[0] | 0x20) != 'a' || !is_space(text.p[1]))
			continue;
		size_t close = str_chr(text, '>');
		if (close == SIZE_MAX)
			return OK;
		struct str tag = str_head(text, close), inside = str_tail(text, close + 1);
		inside = str_head(inside, str_chr(inside, '<'));
		TRY(anchor(l, name, base, tag, inside));
		text = str_tail(text, close + 1);
	}
}

/* ---- npm ---- */

/* "name <address>". */
static struct str uploader_of(struct arena *a, const struct json *user)
{
	struct str name = text_of(a, user, S("name")), address = text_of(a, user, S("email"));
	char text[LISTING_UPLOADER];
	struct buf b;
	struct str s;

	buf_fixed(&b, text, sizeof text);
	buf_addf(&b, "%.*s <%.*s>", FMT(name), FMT(address));
	if (name.n == 0 || buf_finish(&b, &s) != OK)
		return S("");
	s = arena_dup(a, s);
	return s.p != NULL ? s : S("");
}

static enum err npm_version(struct listing *l, struct str base, const struct json *version,
			    const struct json *body, const struct json *times)
{
	const struct json *dist = json_get(body, S("dist"));
	struct listing_file f = { .kind = LISTING_TGZ, .version = json_str(l->arena, version) };
	struct str url = text_of(l->arena, dist, S("tarball"));

	if (f.version.p == NULL || !version_valid(ECO_NPM, f.version) || url.n == 0)
		return OK;
	f.url = joined(l->arena, base, url);
	f.name = f.url;
	for (size_t at; (at = str_chr(f.name, '/')) != SIZE_MAX;)
		f.name = str_tail(f.name, at + 1);
	f.name = str_head(f.name, str_chr(f.name, '?'));
	if (!package_hash_sri(&f.hash, text_of(l->arena, dist, S("integrity"))))
		set_hex(&f.hash, S("sha1"), 20, text_of(l->arena, dist, S("shasum")));
	f.uploaded_s = time_of(text_of(l->arena, times, f.version));
	f.uploader = uploader_of(l->arena, json_get(body, S("_npmUser")));
	/* A registry that signs its versions also lists their attestations. */
	f.provenance = joined(l->arena, base,
			      text_of(l->arena, json_get(dist, S("attestations")), S("url")));
	f.provenance_said = f.provenance.n > 0 || json_get(dist, S("signatures")) != NULL;
	return f.url.n && name_ok(f.name) ? add(l, &f) : OK;
}

static enum err npm_json(struct listing *l, struct str base, struct str text, struct diag *d)
{
	const struct json *root;
	size_t at = 0;

	enum err e = json_read(l->arena, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "the registry's answer is no JSON: %s at byte %zu",
				err_text(e), at);
	const struct json *versions = json_get(root, S("versions"));
	const struct json *times = json_get(root, S("time"));
	if (!json_is(versions, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "the registry's answer lists no versions");
	JSON_EACH_MEMBER (versions, key)
		TRY(npm_version(l, base, key, key + 1, times));
	return OK;
}

enum err listing_read(struct arena *a, enum ecosystem eco, struct str name, bool json,
		      struct str base, struct str text, struct listing *out, struct diag *d)
{
	struct listing l = { .arena = a };
	enum err e;

	if (text.n > LISTING_TEXT)
		return diag_set(d, ERR_LIMIT, "the index's answer is too large");
	if (eco == ECO_NPM)
		e = npm_json(&l, base, text, d);
	else
		e = json ? pypi_json(&l, name, base, text, d) : pypi_html(&l, name, base, text);
	if (e == OK)
		*out = l;
	return e;
}

/* ---- between processes ---- */

void listing_encode(const struct listing *l, struct buf *out)
{
	wr_u32(out, (uint32_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct listing_file *f = &l->files[i];
		wr_str(out, f->name);
		wr_str(out, f->url);
		wr_str(out, f->version);
		wr_u8(out, (uint8_t)f->kind);
		wr_str(out, f->hash.algorithm);
		wr_str(out, (struct str){ (const char *)f->hash.bytes, f->hash.n });
		wr_i64(out, f->uploaded_s);
		wr_bool(out, f->yanked);
		wr_str(out, f->uploader);
		wr_str(out, f->provenance);
		wr_bool(out, f->provenance_said);
		wr_str(out, f->requires_python);
	}
}

enum err listing_decode(struct arena *a, enum ecosystem eco, struct str text, struct listing *out)
{
	struct rd r = rd_from(text);
	struct listing l = { .arena = a };
	uint32_t n = rd_count(&r, LISTING_FILES, 38);

	for (uint32_t i = 0; i < n && r.err == OK; i++) {
		struct listing_file f = { .name = rd_str(&r, 512) };
		f.url = rd_str(&r, 8192);
		f.version = rd_str(&r, VERSION_MAX);
		uint8_t kind = rd_u8(&r);
		f.kind = kind < LISTING_OTHER ? (enum listing_kind)kind : LISTING_OTHER;
		f.hash.algorithm = rd_str(&r, 16);
		struct str bytes = rd_str(&r, sizeof f.hash.bytes);
		if (bytes.n)
			memcpy(f.hash.bytes, bytes.p, bytes.n);
		f.hash.n = (uint8_t)bytes.n;
		f.uploaded_s = rd_i64(&r);
		f.yanked = rd_bool(&r);
		f.uploader = rd_str(&r, LISTING_UPLOADER);
		f.provenance = rd_str(&r, 8192);
		f.provenance_said = rd_bool(&r);
		f.requires_python = rd_str(&r, LISTING_REQUIRES);
		if (r.err == OK && !(name_ok(f.name) && (eco != ECO_NPM || f.kind == LISTING_TGZ)))
			return ERR_SYNTAX;
		if (r.err == OK)
			TRY(add(&l, &f));
	}
	TRY(rd_end(&r));
	*out = l;
	return OK;
}

/* ---- choosing ---- */

/* rank: less is better. A wheel for any machine is read more easily than one with native code. */
static unsigned rank(const struct listing_file *f)
{
	bool any = str_has_suffix(f->name, S("-any.whl"));

	return (unsigned)f->kind * 2 + (f->kind == LISTING_WHEEL && !any);
}

const struct listing_file *listing_best(const struct listing *l, enum ecosystem eco,
					struct str version)
{
	const struct listing_file *best = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct listing_file *f = &l->files[i];
		if (f->kind == LISTING_OTHER || version_cmp(eco, f->version, version, NULL) != 0)
			continue;
		if (best == NULL || rank(f) < rank(best))
			best = f;
	}
	return best;
}

struct str listing_before(const struct listing *l, enum ecosystem eco, struct str version)
{
	struct version_key v = version_key(eco, version), best = { .text = S("") };

	for (size_t i = 0; i < l->n; i++) {
		struct version_key k = version_key(eco, l->files[i].version);
		if (!k.valid || !v.valid || l->files[i].yanked || l->files[i].kind == LISTING_OTHER)
			continue;
		if (version_key_pre(&k) && !version_key_pre(&v))
			continue;
		if (version_key_cmp(&k, &v) < 0 &&
		    (best.text.n == 0 || version_key_cmp(&k, &best) > 0))
			best = k;
	}
	return best.text;
}
