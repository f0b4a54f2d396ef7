/*
 * inspect/shell.c - a small look at a shell's command line. Memory: its own frame; one pass,
 * words beyond a bound are not kept.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/shell.h"

#include "inspect/effects.h"

enum { WORDS = 24, SAVED = 4 };

struct look {
	struct shell_look *out;
	struct str words[WORDS];
	unsigned n;
	bool piped;	  /* the command's input comes from a pipe */
	bool fetched;	  /* ... that carries something fetched, decoded or the environment */
	bool inside;	  /* within $( or a back quote */
	bool saving;	  /* the next word is a file that is written to */
	bool stays;	  /* somewhere the text names a place that is started by itself */
	bool here;	  /* the next word is the command's input */
	bool fresh;	  /* no word of this command was seen yet */
	bool mixed;	  /* a text with a substitution was taken apart */
	bool credentials; /* somewhere the text names files of credentials */
	bool secret;	  /* the command's input is such a file's content */
	struct str told;  /* the command's input, where it stands in the text */
	struct str outer; /* the program that gets the substitution */
	struct str saved[SAVED];
	unsigned n_saved;
};

static struct str base_name(struct str s)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '/')
		at--;
	return str_tail(s, at);
}

static bool one_of(struct str s, const char *const *names)
{
	for (; *names; names++) {
		if (str_eq(s, str_z(*names)))
			return true;
	}
	return false;
}

static bool is_shell(struct str s)
{
	static const char *const names[] = { "sh",	   "bash", "zsh",    "dash", "ksh",
					     "ash",	   "eval", "source", ".",    "iex",
					     "powershell", "pwsh", NULL };

	return one_of(s, names);
}

static enum language interpreter(struct str s)
{
	static const char *const node[] = {
		"node", "nodejs", "bun", "deno", "tsx", "ts-node", NULL
	};

	if (str_has_prefix(s, S("python")) || str_eq(s, S("py")) || str_eq(s, S("pypy3")))
		return LANG_PYTHON;
	if (one_of(s, node))
		return LANG_JAVASCRIPT;
	return is_shell(s) ? LANG_SHELL : LANG_NONE;
}

static bool other_interpreter(struct str s)
{
	static const char *const names[] = { "perl", "ruby", "php", "osascript", NULL };

	return interpreter(s) != LANG_NONE || one_of(s, names);
}

static bool is_fetcher(struct str s)
{
	static const char *const names[] = { "curl",   "wget",	 "Invoke-WebRequest",
					     "iwr",    "aria2c", "Invoke-RestMethod",
					     "irm",    "nc",	 "ncat",
					     "netcat", NULL };

	return one_of(s, names);
}

static bool was_saved(const struct look *k, struct str file)
{
	for (unsigned i = 0; i < k->n_saved && k->out->fetches; i++) {
		struct str a = base_name(k->saved[i]), b = base_name(file);
		if (a.n > 0 && str_eq(a, b))
			return true;
	}
	return false;
}

static void save(struct look *k, struct str file)
{
	if (file.n > 0 && k->n_saved < SAVED)
		k->saved[k->n_saved++] = file;
	if (k->out->fetches)
		k->out->saved = file;
}

/* What curl or wget writes to: -o file, -O (the URL's last part). */
static void fetch(struct look *k)
{
	bool wget = str_eq(base_name(k->words[0]), S("wget"));

	k->out->fetches = true;
	k->out->caps |= CAP_NET;
	for (unsigned i = 1; i < k->n; i++) {
		struct str w = k->words[i];
		bool named = str_eq(w, S("-o")) || str_eq(w, S("--output")) ||
			     (wget && (str_eq(w, S("-O")) || str_eq(w, S("-qO")))) ||
			     str_eq(w, S("-OutFile"));
		if (named && i + 1 < k->n)
			save(k, k->words[i + 1]);
		else if ((str_has_prefix(w, S("http")) || (wget && w.n && w.p[0] != '-')))
			save(k, base_name(w));
		if (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'o' &&
		    i + 1 < k->n)
			save(k, k->words[i + 1]);
	}
}

