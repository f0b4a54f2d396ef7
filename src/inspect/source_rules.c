/*
 * inspect/source_rules.c - findings out of what was seen in a file's layers: each rule is a row of
 * a table, a function that looks at one site, and what else must be true of the file. Input: own.
 * Runs in: checker.
 */
#include "base/ascii.h"
#include "base/num.h"
#include "inspect/effects.h"
#include "inspect/unit.h"

#include <stdio.h>

/* What the file does anywhere, and what it does when it is loaded. */
struct joined {
	struct source *f;
	uint32_t caps, running; /* of calls, not of texts */
	uint32_t credentials;	/* texts and files of credentials, in what runs */
	uint32_t credentials_all;
	bool writes; /* a running site writes a file */
	bool chmods; /* ... makes one executable */
	bool pipes;  /* ... gives a shell what it fetches */
	bool blob;   /* a large constant stands in it that only a program reads */
};

enum { BLOB = 1024, BLOB_RUN = 48, READ = 2000 /* bytes of what a site is given */ };

static const uint32_t bad = CAP_NET | CAP_EXEC | CAP_FETCH_RUN | CAP_DNS | CAP_NATIVE;

static struct str excerpt(const struct site *s)
{
	return s->text.n > 0 ? s->text : s->call;
}

static void report(const struct joined *j, enum rule r, const struct site *s, const char *why)
{
	char layers[64] = "";

	if (s->layer > 0 || s->layers > 0)
		snprintf(layers, sizeof layers, "; %u layers of decoding",
			 (unsigned)(s->layers + j->f->layers[s->layer].depth));
	finding_add(j->f->findings, r, j->f->package, j->f->path, s->line, excerpt(s), "%.*s%s%s%s",
		    FMT(s->call), s->call.n ? ": " : "", why, layers);
}

/* ---- one function for each rule; true when it fired ------------------------------------------ */

static bool startup(const struct joined *j, const struct site *s)
{
	uint32_t caps = s->effect & (bad | CAP_DECODE);
	bool hidden = s->note & N_CODE &&
		      (s->layers > 0 || s->taint & (T_DECODED | T_FETCHED) || s->child & bad);

	if (j->f->role != ROLE_STARTUP || !s->runs || !(caps || hidden))
		return false;
	report(j, RULE_STARTUP_EXEC, s, "runs at every start of the interpreter");
	return true;
}

/* Bundlers put a worker into the file as base64. That it connects somewhere is no proof then; what
 * else its text does is judged like any other. */
static bool inlined(const struct site *s)
{
	return str_has_suffix(s->call, S("Worker")) && !(s->child & bad & ~(uint32_t)CAP_NET);
}

static bool decoded(const struct joined *j, const struct site *s)
{
	bool hidden = s->layers > 0 || s->taint & T_DECODED;

	if (s->note & N_DECODED && s->runs && s->child & bad && j->running & CAP_EXEC) {
		report(j, RULE_DECODED_EXEC, s, "writes decoded code, and programs are started");
		return true;
	}
	if (!(s->note & N_CODE) || !hidden)
		return false;
	bool does = s->layers > 0 && s->child & bad, proof = does && !inlined(s);
	if (does || s->runs)
		report(j, proof ? RULE_DECODED_EXEC : RULE_DECODED_RUN, s, "runs decoded text");
	return does || s->runs;
}

/* Letters of both cases and digits, or hexadecimal digits at greater length. */
static bool is_encoded(struct str run)
{
	bool lower = false, upper = false, digit = false, hex = true;

	for (size_t i = 0; i < run.n; i++) {
		char c = run.p[i];
		lower |= c >= 'a' && c <= 'z';
		upper |= c >= 'A' && c <= 'Z';
		digit |= ascii_digit(c);
		hex &= num_hex(c) >= 0;
	}
	return run.n >= BLOB_RUN && ((lower && upper && digit) || (hex && run.n >= 4 * BLOB_RUN));
}

static bool is_encoding(char c)
{
	return ascii_alnum(c) || c == '+' || c == '/' || c == '_' || c == '=';
}

