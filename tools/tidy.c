/*
 * tools/tidy.c - the rules of the house that a compiler does not check. `make tidy` runs it on
 * src/.
 *
 * It reads C by eye, not by grammar: comments and strings are blanked, then lines and brackets are
 * enough, since the whole tree has one shape (a function's braces stand in column 0). No finding
 * can be switched off: there is no allow-list.
 */
#include "base/buf.h"
#include "base/str.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, PATH_CAP = 512 };
enum { LINES_MAX = 1000, FUNCTION_MAX = 70, COLUMNS_MAX = 100, TAB = 8 };

#define CHECKS(X)                                                         \
	X(CHECK_SIZE, "file of 1000 lines, function of 70 at most")       \
	X(CHECK_FORM, "100 columns, no trailing white space")             \
	X(CHECK_INCLUDE, "includes point inward")                         \
	X(CHECK_COMMENT, "header prototypes have a comment")              \
	X(CHECK_FUZZ, "hostile input has a fuzz target")                  \
	X(CHECK_JAIL, "each process has a jail")                          \
	X(CHECK_GOTO, "no goto")                                          \
	X(CHECK_STATE, "no mutable state but in a process's main.c")      \
	X(CHECK_MAN, "sub-commands and keys are in the manual")

#define X(name, text) name,
enum check { CHECKS(X) CHECK_COUNT };
#undef X

static const char *const check_texts[CHECK_COUNT] = {
#define X(name, text) [name] = text,
	CHECKS(X)
#undef X
};

struct tidy {
	unsigned files, findings[CHECK_COUNT];
};

struct file {
	struct tidy *tidy;
	char path[PATH_CAP];
	struct str dir, name; /* src/dir/name */
	struct str text;
	struct str code;      /* text with comments, strings and characters blanked */
};

/* A loop over lines: rest shrinks, n counts from 1. */
#define EACH_LINE(text, line, n)                                                             \
	struct str line##_rest = (text), line;                                               \
	for (unsigned n = 1;                                                                 \
	     line##_rest.n != 0 && (line = str_cut(line##_rest, '\n', &line##_rest), 1); n++)

__attribute__((format(printf, 4, 5)))
static void found(struct file *f, enum check check, unsigned line, const char *fmt, ...)
{
	va_list ap;

	f->tidy->findings[check]++;
	printf("%s:%u: ", f->path, line);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool slurp(const char *path, struct buf *b)
{
	FILE *in = fopen(path, "re");
	size_t n;

	buf_init(b, FILE_MAX);
	if (in == NULL)
		return false;
	char *at = buf_room(b, FILE_MAX);
	if (at == NULL || (n = fread(at, 1, FILE_MAX, in)) == FILE_MAX || ferror(in)) {
		fprintf(stderr, "tidy: cannot read '%s'\n", path);
		exit(1);
	}
	buf_grew(b, n);
	(void)fclose(in);
	return true;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

/* The offset of word in s from offset at on, standing alone, or SIZE_MAX. */
static size_t find_word(struct str s, struct str word, size_t at)
{
	for (;;) {
		size_t i = str_find(str_tail(s, at), word);
		if (i == SIZE_MAX)
			return SIZE_MAX;
		at += i;
		size_t end = at + word.n;
		if ((at == 0 || !is_word(s.p[at - 1])) && (end == s.n || !is_word(s.p[end])))
			return at;
		at++;
	}
}

static bool has_word(struct str s, struct str word)
{
	return find_word(s, word, 0) != SIZE_MAX;
}

static void blank(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != '\n')
			p[i] = ' ';
}

/* The length of the comment, string or character at p, else 0. */
static size_t quoted_len(const char *p, size_t n)
{
	if (n >= 2 && p[0] == '/' && p[1] == '*') {
		size_t end = str_find((struct str){ p + 2, n - 2 }, S("*/"));
		return end == SIZE_MAX ? n : end + 4;
	}
	if (n >= 2 && p[0] == '/' && p[1] == '/') {
		size_t end = str_chr((struct str){ p, n }, '\n');
		return end == SIZE_MAX ? n : end;
	}
	if (p[0] != '"' && p[0] != '\'')
		return 0;
	size_t i = 1;
	while (i < n && p[i] != p[0] && p[i] != '\n')
		i += p[i] == '\\' ? 2 : 1;
	return i < n ? i + 1 : n;
}

/* The first and last byte of a string stay, so that "" is still seen to be one. */
static void blank_quoted(char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = quoted_len(p + i, n - i);
		if (len > 1 && p[i] == '/')
			blank(p + i, len);
		else if (len > 2)
			blank(p + i + 1, len - 2);
		i += len ? len : 1;
	}
}

static void blank_directives(char *p, size_t n)
{
	bool more = false;

	for (size_t i = 0; i < n;) {
		size_t len = str_chr((struct str){ p + i, n - i }, '\n');
		len = len == SIZE_MAX ? n - i : len;
		bool directive = more || (len && p[i] == '#');
		more = directive && len && p[i + len - 1] == '\\';
		if (directive)
			blank(p + i, len);
		i += len + 1;
	}
}

/* ---- lines --------------------------------------------------------------------------------- */

static unsigned columns(struct str line)
{
	unsigned n = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\t')
			n += TAB - n % TAB;
		else
			n += ((unsigned char)line.p[i] & 0xc0) != 0x80; /* first bytes only */
	}
	return n;
}

