/*
 * inspect/publishers_judge.c - what the ledger says of one release: an attestation that is gone, an
 * identity that is another one, a build unlike those before.
 * Input: the user's own file, into which names of strangers were written.   Runs in: checker.
 * Fuzz: fuzz/publishers_fuzz.c
 */
#include "inspect/publishers.h"

#include "package/version.h"

enum { HISTORY = 2048 }; /* entries of a project that are looked at: the newest */

/* One release among the entries of its project. */
struct history {
	const struct publisher_entry *of;
	size_t n;
	enum ecosystem eco;
	struct str version;
	const struct publisher_entry *before; /* the nearest lower release with a valid one */
};

/* The newest entry of a file is the one that counts. */
static bool is_current(const struct history *h, size_t i)
{
	for (size_t k = i + 1; k < h->n; k++)
		if (str_eq(h->of[k].version, h->of[i].version) &&
		    str_eq(h->of[k].file, h->of[i].file))
			return false;
	return true;
}

static bool is_lower(const struct history *h, size_t i)
{
	bool valid;

	return version_cmp(h->eco, h->of[i].version, h->version, &valid) < 0 && valid;
}

static void find_before(struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct publisher_entry *e = &h->of[i];
		if (e->state != PUBLISHER_VALID || !is_lower(h, i) || !is_current(h, i))
			continue;
		if (h->before == NULL ||
		    version_cmp(h->eco, e->version, h->before->version, NULL) >= 0)
			h->before = e;
	}
}

/* ---- who ---- */

/* Numbers where both have them: names can be changed, and taken over. */
static bool same_identity(const struct publisher_entry *a, const struct publisher_entry *b)
{
	if (!str_eq(a->issuer, b->issuer))
		return false;
	if (a->repository_id.n && b->repository_id.n)
		return str_eq(a->repository_id, b->repository_id);
	if (a->repository.n || b->repository.n)
		return str_ieq(a->repository, b->repository);
	return str_eq(a->signer, b->signer);
}

static struct str who(const struct publisher_entry *e)
{
	return e->repository.n ? e->repository : e->signer;
}

/* "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1" without what is behind the '@'. */
static struct str workflow_path(struct str uri)
{
	return str_head(uri, str_chr(uri, '@'));
}

/* "refs/tags", "refs/heads", "refs/pull". */
static struct str ref_kind(struct str ref)
{
	size_t at = str_chr(str_tail(ref, 5), '/');

	return str_has_prefix(ref, S("refs/")) && at != SIZE_MAX ? str_head(ref, 5 + at) : ref;
}

/* ---- how ---- */

static struct str aspect_ref(const struct publisher_entry *e)
{
	return ref_kind(e->ref);
}

static struct str aspect_trigger(const struct publisher_entry *e)
{
	return e->trigger;
}

static struct str aspect_runner(const struct publisher_entry *e)
{
	return e->runner;
}

static struct str aspect_workflow(const struct publisher_entry *e)
{
	size_t at = str_find(e->workflow, S("/.github/"));
	struct str path = workflow_path(e->workflow);

	/* Behind the repository's name, which may change. */
	return at != SIZE_MAX && at < path.n ? str_tail(path, at) : path;
}

static const struct aspect {
	const char *what;
	struct str (*of)(const struct publisher_entry *e);
} aspects[] = {
	{ "ref", aspect_ref },
	{ "trigger", aspect_trigger },
	{ "workflow", aspect_workflow },
	{ "runner", aspect_runner },
};

/* Unlike every lower release that is on record: one that was like it is enough to say nothing. */
static bool is_unlike(const struct history *h, const struct publisher_entry *e,
		      const struct aspect *a)
{
	struct str now = a->of(e);
	bool one = false;

	for (size_t i = 0; now.n && i < h->n; i++) {
		const struct publisher_entry *old = &h->of[i];
		if (old->state != PUBLISHER_VALID || !is_lower(h, i) || a->of(old).n == 0)
			continue;
		if (str_eq(a->of(old), now))
			return false;
		one = true;
	}
	return one;
}

static void judge_valid(const struct history *h, const struct publisher_entry *e, struct str purl,
			struct findings *f)
{
	if (h->before == NULL)
		return;
	if (!same_identity(e, h->before)) {
		finding_add(f, RULE_IDENTITY_CHANGED, purl, e->file, 0, who(e),
			    "published by %.*s (id %.*s), and %.*s by %.*s (id %.*s)", FMT(who(e)),
			    FMT(e->repository_id), FMT(h->before->version), FMT(who(h->before)),
			    FMT(h->before->repository_id));
		return; /* another's builds are other builds */
	}
	for (size_t i = 0; i < sizeof aspects / sizeof aspects[0]; i++)
		if (is_unlike(h, e, &aspects[i]))
			finding_add(f, RULE_BUILD_UNLIKE, purl, e->file, 0, aspects[i].of(e),
				    "the %s is %.*s, and was %.*s for %.*s", aspects[i].what,
				    FMT(aspects[i].of(e)), FMT(aspects[i].of(h->before)),
				    FMT(h->before->version));
}

