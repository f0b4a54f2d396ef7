/*
 * inspect/change.c - what a release has that the one before had not.
 * Input: hostile (names of both, which are only compared).   Runs in: checker.
 * Fuzz: fuzz/change_fuzz.c
 */
#include "inspect/change.h"

#include "inspect/caps.h"

#include <stdlib.h>
#include <string.h>

enum { BUNDLE = 1 << 20, GROWN_TIMES = 4, GROWN_BY = 1 << 20 };

#define X(code, words) [code] = SC(words),
static const struct str trait_words[TRAIT_COUNT] = { TRAIT_LIST(X) };
static const struct str kind_words[KIND_COUNT] = { KIND_LIST(X) };
#undef X
#define X(code, weighs, words) [code] = { SC(words), weighs },
static const struct {
	struct str words;
	bool weighs;
} maker_rows[MAKER_COUNT] = { MAKER_LIST(X) };
#undef X

void profile_init(struct profile *p, struct arena *a)
{
	*p = (struct profile){ .arena = a };
	p->package.eco = ECO_OTHER;
}

static struct str keep(struct profile *p, struct str s)
{
	struct str copy = arena_dup(p->arena, s);

	return copy.p != NULL ? copy : S("");
}

static void note(struct profile *p, struct str *slot, struct str path)
{
	if (slot->p == NULL)
		*slot = keep(p, path);
}

void profile_add(struct profile *p, struct profile_list *l, const struct profile_item *item)
{
	if (l->n == PROFILE_LIST)
		return;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct profile_item *more = NEW_ARRAY(p->arena, struct profile_item, cap);
		if (more == NULL)
			return;
		if (l->n > 0)
			memcpy(more, l->items, l->n * sizeof *more);
		l->items = more;
		l->cap = cap;
	}
	l->items[l->n++] = (struct profile_item){ keep(p, item->name), keep(p, item->detail),
						  keep(p, item->path), item->line };
}

static bool ends(struct str path, const struct str *endings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_has_suffix(path, endings[i]))
			return true;
	return false;
}

#define ENDS(path, list) ends(path, list, sizeof(list) / sizeof(list)[0])

static void note_kind(struct profile *p, struct str path, uint64_t size, bool python)
{
	static const struct str native[] = { SC(".so"),	  SC(".pyd"), SC(".dll"), SC(".dylib"),
					     SC(".node"), SC(".exe"), SC(".wasm") };
	static const struct str shell[] = { SC(".sh"), SC(".bash"), SC(".ps1"), SC(".bat") };
	static const struct str script[] = { SC(".js"), SC(".mjs"), SC(".cjs") };
	static const struct str archive[] = { SC(".zip"), SC(".gz"),  SC(".xz"),
					      SC(".pyz"), SC(".whl"), SC(".7z") };
	bool js = ENDS(path, script), py = str_has_suffix(path, S(".py"));

	if (ENDS(path, native))
		note(p, &p->kinds[KIND_NATIVE], path);
	if (ENDS(path, shell))
		note(p, &p->kinds[KIND_SHELL], path);
	if (js && python)
		note(p, &p->kinds[KIND_JAVASCRIPT], path);
	if (py && !python)
		note(p, &p->kinds[KIND_PYTHON], path);
	if (ENDS(path, archive))
		note(p, &p->kinds[KIND_ARCHIVE], path);
	if ((js || py) && size > BUNDLE)
		note(p, &p->kinds[KIND_BUNDLE], path);
}