/* Whether the text holds a constant that only a program reads: base64 or hex, escapes, numbers. */
static bool has_blob(struct str text)
{
	size_t encoded = 0, escapes = 0, numbers = 0, from = 0;

	for (size_t at = 0; at <= text.n; at++) {
		char c = at < text.n ? text.p[at] : '\0';
		escapes += c == 'x' && at > 0 && text.p[at - 1] == '\\';
		numbers = ascii_digit(c) || c == ',' || c == ' ' || c == '\n' ? numbers + 1 : 0;
		if (is_encoding(c))
			continue;
		struct str run = str_head(str_tail(text, from), at - from);
		encoded += is_encoded(run) ? run.n : 0;
		from = at + 1;
		if (encoded >= BLOB || escapes >= BLOB / 4 || numbers >= BLOB)
			return true;
	}
	return false;
}

/* Whether code is run at s of which nothing is known. */
static bool may_unpack(const struct source *f, const struct site *s)
{
	bool unknown = s->text.n == 0 || str_chr(s->text, HOLE) != SIZE_MAX;

	return s->note & N_CODE && s->runs && unknown && s->layers == 0 &&
	       !(s->taint & (T_DECODED | T_FETCHED)) && f->layers[s->layer].lang == LANG_PYTHON;
}

/* What decodes it is not known here, but that something is decoded and run is. */
static bool packed(const struct joined *j, const struct site *s)
{
	if (!may_unpack(j->f, s) || !j->blob)
		return false;
	report(j, RULE_PACKED, s, "its text is not known, and a large constant is");
	return true;
}

/* Code out of a picture, or out of whatever else nobody reads for code. */
static bool data_run(const struct joined *j, const struct site *s)
{
	if (!s->runs || !(s->note & N_CODE) || !(s->taint & T_DATA))
		return false;
	report(j, RULE_DATA_RUN, s, "what runs stands in a file of another kind");
	return true;
}

static bool sent(const struct joined *j, const struct site *s)
{
	uint32_t worst = s->taint & (T_ENV_ALL | T_SECRET);

	if (!(s->effect & (CAP_NET | CAP_DNS)) || s->note & N_TEXT)
		return false;
	if (worst && s->runs) {
		report(j, RULE_SECRETS_SENT, s,
		       worst & T_ENV_ALL ? "the whole environment goes out"
					 : "what was read from a file of credentials goes out");
		return true;
	}
	if (worst || (s->taint & (T_HOST | T_INPUT) && s->runs &&
		      (s->note & N_DROP || j->f->role == ROLE_INSTALL))) {
		report(j, RULE_SECRETS_NEAR_NET, s,
		       worst ? "credentials or the environment go out"
			     : "facts of host and user go out");
		return true;
	}
	if (s->effect & CAP_DNS && s->runs && s->taint & (T_HOST | T_ENV | T_FILE)) {
		report(j, RULE_DNS_EXFILTRATION, s, "looks up a name made of data");
		return true;
	}
	return false;
}

/* All of the environment becomes a text, and something is connected to. */
static bool told(const struct joined *j, const struct site *s)
{
	bool here = s->runs && s->note & N_TOLD &&
		    (j->running & CAP_NET || j->f->role == ROLE_INSTALL);

	if (here)
		report(j, RULE_SECRETS_NEAR_NET, s, "the whole environment is handed on");
	return here;
}

static bool collects(const struct joined *j, const struct site *s)
{
	bool here = s->effect & CAP_CREDENTIALS &&
		    ((s->runs && j->credentials >= 3 && j->running & CAP_NET) ||
		     (j->credentials_all >= 6 && j->caps & CAP_NET));

	if (here)
		report(j, RULE_SECRETS_NEAR_NET, s, "names files of credentials");
	return here;
}

