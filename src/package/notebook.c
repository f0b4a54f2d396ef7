/*
 * package/notebook.c - cells, outputs and secrets of Jupyter notebooks.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/notebook_fuzz.c
 */
#include "package/notebook.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "codec/json.h"

#include <string.h>

struct reader {
	struct str package, path, text;
	struct arena *a;
	struct findings *f;
	struct diag *d;
	const char *at; /* places come in order, so lines are counted once */
	uint32_t line;
};

static uint32_t line_of(struct reader *r, const char *at)
{
	if (at < r->at) {
		r->at = r->text.p;
		r->line = 1;
	}
	for (; r->at < at; r->at++)
		r->line += *r->at == '\n';
	return r->line;
}

/* ---- secrets -------------------------------------------------------------------------------- */

/* X(what it begins with, bytes that follow at least, whose it is) */
#define SECRETS(X)                                                                                 \
	X("sk-ant-", 40, "Anthropic")                                                              \
	X("sk-proj-", 40, "OpenAI")                                                                \
	X("sk-", 40, "OpenAI")                                                                     \
	X("AIza", 35, "Google")                                                                    \
	X("AKIA", 16, "AWS")                                                                       \
	X("ASIA", 16, "AWS")                                                                       \
	X("ghp_", 36, "GitHub")                                                                    \
	X("gho_", 36, "GitHub")                                                                    \
	X("ghs_", 36, "GitHub")                                                                    \
	X("github_pat_", 60, "GitHub")                                                             \
	X("glpat-", 20, "GitLab")                                                                  \
	X("hf_", 34, "Hugging Face")                                                               \
	X("npm_", 36, "npm")                                                                       \
	X("pypi-AgEI", 80, "PyPI")                                                                 \
	X("xoxb-", 40, "Slack")                                                                    \
	X("gsk_", 48, "Groq")

static const struct secret {
	struct str start;
	size_t more;
	const char *owner;
} secrets[] = {
#define X(start, more, owner) { SC(start), more, owner },
	SECRETS(X)
#undef X
};

static bool is_key_char(char c)
{
	return ascii_alnum(c) || c == '_' || c == '-';
}

/* Placeholders ("sk-xxxxxxxx") have few different characters. */
static bool is_various(struct str s)
{
	uint64_t seen[4] = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		n += (seen[c / 64] >> (c % 64) & 1) == 0;
		seen[c / 64] |= UINT64_C(1) << (c % 64);
	}
	return n >= 10;
}

/* The secret at s, which begins a word; its length, or 0. */
static size_t secret_at(struct str s, const struct secret **out)
{
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		size_t n = secrets[i].start.n;
		if (!str_has_prefix(s, secrets[i].start))
			continue;
		while (n < s.n && n < 400 && is_key_char(s.p[n]))
			n++;
		if (n - secrets[i].start.n >= secrets[i].more && is_various(str_head(s, n))) {
			*out = &secrets[i];
			return n;
		}
	}
	return 0;
}

/* Keys are written without escapes, so the text of the file is searched as it is. */
static void find_secrets(struct reader *r)
{
	const struct secret *s;
	struct str rest = r->text;
	bool start = true;

	while (rest.n > 0) {
		size_t n = start && is_key_char(rest.p[0]) ? secret_at(rest, &s) : 0;
		if (n > 0)
			finding_add(r->f, RULE_NOTEBOOK_SECRET, r->package, r->path,
				    line_of(r, rest.p), str_head(rest, s->start.n + 4),
				    "looks like a key of %s; %zu bytes", s->owner, n);
		/* "\n" before a key is an escape, not a letter of a word */
		bool escape = rest.p[0] == '\\' && rest.n > 1;
		start = n == 0 && (escape || (!is_key_char(rest.p[0]) && rest.p[0] != '/' &&
					      rest.p[0] != '+'));
		rest = str_tail(rest, n > 0 ? n : escape ? 2 : 1);
	}
	size_t at = str_find(r->text, S(" PRIVATE KEY-----"));
	if (at != SIZE_MAX)
		finding_add(r->f, RULE_NOTEBOOK_SECRET, r->package, r->path,
			    line_of(r, r->text.p + at), S("PRIVATE KEY"), "a private key");
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* A string, or an array of strings that are its lines. p is NULL when memory is short. */
static struct str joined(struct arena *a, const struct json *v)
{
	struct buf b;
	size_t n = 0;

	if (!json_is(v, JSON_ARRAY)) {
		struct str s = json_is(v, JSON_STRING) ? json_str(a, v) : S("");
		return s;
	}
	JSON_EACH_ITEM (v, it)
		n += it->n;
	char *room = arena_take(a, n + 1, 1);
	if (room == NULL)
		return (struct str){ NULL, 0 };
	/* No escape is shorter than what it means. */
	buf_fixed(&b, room, n + 1);
	JSON_EACH_ITEM (v, it)
		if (json_is(it, JSON_STRING))
			json_unescape(&b, json_esc(it));
	return buf_str(&b);
}

/* Whether metadata folds away: what is "source" or "outputs". */
static bool is_hidden(const struct json *metadata, bool outputs)
{
	const struct json *jupyter = json_get(metadata, S("jupyter"));
	const struct json *tags = json_get(metadata, S("tags"));

	if (json_bool(json_get(jupyter, outputs ? S("outputs_hidden") : S("source_hidden"))) ||
	    json_bool(json_get(metadata, outputs ? S("collapsed") : S("hide_input"))))
		return true;
	if (json_is(tags, JSON_ARRAY))
		JSON_EACH_ITEM (tags, it)
			if (json_str_eq(it, outputs ? S("hide-output") : S("hide-input")) ||
			    json_str_eq(it, S("hide-cell")) || json_str_eq(it, S("remove-cell")))
				return true;
	return false;
}

/* Marks of what a browser runs, compared without regard to case. */
static bool has_mark(struct str s)
{
	static const struct str marks[] = { SC("<script"), SC("javascript:"), SC("<iframe"),
					    SC("onerror="), SC("onload=") };

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '<' && (s.p[i] | 32) != 'j' && (s.p[i] | 32) != 'o')
			continue;
		for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++)
			if (str_ieq(str_head(str_tail(s, i), marks[m].n), marks[m]))
				return true;
	}
	return false;
}