/* This very file had one. */
static bool had_one(const struct history *h, const struct publisher_entry *e)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->of[i].state == PUBLISHER_VALID && str_eq(h->of[i].version, e->version) &&
		    str_eq(h->of[i].file, e->file))
			return true;
	return false;
}

static void judge_none(const struct history *h, const struct publisher_entry *e, struct str purl,
		       struct findings *f)
{
	if (had_one(h, e))
		finding_add(f, RULE_ATTESTATION_VANISHED, purl, e->file, 0, S(""),
			    "this very file had one");
	else if (h->before != NULL)
		finding_add(f, RULE_ATTESTATION_VANISHED, purl, e->file, 0, who(h->before),
			    "%.*s had one, of %.*s", FMT(h->before->version), FMT(who(h->before)));
}

/* ---- whom a lock file names ---- */

static bool fits(const struct package_identity *one, struct str kind,
		 const struct publisher_entry *e)
{
	static const struct {
		struct str kind, host;
	} hosts[] = { { SC("GitHub"), SC("https://github.com/") },
		      { SC("GitLab"), SC("https://gitlab.com/") } };
	struct str path = workflow_path(e->workflow);

	if (str_eq(one->key, S("email")))
		return str_eq(one->value, e->signer);
	if (str_eq(one->key, S("workflow")) || str_eq(one->key, S("workflow_filepath")))
		return path.n > one->value.n && str_has_suffix(path, one->value) &&
		       path.p[path.n - one->value.n - 1] == '/';
	if (!str_eq(one->key, S("repository")))
		return true; /* an environment is in no certificate */
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		if (str_ieq(kind, hosts[i].kind))
			return str_has_prefix(e->repository, hosts[i].host) &&
			       str_ieq(str_tail(e->repository, hosts[i].host.n), one->value);
	return false;
}

/* Any of those that are named will do; each begins with its kind. */
static bool is_named(const struct package_identity *list, const struct publisher_entry *e)
{
	bool all = false, any = false;
	struct str kind = S("");

	for (; list != NULL; list = list->next) {
		if (str_eq(list->key, S("kind"))) {
			any |= all;
			kind = list->value;
			all = true;
		} else {
			all = all && fits(list, kind, e);
		}
	}
	return any || all;
}

static struct str named(const struct package_identity *list)
{
	for (; list != NULL; list = list->next)
		if (str_eq(list->key, S("repository")) || str_eq(list->key, S("email")))
			return list->value;
	return S("somebody");
}

static void judge_lock(const struct package *p, const struct publisher_entry *e, struct str purl,
		       struct findings *f)
{
	struct str want = named(p->identity);

	if (e == NULL)
		finding_add(f, RULE_IDENTITY_UNCHECKED, purl, p->where, p->line, want,
			    "the lock file names %.*s", FMT(want));
	else if (e->state != PUBLISHER_VALID)
		finding_add(f, RULE_IDENTITY_UNEXPECTED, purl, p->where, p->line, want,
			    "the lock file names %.*s, and %.*s has no attestation that holds",
			    FMT(want), FMT(e->file));
	else if (!is_named(p->identity, e))
		finding_add(f, RULE_IDENTITY_UNEXPECTED, purl, p->where, p->line, who(e),
			    "the lock file names %.*s, and %.*s was published by %.*s", FMT(want),
			    FMT(e->file), FMT(who(e)));
}

/* ---- a release ---- */

static void judge_entry(const struct history *h, const struct publisher_entry *e, struct str purl,
			struct findings *f)
{
	switch (e->state) {
	case PUBLISHER_VALID:
		judge_valid(h, e, purl, f);
		break;
	case PUBLISHER_INVALID:
		finding_add(f, RULE_ATTESTATION_INVALID, purl, e->file, 0, e->failed,
			    "the check '%.*s' does not hold", FMT(e->failed));
		break;
	case PUBLISHER_NONE:
		judge_none(h, e, purl, f);
		break;
	case PUBLISHER_STATES:
		break;
	}
}

void publishers_judge(const struct publishers *l, const struct package *p, struct str purl,
		      struct findings *f)
{
	struct history h = { .eco = p->eco, .version = p->version };
	const struct publisher_entry *last = NULL;

	if (p->eco == ECO_OTHER || p->version.n == 0)
		return;
	h.of = publishers_project(l, p->eco, p->name, &h.n);
	if (h.n > HISTORY) {
		h.of += h.n - HISTORY;
		h.n = HISTORY;
	}
	find_before(&h);
	for (size_t i = 0; i < h.n; i++) {
		if (version_cmp(p->eco, h.of[i].version, p->version, NULL) != 0 ||
		    !is_current(&h, i))
			continue;
		last = &h.of[i];
		judge_entry(&h, last, purl, f);
		if (p->identity != NULL)
			judge_lock(p, last, purl, f);
	}
	if (last == NULL && p->identity != NULL)
		judge_lock(p, NULL, purl, f);
}

const struct publisher_entry *publishers_signed(const struct publishers *l, const struct package *p)
{
	size_t n;
	const struct publisher_entry *of = publishers_project(l, p->eco, p->name, &n);

	while (p->version.n > 0 && n-- > 0)
		if (of[n].state == PUBLISHER_VALID &&
		    version_cmp(p->eco, of[n].version, p->version, NULL) == 0)
			return &of[n];
	return NULL;
}