static void run_code(struct look *k, enum language lang, struct str text)
{
	if (k->out->n_code == SHELL_CODES || lang == LANG_NONE || text.n == 0)
		return;
	k->out->code[k->out->n_code].lang = lang;
	k->out->code[k->out->n_code++].text = text;
}

static void run_named(struct look *k, enum language lang, struct str path)
{
	if (k->out->n_files == SHELL_CODES || path.n == 0 || str_has_prefix(path, S("$")))
		return;
	k->out->files[k->out->n_files].lang = lang;
	k->out->files[k->out->n_files++].text = path;
}

static void run_file(struct look *k, unsigned from, enum language lang)
{
	for (unsigned i = from; i < k->n; i++) {
		struct str w = k->words[i];
		bool code = str_eq(w, S("-e")) || str_eq(w, S("-c")) || str_eq(w, S("-p")) ||
			    str_eq(w, S("--eval")) || str_eq(w, S("-pe")) || str_eq(w, S("-lc"));
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
		if (loads && lang == LANG_JAVASCRIPT && i + 1 < k->n) {
			run_named(k, lang, k->words[++i]);
			continue;
		}
		if (w.n > 0 && w.p[0] != '-' && !str_eq(w, S("run"))) {
			k->out->script = w;
			k->out->runs_fetched |= was_saved(k, w);
			run_named(k, lang, w);
			return;
		}
	}
	run_code(k, lang, k->told);
}

/* A program that lies beside the text, or what make reads there. */
static void run_beside(struct look *k, struct str path)
{
	if (str_eq(path, S("make")))
		run_named(k, LANG_SHELL, S("Makefile"));
	else if (str_chr(path, '/') != SIZE_MAX && path.p[0] != '/')
		run_named(k, LANG_NONE, path);
}

/* "npm run x" starts another script of the same package.json. */
static void run_script(struct look *k)
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
static bool is_from_url(const struct look *k)
{
	static const char *const tools[] = { "npx", "npm", "pnpm", "yarn", "bunx", "pip", "pip3",
					     "uvx", "uv",  "deno", "pipx", "git",  NULL };
	static const char *const indexes[] = { "--registry",   "--index-url", "-i",
					       "--find-links", "-f",	      "--extra-index-url",
					       "set",	       "remote",      NULL };
	bool found = false;

	if (k->n < 2 || !one_of(base_name(k->words[0]), tools) ||
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

static bool is_secret(const struct look *k, struct str w)
{
	size_t at, n;

	return k->credentials && texts_classes(NULL, w, &at, &n) & 1u << TEXT_CREDENTIALS;
}

/* Whether the command sends a file of credentials away: one that it names, or its input. */
static bool sends_secret(const struct look *k, struct str name, bool piped)
{
	bool copies = str_eq(name, S("scp"));

	if (!copies && !is_fetcher(name))
		return false;
	for (unsigned i = 1; i < k->n; i++) {
		struct str before = k->words[i - 1], w = k->words[i];
		bool sent = str_has_prefix(w, S("@")) || str_find(w, S("=@")) != SIZE_MAX ||
			    str_eq(before, S("-T")) || str_eq(before, S("--upload-file")) ||
			    (copies && !str_eq(before, S("-i")));
		if (sent && (is_secret(k, w) || (piped && w.p[w.n - 1] == '-')))
			return true;
	}
	return piped && str_has_prefix(name, S("n"));
}

/* nc -e /bin/sh: what comes from afar is what the shell runs. */
static bool serves_shell(const struct look *k, struct str name)
{
	bool found = false;

	for (unsigned i = 2; i < k->n && str_has_prefix(name, S("n")) && is_fetcher(name); i++)
		found |= is_shell(base_name(k->words[i])) &&
			 (str_eq(k->words[i - 1], S("-e")) || str_eq(k->words[i - 1], S("-c")));
	return found;
}

static void wipe(struct look *k)
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

/* The command's first word that is a program: behind assignments, sudo, env and their kind. */
static unsigned program(const struct look *k)
{
	static const char *const wrappers[] = { "sudo",	  "env",  "nohup",     "exec", "time",
						"then",	  "do",	  "else",      "if",   "command",
						"setsid", "nice", "cross-env", "npx",  "!",
						"{",	  "(",	  "busybox",   NULL };
	unsigned i = 0;

	while (i < k->n && (one_of(k->words[i], wrappers) ||
			    (str_chr(k->words[i], '=') != SIZE_MAX && k->words[i].p[0] != '-')))
		i++;
	return i;
}

static void agent(struct look *k, struct str name)
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
	if (k->n > 1 && !str_eq(name, S("q")))
		k->out->caps |= CAP_AI_CLI;
	if (k->out->unsafe_agent)
		k->out->caps |= CAP_AI_CLI;
}

static void lookup(struct look *k, struct str name)
{
	static const char *const names[] = { "nslookup", "dig", "host", NULL };

	if (one_of(name, names))
		k->out->caps |= CAP_DNS;
}

/* A place that is started by itself, or a variable that may hold its name. */
static bool is_place(struct str w)
{
	size_t at, n;

	return (w.n > 0 && w.p[0] == '$') || (texts_classes(NULL, w, &at, &n) & 1u << TEXT_PERSIST);
}

/* Only to name such a place, or to read it, is not to stay. */
static void stay(struct look *k, struct str name)
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
		placed = is_place(k->words[i]);
	k->out->caps |= placed ? CAP_PERSIST : 0u;
}

