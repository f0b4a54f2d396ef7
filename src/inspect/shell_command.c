/*
 * inspect/shell_command.c - what one command of a shell's text does. Memory: the words' arena.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/shell_command.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "inspect/effects.h"

#include <string.h>

static bool one_of(struct str s, const char *const *names)
{
	for (; *names; names++) {
		if (str_eq(s, str_z(*names)))
			return true;
	}
	return false;
}

bool shell_is_shell(struct str s)
{
	static const char *const names[] = { "sh",	   "bash", "zsh",    "dash", "ksh",
					     "ash",	   "eval", "source", ".",    "iex",
					     "powershell", "pwsh", NULL };

	return one_of(s, names);
}

/* What else runs code: perl and its like are read for the texts in what they are given only. */
static const struct interpreter {
	const char *name;
	enum language lang;
	bool read;
} interpreters[] = {
	{ "py", LANG_PYTHON, true },
	{ "pypy3", LANG_PYTHON, true },
	{ "node", LANG_JAVASCRIPT, true },
	{ "nodejs", LANG_JAVASCRIPT, true },
	{ "bun", LANG_JAVASCRIPT, true },
	{ "deno", LANG_JAVASCRIPT, true },
	{ "tsx", LANG_JAVASCRIPT, true },
	{ "ts-node", LANG_JAVASCRIPT, true },
	{ "perl", LANG_JAVASCRIPT, false },
	{ "ruby", LANG_JAVASCRIPT, false },
	{ "php", LANG_JAVASCRIPT, false },
	{ "lua", LANG_JAVASCRIPT, false },
	{ "osascript", LANG_JAVASCRIPT, false },
};

/* The language that a program runs, and whether files of it are read; LANG_NONE for all others. */
static enum language interpreter(struct str s, bool *out_read)
{
	*out_read = true;
	if (str_has_prefix(s, S("python")))
		return LANG_PYTHON;
	for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++)
		if (str_eq(s, str_z(interpreters[i].name))) {
			*out_read = interpreters[i].read;
			return interpreters[i].lang;
		}
	return shell_is_shell(s) ? LANG_SHELL : LANG_NONE;
}

bool shell_interprets(struct str s)
{
	bool read;

	return interpreter(s, &read) != LANG_NONE;
}

bool shell_fetches(struct str s)
{
	static const char *const names[] = { "curl",   "wget",	 "Invoke-WebRequest",
					     "iwr",    "aria2c", "Invoke-RestMethod",
					     "irm",    "nc",	 "ncat",
					     "netcat", "ssh",	 "telnet",
					     "lynx",   "socat",	 NULL };

	return one_of(s, names);
}

static bool was_saved(const struct shell_state *k, struct str file)
{
	for (unsigned i = 0; i < k->n_saved && k->out->fetches; i++) {
		struct str a = str_last(k->saved[i], '/'), b = str_last(file, '/');
		if (a.n > 0 && str_eq(a, b))
			return true;
	}
	return false;
}

void shell_save(struct shell_state *k, struct str file)
{
	if (file.n > 0 && k->n_saved < SHELL_SAVED)
		k->saved[k->n_saved++] = file;
	if (k->out->fetches)
		k->out->saved = file;
}

/* What curl or wget writes to: -o file, -O (the URL's last part). */
static void fetch(struct shell_state *k)
{
	bool wget = str_eq(str_last(k->words[0], '/'), S("wget"));

	k->out->fetches = true;
	k->out->caps |= CAP_NET;
	for (unsigned i = 1; i < k->n; i++) {
		struct str w = k->words[i];
		bool named = str_eq(w, S("-o")) || str_eq(w, S("--output")) ||
			     (wget && (str_eq(w, S("-O")) || str_eq(w, S("-qO")))) ||
			     str_eq(w, S("-OutFile"));
		if (named && i + 1 < k->n)
			shell_save(k, k->words[i + 1]);
		else if ((str_has_prefix(w, S("http")) || (wget && w.n && w.p[0] != '-')))
			shell_save(k, str_last(w, '/'));
		if (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'o' &&
		    i + 1 < k->n)
			shell_save(k, k->words[i + 1]);
	}
}

static void run_code(struct shell_state *k, enum language lang, struct str text)
{
	if (k->out->n_code == SHELL_CODES || lang == LANG_NONE || text.n == 0)
		return;
	k->out->code[k->out->n_code].lang = lang;
	k->out->code[k->out->n_code++].text = text;
}