static void check_lines(struct file *f)
{
	unsigned lines = 0, open = 0;

	EACH_LINE(f->text, line, n) {
		lines = n;
		if (columns(line) > COLUMNS_MAX)
			found(f, CHECK_FORM, n, "%u columns", columns(line));
		if (line.n && strchr(" \t\r", line.p[line.n - 1]) != NULL)
			found(f, CHECK_FORM, n, "trailing white space");
	}
	if (lines > LINES_MAX)
		found(f, CHECK_SIZE, lines, "%u lines", lines);
	EACH_LINE(f->code, code, n) {
		if (str_eq(code, S("{")))
			open = n;
		if (open != 0 && code.n && code.p[0] == '}') {
			if (n - open + 1 > FUNCTION_MAX)
				found(f, CHECK_SIZE, open, "function of %u lines", n - open + 1);
			open = 0;
		}
		if (has_word(code, S("goto")))
			found(f, CHECK_GOTO, n, "goto");
	}
}

/* ---- includes ------------------------------------------------------------------------------ */

static int ring_of(struct str dir)
{
	static const struct {
		struct str dir;
		int ring;
	} rings[] = {
		{ SC("base"), 0 }, { SC("codec"), 0 }, { SC("config"), 0 }, { SC("crypto"), 0 },
		{ SC("proto"), 0 }, { SC("llm"), 0 }, { SC("tlog"), 0 }, { SC("package"), 0 },
		{ SC("advisory"), 0 }, { SC("inspect"), 0 }, { SC("verify"), 0 },
		{ SC("sys"), 1 }, { SC("store"), 1 }, { SC("tls"), 1 },
		{ SC("keeper"), 2 }, { SC("ingress"), 2 }, { SC("egress"), 2 }, { SC("admin"), 2 },
		{ SC("cli"), 2 }, { SC("checker"), 2 }, { SC("detonator"), 2 }, { SC("sink"), 2 },
		{ SC("fetcher"), 2 }, { SC("indexer"), 2 },
		{ SC("verifier"), 2 },
	};

	for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++)
		if (str_eq(rings[i].dir, dir))
			return rings[i].ring;
	return -1;
}

static bool may_include(struct str from, struct str to)
{
	int a = ring_of(from), b = ring_of(to);

	if (b < 0 || b > a)
		return false;
	return b < a || b == 0 || str_eq(from, to) || (b == 1 && str_eq(to, S("sys")));
}

static void check_includes(struct file *f)
{
	if (ring_of(f->dir) < 0)
		found(f, CHECK_INCLUDE, 1, "directory '%.*s' belongs to no ring", FMT(f->dir));
	EACH_LINE(f->text, line, n) {
		struct str rest, head = str_cut(line, '"', &rest);
		if (!str_eq(str_trim(head), S("#include")))
			continue;
		struct str path = str_cut(rest, '"', &rest);
		struct str dir = str_cut(path, '/', &rest);
		if (rest.n == 0 || !may_include(f->dir, dir))
			found(f, CHECK_INCLUDE, n, "'%.*s' may not include '%.*s'", FMT(f->dir),
			      FMT(path));
	}
}