void profile_file(struct profile *p, struct str path, uint64_t size, uint32_t caps, bool python)
{
	static const struct {
		enum trait trait;
		uint32_t all, any;
	} rows[] = {
		{ TRAIT_DECODE_RUN, CAP_DECODE, CAP_EVAL | CAP_UNPICKLE },
		{ TRAIT_FETCH_RUN, CAP_FETCH_RUN, CAP_FETCH_RUN },
		{ TRAIT_RUNTIME, CAP_RUNTIME, CAP_RUNTIME },
		{ TRAIT_STEAL, CAP_NET, CAP_CREDENTIALS | CAP_ENV_ALL },
		{ TRAIT_METADATA, CAP_METADATA, CAP_METADATA },
		{ TRAIT_PERSIST, CAP_PERSIST | CAP_WRITE, CAP_WRITE },
		{ TRAIT_SELF_DELETE, CAP_SELF_DELETE, CAP_SELF_DELETE },
		{ TRAIT_OBFUSCATED, CAP_OBFUSCATED, CAP_OBFUSCATED },
		{ TRAIT_DNS, CAP_DNS, CAP_DNS },
		{ TRAIT_AGENT, CAP_AGENT, CAP_AGENT },
	};

	p->bytes += size;
	note_kind(p, path, size, python);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((caps & rows[i].all) == rows[i].all && (caps & rows[i].any) != 0)
			note(p, &p->traits[rows[i].trait], path);
}

void profile_hook(struct profile *p, struct str path, uint32_t line, struct str text)
{
	const struct profile_item item = { text, S(""), path, line };

	profile_add(p, &p->hooks, &item);
}

void profile_script(struct profile *p, struct str path, struct str name, struct str command)
{
	const struct profile_item item = { name, command, path, 0 };

	profile_add(p, &p->scripts, &item);
}

void profile_dependency(struct profile *p, struct str path, struct str name, struct str url)
{
	const struct profile_item item = { name, url, path, 0 };

	profile_add(p, &p->dependencies, &item);
}

void profile_content(struct profile *p, struct str name, struct str path, const uint8_t sha256[32])
{
	static const struct str code[] = { SC(".py"),	SC(".so"), SC(".pth"), SC(".start"),
					   SC(".pyd"),	SC(".js"), SC(".mjs"), SC(".cjs"),
					   SC(".node"), SC(".sh"), SC(".wasm") };

	if (!ENDS(name, code) || p->n_files == PROFILE_FILES ||
	    !ARENA_ROOM(p->arena, p->files, p->n_files, p->cap_files))
		return;
	struct profile_file *f = &p->files[p->n_files++];
	*f = (struct profile_file){ .name = keep(p, name), .path = keep(p, path) };
	memcpy(f->sha256, sha256, sizeof f->sha256);
}

/* ---- two releases ---- */

bool profile_has(const struct profile_list *l, const struct profile_item *item)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, item->name) &&
		    str_eq(l->items[i].detail, item->detail))
			return true;
	return false;
}

static void compare_hooks(const struct profile *old, const struct profile *new, struct findings *f)
{
	for (size_t i = 0; i < new->hooks.n; i++) {
		const struct profile_item *h = &new->hooks.items[i];
		if (!profile_has(&old->hooks, h))
			finding_add(f, RULE_NEW_HOOK, new->label, h->path, h->line, h->name, " ");
	}
}

static void compare_lists(const struct profile *old, const struct profile *new, struct findings *f)
{
	struct str package = new->label;

	for (size_t i = 0; i < new->scripts.n; i++) {
		const struct profile_item *s = &new->scripts.items[i];
		if (!profile_has(&old->scripts, s))
			finding_add(f, RULE_NEW_SCRIPT, package, s->path, 0, s->detail, "%.*s",
				    FMT(s->name));
	}
	for (size_t i = 0; i < new->dependencies.n; i++) {
		const struct profile_item *d = &new->dependencies.items[i];
		if (profile_has(&old->dependencies, d))
			continue;
		finding_add(f, d->detail.n > 0 ? RULE_NEW_SOURCE : RULE_NEW_DEPENDENCY, package,
			    d->path, 0, d->detail, "%.*s", FMT(d->name));
	}
}

/* What both tell, and nothing of it is the same. */
static bool is_other(const struct profile_list *old, const struct profile_list *new)
{
	for (size_t i = 0; i < new->n; i++)
		if (profile_has(old, &new->items[i]))
			return false;
	return old->n > 0 && new->n > 0;
}