static void run_named(struct shell_state *k, enum language lang, struct str path)
{
	if (k->out->n_files == SHELL_CODES || path.n == 0 || str_has_prefix(path, S("$")))
		return;
	k->out->files[k->out->n_files].lang = lang;
	k->out->files[k->out->n_files++].text = path;
}

static void run_file(struct shell_state *k, enum language lang, bool read)
{
	if (k->n > 1 && str_eq(k->words[0], S("eval"))) {
		run_code(k, lang, k->words[1]);
		return;
	}
	for (unsigned i = 1; i < k->n; i++) {
		struct str w = k->words[i];
		bool code = str_eq(w, S("-e")) || str_eq(w, S("-c")) || str_eq(w, S("-p")) ||
			    str_eq(w, S("--eval")) || str_eq(w, S("-pe")) || str_eq(w, S("-lc")) ||
			    (!read && str_eq(w, S("-r")));
		bool loads = str_eq(w, S("-r")) || str_eq(w, S("--require")) ||
			     str_eq(w, S("--import"));
		if (code && i + 1 < k->n) {
			run_code(k, lang, k->words[i + 1]);
			return;
		}
		if (str_has_prefix(w, S("--eval="))) {
			run_code(k, lang, str_tail(w, 7));
			return;
		}
		if (loads && read && lang == LANG_JAVASCRIPT && i + 1 < k->n) {
			run_named(k, lang, k->words[++i]);
			continue;
		}
		if (w.n > 0 && w.p[0] != '-' && !str_eq(w, S("run"))) {
			k->out->script = w;
			k->out->runs_fetched |= was_saved(k, w);
			if (read)
				run_named(k, lang, w);
			return;
		}
	}
	run_code(k, lang, k->told);
}

/* What make reads: -f file, or the Makefile of -C directory. */
static void run_make(struct shell_state *k)
{
	struct str directory = S(""), file = S("Makefile");
	struct buf path;

	for (unsigned i = 1; i + 1 < k->n; i++) {
		directory = str_eq(k->words[i], S("-C")) ? k->words[i + 1] : directory;
		file = str_eq(k->words[i], S("-f")) ? k->words[i + 1] : file;
	}
	size_t room = directory.n + file.n + 2;
	char *p = arena_take(k->text.a, room, 1);
	if (p == NULL)
		return;
	buf_fixed(&path, p, room);
	buf_addf(&path, "%.*s%s%.*s", FMT(directory), directory.n ? "/" : "", FMT(file));
	run_named(k, LANG_SHELL, buf_str(&path));
}

/* A program that lies beside the text. */
static void run_beside(struct shell_state *k, struct str path)
{
	if (str_eq(path, S("make")) || str_eq(path, S("gmake")))
		run_make(k);
	else if (str_chr(path, '/') != SIZE_MAX && path.p[0] != '/')
		run_named(k, LANG_NONE, path);
}

/* "npm run x" starts another script of the same package.json. */
static void run_script(struct shell_state *k)
{
	static const char *const tools[] = { "npm",   "yarn",	     "pnpm", "bun", "run-s",
					     "run-p", "npm-run-all", "node", NULL };
	static const char *const skipped[] = {
		"run", "run-script", "--run", "-s", "--silent", NULL
	};
	unsigned i = 1;

	if (k->n < 2 || !one_of(k->words[0], tools))
		return;
	while (i < k->n && one_of(k->words[i], skipped))
		i++;
	for (; i < k->n && k->out->n_scripts < SHELL_CODES; i++)
		if (k->words[i].n > 0 && k->words[i].p[0] != '-')
			k->out->scripts[k->out->n_scripts++] = k->words[i];
}

/* Whether a word asks a tool to install or run what lies at a URL. */
static bool is_from_url(const struct shell_state *k)
{
	static const char *const tools[] = { "npx", "npm", "pnpm", "yarn", "bunx", "pip", "pip3",
					     "uvx", "uv",  "deno", "pipx", "git",  NULL };
	static const char *const indexes[] = { "--registry",   "--index-url", "-i",
					       "--find-links", "-f",	      "--extra-index-url",
					       "set",	       "remote",      NULL };
	bool found = false;

	if (k->n < 2 || !one_of(str_last(k->words[0], '/'), tools) ||
	    (str_eq(k->words[0], S("git")) && !str_eq(k->words[1], S("clone"))))
		return false;
	for (unsigned i = 1; i < k->n; i++) {
		if (one_of(k->words[i - 1], indexes) || one_of(k->words[i], indexes))
			i++;
		else
			found |= (str_has_prefix(k->words[i], S("http")) ||
				  str_has_prefix(k->words[i], S("git+"))) &&
				 str_find(k->words[i], S("://")) != SIZE_MAX;
	}
	return found;
}

