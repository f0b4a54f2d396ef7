/*
 * cli/fetch_index.c - which package index is meant: as pip, uv and npm would find it.
 * Input: the operator's environment and configuration files.   Runs in: cli.
 */
#include "cli/fetch.h"

#include "codec/base64.h"
#include "codec/url.h"
#include "codec/url_join.h"
#include "sys/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, PATH_BYTES = 4096 };

/* ---- URLs with credentials ---- */

/* printable: may stand in the head of a request. */
static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

/* set_basic makes "Basic ..." of "user:password" as they stand in a URL. */
static enum err set_basic(struct fetch_index *out, struct str user_info)
{
	char room[FETCH_URL];
	struct buf plain, b;

	buf_fixed(&plain, room, sizeof room);
	buf_fixed(&b, out->authorization, sizeof out->authorization - 1);
	url_decode(&plain, user_info);
	buf_add(&b, S("Basic "));
	base64_encode(&b, buf_str(&plain), BASE64_STD);
	enum err e = plain.err != OK ? plain.err : b.err;
	buf_wipe(&plain);
	out->authorization[e == OK ? b.n : 0] = '\0';
	return e;
}

/* set_url takes a URL apart: the credentials go where nobody prints them. */
static enum err set_url(struct fetch_index *out, struct str url, const char *from, struct diag *d)
{
	struct url parsed;
	size_t at = str_find(url, S("://")), n;

	(void)snprintf(out->from, sizeof out->from, "%s", from);
	url = str_trim(url);
	struct str rest = at == SIZE_MAX ? S("") : str_tail(url, at + 3);
	for (n = 0; n < rest.n && strchr("/?#", rest.p[n]) == NULL; n++)
		;
	size_t user = SIZE_MAX;
	for (size_t i = 0; i < n; i++)
		user = rest.p[i] == '@' ? i : user;
	out->authorization[0] = '\0';
	if (user != SIZE_MAX && set_basic(out, str_head(rest, user)) != OK)
		return diag_set(d, ERR_CONFIG, "the credentials in %s are malformed", from);
	if (user != SIZE_MAX)
		rest = str_tail(rest, user + 1);
	int len = snprintf(out->url, sizeof out->url - 1, "%.*s://%.*s",
			   (int)(at == SIZE_MAX ? 0 : at), url.p, FMT(rest));
	if (len <= 0 || (size_t)len >= sizeof out->url - 2 ||
	    url_parse(&parsed, str_z(out->url)) != OK || parsed.query.n)
		return diag_set(d, ERR_CONFIG, "%s names no http or https URL", from);
	if (out->url[len - 1] != '/')
		(void)snprintf(out->url + len, 2, "/");
	return OK;
}

/* ---- pip.conf and .npmrc ---- */

/* setting finds "key = value" in a file of lines; with a section only in it. The last one counts,
 * as with the tools. Comments begin with '#' or ';'. */
static struct str setting(struct str text, struct str section, struct str key)
{
	struct str found = S(""), at = S("");

	while (text.n) {
		struct str value, line = str_trim(str_cut(text, '\n', &text));
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[') {
			at = str_head(str_tail(line, 1), str_chr(str_tail(line, 1), ']'));
			continue;
		}
		struct str name = str_trim(str_cut(line, '=', &value));
		if (str_eq(name, key) && (section.n == 0 || str_eq(section, at)))
			found = str_trim(value);
	}
	if (found.n >= 2 && (found.p[0] == '"' || found.p[0] == '\'') &&
	    found.p[found.n - 1] == found.p[0])
		found = str_head(str_tail(found, 1), found.n - 2);
	return found;
}

/* from_file sets the index from a file; false: the file or the setting is not there. */
static bool from_file(struct fetch_index *out, const char *path, struct str section, struct str key,
		      const char *from, enum err *e, struct diag *d)
{
	struct buf b;

	buf_init(&b, FILE_MAX);
	struct str value = fs_read(path, 0, &b, NULL) == OK ? setting(buf_str(&b), section, key)
							    : S("");
	if (value.n)
		*e = set_url(out, value, from, d);
	buf_wipe(&b);
	buf_free(&b);
	return value.n > 0;
}

static bool from_env(struct fetch_index *out, const char *const *names, enum err *e, struct diag *d)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		if (value == NULL || value[0] == '\0')
			continue;
		*e = set_url(out, str_z(value), *names, d);
		return true;
	}
	return false;
}

static const char *home(void)
{
	const char *h = getenv("HOME");

	return h && h[0] == '/' ? h : "/nonexistent";
}

/* ---- PyPI ---- */

static bool pip_files(struct fetch_index *out, enum err *e, struct diag *d)
{
	const char *named = getenv("PIP_CONFIG_FILE"), *config = getenv("XDG_CONFIG_HOME");
	static const char *const keys[] = { "index-url", "index_url" };
	char paths[4][PATH_BYTES];
	size_t n = 0;

	/* PIP_CONFIG_FILE=/dev/null means that no file counts. */
	if (named && strcmp(named, "/dev/null") == 0)
		return false;
	if (named && named[0])
		(void)snprintf(paths[n++], PATH_BYTES, "%s", named);
	if (config && config[0] == '/')
		(void)snprintf(paths[n++], PATH_BYTES, "%s/pip/pip.conf", config);
	else
		(void)snprintf(paths[n++], PATH_BYTES, "%s/.config/pip/pip.conf", home());
	(void)snprintf(paths[n++], PATH_BYTES, "%s/.pip/pip.conf", home());
	(void)snprintf(paths[n++], PATH_BYTES, "/etc/pip.conf");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
			if (from_file(out, paths[i], S("global"), str_z(keys[k]), "pip.conf", e, d))
				return true;
	return false;
}