static bool fetch_run(const struct joined *j, const struct site *s)
{
	/* That a module starts the script beside it is not seen. */
	enum rule rule = j->f->role == ROLE_BESIDE ? RULE_FETCH_MAY_RUN : RULE_FETCH_RUN;

	if (s->runs && s->note & N_CODE && s->taint & T_FETCHED) {
		report(j, rule, s, "runs fetched text");
		return true;
	}
	if (s->runs && s->note & N_PIPED && !(s->note & N_TEXT)) {
		report(j, rule, s, "a shell fetches and runs");
		return true;
	}
	/* Who is given it is not known: no known starter of programs is. */
	if (s->runs && s->note & N_PIPED && !j->pipes) {
		report(j, RULE_FETCH_MAY_RUN, s, "a command that fetches what a shell runs");
		return true;
	}
	if (s->runs && s->note & N_GIVEN) {
		report(j, RULE_FETCH_MAY_RUN, s, "a command that was fetched");
		return true;
	}
	if (s->runs && s->note & N_FROM_URL && j->f->role == ROLE_INSTALL) {
		report(j, RULE_FETCH_MAY_RUN, s, "installs or runs what lies at a URL");
		return true;
	}
	if (s->runs && s->note & N_INTERPRETER && s->effect & CAP_EXEC &&
	    (s->taint & T_FETCHED || (s->taint & T_DECODED && j->running & CAP_NET))) {
		report(j, rule, s, "an interpreter is given what was fetched or decoded");
		return true;
	}
	if (s->runs && s->note & N_WIRED && j->running & CAP_EXEC) {
		report(j, rule, s, "a connection becomes the input of programs");
		return true;
	}
	if (s->note & N_CODE && s->taint & T_FETCHED && !(s->effect & CAP_UNPICKLE)) {
		report(j, RULE_FETCH_MAY_RUN, s, "runs fetched text");
		return true;
	}
	return false;
}

/* Whether path is what this site starts: one that is longer than what is read of a text is not
 * looked through, for there may be as many pairs of them as there are pairs of sites. */
static bool starts(const struct site *s, struct str path)
{
	size_t at = path.n;

	while (at > 0 && path.n - at <= READ && path.p[at - 1] != '/' && path.p[at - 1] != HOLE)
		at--;
	if (path.n - at >= 3)
		path = str_tail(path, at);
	return path.n >= 3 && path.n <= READ && str_chr(path, HOLE) == SIZE_MAX &&
	       str_find(str_head(s->text, READ), path) != SIZE_MAX;
}

/* Whether something is fetched in the function that s stands in. */
static bool fetched_in(const struct source *f, const struct site *s)
{
	for (uint32_t i = 0; i < f->n_sites; i++) {
		const struct site *n = &f->sites[i];
		if (n->effect & CAP_NET && !(n->note & N_TEXT) && n->scope == s->scope &&
		    n->layer == s->layer)
			return true;
	}
	return false;
}

static bool spawns_written(const struct joined *j, const struct site *s)
{
	const struct source *f = j->f;
	bool python = f->layers[s->layer].lang == LANG_PYTHON;
	bool certain = python || s->note & N_INTERPRETER;

	if (!(s->effect & CAP_EXEC) || s->note & N_TEXT || !(j->caps & CAP_NET) ||
	    f->role == ROLE_SCRIPT)
		return false;
	bool fetched = fetched_in(f, s);
	for (uint32_t i = 0; i < f->n_sites; i++) {
		const struct site *w = &f->sites[i];
		bool saves = w->note & N_WRITES || str_has_suffix(w->call, S("urlretrieve"));
		if (w == s || !saves || !starts(s, w->path))
			continue;
		if (w->runs && s->runs && j->running & CAP_NET) {
			report(j, certain ? RULE_FETCH_RUN : RULE_FETCH_MAY_RUN, s,
			       "starts a file that it fetched");
			return true;
		}
		if (w->scope == s->scope && w->layer == s->layer && fetched) {
			report(j, RULE_FETCH_MAY_RUN, s, "starts a file that it fetched");
			return true;
		}
	}
	/* which file is started is not known, but it was made executable just before */
	if (python && s->runs && j->chmods && j->writes && j->running & CAP_NET &&
	    (s->text.n == 0 || s->text.p[0] == HOLE)) {
		report(j, RULE_FETCH_MAY_RUN, s, "fetches, makes executable and starts");
		return true;
	}
	return false;
}