static bool is_secret(const struct shell_state *k, struct str w)
{
	size_t at, n;

	return k->credentials && texts_classes(NULL, w, &at, &n) & 1u << TEXT_CREDENTIALS;
}

/* Whether the command sends a file of credentials away: one that it names, or its input. */
static bool sends_secret(const struct shell_state *k, struct str name, bool piped)
{
	bool copies = str_eq(name, S("scp"));

	if (!copies && !shell_fetches(name))
		return false;
	for (unsigned i = 1; i < k->n; i++) {
		struct str before = k->words[i - 1], w = k->words[i];
		bool sent = str_has_prefix(w, S("@")) || str_find(w, S("=@")) != SIZE_MAX ||
			    str_eq(before, S("-T")) || str_eq(before, S("--upload-file")) ||
			    (copies && !str_eq(before, S("-i")));
		if (sent && (is_secret(k, w) || (piped && str_has_suffix(w, S("-")))))
			return true;
	}
	return piped && str_has_prefix(name, S("n"));
}

/* nc -e /bin/sh, socat ... EXEC:sh, sh -i | nc: what comes from afar is what the shell runs. */
static bool serves_shell(const struct shell_state *k, struct str name)
{
	bool found = k->piped && k->talks && shell_fetches(name);

	for (unsigned i = 1; i < k->n && shell_fetches(name); i++) {
		struct str before = k->words[i - 1], w = k->words[i];
		found |= str_has_prefix(w, S("EXEC:")) || str_has_prefix(w, S("SYSTEM:"));
		found |= str_has_prefix(name, S("n")) && shell_is_shell(str_last(w, '/')) &&
			 (str_eq(before, S("-e")) || str_eq(before, S("-c")));
	}
	return found;
}

static void wipe(struct shell_state *k)
{
	bool force = false, home = false;

	for (unsigned i = 1; i < k->n; i++) {
		struct str w = k->words[i];
		force |= w.n > 1 && w.p[0] == '-' && str_chr(w, 'r') != SIZE_MAX;
		home |= str_eq(w, S("~")) || str_eq(w, S("~/")) || str_eq(w, S("$HOME")) ||
			str_eq(w, S("~/*")) || str_eq(w, S("/")) || str_eq(w, S("$HOME/*"));
	}
	k->out->wipes |= force && home;
}

/* Programs that start what follows them; options that take a word of their own. */
static bool is_wrapper(struct str w)
{
	static const char *const names[] = { "sudo",   "env",  "nohup",	    "exec",  "time",
					     "then",   "do",   "else",	    "if",    "command",
					     "setsid", "nice", "cross-env", "npx",   "!",
					     "{",      "(",    "busybox",   "xargs", "timeout",
					     "stdbuf", "doas", "builtin",   NULL };

	return one_of(w, names);
}

/* The command's first word that is a program: behind assignments, sudo, env and their kind. */
unsigned shell_program(const struct shell_state *k)
{
	static const char *const taking[] = { "-u", "-I", "-n", "-L", "-P", "-g", "-k", NULL };
	bool wrapped = false;
	unsigned i = 0;

	for (; i < k->n; i++) {
		struct str w = k->words[i];
		bool option = w.n > 1 && w.p[0] == '-';
		if (wrapped && option)
			i += one_of(w, taking) && i + 1 < k->n;
		else if (is_wrapper(w))
			wrapped = true;
		else if (!(wrapped && w.n > 0 && ascii_digit(w.p[0])) &&
			 (option || str_chr(w, '=') == SIZE_MAX))
			break;
	}
	return i;
}

static void agent(struct shell_state *k, struct str name)
{
	static const char *const names[] = { "claude", "gemini",   "codex",   "cursor-agent",
					     "q",      "opencode", "copilot", NULL };

	if (!one_of(name, names) || k->n < 2)
		return;
	for (unsigned i = 0; i < k->n; i++) {
		size_t at, n;
		if (texts_classes(NULL, k->words[i], &at, &n) & 1u << TEXT_AGENT_CLI)
			k->out->unsafe_agent = true;
	}
	if (k->n > 2 && !str_eq(name, S("q"))) /* more than "--version" */
		k->out->caps |= CAP_AI_CLI;
	if (k->out->unsafe_agent)
		k->out->caps |= CAP_AI_CLI;
}

static void lookup(struct shell_state *k, struct str name)
{
	static const char *const names[] = { "nslookup", "dig", "host", NULL };

	if (one_of(name, names))
		k->out->caps |= CAP_DNS;
}