static enum err find_pypi(struct fetch_index *out, struct diag *d)
{
	static const char *const names[] = { "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL",
					     NULL };
	enum err e = OK;

	if (from_env(out, names, &e, d) || pip_files(out, &e, d))
		return e;
	return set_url(out, S("https://pypi.org/simple/"), "the default", d);
}

/* ---- npm ---- */

/* add_token takes "//host/path/:_authToken=..." of a file for the registry that was found. With
 * expand a variable of the environment may stand for it. */
static void add_token(struct fetch_index *out, const char *path, bool expand)
{
	char key[FETCH_URL + 32];
	struct str value, url = str_z(out->url);
	struct buf b;

	url = str_tail(url, str_find(url, S("://")) + 1);
	buf_init(&b, FILE_MAX);
	if (out->authorization[0] || fs_read(path, 0, &b, NULL) != OK) {
		buf_free(&b);
		return;
	}
	(void)snprintf(key, sizeof key, "%.*s:_authToken", FMT(url));
	value = setting(buf_str(&b), S(""), str_z(key));
	if (str_has_prefix(value, S("${")) && str_has_suffix(value, S("}"))) {
		char name[256];
		(void)snprintf(name, sizeof name, "%.*s", (int)(value.n - 3), value.p + 2);
		value = expand ? str_z(getenv(name)) : S("");
	}
	if (value.n && value.n < FETCH_URL / 2 && printable(value))
		(void)snprintf(out->authorization, sizeof out->authorization, "Bearer %.*s",
			       FMT(value));
	buf_wipe(&b);
	buf_free(&b);
}

/* The file of the project that we stand in, which may be anybody's, and the user's own. */
enum { PROJECT, USER, NPM_FILES };

static enum err find_npm(struct str scope, struct fetch_index *out, struct diag *d)
{
	static const char *const names[] = { "npm_config_registry", "NPM_CONFIG_REGISTRY", NULL };
	const char *named = getenv("npm_config_userconfig");
	char user[PATH_BYTES], key[512];
	enum err e = OK;
	bool found = false, by_project = false;

	(void)snprintf(user, sizeof user, "%s", named ? named : "");
	if (named == NULL)
		(void)snprintf(user, sizeof user, "%s/.npmrc", home());
	const char *const files[NPM_FILES] = { [PROJECT] = ".npmrc", [USER] = user };
	(void)snprintf(key, sizeof key, "%.*s:registry", FMT(scope));
	for (size_t i = 0; scope.n && i < NPM_FILES && !found; i++) {
		found = from_file(out, files[i], S(""), str_z(key), ".npmrc", &e, d);
		by_project |= found && i == PROJECT;
	}
	found = found || from_env(out, names, &e, d);
	for (size_t i = 0; i < NPM_FILES && !found; i++) {
		found = from_file(out, files[i], S(""), S("registry"), ".npmrc", &e, d);
		by_project |= found && i == PROJECT;
	}
	if (!found)
		e = set_url(out, S("https://registry.npmjs.org/"), "the default", d);
	/* A project that names both the registry and the variable could have any secret sent
	 * anywhere; it may name one of them. */
	for (size_t i = 0; i < NPM_FILES && e == OK; i++)
		add_token(out, files[i], i == USER || !by_project);
	return e;
}

enum err fetch_index_find(enum ecosystem eco, struct str scope, struct fetch_index *out,
			  struct diag *d)
{
	*out = (struct fetch_index){ .url = "" };
	if (eco == ECO_NPM)
		return find_npm(scope, out, d);
	if (eco == ECO_PYPI)
		return find_pypi(out, d);
	return diag_set(d, ERR_UNSUPPORTED, "releases are fetched from PyPI and npm only");
}

/* ---- a page that a tool has found ---- */

/* The next address in a text of configuration: up to a blank, a quote or a comma. */
static struct str next_address(struct str *text)
{
	size_t n = 0, at = str_find(*text, S("http"));

	if (at == SIZE_MAX)
		return S("");
	*text = str_tail(*text, at);
	while (n < text->n && text->p[n] > ' ' && strchr("'\"\\,;", text->p[n]) == NULL)
		n++;
	struct str address = str_head(*text, n);
	*text = str_tail(*text, n);
	return address;
}

enum err fetch_index_at(struct str page, struct str said, struct fetch_index *out, struct diag *d)
{
	bool found = false;

	*out = (struct fetch_index){ .url = "" };
	for (struct str address; !found && (address = next_address(&said)).n > 0;)
		found = set_url(out, address, "pip's configuration", NULL) == OK &&
			out->authorization[0] != '\0' &&
			str_eq(url_origin(str_z(out->url)), url_origin(page));
	if (!found)
		out->authorization[0] = '\0';
	if (page.n >= sizeof out->url)
		return diag_set(d, ERR_LIMIT, "the address of a page is too long");
	(void)snprintf(out->url, sizeof out->url, "%.*s", FMT(page));
	return OK;
}