/* ---- declarations at file scope ------------------------------------------------------------ */

/* One declaration, bodies and initialisers in braces left out. */
struct decl {
	char text[2048];
	size_t n;
	unsigned line;  /* where it begins */
	bool body;      /* something in braces followed the text */
};

static struct str decl_text(const struct decl *d)
{
	return str_trim((struct str){ d->text, d->n });
}

static bool is_function(struct str s)
{
	size_t paren = str_chr(s, '('), equals = str_chr(s, '=');
	struct str rest, type = str_cut(s, ' ', &rest);

	/* "set_fn a, b;" declares functions of a type that is named as one. */
	if (str_has_suffix(type, S("_fn")) && str_chr(rest, '*') == SIZE_MAX &&
	    equals == SIZE_MAX)
		return true;
	return paren != SIZE_MAX && paren < equals && !str_has_prefix(str_tail(s, paren), S("(*"));
}

static bool is_type(struct str s)
{
	static const struct str words[] = { SC("struct"), SC("union"), SC("enum") };

	for (size_t i = 0; i < 3; i++) {
		if (!str_has_prefix(s, words[i]))
			continue;
		struct str rest = str_trim(str_tail(s, words[i].n)); /* a tag and nothing else */
		for (size_t k = 0; k < rest.n; k++)
			if (!is_word(rest.p[k]))
				return false;
		return true;
	}
	return false;
}

/* What is written once stays so: const, and behind the last star when there is one. */
static bool is_mutable(struct str s)
{
	struct str left = str_head(s, str_chr(s, '='));
	size_t pointer = str_find(left, S("(*")); /* to a function: its arguments say nothing */

	if (has_word(left, S("_Thread_local")))
		return true;
	if (pointer != SIZE_MAX) {
		left = str_tail(left, pointer);
		left = str_head(left, str_chr(left, ')'));
	}
	for (size_t star = str_chr(left, '*'); star != SIZE_MAX; star = str_chr(left, '*'))
		left = str_tail(left, star + 1);
	return !has_word(left, S("const"));
}

static bool is_variable(struct str s)
{
	return s.n != 0 && !is_function(s) && !is_type(s) && !str_has_prefix(s, S("typedef"));
}

/* Only a process's own main.c may keep state: it is the process. */
static bool may_keep_state(const struct file *f)
{
	return ring_of(f->dir) == 2 && str_eq(f->name, S("main.c"));
}

static void judge(struct file *f, struct decl *d)
{
	struct str s = decl_text(d);

	if (is_variable(s) && is_mutable(s) && !may_keep_state(f))
		found(f, CHECK_STATE, d->line, "mutable: %.*s", FMT(s));
	d->n = 0;
	d->body = false;
}

/* Attributes are no part of what a declaration declares. */
static size_t attribute_len(struct str s)
{
	size_t i = S("__attribute__").n;
	int depth = 0;

	if (!str_has_prefix(s, S("__attribute__")))
		return 0;
	for (; i < s.n; i++) {
		depth += (s.p[i] == '(') - (s.p[i] == ')');
		if (depth == 0 && s.p[i] == ')')
			return i + 1;
	}
	return i;
}

static void add(struct decl *d, char c, unsigned line)
{
	bool space = c == ' ' || c == '\t' || c == '\n';

	if (d->n == 0)
		d->line = line;
	if (space && (d->n == 0 || d->text[d->n - 1] == ' '))
		return;
	if (d->n < sizeof d->text)
		d->text[d->n++] = space ? ' ' : c;
}

static void check_state(struct file *f, struct str code)
{
	static struct decl d;
	unsigned line = 1;
	int depth = 0;

	d = (struct decl){ .n = 0 };
	for (size_t i = 0; i < code.n; i++) {
		char c = code.p[i];
		line += c == '\n';
		i += depth == 0 ? attribute_len(str_tail(code, i)) : 0;
		c = i < code.n ? code.p[i] : ' ';
		depth -= c == '}';
		if (depth == 0 && c == '}' && is_function(decl_text(&d)))
			d.n = 0; /* a definition needs no semicolon */
		else if (depth == 0 && c == ';')
			judge(f, &d);
		else if (depth == 0 && c != '{' && c != '}')
			add(&d, c, line);
		depth += c == '{';
	}
}