/* One representation of an output: its media type and content. */
static bool is_active(struct reader *r, const struct json *key)
{
	if (json_str_eq(key, S("application/javascript")) || json_str_eq(key, S("text/javascript")))
		return true;
	if (!json_str_eq(key, S("text/html")) && !json_str_eq(key, S("image/svg+xml")) &&
	    !json_str_eq(key, S("text/markdown")))
		return false;
	return has_mark(joined(r->a, key + 1));
}

static void inspect_output(struct reader *r, const struct json *output, bool hidden)
{
	const struct json *data = json_get(output, S("data"));

	if (!json_is(data, JSON_OBJECT))
		return;
	JSON_EACH_MEMBER (data, key)
		if (is_active(r, key))
			finding_add(r->f, hidden ? RULE_NOTEBOOK_HIDDEN : RULE_NOTEBOOK_OUTPUT,
				    r->package, r->path, line_of(r, key->p),
				    str_head(joined(r->a, key + 1), FINDING_EXCERPT), "%s",
				    hidden ? "an output that is folded away runs in a browser"
					   : "");
}

static enum err read_cell(struct reader *r, const struct json *v, struct notebook_cell *out)
{
	const struct json *metadata = json_get(v, S("metadata"));
	const struct json *outputs = json_get(v, S("outputs"));
	const struct json *source = json_get(v, S("source"));

	if (source == NULL)
		source = json_get(v, S("input")); /* nbformat 3 */
	out->code = json_str_eq(json_get(v, S("cell_type")), S("code"));
	out->hidden = is_hidden(metadata, false);
	out->line = line_of(r, v->p);
	out->source = joined(r->a, source);
	if (out->source.p == NULL)
		return diag_set(r->d, ERR_NOMEM, "out of memory");
	if (json_is(outputs, JSON_ARRAY))
		JSON_EACH_ITEM (outputs, it)
			inspect_output(r, it, is_hidden(metadata, true));
	return OK;
}

static enum err read_cells(struct reader *r, const struct json *list, struct notebook *out)
{
	if (!json_is(list, JSON_ARRAY))
		return OK;
	JSON_EACH_ITEM (list, it)
		TRY(read_cell(r, it, &out->cells[out->n++]));
	return OK;
}

/* Cells are in the root, or in worksheets (nbformat 3). */
static enum err read_root(struct reader *r, const struct json *root, struct notebook *out)
{
	const struct json *cells = json_get(root, S("cells"));
	const struct json *sheets = json_get(root, S("worksheets"));
	const struct json *metadata = json_get(root, S("metadata"));
	size_t n = json_is(cells, JSON_ARRAY) ? json_count(cells) : 0;

	if (!json_is(sheets, JSON_ARRAY))
		sheets = NULL;
	if (sheets != NULL)
		JSON_EACH_ITEM (sheets, it)
			if (json_is(json_get(it, S("cells")), JSON_ARRAY))
				n += json_count(json_get(it, S("cells")));
	out->cells = NEW_ARRAY(r->a, struct notebook_cell, n + 1);
	if (out->cells == NULL)
		return diag_set(r->d, ERR_NOMEM, "out of memory");
	struct str language = json_str(
		r->a, json_get(json_get(metadata, S("kernelspec")), S("language")));
	if (language.p == NULL)
		language = json_str(r->a,
				    json_get(json_get(metadata, S("language_info")), S("name")));
	out->language = language.p != NULL ? language : S("python");
	TRY(read_cells(r, cells, out));
	if (sheets != NULL)
		JSON_EACH_ITEM (sheets, it)
			TRY(read_cells(r, json_get(it, S("cells")), out));
	return OK;
}

enum err notebook_read(struct str package, struct str path, struct str text, struct arena *a,
		       struct notebook *out, struct findings *f, struct diag *d)
{
	struct reader r = { package, path, text, a, f, d, text.p, 1 };
	const struct json *root;
	size_t at = 0;

	*out = (struct notebook){ .language = S("python") };
	if (text.n > LIMIT_MANIFEST)
		return diag_set(d, ERR_LIMIT, "larger than %d MB", LIMIT_MANIFEST >> 20);
	if (str_has_prefix(text, S("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	find_secrets(&r);
	enum err e = json_read(a, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "line %u: %s", line_of(&r, text.p + at),
				e == ERR_SYNTAX ? "not strict JSON" : err_text(e));
	if (json_get(root, S("nbformat")) == NULL)
		return diag_set(d, ERR_SYNTAX, "no nbformat: not a notebook");
	return read_root(&r, root, out);
}