/* Projects are handed over, so that is evidence only; with a new dependency beside it, it is how a
 * stolen account looks: that is held. */
static void compare_makers(const struct profile *old, const struct profile *new, size_t first,
			   struct findings *f)
{
	bool dependency = findings_has(f, first, RULE_NEW_DEPENDENCY);

	for (enum maker m = 0; m < MAKER_COUNT; m++) {
		if (!is_other(&old->makers[m], &new->makers[m]) ||
		    (m == MAKER_ADDRESS &&
		     is_other(&old->makers[MAKER_UPLOADER], &new->makers[MAKER_UPLOADER])))
			continue;
		struct str was = old->makers[m].items[0].name, is = new->makers[m].items[0].name;
		finding_add(f,
			    dependency && maker_rows[m].weighs ? RULE_PUBLISHER_AND_CODE
							       : RULE_PUBLISHER_CHANGED,
			    new->label, new->package.where, 0, is, "the %.*s is %.*s, and was %.*s",
			    FMT(maker_rows[m].words), FMT(is), FMT(was));
	}
}

/* ---- file by file ---- */

static int by_name(const void *va, const void *vb)
{
	const struct profile_file *a = va, *b = vb;

	return str_cmp(a->name, b->name);
}

static void sort_files(struct profile *p)
{
	if (p->n_files > 1)
		qsort(p->files, p->n_files, sizeof *p->files, by_name);
}

/* The same version of the same package must be the same code. */
static void compare_files(struct profile *old, struct profile *new, struct findings *f)
{
	bool loose = new->package.name.n == 0;
	size_t i = 0, k = 0, changed = 0, added = 0, gone = 0;

	sort_files(old);
	sort_files(new);
	while (i < old->n_files || k < new->n_files) {
		int order = i == old->n_files	? 1
			    : k == new->n_files ? -1
						: by_name(&old->files[i], &new->files[k]);
		const struct profile_file *now = order < 0 ? NULL : &new->files[k];
		added += order > 0;
		gone += order < 0;
		if (order == 0 && memcmp(old->files[i].sha256, now->sha256, 32) != 0 &&
		    changed++ < PROFILE_SHOWN && !loose)
			finding_add(f, RULE_SAME_VERSION, new->label, now->path, 0, S(""), " ");
		i += order <= 0;
		k += order >= 0;
	}
	if (changed + added + gone > 0)
		finding_add(f, RULE_FILES_DIFFER, new->label, new->package.where, 0, S(""),
			    "of code: %zu changed, %zu new, %zu gone", changed, added, gone);
}

void change_compare(const struct profile *old, const struct profile *new, struct findings *f)
{
	struct str package = new->label;
	size_t first = f->n;

	compare_hooks(old, new, f);
	compare_lists(old, new, f);
	for (enum trait t = 0; t < TRAIT_COUNT; t++)
		if (new->traits[t].p != NULL && old->traits[t].p == NULL)
			finding_add(f, RULE_NEW_CAPABILITY, package, new->traits[t], 0, S(""),
				    "it %.*s", FMT(trait_words[t]));
	for (enum kind k = 0; k < KIND_COUNT; k++)
		if (new->kinds[k].p != NULL && old->kinds[k].p == NULL)
			finding_add(f, RULE_NEW_KIND, package, new->kinds[k], 0, S(""), "%.*s",
				    FMT(kind_words[k]));
	if (new->bytes > GROWN_TIMES * old->bytes &&new->bytes > old->bytes + GROWN_BY)
		finding_add(f, RULE_GROWN, package, S(""), 0, S(""), "%llu bytes, %llu before",
			    (unsigned long long)new->bytes, (unsigned long long)old->bytes);
	compare_makers(old, new, first, f);
}

/* ---- sets ---- */

