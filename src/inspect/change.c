/*
 * inspect/change.c - what a release has that the one before had not.
 * Input: names and texts of both, which are only compared.   Runs in: checker.
 */
#include "inspect/change.h"

#include "inspect/caps.h"

#include <string.h>

enum { BUNDLE = 1 << 20, GROWN_TIMES = 4, GROWN_BY = 1 << 20 };

#define X(code, words) [code] = SC(words),
static const struct str trait_words[TRAIT_COUNT] = { TRAIT_LIST(X) };
static const struct str kind_words[KIND_COUNT] = { KIND_LIST(X) };
#undef X

void profile_init(struct profile *p, struct arena *a)
{
	*p = (struct profile){ .arena = a };
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

static void add(struct profile *p, struct profile_list *l, const struct profile_item *item)
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

	add(p, &p->hooks, &item);
}

void profile_script(struct profile *p, struct str path, struct str name, struct str command)
{
	const struct profile_item item = { name, command, path, 0 };

	add(p, &p->scripts, &item);
}

void profile_dependency(struct profile *p, struct str path, struct str name, struct str url)
{
	const struct profile_item item = { name, url, path, 0 };

	add(p, &p->dependencies, &item);
}

static bool has(const struct profile_list *l, const struct profile_item *item)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, item->name) &&
		    str_eq(l->items[i].detail, item->detail))
			return true;
	return false;
}

static void compare_lists(const struct profile *old, const struct profile *new, struct str package,
			  struct findings *f)
{
	for (size_t i = 0; i < new->hooks.n; i++) {
		const struct profile_item *h = &new->hooks.items[i];
		if (!has(&old->hooks, h))
			finding_add(f, RULE_NEW_HOOK, package, h->path, h->line, h->name, " ");
	}
	for (size_t i = 0; i < new->scripts.n; i++) {
		const struct profile_item *s = &new->scripts.items[i];
		if (!has(&old->scripts, s))
			finding_add(f, RULE_NEW_SCRIPT, package, s->path, 0, s->detail, "%.*s",
				    FMT(s->name));
	}
	for (size_t i = 0; i < new->dependencies.n; i++) {
		const struct profile_item *d = &new->dependencies.items[i];
		if (has(&old->dependencies, d))
			continue;
		finding_add(f, d->detail.n > 0 ? RULE_NEW_SOURCE : RULE_NEW_DEPENDENCY, package,
			    d->path, 0, d->detail, "%.*s", FMT(d->name));
	}
}

void change_compare(const struct profile *old, const struct profile *new, struct str package,
		    struct findings *f)
{
	compare_lists(old, new, package, f);
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
}