/* A place that is started by itself, or a variable that may hold its name. */
bool shell_is_place(struct str w)
{
	size_t at, n;

	return (w.n > 0 && w.p[0] == '$') || (texts_classes(NULL, w, &at, &n) & 1u << TEXT_PERSIST);
}

/* Only to name such a place, or to read it, is not to stay. */
static void stay(struct shell_state *k, struct str name)
{
	static const char *const writers[] = { "tee",	"cp",  "mv",	"ln",	  "install",
					       "rsync", "sed", "dd",	"ditto",  "curl",
					       "wget",	"tar", "unzip", "mkfifo", NULL };
	static const char *const starters[] = { "crontab", "systemctl", "launchctl", "schtasks",
						"reg",	   "at",	NULL };

	if (!k->stays || k->n < 2)
		return;
	bool placed = one_of(name, starters);
	for (unsigned i = 1; i < k->n && !placed && one_of(name, writers); i++)
		placed = shell_is_place(k->words[i]);
	k->out->caps |= placed ? CAP_PERSIST : 0u;
}

/* What an interpreter is given: what was fetched, as its input, its code or by a variable. */
static void interpret(struct shell_state *k, struct str name)
{
	bool read, given = k->piped && k->fetched;
	enum language lang = interpreter(name, &read);

	for (unsigned i = 1; i < k->n; i++)
		given |= str_has_prefix(k->words[i], SHELL_FETCHED) &&
			 (str_eq(name, S("eval")) || str_eq(k->words[i - 1], S("-c")));
	k->out->interprets = true;
	k->out->pipes_to_shell |= given || str_has_prefix(k->told, SHELL_FETCHED);
	run_file(k, lang, read);
}

/* Whether a command gives bytes that nobody has seen: fetched or decoded ones. */
static bool gives_unseen(struct shell_state *k, struct str name, bool before)
{
	static const char *const decoders[] = { "base64", "xxd", "openssl", NULL };
	static const char *const decoding[] = { "-d", "--decode", "-D", "-r", NULL };
	bool found = before;

	for (unsigned i = 1; i < k->n; i++)
		found |= str_has_prefix(k->words[i], SHELL_FETCHED);
	if (one_of(name, decoders)) {
		k->out->caps |= CAP_DECODE;
		found |= k->n > 1 && one_of(k->words[1], decoding);
	}
	if (!shell_fetches(name))
		return found;
	fetch(k);
	k->out->pipes_to_shell |= k->inside && shell_interprets(k->outer);
	return true;
}

/* What it means that this program is started, whatever it is given. */
static void start(struct shell_state *k, struct str name)
{
	k->out->runs_fetched |= str_has_prefix(name, SHELL_FETCHED) ||
				(name.n > 0 && was_saved(k, name) && !shell_fetches(name));
	if (str_eq(name, S("rm")))
		wipe(k);
	if (str_eq(name, S("bun")) || str_eq(name, S("deno")))
		k->out->caps |= CAP_RUNTIME;
	if (str_eq(name, S("env")) || str_eq(name, S("printenv")))
		k->out->caps |= CAP_ENV_ALL;
	k->out->fails_on_purpose = str_eq(name, S("exit")) && k->n > 1 &&
				   str_eq(k->words[1], S("1"));
	agent(k, name);
	lookup(k, name);
	stay(k, name);
}

/* Leaves out what stands in front of the program. */
static struct str find_program(struct shell_state *k)
{
	unsigned at = shell_program(k);
	struct str name = at < k->n ? str_last(k->words[at], '/') : S("");

	for (unsigned i = 0; i < at && at == k->n; i++)
		k->out->caps |= str_eq(k->words[i], S("env")) ? CAP_ENV_ALL : 0u;
	if (at > 0 && at < k->n) {
		memmove(k->words, k->words + at, (k->n - at) * sizeof k->words[0]);
		k->n -= at;
	}
	return name;
}

struct str shell_command(struct shell_state *k, bool *out_unseen, bool *io_secret)
{
	k->out->from_url |= is_from_url(k);
	struct str name = find_program(k);

	*out_unseen = gives_unseen(k, name, k->piped && k->fetched);
	k->out->sends_secret |= sends_secret(k, name, *io_secret);
	k->out->pipes_to_shell |= serves_shell(k, name);
	run_script(k);
	if (shell_interprets(name))
		interpret(k, name);
	else if (name.n > 0)
		run_beside(k, k->words[0]);
	for (unsigned i = 1; i < k->n && !*io_secret; i++)
		*io_secret = is_secret(k, k->words[i]);
	start(k, name);
	return name;
}