static void end_command(struct look *k, bool pipe)
{
	unsigned at = program(k);
	struct str name = at < k->n ? base_name(k->words[at]) : S("");
	enum language lang = interpreter(name);
	bool fetched = k->piped && k->fetched, secret = k->piped && k->secret;
	bool tells = str_eq(name, S("echo")) || str_eq(name, S("printf"));

	k->out->from_url |= is_from_url(k);
	if (at > 0 && at == k->n && str_eq(k->words[at - 1], S("env")))
		k->out->caps |= CAP_ENV_ALL;
	if (at > 0 && at < k->n) {
		memmove(k->words, k->words + at, (k->n - at) * sizeof k->words[0]);
		k->n -= at;
	}
	if (is_fetcher(name)) {
		fetch(k);
		fetched = true;
		if (k->inside && other_interpreter(k->outer))
			k->out->pipes_to_shell = true;
	}
	if (str_eq(name, S("base64")) || str_eq(name, S("xxd")) || str_eq(name, S("openssl"))) {
		k->out->caps |= CAP_DECODE;
		fetched = fetched || (k->n > 1 && (str_eq(k->words[1], S("-d")) ||
						   str_eq(k->words[1], S("--decode")) ||
						   str_eq(k->words[1], S("-D"))));
	}
	if (name.n && other_interpreter(name) && k->piped && k->fetched)
		k->out->pipes_to_shell = true;
	k->out->interprets |= name.n && other_interpreter(name);
	k->out->sends_secret |= sends_secret(k, name, secret);
	k->out->pipes_to_shell |= serves_shell(k, name);
	run_script(k);
	if (lang != LANG_NONE)
		run_file(k, 1, lang);
	else if (name.n > 0)
		run_beside(k, k->words[0]);
	for (unsigned i = 1; i < k->n && !secret; i++)
		secret = is_secret(k, k->words[i]);
	if (name.n && was_saved(k, name) && !is_fetcher(name))
		k->out->runs_fetched = true;
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
	k->fetched = pipe && fetched;
	k->secret = pipe && secret;
	k->told = pipe && tells && k->n > 1 ? k->words[k->n - 1] : S("");
	k->piped = pipe;
	if (!k->inside)
		k->outer = name;
	k->n = 0;
	k->saving = false;
	k->fresh = true;
}

