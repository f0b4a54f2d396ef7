/*
 * cli/npm_config.c - the .npmrc of a project.
 * Input: hostile (the file).   Runs in: cli.   Fuzz: fuzz/npm_config_fuzz.c
 *
 * npm puts variables of the environment where "${NAME}" stands. A project that names both the
 * variable and the registry can have any secret sent anywhere, so it may name one of them: the
 * registry, or a variable for one that the user has named.
 */
#include "cli/npm_config.h"

#include "base/ascii.h"
#include "sys/fs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, PATH_BYTES = 4096 };

static bool is_host_char(char c)
{
	return ascii_alnum(c) || c == '.' || c == '-' || c == ':' || c == '@' || c == '[' ||
	       c == ']';
}

/* "//host" at the beginning of a key; "": it is not for a host. */
static struct str host_of(struct str key)
{
	size_t n = 2;

	if (!str_has_prefix(key, S("//")))
		return S("");
	while (n < key.n && is_host_char(key.p[n]))
		n++;
	return n > 2 ? str_head(key, n) : S("");
}

/* The user names this host, too. */
static bool is_named(struct str host, struct str own)
{
	for (size_t at; host.n > 0 && (at = str_find(own, host)) != SIZE_MAX;) {
		own = str_tail(own, at + host.n);
		if (own.n == 0 || !is_host_char(own.p[0]))
			return true;
	}
	return false;
}

/* Keys for which what the environment says stays on this machine. */
static bool stays_here(struct str key)
{
	return str_eq(key, S("cache")) || str_eq(key, S("cafile")) || str_eq(key, S("logs-dir"));
}

static const char runs[] = "names a program for npm to run";
static const char reads[] = "names another file for npm to go by";

/* NULL: no reason to refuse the key. npm looks for a file of its own below prefix. */
static const char *forbidden(struct str key)
{
	static const struct {
		struct str key;
		const char *why;
	} rows[] = {
		{ SC("script-shell"), runs }, { SC("shell"), runs },
		{ SC("git"), runs },	      { SC("node-options"), runs },
		{ SC("node-gyp"), runs },     { SC("python"), runs },
		{ SC("userconfig"), reads },  { SC("globalconfig"), reads },
		{ SC("prefix"), reads },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (str_eq(key, rows[i].key))
			return rows[i].why;
	return NULL;
}

/* White space of every script, and a few more. */
static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f;
}

/* What npm takes for the key: without a comment, and without white space around it. */
static struct str key_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && strchr("=;#", line.p[n]) == NULL)
		n++;
	line.n = n;
	while (line.n > 0 && is_blank(line.p[0]))
		line = str_tail(line, 1);
	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line.n--;
	return line.n > 2 && str_has_suffix(line, S("[]")) ? str_head(line, line.n - 2) : line;
}

static enum err refuse(struct diag *d, size_t line, const char *why)
{
	return diag_set(d, ERR_DENIED,
			".npmrc:%zu of the project %s; if that is meant, put the line into your "
			"own .npmrc, or give --yes",
			line, why);
}

enum err npm_config_judge(struct str text, struct str own, struct diag *d)
{
	for (size_t at = 1; text.n > 0; at++) {
		/* npm takes both ends of lines. */
		size_t end = 0;
		while (end < text.n && text.p[end] != '\n' && text.p[end] != '\r')
			end++;
		struct str line = str_trim(str_head(text, end));
		text = str_tail(text, end + 1);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		struct str key = key_of(line);
		const char *why = forbidden(key);
		if (key.n > 0 && (key.p[0] == '"' || key.p[0] == '\''))
			return refuse(d, at, "has a key in quotes");
		if (str_find(line, S("\\u")) != SIZE_MAX) /* in quotes, which npm reads as JSON */
			return refuse(d, at, "has a character by its number");
		if (why != NULL)
			return refuse(d, at, why);
		if (str_find(line, S("${")) == SIZE_MAX || stays_here(key))
			continue;
		if (str_find(key, S("${")) != SIZE_MAX || !is_named(host_of(key), own))
			return refuse(d, at,
				      "has a variable of the environment sent to where it likes");
	}
	return OK;
}

/* What the user's own configuration says of registries, one thing behind the other. */
static void read_own(struct buf *out, const char *user)
{
	static const char *const names[] = { "npm_config_registry", "NPM_CONFIG_REGISTRY" };

	buf_add(out, S("https://registry.npmjs.org/\n"));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		buf_addf(out, "%s\n", getenv(names[i]) != NULL ? getenv(names[i]) : "");
	if (fs_read(user, 0, out, NULL) != OK)
		buf_addc(out, '\n');
}

enum err npm_config_check(const char *project, struct diag *d)
{
	const char *named = getenv("npm_config_userconfig"), *home = getenv("HOME");
	char user[PATH_BYTES], path[PATH_BYTES], whole[2][PATH_MAX];
	struct buf text, own;

	(void)snprintf(user, sizeof user, "%s%s",
		       named != NULL  ? named
		       : home != NULL ? home
				      : "",
		       named != NULL ? "" : "/.npmrc");
	(void)snprintf(path, sizeof path, "%s/.npmrc", project);
	if (realpath(path, whole[0]) == NULL)
		return OK; /* there is none */
	if (realpath(user, whole[1]) != NULL && strcmp(whole[0], whole[1]) == 0)
		return OK;
	buf_init(&text, FILE_MAX);
	buf_init(&own, 2 * FILE_MAX);
	read_own(&own, user);
	enum err e = fs_read(path, 0, &text, d);
	if (e == OK)
		e = npm_config_judge(buf_str(&text), buf_str(&own), d);
	buf_wipe(&own);
	buf_wipe(&text);
	buf_free(&own);
	buf_free(&text);
	return e;
}
