/*
 * cli/pip_files.c - files of requirements and constraints.
 * Input: hostile (the files).   Runs in: cli.   Fuzz: fuzz/manifest_fuzz.c
 *
 * pip puts variables of the environment where "${NAME}" stands, also into the address of an index
 * that the file names itself. So a file that comes with a project could have any secret sent
 * anywhere before anything was judged.
 */
#include "cli/pip_files.h"

#include "package/manifest.h"
#include "sys/fs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FILES_MAX = 256, FILE_MAX = 16 << 20, SCRATCH = 512 << 20, PACKAGES_MAX = 100000 };

struct files {
	struct arena arena;
	const char *paths[FILES_MAX];
	size_t n;
};

static enum err refuse(const char *path, uint32_t line, const char *why, struct diag *d)
{
	return diag_set(d, ERR_DENIED,
			"'%.80s':%u: %s, so what it sends where cannot be told; if that is meant, "
			"give --yes",
			path, line, why);
}

static enum err add(struct files *f, const char *path, struct diag *d)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->paths[i], path) == 0)
			return OK;
	if (f->n == FILES_MAX)
		return diag_set(d, ERR_LIMIT, "too many files of requirements");
	struct str z = arena_dup(&f->arena, (struct str){ path, strlen(path) + 1 });
	if (z.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	f->paths[f->n++] = z.p;
	return OK;
}

/* A file that path takes in, by a name that counts from there. */
static enum err include(struct files *f, const char *path, const struct finding *x, struct diag *d)
{
	char whole[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct str dir = slash != NULL ? (struct str){ path, (size_t)(slash - path) + 1 } : S("");

	if (str_find(x->excerpt, S(":")) != SIZE_MAX || x->excerpt.n >= FINDING_EXCERPT)
		return refuse(path, x->line, "it takes in an address", d);
	/* pip splits a line as a shell does: 'a'b and a\b are ab. */
	for (size_t i = 0; i < x->excerpt.n; i++)
		if (strchr("'\"\\", x->excerpt.p[i]) != NULL)
			return refuse(path, x->line, "it takes in a name with quotes in it", d);
	if (x->excerpt.n > 0 && x->excerpt.p[0] == '/')
		dir = S("");
	if (snprintf(whole, sizeof whole, "%.*s%.*s", FMT(dir), FMT(x->excerpt)) >=
	    (int)sizeof whole)
		return refuse(path, x->line, "it takes in a file with too long a name", d);
	return add(f, whole, d);
}

/* pip reads a file in the encoding that a comment on one of its first two lines names. */
static bool other_encoding(struct str text)
{
	for (unsigned i = 0; i < 2; i++) {
		struct str line = str_cut(text, '\n', &text);
		if (!str_has_prefix(line, S("#")))
			continue;
		for (size_t at; (at = str_find(line, S("coding"))) != SIZE_MAX;) {
			line = str_tail(line, at + strlen("coding"));
			bool names = line.n > 0 && (line.p[0] == ':' || line.p[0] == '=');
			if (names && !str_has_prefix(str_trim(str_tail(line, 1)), S("utf-8")))
				return true;
		}
	}
	return false;
}

static enum err check_text(struct files *f, const char *path, struct str text, struct arena *a,
			   struct diag *d)
{
	struct package_list packages;
	struct findings found;

	findings_init(&found, a);
	package_list_init(&packages, a, PACKAGES_MAX);
	if (str_has_prefix(text, S("\xff\xfe")) || str_has_prefix(text, S("\xfe\xff")) ||
	    str_chr(text, 0) != SIZE_MAX || other_encoding(text))
		return refuse(path, 1, "it is in another encoding than UTF-8", d);
	TRY(manifest_read(MANIFEST_REQUIREMENTS, str_z(path), text, a, &packages, &found, d));
	for (size_t i = 0; i < found.n; i++) {
		const struct finding *x = &found.items[i];
		if (x->rule == RULE_MANIFEST_UNREAD &&
		    str_find(x->detail, S("variable of the environment")) != SIZE_MAX)
			return refuse(path, x->line, "it has a variable of the environment", d);
		if (x->rule == RULE_MANIFEST_UNREAD && str_eq(x->detail, S("unknown option")))
			return refuse(path, x->line, "it has an option that is not known", d);
		if (x->rule == RULE_MANIFEST_INCLUDE)
			TRY(include(f, path, x, d));
	}
	if (found.dropped > 0)
		return refuse(path, 1, "more is found in it than is kept", d);
	return OK;
}

static enum err check_file(struct files *f, const char *path, struct diag *d)
{
	struct arena a;
	struct buf b;

	buf_init(&b, FILE_MAX);
	arena_init(&a, SCRATCH);
	enum err e = fs_read(path, 0, &b, NULL);
	if (e == OK)
		e = check_text(f, path, buf_str(&b), &a, d);
	else if (e == ERR_LIMIT || e == ERR_NOMEM)
		e = refuse(path, 1, "it is too large to be read", d);
	else
		e = OK; /* what is not there, or no file, ends pip */
	arena_done(&a);
	buf_free(&b);
	return e;
}

enum err pip_files_check(const struct pip_args *args, struct diag *d)
{
	struct files f = { .n = 0 };
	enum err e = OK;

	arena_init(&f.arena, SCRATCH);
	for (size_t i = 0; e == OK && i < args->n_files; i++) {
		const char *path = args->files[i];
		path += strncmp(path, "file://", 7) == 0 ? 7 : 0;
		if (strstr(path, "://") == NULL)
			e = add(&f, path, d);
	}
	for (size_t i = 0; e == OK && i < f.n; i++)
		e = check_file(&f, f.paths[i], d);
	arena_done(&f.arena);
	return e;
}
