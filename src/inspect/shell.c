/*
 * inspect/shell.c - a small look at a shell's text: its commands, and what goes from one to the
 * other. Memory: its own frame, and the arena for words; one pass.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/shell.h"

#include "inspect/effects.h"
#include "inspect/shell_command.h"

/* What is left for the command behind the pipe, or of a substitution. */
static void hand_on(struct shell_state *k, struct str name, bool pipe, bool fetched, bool secret)
{
	bool escapes = str_eq(name, S("printf")) || (str_eq(name, S("echo")) && k->n > 2 &&
						     str_has_prefix(k->words[1], S("-e")));

	k->told = S("");
	if (pipe && k->n > 1 && (escapes || str_eq(name, S("echo"))))
		k->told = escapes ? shell_unescape(k->text.a, k->words[k->n - 1])
				  : k->words[k->n - 1];
	k->talks = false;
	for (unsigned i = 1; i < k->n && pipe && shell_is_shell(name); i++)
		k->talks |= str_eq(k->words[i], S("-i"));
	if (k->inside && !pipe && fetched)
		shell_set(&k->text, k->into, SHELL_FETCHED);
	k->fetched = pipe && fetched;
	k->secret = pipe && secret;
	k->piped = pipe;
	if (!k->inside)
		k->outer = name;
	k->n = 0;
	k->saving = false;
	k->fresh = true;
}

static void end_command(struct shell_state *k, bool pipe)
{
	bool fetched, secret = k->piped && k->secret;
	struct str name = shell_command(k, &fetched, &secret);

	hand_on(k, name, pipe, fetched, secret);
}

static void word(struct shell_state *k, struct str w)
{
	k->fresh = false;
	if (k->here) {
		k->told = w;
		k->here = false;
		return;
	}
	if (k->saving) {
		shell_save(k, w);
		k->saving = false;
		k->out->caps |= k->stays && shell_is_place(w) ? CAP_PERSIST : 0u;
	}
	/* What stands in front of a program says nothing, however much of it there is. */
	if (k->n == SHELL_WORDS && shell_program(k) == k->n)
		k->n = 0;
	struct str set = shell_assigns(w);
	if (set.n > 0 && (shell_program(k) == k->n || str_eq(k->words[0], S("export"))))
		shell_set(&k->text, set, str_tail(w, set.n + 1));
	if (k->n < SHELL_WORDS)
		k->words[k->n++] = w;
}

/* What comes of a variable outside of quotes is as many words as it has. */
static void split_words(struct shell_state *k, struct str w, bool split)
{
	while (split && str_chr(w, ' ') != SIZE_MAX) {
		struct str one = str_cut(w, ' ', &w);
		if (one.n > 0)
			word(k, one);
	}
	word(k, w);
}

/* A substitution begins: what is within runs first and goes to the command around it. */
static void substitute(struct shell_state *k)
{
	unsigned at = shell_program(k);

	k->outer = at < k->n ? str_last(k->words[at], '/') : S("");
	if (k->fresh && !k->mixed && !k->inside)
		k->outer = S("eval"); /* what comes of it is a command */
	if (shell_fetches(k->outer)) {
		k->out->fetches = true;
		k->out->caps |= CAP_NET;
	}
	k->into = k->n > 0 ? shell_assigns(k->words[k->n - 1]) : S("");
	shell_unset(&k->text, k->into);
	k->inside = true;
	k->n = 0;
	k->piped = false;
	k->fresh = true;
}

/* What the text names outside of its comments. */
static uint32_t classes_of(struct str s)
{
	uint32_t classes = 0;
	size_t from = 0, at_class, n_class;

	for (size_t at = 0; at < s.n;) {
		size_t end = shell_word_end(s, at);
		if (shell_comments(s, at)) {
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
static size_t operator(struct shell_state *k, char c, char d)
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

/* Whether a quote opens at at within which something is substituted: that is a command. */
static bool opens_mixed(struct str s, size_t at)
{
	return s.p[at] == '"' && memmem(s.p + at, shell_word_end(s, at) - at, "$(", 2) != NULL;
}

/* What begins at at; where it ends. */
static size_t step(struct shell_state *k, size_t at)
{
	struct str s = k->text.text;
	char c = s.p[at], d = at + 1 < s.n ? s.p[at + 1] : '\0';
	bool split;

	if (c == ' ' || c == '\t' || c == '\r' || c == '\0')
		return at + 1;
	if (shell_comments(s, at))
		return at + str_head(str_tail(s, at), str_chr(str_tail(s, at), '\n')).n;
	if ((c == '$' || c == '<') && d == '(') {
		substitute(k);
		return at + 2;
	}
	if (c == '"' && !k->inside && (k->quoted || opens_mixed(s, at))) {
		k->quoted = !k->quoted;
		k->mixed |= !k->fresh;
		return at + 1;
	}
	if (c == '"' && opens_mixed(s, at))
		return at + 1;
	if (str_has_prefix(str_tail(s, at), S("<<<"))) {
		k->here = true;
		return at + 3;
	}
	/* 2>&1 and &>file end no command */
	if (c == '&' && (d == '>' || (at > 0 && (s.p[at - 1] == '>' || s.p[at - 1] == '<'))))
		return at + 1;
	if (strchr("\n;|&)`><(", c) != NULL)
		return at + operator(k, c, d);
	struct str w = shell_word(&k->text, &at, &split);
	split_words(k, w, split);
	return at;
}

void shell_look(struct str s, struct arena *a, struct shell_look *out)
{
	/* Where a command is started, by the names that npm and agents give it. */
	static const struct str here[] = { SC("PWD"), SC("INIT_CWD"), SC("CLAUDE_PROJECT_DIR"),
					   SC("CLAUDE_PLUGIN_ROOT") };
	struct shell_state k = { .out = out,
				 .text = { .text = s, .a = a },
				 .outer = S(""),
				 .into = S(""),
				 .told = S(""),
				 .fresh = true };
	uint32_t classes = classes_of(s);

	*out = (struct shell_look){ .script = S(""), .saved = S("") };
	for (size_t i = 0; i < sizeof here / sizeof here[0]; i++)
		shell_set(&k.text, here[i], S("."));
	out->caps |= classes & 1u << TEXT_CREDENTIALS ? CAP_CREDENTIALS : 0u;
	out->caps |= classes & 1u << TEXT_METADATA ? CAP_METADATA : 0u;
	out->caps |= classes & 1u << TEXT_AGENT ? CAP_AGENT : 0u;
	out->caps |= classes & 1u << TEXT_RUNTIME ? CAP_RUNTIME : 0u;
	k.stays = classes & 1u << TEXT_PERSIST;
	k.credentials = classes & 1u << TEXT_CREDENTIALS;
	for (size_t at = 0; at < s.n;)
		at = step(&k, at);
	end_command(&k, false);
	if (str_find(s, S("/dev/tcp/")) != SIZE_MAX && str_find(s, S("sh -i")) != SIZE_MAX)
		out->pipes_to_shell = true;
	if (out->runs_fetched || out->pipes_to_shell)
		out->caps |= CAP_FETCH_RUN;
}
