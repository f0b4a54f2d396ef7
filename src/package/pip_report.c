/*
 * package/pip_report.c - what pip would install.
 * Input: hostile (written by pip, of names, versions and URLs that an index and its packages
 * chose). Runs in: cli.   Fuzz: fuzz/pip_report_fuzz.c
 */
#include "package/pip_report.h"

#include "base/num.h"
#include "codec/json.h"
#include "codec/url.h"
#include "package/version.h"
#include "package/wheel.h"

/* Nothing that ends a word or a line of a requirements file, or begins an option or a marker. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' || c == '#' ||
		    c == ';' || c == '$')
			return false;
	}
	return s.n > 0;
}

static bool known_scheme(struct str url)
{
	return str_has_prefix(url, S("https://")) || str_has_prefix(url, S("http://")) ||
	       str_has_prefix(url, S("file:///"));
}

/* The last component of the path, as pip names the file that it makes of it. */
static struct str file_of(struct arena *a, struct str url)
{
	char room[512];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	url_decode(&b, str_last(str_head(url, str_chr(url, '?')), '/'));
	return b.err == OK ? arena_dup(a, buf_str(&b)) : (struct str){ NULL, 0 };
}

static enum err refuse(struct diag *d, const struct pip_artifact *item, const char *why)
{
	return diag_set(d, ERR_DENIED, "'%.*s' %.*s: %s", FMT(str_head(item->name, 60)),
			FMT(str_head(item->version, 40)), why);
}

static enum err read_item(struct arena *a, const struct json *v, struct pip_artifact *out,
			  struct diag *d)
{
	const struct json *meta = json_get(v, S("metadata"));
	const struct json *info = json_get(v, S("download_info"));
	const struct json *archive = json_get(info, S("archive_info"));
	struct wheel_name wheel;

	*out = (struct pip_artifact){
		.name = json_str(a, json_get(meta, S("name"))),
		.version = json_str(a, json_get(meta, S("version"))),
		.url = json_str(a, json_get(info, S("url"))),
	};
	if (out->name.p == NULL || out->version.p == NULL || out->url.p == NULL)
		return diag_set(d, ERR_SYNTAX, "pip's report names no package where one should be");
	if (!package_name_valid(ECO_PYPI, out->name) || !plain(out->name) ||
	    !version_valid(ECO_PYPI, out->version) || !plain(out->version))
		return diag_set(d, ERR_DENIED,
				"pip's report has a package without a proper name "
				"or version");
	if (archive == NULL)
		return refuse(d, out, "comes from a directory or a repository");
	if (!plain(out->url) || !known_scheme(out->url))
		return refuse(d, out, "its URL is none that is fetched");
	out->file = file_of(a, out->url);
	if (out->file.p == NULL || !plain(out->file) || str_chr(out->file, '/') != SIZE_MAX ||
	    !wheel_name_parse(out->file, &wheel))
		return refuse(d, out, "is no wheel; installing a source archive runs its code");
	struct str sha = json_str(a, json_get(json_get(archive, S("hashes")), S("sha256")));
	if (!num_hex_bytes(sha, out->sha256, sizeof out->sha256))
		return refuse(d, out, "pip knows no sha256 of it");
	return OK;
}

enum err pip_report_read(struct arena *a, struct str text, struct pip_report *out, struct diag *d)
{
	static const struct str deep[] = { SC("install"), SC("download_info"), SC("archive_info"),
					   SC("hashes"),  SC("metadata"),      SC("") };
	const struct json *root;

	if (text.n > PIP_REPORT_MAX)
		return diag_set(d, ERR_LIMIT, "pip's report is too large");
	enum err e = json_skim(a, text, deep, &root);
	if (e != OK)
		return diag_set(d, e, "pip's report is no JSON");
	const struct json *install = json_get(root, S("install"));
	if (!json_str_eq(json_get(root, S("version")), S("1")) || !json_is(install, JSON_ARRAY))
		return diag_set(d, ERR_SYNTAX, "pip's report is not of version 1");
	size_t n = json_count(install), i = 0;
	struct pip_artifact *items = n > PIP_REPORT_ITEMS
					     ? NULL
					     : NEW_ARRAY(a, struct pip_artifact, n + 1);
	if (items == NULL)
		return diag_set(d, ERR_LIMIT, "pip's report names too many packages");
	JSON_EACH_ITEM (install, it)
		TRY(read_item(a, it, &items[i++], d));
	*out = (struct pip_report){ items, n };
	return OK;
}