/* The end of the word that begins at at. */
static size_t word_end(struct str s, size_t at)
{
	char quote = s.p[at] == '"' || s.p[at] == '\'' ? s.p[at] : '\0';

	if (quote) {
		for (at++; at < s.n && s.p[at] != quote; at++)
			at += s.p[at] == '\\' && quote == '"' && at + 1 < s.n;
		return at < s.n ? at + 1 : at;
	}
	while (at < s.n && strchr(" \t\r\n|;&()<>`\"'", s.p[at]) == NULL) {
		if (s.p[at] == '$' && at + 1 < s.n && s.p[at + 1] == '(')
			break;
		at += s.p[at] == '\\' && at + 1 < s.n ? 2 : 1;
	}
	return at;
}

static void word(struct look *k, struct str w)
{
	k->fresh = false;
	if (k->here) {
		k->told = w;
		k->here = false;
		return;
	}
	if (k->saving) {
		save(k, w);
		k->saving = false;
		k->out->caps |= k->stays && is_place(w) ? CAP_PERSIST : 0u;
	}
	/* What stands in front of a program says nothing, however much of it there is. */
	if (k->n == WORDS && program(k) == k->n)
		k->n = 0;
	if (k->n < WORDS)
		k->words[k->n++] = w;
}

/* Whether a word that was read up to at goes on there. */
static bool goes_on(struct str s, size_t at)
{
	if (at >= s.n || strchr(" \t\r\n|;&()<>`", s.p[at]) != NULL)
		return false;
	if (s.p[at] == '$' && at + 1 < s.n && s.p[at + 1] == '(')
		return false;
	return s.p[at] != '"' || memmem(s.p + at, word_end(s, at) - at, "$(", 2) == NULL;
}

/* Adds a part of a word to out without its quotes and backslashes. */
static size_t unquote(struct str part, char *out)
{
	char quote = part.p[0] == '"' || part.p[0] == '\'' ? part.p[0] : '\0';
	size_t n = 0, to = part.n;

	if (quote && to > 1 && part.p[to - 1] == quote)
		to--;
	for (size_t i = quote != 0; i < to; i++) {
		bool escapes = part.p[i] == '\\' && i + 1 < to && quote != '\'' &&
			       (!quote || strchr("\"\\$`", part.p[i + 1]) != NULL);
		i += escapes;
		out[n++] = part.p[i];
	}
	return n;
}

/* The word that begins at *at, which is moved behind it: as it stands where nothing is quoted or
 * all of it is, else put together in a. */
static struct str read_word(struct str s, size_t *at, struct arena *a)
{
	size_t from = *at, end = word_end(s, from), n = 0;
	bool quoted = s.p[from] == '"' || s.p[from] == '\'';

	end = end > from ? end : from + 1;
	struct str first = { s.p + from, end - from };
	bool whole = !goes_on(s, end) && (quoted || str_chr(first, '\\') == SIZE_MAX);
	while (goes_on(s, end)) {
		size_t next = word_end(s, end);
		end = next > end ? next : end + 1;
	}
	*at = end;
	char *out = whole ? NULL : arena_take(a, end - from, 1);
	if (out == NULL)
		return quoted && first.n >= 2 && first.p[first.n - 1] == first.p[0]
			       ? (struct str){ first.p + 1, first.n - 2 }
			       : first;
	while (from < end) {
		size_t next = word_end(s, from);
		next = next > from ? next : from + 1;
		n += unquote((struct str){ s.p + from, next - from }, out + n);
		from = next;
	}
	return (struct str){ out, n };
}