static bool runtime(const struct joined *j, const struct site *s)
{
	if (!(s->effect & CAP_RUNTIME) || !s->runs || j->f->role == ROLE_SCRIPT)
		return false;
	if (!(j->running & CAP_EXEC) || !(j->running & CAP_NET || s->effect & CAP_NET))
		return false;
	report(j,
	       j->f->role == ROLE_MODULE && j->f->layers[s->layer].lang == LANG_PYTHON
		       ? RULE_FOREIGN_RUNTIME_LOADED
		       : RULE_FOREIGN_RUNTIME,
	       s, "fetches a runtime and starts programs");
	return true;
}

/* Whether something is written in the function that s stands in. */
static bool written_in(const struct source *f, const struct site *s)
{
	for (uint32_t i = 0; i < f->n_sites; i++) {
		const struct site *w = &f->sites[i];
		if (w->note & N_WRITES && w->path.n == 0 && w->scope == s->scope &&
		    w->layer == s->layer)
			return true;
	}
	return false;
}

static bool stays(const struct joined *j, const struct site *s)
{
	if (!s->runs || !(s->effect & (CAP_PERSIST | CAP_AGENT)))
		return false;
	if (!(s->note & N_WRITES) && !(s->note & N_TEXT && written_in(j->f, s)) &&
	    !(s->effect & CAP_EXEC && s->effect & CAP_PERSIST))
		return false;
	report(j, s->effect & CAP_AGENT ? RULE_AGENT_CONTROL : RULE_PERSISTENCE, s,
	       "written when loaded or installed");
	return true;
}

static bool vanishes(const struct joined *j, const struct site *s)
{
	if (!s->runs || !(s->effect & CAP_SELF_DELETE))
		return false;
	report(j, j->running & CAP_EXEC ? RULE_SELF_DELETE : RULE_SELF_DELETE_ONLY, s,
	       "deletes its own file");
	return true;
}

static bool metadata(const struct joined *j, const struct site *s)
{
	if (!s->runs || !(s->effect & CAP_METADATA) || !(j->running & CAP_NET))
		return false;
	report(j, RULE_METADATA_SERVICE, s, "asked when loaded or installed");
	return true;
}

static bool destroys(const struct joined *j, const struct site *s)
{
	if (s->runs && s->note & N_FAILS)
		report(j, RULE_FAILS_ON_PURPOSE, s, "runs a file and fails");
	/* a table of agents and their flags; which of them is started is seen only when it runs */
	bool table = s->note & N_TEXT && j->f->role == ROLE_INSTALL && j->running & CAP_EXEC;
	if (s->runs && s->effect & CAP_AI_CLI && !(s->note & N_UNSAFE_AGENT) &&
	    (s->effect & CAP_EXEC || table)) {
		report(j, RULE_AGENT_STARTED, s, "started when loaded or installed");
		return true;
	}
	if (!s->runs || !(s->note & (N_WIPES | N_UNSAFE_AGENT)))
		return false;
	report(j, s->note & N_WIPES ? RULE_WIPES_HOME : RULE_AGENT_HIJACK, s,
	       "started when loaded or installed");
	return true;
}

/* Deprecations and expiries print, retries wait: none of that is looked at here. */
static bool waits(const struct joined *j, const struct site *s)
{
	bool code = s->note & N_CODE &&
		    (s->layers > 0 || s->taint & (T_DECODED | T_FETCHED) || s->text.n == 0);

	if (!s->runs || !(s->note & (N_DATED | N_HOST_BOUND)) || s->note & N_TEXT ||
	    !(code || s->effect & (CAP_NET | CAP_EXEC | CAP_FETCH_RUN | CAP_DNS) ||
	      s->note & N_WIPES))
		return false;
	finding_add(j->f->findings, s->note & N_DATED ? RULE_TIME_BOMB : RULE_HOST_BOUND,
		    j->f->package, j->f->path, s->line, s->guard, "%.*s only behind this condition",
		    FMT(s->call));
	return true;
}