/* A static variable in a function is state of the file as well. */
static void check_local_state(struct file *f, struct str code)
{
	EACH_LINE(code, line, n) {
		struct str s = str_trim(line);
		if (line.n && line.p[0] == '\t' && str_has_prefix(s, S("static ")) &&
		    !may_keep_state(f) &&
		    is_mutable(str_head(s, str_chr(s, ';'))))
			found(f, CHECK_STATE, n, "mutable: %.*s", FMT(s));
	}
}

/* ---- comments ------------------------------------------------------------------------------ */

/* The line opens a prototype at file scope. Inline functions show what they do themselves. */
static bool opens_prototype(struct str code)
{
	static const struct str others[] = {
		SC("typedef"), SC("static_assert"), SC("static inline"), SC("__attribute__"),
	};
	size_t paren = str_chr(code, '(');

	if (code.n == 0 || !is_word(code.p[0]) || !is_function(code) || str_chr(code, '{') < paren)
		return false;
	if (str_chr(code, ' ') > paren) /* LIST(X): what it declares stands with the list */
		return false;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (str_has_prefix(code, others[i]))
			return false;
	return true;
}

/* Lines without an empty one between them are a group; a comment in it speaks for what follows. */
static void check_comments(struct file *f, struct str code)
{
	struct str text_rest = f->text;
	bool comment = false;
	int depth = 0;

	EACH_LINE(code, line, n) {
		struct str text = str_cut(text_rest, '\n', &text_rest);
		if (depth == 0 && str_trim(text).n == 0)
			comment = false;
		if (str_find(text, S("/*")) != SIZE_MAX || str_has_prefix(text, S(" *")))
			comment = true;
		if (depth == 0 && !comment && opens_prototype(line))
			found(f, CHECK_COMMENT, n, "no comment: %.*s", FMT(line));
		for (size_t i = 0; i < line.n; i++)
			depth += (line.p[i] == '{') - (line.p[i] == '}');
	}
}

/* ---- what must exist beside a file --------------------------------------------------------- */

static void check_fuzz(struct file *f)
{
	struct str head = str_head(f->text, str_find(f->text, S("*/")));
	char path[PATH_CAP];

	if (str_find(head, S("Input: hostile")) == SIZE_MAX)
		return;
	size_t at = str_find(head, S("Fuzz: fuzz/"));
	if (at == SIZE_MAX) {
		found(f, CHECK_FUZZ, 1, "hostile input, and no fuzz target is named");
		return;
	}
	struct str target = str_tail(head, at + S("Fuzz: ").n);
	size_t end = str_find(target, S("_fuzz.c"));
	if (end == SIZE_MAX || end > 100) {
		found(f, CHECK_FUZZ, 1, "the fuzz target is not named fuzz/<x>_fuzz.c");
		return;
	}
	(void)snprintf(path, sizeof path, "%.*s", (int)(end + S("_fuzz.c").n), target.p);
	if (access(path, R_OK) != 0)
		found(f, CHECK_FUZZ, 1, "there is no '%s'", path);
}

static void check_jail(struct file *f)
{
	char path[PATH_CAP];

	if (ring_of(f->dir) != 2 || !str_eq(f->name, S("main.c")) || str_eq(f->dir, S("cli")))
		return;
	(void)snprintf(path, sizeof path, "src/%.*s/jail.c", FMT(f->dir));
	if (access(path, R_OK) != 0)
		found(f, CHECK_JAIL, 1, "there is no '%s'", path);
}

static void must_be_in(struct file *f, const char *manual, struct str word, unsigned line)
{
	struct buf b;

	if (!slurp(manual, &b) || !has_word(buf_str(&b), word))
		found(f, CHECK_MAN, line, "'%.*s' is not in %s", FMT(word), manual);
	buf_free(&b);
}

