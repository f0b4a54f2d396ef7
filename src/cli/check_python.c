/*
 * cli/check_python.c - which directories an interpreter loads from, told from files alone: an
 * interpreter that may be infected is never started.
 * Input: pyvenv.cfg and names of the target, which only choose what is opened to be read.
 * Runs in: cli.
 */
#include "cli/check.h"

#include "inspect/startup.h"
#include "sys/fs.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CONFIG_MAX = 64 << 10, VERSION_MAX = 32, SHIM_MAX = 4096 };

static bool join(char out[PATH_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool join(char out[PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(out, PATH_MAX, fmt, ap);
	va_end(ap);
	return n > 0 && n < PATH_MAX;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = 0;
	return true;
}

/* ---- pyvenv.cfg ---- */

struct config {
	char home[PATH_MAX], version[VERSION_MAX];
	bool system_site;
};

static void copy(char *out, size_t cap, struct str s)
{
	if (s.n >= cap || memchr(s.p, 0, s.n) != NULL)
		s.n = 0;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
}

static bool read_config(const char *dir, struct config *out)
{
	char path[PATH_MAX];
	struct buf b;

	*out = (struct config){ .system_site = false };
	if (!join(path, "%s/pyvenv.cfg", dir) || !is_file(path))
		return false;
	buf_init(&b, CONFIG_MAX);
	bool good = fs_read(path, 0, &b, NULL) == OK;
	for (struct str text = buf_str(&b); good && text.n > 0;) {
		struct str value, line = str_cut(text, '\n', &text);
		struct str key = str_trim(str_cut(line, '=', &value));
		value = str_trim(value);
		if (value.n > 0 && value.p[value.n - 1] == '\r')
			value.n--;
		if (str_ieq(key, S("home")))
			copy(out->home, sizeof out->home, value);
		else if (str_ieq(key, S("version")) || str_ieq(key, S("version_info")))
			copy(out->version, sizeof out->version, value);
		else if (str_ieq(key, S("include-system-site-packages")))
			out->system_site = str_ieq(value, S("true"));
	}
	buf_free(&b);
	return good;
}

/* ---- the interpreter on PATH ---- */

/* pyenv puts a shell script in front of its interpreters. Which one it would start is written in
 * files, from here upwards, and last in its own. */
static bool read_word(const char *path, char out[VERSION_MAX])
{
	struct buf b;

	buf_init(&b, SHIM_MAX);
	bool good = is_file(path) && fs_read(path, 0, &b, NULL) == OK;
	struct str word = str_trim(str_head(buf_str(&b), str_chr(buf_str(&b), '\n')));
	good = good && word.n > 0 && word.n < VERSION_MAX && isdigit((unsigned char)word.p[0]) &&
	       str_chr(word, '/') == SIZE_MAX;
	if (good)
		copy(out, VERSION_MAX, word);
	buf_free(&b);
	return good;
}

static bool pyenv_version(const char *root, char out[VERSION_MAX])
{
	const char *told = getenv("PYENV_VERSION");
	char here[PATH_MAX], path[PATH_MAX];

	if (told != NULL && told[0] != 0 && strchr(told, '/') == NULL) {
		copy(out, VERSION_MAX, str_head(str_z(told), str_chr(str_z(told), ':')));
		return out[0] != 0;
	}
	if (getcwd(here, sizeof here) != NULL)
		do
			if (join(path, "%s/.python-version", here) && read_word(path, out))
				return true;
		while (up(here));
	return join(path, "%s/version", root) && read_word(path, out);
}

/* The interpreter behind a shim "ROOT/shims/python3". */
static bool behind_shim(const char *shim, char out[CLI_PATH])
{
	char root[PATH_MAX], version[VERSION_MAX] = "", path[PATH_MAX];

	if (!join(root, "%s", shim) || !up(root) || !str_has_suffix(str_z(root), S("/shims")) ||
	    !up(root) || !pyenv_version(root, version))
		return false;
	return join(path, "%s/versions/%s", root, version) &&
	       snprintf(out, CLI_PATH, "%s/bin/python3", path) < CLI_PATH && is_file(out);
}

static bool is_script(const char *path)
{
	char head[2] = "";
	FILE *f = fopen(path, "re");
	bool script = f != NULL && fread(head, 1, 2, f) == 2 && head[0] == '#' && head[1] == '!';

	if (f != NULL)
		(void)fclose(f);
	return script;
}

enum err python_find(char out[CLI_PATH], struct diag *d)
{
	struct str rest = str_z(getenv("PATH"));

	while (rest.n > 0) {
		struct str dir = str_cut(rest, ':', &rest);
		if (dir.n == 0 || snprintf(out, CLI_PATH, "%.*s/python3", FMT(dir)) >= CLI_PATH ||
		    access(out, X_OK) != 0 || !is_file(out))
			continue;
		char shim[CLI_PATH];
		memcpy(shim, out, sizeof shim);
		if (!is_script(out) || behind_shim(shim, out))
			return OK;
		return diag_set(d, ERR_USAGE,
				"'%s' is a script, and which interpreter it starts is not known: "
				"name the environment",
				shim);
	}
	return diag_set(d, ERR_NOT_FOUND, "there is no python3 on PATH; name what to check");
}

/* ---- what it loads from ---- */

/* "python3.11" from the name of the binary, else from what is in lib. */
static bool version_of(const char *binary, const char *prefix, char out[VERSION_MAX])
{
	const char *name = strrchr(binary, '/');
	char lib[PATH_MAX];

	if (name != NULL && strncmp(name, "/python3.", 9) == 0 &&
	    python_version_read(str_z(name + 1)).minor >= 0) {
		copy(out, VERSION_MAX, str_z(name + 7));
		return true;
	}
	DIR *dir = join(lib, "%s/lib", prefix) ? opendir(lib) : NULL;
	bool found = false;
	for (struct dirent *e; dir != NULL && !found && (e = readdir(dir)) != NULL;)
		if (strncmp(e->d_name, "python3.", 8) == 0) {
			copy(out, VERSION_MAX, str_z(e->d_name + 6));
			found = true;
		}
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

static void add(struct job *j, enum check_role role, const char *prefix, const char *middle,
		const char *version, const char *rest)
{
	char path[PATH_MAX];

	if (join(path, "%s%s%s%s", prefix, middle, version, rest))
		job_root(j, role, path);
}

/* The directories of packages of an interpreter that is no virtual environment. */
static void add_sites(struct job *j, const char *prefix, const char *version)
{
	const char *base = getenv("PYTHONUSERBASE"), *home = getenv("HOME");

	add(j, ROOT_SITE, prefix, "/lib/python", version, "/site-packages");
	add(j, ROOT_SITE, prefix, "/local/lib/python", version, "/dist-packages");
	add(j, ROOT_SITE, prefix, "/lib/python3", "", "/dist-packages");
	add(j, ROOT_SITE, prefix, "/lib/python", version, "/dist-packages");
	if (base != NULL && base[0] == '/')
		add(j, ROOT_USER_SITE, base, "/lib/python", version, "/site-packages");
	else if (home != NULL && home[0] == '/')
		add(j, ROOT_USER_SITE, home, "/.local/lib/python", version, "/site-packages");
	if (strcmp(prefix, "/usr") == 0)
		job_root(j, ROOT_DPKG, "/var/lib/dpkg/info");
}

/* The program, and the library that most of it is in where it is linked so. */
static void add_program(struct job *j, const char *prefix, const char *version)
{
	struct utsname u;
	char path[PATH_MAX];

	add(j, ROOT_INTERPRETER, prefix, "/bin/python", version, "");
	add(j, ROOT_INTERPRETER, prefix, "/lib/libpython", version, ".so.1.0");
	if (uname(&u) == 0 && join(path, "%s/lib/%s-linux-gnu/libpython%s.so.1.0", prefix,
				   u.machine, version))
		job_root(j, ROOT_INTERPRETER, path);
}

static void add_interpreter(struct job *j, const char *prefix, const char *version)
{
	char real[PATH_MAX];

	add(j, ROOT_STDLIB, prefix, "/lib/python", version, "");
	if (strcmp(prefix, "/usr") == 0) /* Debian's sitecustomize */
		add(j, ROOT_STDLIB, "/etc", "/python", version, "");
	add_program(j, prefix, version);
	if (realpath(prefix, real) != NULL)
		j->request.prefix = arena_dup(&j->arena, str_z(real));
}

static bool short_version(const char *full, char out[VERSION_MAX])
{
	struct python_version v = python_version_read(str_z(full));

	(void)snprintf(out, VERSION_MAX, "3.%d", v.minor);
	return v.minor >= 0;
}

void python_base(struct job *j, const char *venv)
{
	char prefix[PATH_MAX], version[VERSION_MAX];
	struct config config;

	if (!read_config(venv, &config) || config.home[0] != '/' ||
	    !short_version(config.version, version) || !join(prefix, "%s", config.home) ||
	    !up(prefix))
		return;
	if (config.system_site)
		add_sites(j, prefix, version);
	add_interpreter(j, prefix, version);
}

enum err python_roots(struct job *j, const char *interpreter, struct diag *d)
{
	char dir[PATH_MAX], real[PATH_MAX], version[VERSION_MAX];
	struct config config;

	/* site.py looks beside the name that was called, not where links lead. */
	if (join(dir, "%s", interpreter) && up(dir) &&
	    (read_config(dir, &config) || (up(dir) && read_config(dir, &config)))) {
		job_root(j, ROOT_TARGET, dir);
		python_base(j, dir);
		return OK;
	}
	if (realpath(interpreter, real) == NULL || !join(dir, "%s", real) || !up(dir) || !up(dir) ||
	    !version_of(real, dir, version))
		return diag_set(d, ERR_NOT_FOUND, "cannot tell what '%s' loads from", interpreter);
	j->request.python = arena_dup(&j->arena, str_z(version));
	add_sites(j, dir, version);
	add_interpreter(j, dir, version);
	if (j->request.n_roots == 0)
		return diag_set(d, ERR_NOT_FOUND, "'%s' has no packages", interpreter);
	return OK;
}
