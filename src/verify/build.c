/*
 * verify/build.c - SLSA provenance v0.2 and v1 (slsa.dev/spec): how a build describes itself. The
 * certificate of whoever signed says much of the same, from another source: both must agree.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "verify/part.h"
#include "verify/provenance.h"

static const char rule[] = "slsa.dev/spec, provenance";

/* ---- reading; what is missing or of another type is not said ---- */

static struct str text(struct arena *a, const struct json *v, const char *name)
{
	const struct json *it = json_get(v, str_z(name));
	struct str s = json_is(it, JSON_STRING) ? json_str(a, it) : S("");

	return s.p ? s : S("");
}

static const struct json *down(const struct json *v, const char *a, const char *b)
{
	v = json_get(v, str_z(a));
	return b ? json_get(v, str_z(b)) : v;
}

/* "git+https://github.com/o/r@refs/heads/main" is a repository and a ref. */
static void take_uri(struct build *b, struct str uri)
{
	size_t at;

	if (str_has_prefix(uri, S("git+")))
		uri = str_tail(uri, 4);
	at = str_find(uri, S("@refs/"));
	if (b->repository.n == 0)
		b->repository = at == SIZE_MAX ? uri : str_head(uri, at);
	if (b->ref.n == 0 && at != SIZE_MAX)
		b->ref = str_tail(uri, at + 1);
}

static struct str first_of(struct str a, struct str b)
{
	return a.n ? a : b;
}

/* v0.2, as npm 9 and slsa-github-generator wrote it. */
static void read_02(struct build *b, const struct json *v, struct arena *a)
{
	const struct json *source = down(v, "invocation", "configSource");
	const struct json *env = down(v, "invocation", "environment");
	const struct json *meta = down(v, "metadata", NULL);

	b->builder = text(a, down(v, "builder", NULL), "id");
	b->type = text(a, v, "buildType");
	take_uri(b, text(a, source, "uri"));
	b->commit = text(a, down(source, "digest", NULL), "sha1");
	b->workflow = text(a, source, "entryPoint");
	b->trigger = first_of(text(a, env, "GITHUB_EVENT_NAME"), text(a, env, "github_event_name"));
	b->ref = first_of(b->ref, text(a, env, "GITHUB_REF"));
	b->repository_id = text(a, env, "GITHUB_REPOSITORY_ID");
	b->owner_id = text(a, env, "GITHUB_REPOSITORY_OWNER_ID");
	b->invocation = text(a, meta, "buildInvocationId");
	b->started = text(a, meta, "buildStartedOn");
	b->finished = text(a, meta, "buildFinishedOn");
}

static void read_1(struct build *b, const struct json *v, struct arena *a)
{
	const struct json *def = down(v, "buildDefinition", NULL);
	const struct json *workflow = down(def, "externalParameters", "workflow");
	const struct json *github = down(def, "internalParameters", "github");
	const struct json *list = down(def, "resolvedDependencies", NULL);
	const struct json *run = down(v, "runDetails", NULL);
	const struct json *meta = down(run, "metadata", NULL);

	b->builder = text(a, down(run, "builder", NULL), "id");
	b->type = text(a, def, "buildType");
	take_uri(b, text(a, workflow, "repository"));
	b->ref = first_of(text(a, workflow, "ref"), b->ref);
	b->workflow = text(a, workflow, "path");
	b->trigger = text(a, github, "event_name");
	b->repository_id = text(a, github, "repository_id");
	b->owner_id = text(a, github, "repository_owner_id");
	b->runner = text(a, github, "runner_environment");
	if (json_is(list, JSON_ARRAY) && json_count(list) > 0) {
		take_uri(b, text(a, list + 1, "uri"));
		b->commit = text(a, down(list + 1, "digest", NULL), "gitCommit");
	}
	b->invocation = text(a, meta, "invocationId");
	b->started = text(a, meta, "startedOn");
	b->finished = text(a, meta, "finishedOn");
}

enum err build_read(struct build *out, const struct statement *s, struct arena *a, struct diag *d)
{
	bool v1 = str_eq(s->predicate_type, S("https://slsa.dev/provenance/v1"));
	bool v02 = str_eq(s->predicate_type, S("https://slsa.dev/provenance/v0.2"));
	struct fields f = { a, d, rule, OK };

	*out = (struct build){ .has = false };
	if (!v1 && !v02)
		return OK;
	if (s->predicate.n == 0)
		return diag_set(d, ERR_SYNTAX, "the provenance has no predicate (%s)", rule);
	const struct json *v = field_root(&f, s->predicate);
	if (v == NULL)
		return f.err;
	out->has = true;
	if (v1)
		read_1(out, v, a);
	else
		read_02(out, v, a);
	return OK;
}

/* ---- agreement ---- */

static struct str claim(const struct identity *who, enum claim c, enum claim old)
{
	if (who->claims[c].p != NULL)
		return who->claims[c];
	return old != CLAIM_COUNT && who->claims[old].p != NULL ? who->claims[old] : S("");
}

/* Newer certificates have a URL, older ones "owner/name". */
static bool same_repository(struct str built, struct str cert)
{
	static const struct str host = SC("https://github.com/");

	if (str_has_suffix(built, S(".git")))
		built.n -= 4;
	if (str_find(cert, S("://")) == SIZE_MAX && str_has_prefix(built, host))
		built = str_tail(built, host.n);
	return str_ieq(built, cert);
}

static enum err differs(const char *what, struct str built, struct str cert, struct diag *d)
{
	return diag_set(d, ERR_AUTH, "the provenance's %s is '%.*s', the certificate's '%.*s'",
			what, FMT(str_head(built, 100)), FMT(str_head(cert, 100)));
}

enum err build_check(const struct build *b, const struct identity *who, struct diag *d)
{
	const struct {
		const char *what;
		struct str built, cert;
	} rows[] = {
		{ "commit", b->commit, claim(who, CLAIM_COMMIT, CLAIM_OLD_COMMIT) },
		{ "ref", b->ref, claim(who, CLAIM_REF, CLAIM_OLD_REF) },
		{ "trigger", b->trigger, claim(who, CLAIM_TRIGGER, CLAIM_OLD_TRIGGER) },
		{ "repository id", b->repository_id, claim(who, CLAIM_REPOSITORY_ID, CLAIM_COUNT) },
		{ "owner id", b->owner_id, claim(who, CLAIM_OWNER_ID, CLAIM_COUNT) },
	};
	struct str repository = claim(who, CLAIM_REPOSITORY, CLAIM_OLD_REPOSITORY);

	if (!b->has)
		return OK;
	if (b->repository.n && repository.n && !same_repository(b->repository, repository))
		return differs("repository", b->repository, repository, d);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].built.n && rows[i].cert.n && !str_eq(rows[i].built, rows[i].cert))
			return differs(rows[i].what, rows[i].built, rows[i].cert, d);
	return OK;
}