/* The first string of the line, or "". */
static struct str first_string(struct str line)
{
	struct str rest;

	(void)str_cut(line, '"', &rest);
	return str_cut(rest, '"', &rest);
}

/* The row says .name = "key create"; without one the file's name has to do. */
static void check_command(struct file *f)
{
	char name[PATH_CAP];

	EACH_LINE(f->text, line, n) {
		size_t at = str_find(line, S(".name"));
		if (at != SIZE_MAX && first_string(str_tail(line, at)).n != 0) {
			must_be_in(f, "docs/yett.1", first_string(str_tail(line, at)), n);
			return;
		}
	}
	(void)snprintf(name, sizeof name, "%.*s", (int)(f->name.n - S("cmd_.c").n), f->name.p + 4);
	for (char *c = name; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	must_be_in(f, "docs/yett.1", str_z(name), 1);
}

/* Rows of the key table: { "key", ... or MACRO("key", ... */
static void check_keys(struct file *f)
{
	EACH_LINE(f->text, line, n) {
		struct str s = str_trim(line), key = first_string(s);
		if (line.n == 0 || line.p[0] != '\t' || key.n == 0)
			continue;
		if (s.p[0] == '{' || (s.p[0] >= 'A' && s.p[0] <= 'Z'))
			must_be_in(f, "docs/yett.yaml.5", key, n);
	}
}

/* ---- the walk ------------------------------------------------------------------------------ */

static void check_file(struct file *f)
{
	struct buf b;

	if (!slurp(f->path, &b))
		return;
	char *copy = malloc(b.n + 1);
	char *bare = malloc(b.n + 1);
	if (copy == NULL || bare == NULL)
		exit(1);
	memcpy(copy, b.p, b.n);
	blank_quoted(copy, b.n);
	memcpy(bare, copy, b.n);
	blank_directives(bare, b.n);
	f->text = buf_str(&b);
	f->code = (struct str){ copy, b.n };
	f->tidy->files++;
	check_lines(f);
	check_includes(f);
	check_state(f, (struct str){ bare, b.n });
	check_local_state(f, (struct str){ bare, b.n });
	if (str_has_suffix(f->name, S(".h")))
		check_comments(f, (struct str){ bare, b.n });
	check_fuzz(f);
	check_jail(f);
	if (str_eq(f->dir, S("cli")) && str_has_prefix(f->name, S("cmd_")) &&
	    str_has_suffix(f->name, S(".c")))
		check_command(f);
	if (str_eq(f->dir, S("config")) && str_eq(f->name, S("keys.c")))
		check_keys(f);
	free(copy);
	free(bare);
	buf_free(&b);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void check_dir(struct tidy *t, const char *dir)
{
	struct dirent **list = NULL;
	struct file f = { .tidy = t };
	char path[PATH_CAP];

	(void)snprintf(path, sizeof path, "src/%s", dir);
	int n = scandir(path, &list, visible, alphasort);
	for (int i = 0; i < n; i++) {
		f.dir = str_z(dir);
		f.name = str_z(list[i]->d_name);
		int len = snprintf(f.path, sizeof f.path, "%s/%s", path, list[i]->d_name);
		bool c = str_has_suffix(f.name, S(".c")) || str_has_suffix(f.name, S(".h"));
		if (c && (size_t)len < sizeof f.path)
			check_file(&f);
		free(list[i]);
	}
	free(list);
}

static int print_table(const struct tidy *t)
{
	unsigned all = 0;

	for (int i = 0; i < CHECK_COUNT; i++) {
		printf("%6u  %s\n", t->findings[i], check_texts[i]);
		all += t->findings[i];
	}
	printf("tidy: %u files, %u findings\n", t->files, all);
	return all == 0 && t->files != 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct tidy t = { 0 };
	struct dirent **dirs = NULL;

	if (argc != 2 || chdir(argv[1]) != 0) {
		fprintf(stderr, "usage: tidy DIRECTORY\n");
		return 64;
	}
	int n = scandir("src", &dirs, visible, alphasort);
	for (int i = 0; i < n; i++) {
		check_dir(&t, dirs[i]->d_name);
		free(dirs[i]);
	}
	free(dirs);
	return print_table(&t);
}