/* A substitution begins: what is within runs first and goes to the command around it. */
static void substitute(struct look *k)
{
	unsigned at = program(k);

	k->outer = at < k->n ? base_name(k->words[at]) : S("");
	if (k->fresh && !k->mixed && !k->inside)
		k->outer = S("eval"); /* what comes of it is a command */
	if (is_fetcher(k->outer)) {
		k->out->fetches = true;
		k->out->caps |= CAP_NET;
	}
	k->inside = true;
	k->n = 0;
	k->piped = false;
	k->fresh = true;
}

/* '#' begins a comment only where a word begins. */
static bool begins_word(struct str s, size_t at)
{
	return at == 0 || strchr(" \t\r\n;|&()", s.p[at - 1]) != NULL;
}

/* What the text names outside of its comments. */
static uint32_t classes_of(struct str s)
{
	uint32_t classes = 0;
	size_t from = 0, at_class, n_class;

	for (size_t at = 0; at < s.n;) {
		size_t end = word_end(s, at);
		if (s.p[at] == '#' && begins_word(s, at)) {
			struct str code = str_head(str_tail(s, from), at - from);
			classes |= texts_classes(NULL, code, &at_class, &n_class);
			while (at < s.n && s.p[at] != '\n')
				at++;
			from = at;
		} else {
			at = end > at ? end : at + 1;
		}
	}
	return classes | texts_classes(NULL, str_tail(s, from), &at_class, &n_class);
}

/* What a byte that is no part of a word does; how many bytes it is. */
static size_t operator(struct look *k, char c, char d)
{
	if (c == '|' && d != '|') {
		end_command(k, true);
		return 1;
	}
	if (c == '\n' || c == ';' || c == '|' || c == '&') {
		end_command(k, false);
		return c == d ? 2 : 1;
	}
	if (c == ')' || (c == '`' && k->inside)) {
		end_command(k, false);
		k->inside = k->fresh = false;
	} else if (c == '`') {
		substitute(k);
	} else {
		k->saving = c == '>';
	}
	return 1;
}

void shell_look(struct str s, struct arena *a, struct shell_look *out)
{
	struct look k = { .out = out, .outer = S(""), .told = S(""), .fresh = true };
	uint32_t classes = classes_of(s);

	*out = (struct shell_look){ .script = S(""), .saved = S("") };
	out->caps |= classes & 1u << TEXT_CREDENTIALS ? CAP_CREDENTIALS : 0u;
	out->caps |= classes & 1u << TEXT_METADATA ? CAP_METADATA : 0u;
	k.stays = classes & 1u << TEXT_PERSIST;
	k.credentials = classes & 1u << TEXT_CREDENTIALS;
	out->caps |= classes & 1u << TEXT_AGENT ? CAP_AGENT : 0u;
	out->caps |= classes & 1u << TEXT_RUNTIME ? CAP_RUNTIME : 0u;
	for (size_t at = 0; at < s.n;) {
		char c = s.p[at], d = at + 1 < s.n ? s.p[at + 1] : '\0';
		if (c == ' ' || c == '\t' || c == '\r' || c == '\0') {
			at++;
		} else if (c == '#' && begins_word(s, at)) {
			while (at < s.n && s.p[at] != '\n')
				at++;
		} else if ((c == '$' || c == '<') && d == '(') {
			substitute(&k);
			at += 2;
		} else if (c == '"' && memmem(s.p + at, word_end(s, at) - at, "$(", 2)) {
			at++; /* a substitution within quotes is one */
			k.mixed |= !k.fresh;
		} else if (c == '<' && str_has_prefix(str_tail(s, at), S("<<<"))) {
			k.here = true;
			at += 3;
		} else if (strchr("\n;|&)`><(", c) != NULL) {
			at += operator(&k, c, d);
		} else {
			word(&k, read_word(s, &at, a));
		}
	}
	end_command(&k, false);
	if (str_find(s, S("/dev/tcp/")) != SIZE_MAX && str_find(s, S("sh -i")) != SIZE_MAX)
		out->pipes_to_shell = true;
	if (out->runs_fetched || out->pipes_to_shell)
		out->caps |= CAP_FETCH_RUN;
}
