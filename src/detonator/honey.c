/*
 * detonator/honey.c - what a thief looks for. Input: own.   Runs in: box, supervisor.
 */
#include "detonator/honey.h"

#include "codec/base64.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4096, PATH_CAP = 512 };

/* Files with canaries: {o}penai, {a}nthropic, aws {i}d, aws {s}ecret, {g}ithub, ss{h}, {d}otenv,
 * {k}ube; {b} is the GitHub token as Docker has it. */
static const struct honey {
	const char *path, *text;
	bool soft; /* honest programs read it as well */
} files[] = {
	{ "/.aws/credentials", "[default]\naws_access_key_id = {i}\naws_secret_access_key = {s}\n",
	  false },
	{ "/.ssh/id_ed25519",
	  "-----BEGIN OPENSSH PRIVATE KEY-----\n{h}\n-----END OPENSSH PRIVATE KEY-----\n", false },
	{ "/.kube/config",
	  "apiVersion: v1\nkind: Config\nclusters:\n- name: prod\n  cluster:\n    server: "
	  "https://203.0.113.40:6443\nusers:\n- name: dev\n  user:\n    token: {k}\n",
	  false },
	{ "/.git-credentials", "https://dev:{g}@github.com\n", false },
	{ "/.config/gh/hosts.yml", "github.com:\n    user: dev\n    oauth_token: {g}\n", false },
	{ "/.pypirc", "[pypi]\nusername = __token__\npassword = pypi-{k}\n", false },
	{ "/.npmrc", "//registry.npmjs.org/:_authToken={g}\n", false },
	{ "/.docker/config.json", "{\"auths\":{\"ghcr.io\":{\"auth\":\"{b}\"}}}\n", false },
	{ "/.claude/.credentials.json", "{\"claudeAiOauth\":{\"accessToken\":\"{a}\"}}\n", false },
	{ "/.config/gcloud/application_default_credentials.json",
	  "{\"type\":\"service_account\",\"private_key\":\"{h}\"}\n", false },
	{ "/.bash_history", "export OPENAI_API_KEY={o}\npsql postgres://app:{d}@db.internal/app\n",
	  false },
	{ "/app/.env",
	  "OPENAI_API_KEY={o}\nANTHROPIC_API_KEY={a}\nDATABASE_URL=postgres://app:{d}@db.internal/"
	  "app\n",
	  true },
};
enum { FILES = sizeof files / sizeof files[0] };

/* Places where something settles, and what lies above them, where another directory could be made
 * in place of the one that is watched. names: what must not appear there, separated by spaces, a
 * star in front stands for anything; "": nothing may. */
static const struct place {
	const char *path, *names;
} places[] = {
	{ "",
	  ".bashrc .profile .bash_profile .zshrc .zshenv .zprofile .bash_login .xsessionrc "
	  ".config .local .ssh .claude .cursor venv" }, /* made anew: the one before was moved */
	{ "/.config/systemd/user", "" },
	{ "/.config/autostart", "" },
	{ "/.ssh", "authorized_keys rc config" },
	{ "/.claude", "settings.json settings.local.json CLAUDE.md" },
	{ "/.cursor", "mcp.json hooks.json" },
	{ "/.config", "crontab systemd autostart" },
	{ "/.config/systemd", "user" },
	{ "/.local", "bin" },
	{ "/.local/bin", "" },
	/* Of Python only. */
	{ "/venv", "lib" },
	{ "/venv/lib", "" },
	{ NULL, "*.pth *.start sitecustomize.py usercustomize.py" }, /* the directory of packages */
};
enum { PLACES = sizeof places / sizeof places[0], PLACES_NPM = PLACES - 3 };

static void token(struct buf *b, const struct canaries *c, char which)
{
	static const char letters[] = "oaisghdk";
	const char *at = strchr(letters, which);

	if (at != NULL && which != '\0') {
		buf_add(b, canary_text(c, (enum canary_kind)(at - letters)));
	} else { /* Docker's */
		char text[CANARY_TEXT + 8];
		struct str t = canary_text(c, CANARY_GITHUB);
		int n = snprintf(text, sizeof text, "dev:%.*s", FMT(t));
		base64_encode(b, (struct str){ text, (size_t)n }, BASE64_STD);
	}
}

/* Writes text with its {letters} replaced. */
static void expand(struct buf *b, const char *text, const struct canaries *c)
{
	for (; *text; text++) {
		if (text[0] == '{' && text[1] != '\0' && text[2] == '}') {
			token(b, c, text[1]);
			text += 2;
		} else {
			buf_addc(b, *text);
		}
	}
}

static enum err make_dirs(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int failed = *path ? mkdir(path, 0700) : 0;
		*slash = '/';
		if (failed != 0 && errno != EEXIST)
			return ERR_SYS;
	}
	return OK;
}

static enum err make_file(const char *root, const struct honey *h, const struct canaries *c,
			  int watch, struct diag *d)
{
	char path[PATH_CAP], storage[FILE_MAX];
	struct buf text;

	buf_fixed(&text, storage, sizeof storage);
	expand(&text, h->text, c);
	(void)snprintf(path, sizeof path, "%s" HOME "%s", root, h->path);
	if (make_dirs(path, strlen(root) + 1) != OK || text.err != OK)
		return diag_set(d, ERR_SYS, "cannot make '%s': %s", path, strerror(errno));
	AUTO(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fs_write_all(fd, buf_str(&text)) != OK)
		return diag_set(d, ERR_SYS, "cannot write '%s': %s", path, strerror(errno));
	/* Opened and not closed yet: watched from now on, our own close is no event that counts. */
	if (inotify_add_watch(watch, path, IN_OPEN | IN_ACCESS) < 0)
		return diag_set(d, ERR_SYS, "cannot watch '%s': %s", path, strerror(errno));
	return OK;
}

