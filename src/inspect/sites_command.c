/*
 * inspect/sites_command.c - commands that code gives to a shell or starts: texts and lists.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/effects.h"
#include "inspect/shell.h"

enum { TEXT_KEPT = 2000, SHELL_READ = 32 << 10 };

struct str value_words(const struct value *v)
{
	return v->kind == V_STR || v->kind == V_BYTES ? v->s : S("");
}

uint32_t words_classes(struct str s)
{
	size_t at, n;

	return texts_classes(NULL, str_head(s, TEXT_KEPT), &at, &n);
}

/* An argument is one word, whatever stands in it. */
static void add_word(struct buf *b, struct str s)
{
	bool split = false;

	for (size_t i = 0; i < s.n; i++)
		split |= strchr(" \t\n;|&<>()", s.p[i]) != NULL;
	split &= b->n > 0 && str_chr(s, '\'') == SIZE_MAX;
	if (b->n)
		buf_addc(b, ' ');
	buf_addf(b, "%s%.*s%s", split ? "'" : "", FMT(s), split ? "'" : "");
}

/* A command given as a list, as one line. */
static struct str command_line(struct unit *u, const struct value *v, uint32_t n)
{
	const struct value *items = v;
	uint32_t count = n;
	struct buf b;

	if (n == 1 && value_words(&v[0]).n > 0)
		return v[0].s;
	char *room = arena_take(u->a, TEXT_KEPT, 1);
	if (room == NULL)
		return S("");
	buf_fixed(&b, room, TEXT_KEPT);
	if (n > 1 && v[1].kind == V_LIST && value_words(&v[0]).n > 0) {
		/* JavaScript: a program and its list */
		buf_add(&b, str_head(v[0].s, 200));
		items = v[1].items;
		count = v[1].n;
	} else if (n > 0 && v[0].kind == V_LIST) {
		items = v[0].items;
		count = v[0].n;
	}
	for (uint32_t i = 0; i < count && i < 32; i++) {
		struct str s = value_words(&items[i]);
		if (items[i].kind == V_NAME && str_eq(items[i].s, S("sys.executable")))
			s = S("python");
		if (items[i].kind == V_NAME && str_eq(items[i].s, S("process.execPath")))
			s = S("node");
		if (s.n == 0 && items[i].kind != V_STR)
			s = S("\1");
		if (b.n + s.n + 3 >= TEXT_KEPT)
			break;
		add_word(&b, s);
	}
	return buf_str(&b);
}

/* A list that hands code to an interpreter: [sys.executable, '-c', code]. */
static bool given_code(const struct value *v, uint32_t n, struct str *code, enum language *lang)
{
	for (uint32_t k = 0; k < n && k < 2; k++) {
		if (v[k].kind != V_LIST)
			continue;
		for (uint32_t i = 0; i + 1 < v[k].n && i < 8; i++) {
			struct str flag = value_words(&v[k].items[i]);
			struct value program = k == 0 ? v[0].items[0] : v[0];
			bool node = str_eq(flag, S("-e")) || str_eq(flag, S("--eval"));
			bool c = flag.n > 1 && flag.p[0] == '-' && flag.p[1] != '-' &&
				 flag.p[flag.n - 1] == 'c'; /* -c, -lc */
			if (!node && !c)
				continue;
			bool sh = str_has_suffix(value_words(&program), S("sh"));
			*code = value_words(&v[k].items[i + 1]);
			*lang = sh ? LANG_SHELL : node ? LANG_JAVASCRIPT : LANG_PYTHON;
			return code->n > 0 || (!sh && v[k].items[i + 1].taint & T_DECODED);
		}
	}
	return false;
}

/* {file: "/bin/sh", args: ["sh", "-c", ...]}: the list is what counts. */
static const struct value *list_within(const struct value *v)
{
	for (uint32_t i = 1; v->kind == V_MAP && i < v->n; i += 2)
		if (v->items[i].kind == V_LIST)
			return &v->items[i];
	return v;
}

void site_command(struct unit *u, struct site *s, const struct value *v, uint32_t n)
{
	struct shell_look look;
	enum language lang = LANG_NONE;
	struct str code;

	if (n == 1)
		v = list_within(v);
	bool given_text = given_code(v, n, &code, &lang);
	if (given_text && lang != LANG_SHELL) {
		s->note |= N_CODE;
		site_code(u, s, lang, code); /* not known, it may have been decoded */
	}
	uint32_t given = s->taint & (T_FETCHED | T_DECODED);
	s->taint = given; /* the environment that a program gets is not sent away */
	for (uint32_t i = 0; i < n && i < 2; i++)
		s->taint |= i == 0 || v[i].kind == V_LIST ? v[i].taint : 0;
	s->text = given_text && lang == LANG_SHELL ? code : command_line(u, v, n);
	shell_look(str_head(s->text, SHELL_READ), u->a, &look);
	s->effect |= look.caps;
	if (look.caps & CAP_NET && look.caps & CAP_ENV_ALL)
		s->taint |= T_ENV_ALL;
	if (look.caps & CAP_NET && words_classes(s->text) & 1u << TEXT_CREDENTIALS)
		s->taint |= T_SECRET;
	s->note |= (look.pipes_to_shell || look.runs_fetched ? N_PIPED : 0u) |
		   (look.wipes ? N_WIPES : 0u) | (look.unsafe_agent ? N_UNSAFE_AGENT : 0u) |
		   (look.interprets ? N_INTERPRETER : 0u) | (look.saved.n ? N_WRITES : 0u);
	for (unsigned i = 0; i < look.n_code && !(s->note & N_CODE); i++)
		site_code(u, s, look.code[i].lang, look.code[i].text);
	s->path = look.saved.n ? look.saved : look.script;
	if (s->path.n == 0)
		s->path = str_head(s->text, str_chr(s->text, ' '));
	if (str_chr(s->path, '/') != SIZE_MAX && text_names_data(s->path) &&
	    !str_has_suffix(s->path, S(".bin")) && look.saved.n == 0 && look.script.n == 0) {
		s->note |= N_CODE;
		s->taint |= T_DATA;
	}
	/* a shell is given a text of which nothing is known but that it was fetched */
	bool unknown = s->text.n == 0 || (s->text.n == 1 && s->text.p[0] == HOLE);
	if (unknown && s->taint & T_FETCHED && n > 0 &&
	    (v[0].kind == V_UNKNOWN || v[0].kind == V_METHOD))
		s->note |= N_GIVEN;
}