static int name_order(const struct profile *a, const struct profile *b)
{
	if (a->package.eco != b->package.eco)
		return a->package.eco < b->package.eco ? -1 : 1;
	return str_cmp(a->package.name, b->package.name);
}

static int by_package(const void *va, const void *vb)
{
	const struct profile *a = va, *b = vb;
	int order = name_order(a, b);

	return order != 0 ? order : str_cmp(a->package.version, b->package.version);
}

static void compare_pair(struct profile *old, struct profile *new, bool told, struct findings *f)
{
	bool same = str_eq(old->package.version, new->package.version);

	if (!same && !told)
		finding_add(f, RULE_PACKAGE_VERSION, new->label, new->package.where, 0, S(""),
			    "%.*s, and %.*s before", FMT(new->package.version),
			    FMT(old->package.version));
	change_compare(old, new, f);
	if (same && old->layout == new->layout)
		compare_files(old, new, f);
}

static void tell(struct findings *f, enum rule r, const struct profile *p)
{
	finding_add(f, r, p->label, p->package.where, 0, S(""), " ");
}

/* One package, in all versions that there are of it (npm keeps several): what is there in the same
 * version is a pair, then what is left, in its order. */
static void compare_group(struct profile **old, size_t n_old, struct profile **new, size_t n_new,
			  struct findings *f)
{
	static const struct profile none = { .arena = NULL };
	size_t left_old = 0, left_new = 0, i = 0, k = 0;

	while (i < n_old || k < n_new) {
		int order = i == n_old ? 1 : k == n_new ? -1 : by_package(old[i], new[k]);
		if (order == 0)
			compare_pair(old[i++], new[k++], true, f);
		else if (order < 0)
			old[left_old++] = old[i++];
		else
			new[left_new++] = new[k++];
	}
	for (i = 0; i < left_old && i < left_new; i++)
		compare_pair(old[i], new[i], false, f);
	for (k = i; k < left_old; k++)
		tell(f, RULE_PACKAGE_GONE, old[k]);
	for (k = i; k < left_new; k++) {
		tell(f, RULE_PACKAGE_ADDED, new[k]);
		compare_hooks(&none, new[k], f);
	}
}

static struct profile **sorted(struct profile_set *s, struct arena *a)
{
	struct profile **out = NEW_ARRAY(a, struct profile *, s->n + 1);

	if (s->n > 1)
		qsort(s->items, s->n, sizeof *s->items, by_package);
	for (size_t i = 0; out != NULL && i < s->n; i++)
		out[i] = &s->items[i];
	return out;
}

static size_t run_of(struct profile **p, size_t from, size_t n)
{
	size_t to = from;

	while (to < n && name_order(p[from], p[to]) == 0)
		to++;
	return to - from;
}

enum err change_compare_sets(struct profile_set *old, struct profile_set *new, struct arena *a,
			     struct findings *f)
{
	bool release = old->release && new->release;
	struct profile **was = sorted(old, a), **is = sorted(new, a);
	size_t i = 0, k = 0;

	if (was == NULL || is == NULL)
		return ERR_NOMEM;
	while (!release && (i < old->n || k < new->n)) {
		size_t n_old = run_of(was, i, old->n), n_new = run_of(is, k, new->n);
		int order = n_old == 0 ? 1 : n_new == 0 ? -1 : name_order(was[i], is[k]);
		n_old = order > 0 ? 0 : n_old;
		n_new = order < 0 ? 0 : n_new;
		/* Beside a single release all else of an environment was not asked for. */
		if ((n_old > 0 || !old->release) && (n_new > 0 || !new->release))
			compare_group(was + i, n_old, is + k, n_new, f);
		i += n_old;
		k += n_new;
	}
	if (release)
		compare_pair(was[0], is[0], true, f);
	if (!old->release && !new->release && old->loose != NULL &&new->loose != NULL)
		compare_pair(old->loose, new->loose, true, f);
	return OK;
}