/* watch < 0: only makes it. */
static enum err make_place(const char *root, const char *site, const struct place *p, int watch,
			   struct diag *d)
{
	const uint32_t mask = IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR;
	char path[PATH_CAP];

	(void)snprintf(path, sizeof path, p->path ? "%s" HOME "%s/" : "%s%s/", root,
		       p->path ? p->path : site);
	if (make_dirs(path, strlen(root) + 1) != OK ||
	    (watch >= 0 && inotify_add_watch(watch, path, mask) < 0))
		return diag_set(d, ERR_SYS, "cannot watch '%s': %s", path, strerror(errno));
	return OK;
}

enum err honey_files(const char *root, const char *site, const struct canaries *c, int *out_fd,
		     struct diag *d)
{
	size_t n_places = *site != '\0' ? PLACES : PLACES_NPM;
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	enum err e = OK;

	if (watch < 0)
		return diag_set(d, ERR_SYS, "cannot make an inotify: %s", strerror(errno));
	for (size_t i = 0; i < FILES && e == OK; i++)
		e = make_file(root, &files[i], c, watch, d);
	/* All of them first: what is made here is no event. */
	for (size_t i = 0; i < 2 * n_places && e == OK; i++)
		e = make_place(root, site, &places[i % n_places], i < n_places ? -1 : watch, d);
	if (e == OK)
		*out_fd = watch;
	else
		(void)close(watch);
	return e;
}

static bool matches(struct str names, struct str name)
{
	if (names.n == 0)
		return true;
	while (names.n) {
		struct str one = str_cut(names, ' ', &names);
		if (one.p[0] == '*' ? str_has_suffix(name, str_tail(one, 1)) : str_eq(name, one))
			return true;
	}
	return false;
}

bool honey_event(int wd, uint32_t mask, struct str name, enum fact_kind *out_what,
		 struct buf *out_path, bool *out_soft)
{
	size_t i = (size_t)wd - 1; /* the kernel counts watches from 1, in our order */

	if (wd <= 0 || i >= FILES + PLACES)
		return false;
	if (i < FILES) {
		*out_what = FACT_HONEY_READ;
		*out_soft = files[i].soft;
		buf_addf(out_path, "~%s", files[i].path);
		return (mask & (IN_OPEN | IN_ACCESS)) != 0;
	}
	const struct place *p = &places[i - FILES];
	*out_what = FACT_PERSISTENCE;
	*out_soft = false;
	buf_addf(out_path, "%s%s/%.*s", p->path ? "~" : "site-packages", p->path ? p->path : "",
		 FMT(name));
	return (mask & IN_MOVE_SELF) != 0 || matches(str_z(p->names), name);
}

/* ---- environment ---- */

/* What differs between the variants: CI or not, place and language; the date is order's. */
static const char *const variant_env[DETONATION_VARIANTS][8] = {
	{ "LANG=en_US.UTF-8", "TZ=America/New_York", NULL },
	{ "LANG=C.UTF-8", "TZ=UTC", "CI=true", "GITHUB_ACTIONS=true", "RUNNER_OS=Linux",
	  "GITHUB_REPOSITORY=acme/app", "GITHUB_ACTOR=dev", NULL },
	{ "LANG=fa_IR.UTF-8", "TZ=Asia/Tehran", NULL },
	{ "LANG=ru_RU.UTF-8", "TZ=Europe/Moscow", NULL },
};

static const char *const common_env[] = {
	"HOME=" HOME,
	"USER=dev",
	"LOGNAME=dev",
	"SHELL=/bin/bash",
	"TERM=xterm-256color",
	"PWD=" HOME "/app",
	"HOSTNAME=build-7",
	"PATH=" HOME "/venv/bin:/usr/local/bin:/usr/bin:/bin",
	"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
	"REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
	"CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
	"NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
	"OPENAI_API_KEY={o}",
	"ANTHROPIC_API_KEY={a}",
	"AWS_ACCESS_KEY_ID={i}",
	"AWS_SECRET_ACCESS_KEY={s}",
	"AWS_DEFAULT_REGION=us-east-1",
	"GITHUB_TOKEN={g}",
	"DATABASE_URL=postgres://app:{d}@db.internal/app",
};

static void add_env(struct buf *text, const char *entry, const struct canaries *c,
		    const char *env[HONEY_ENV], unsigned *n)
{
	env[(*n)++] = text->p + text->n; /* the storage is fixed: it does not move */
	expand(text, entry, c);
	buf_addc(text, '\0');
}

void honey_environment(const struct detonation_order *o, const struct canaries *c, struct buf *text,
		       const char *env[HONEY_ENV])
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof common_env / sizeof common_env[0]; i++)
		add_env(text, common_env[i], c, env, &n);
	if (o->kind != KIND_NPM)
		add_env(text, "VIRTUAL_ENV=" HOME "/venv", c, env, &n);
	for (size_t i = 0; variant_env[o->variant][i] != NULL; i++)
		add_env(text, variant_env[o->variant][i], c, env, &n);
	env[n] = NULL;
}