static bool unreadable(const struct joined *j, const struct site *s)
{
	if (!(s->effect & CAP_OBFUSCATED))
		return false;
	if (s->note & N_LOOKALIKE)
		report(j, RULE_LOOKALIKE_NAMES, s, "names are called that only look like ASCII");
	else
		finding_add(j->f->findings, RULE_OBFUSCATED, j->f->package, j->f->path, s->line,
			    excerpt(s), "%.*s", FMT(s->path));
	return true;
}

static bool injection(const struct joined *j, const struct site *s)
{
	bool here = s->note & N_TEXT && s->child & 1u << TEXT_INJECTION;

	if (here)
		report(j, RULE_REVIEWER_INJECTION, s, "speaks to a reviewer");
	if (s->note & N_POISON)
		report(j, RULE_AGENT_POISON, s, "the user is not to be told");
	return here;
}

/* What is done to other programs and packages in the same process. */
static bool meddles(const struct joined *j, const struct site *s)
{
	static const struct {
		uint32_t note;
		enum rule rule;
		const char *why;
	} rows[] = {
		{ N_VARIABLE, RULE_VARIABLE_SET, "set when loaded or installed" },
		{ N_HOOK, RULE_HOOK_SENDS, "its place is taken when loaded" },
		{ N_SWAPS, RULE_WALLET_SWAP, "its place is taken when loaded" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (s->runs && s->note & rows[i].note)
			report(j, rows[i].rule, s, rows[i].why);
	if (s->runs && s->effect & CAP_EXEC && s->taint & T_MEMORY)
		report(j, RULE_MEMORY_FILE, s, "started from memory");
	if (s->runs && s->note & N_PROCESS)
		report(j, RULE_PROCESS_MEMORY, s, "opened when loaded or installed");
	return false;
}

static bool (*const rules[])(const struct joined *, const struct site *) = {
	startup,	decoded,   data_run, packed,   sent,	 fetch_run,
	spawns_written, runtime,   stays,    vanishes, metadata, destroys,
	unreadable,	injection, collects, waits,    told,	 meddles,
};

/* Names of files that every tool of a language reads say little. */
static bool weak(const struct site *s)
{
	static const struct str names[] = { SC("/.env"),   SC(".npmrc"),   SC(".netrc"),
					    SC(".pypirc"), SC("/Cookies"), SC("phantom"),
					    SC("_history") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_find(str_head(s->text, READ), names[i]) != SIZE_MAX)
			return true;
	}
	return false;
}

/* What was not looked at is said; where it could hide code that runs, it is held. */
static void incomplete(const struct joined *j)
{
	const struct source *f = j->f;
	bool full = f->n_sites == UNIT_SITES || f->n_layers == UNIT_LAYERS || f->unread;
	bool spent = f->steps == 0 || f->bytes < 1 << 20;

	if (!full && !spent)
		return;
	if (f->role != ROLE_SCRIPT && (full || j->running & CAP_EVAL))
		finding_add(f->findings, RULE_SOURCE_FLOOD, f->package, f->path, 0, S(""),
			    full ? "more calls, layers or tokens than are kept"
				 : "more is computed in it than is followed, and code is run");
	else
		finding_add(f->findings, RULE_SOURCE_CUT, f->package, f->path, 0, S(""),
			    "more is computed in it than is followed");
}

void rules_join(struct source *f)
{
	struct joined j = { .f = f };
	bool unpacks = false;

	for (uint32_t i = 0; i < f->n_sites; i++) {
		const struct site *s = &f->sites[i];
		bool credentials = s->effect & CAP_CREDENTIALS && !weak(s);
		j.credentials += credentials && s->runs;
		j.credentials_all += credentials;
		if (s->note & N_TEXT)
			continue;
		j.caps |= s->effect;
		j.running |= s->runs ? s->effect : 0;
		j.chmods |= s->runs && s->note & N_CHMOD;
		j.writes |= s->runs && s->note & N_WRITES;
		j.pipes |= s->runs && s->note & N_PIPED;
		unpacks |= may_unpack(f, s);
	}
	j.blob = unpacks && has_blob(f->layers[0].text);
	incomplete(&j);
	for (uint32_t i = 0; i < f->n_sites; i++) {
		for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++)
			(void)rules[r](&j, &f->sites[i]);
	}
}
