/*
 * verify/publisher.c - does the certificate belong to the publisher that PyPI names beside an
 * attestation? The rules are those of pypi-attestations. What PyPI says there is not signed: it is
 * compared, never believed.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "verify/part.h"
#include "verify/provenance.h"

enum { URI_MAX = 2048 };

static struct str claim(const struct identity *who, enum claim c)
{
	return who->claims[c].p ? who->claims[c] : S("");
}

static struct str cut(struct str s)
{
	return str_head(s, 90);
}

/* The hosts fold case in names of owners and repositories, and PyPI keeps them as they were typed;
 * what stands behind them, path and ref, is compared as it is. */
static bool same_uri(struct str got, struct str host, struct str repository, struct str tail)
{
	struct str rest;

	if (!str_has_prefix(got, host))
		return false;
	rest = str_tail(got, host.n);
	return rest.n == repository.n + tail.n &&
	       str_ieq(str_head(rest, repository.n), repository) &&
	       str_eq(str_tail(rest, repository.n), tail);
}

static enum err not_theirs(const struct publisher *p, const char *what, struct str got,
			   struct diag *d)
{
	return diag_set(d, ERR_AUTH,
			"the index says that %.*s of '%.*s' published this, but the certificate's "
			"%s is '%.*s'",
			FMT(cut(p->kind)), FMT(cut(p->repository)), what, FMT(cut(got)));
}

/* host: with its slash; dir: what stands between repository and workflow. */
static enum err check_forge(const struct publisher *p, const struct identity *who, struct str host,
			    struct str dir, struct diag *d)
{
	struct str refs[] = { claim(who, CLAIM_REF), claim(who, CLAIM_COMMIT) };
	struct str repository = claim(who, CLAIM_REPOSITORY), workflow = claim(who, CLAIM_WORKFLOW);
	char room[URI_MAX];
	struct buf b;

	if (p->repository.n == 0 || p->workflow.n == 0)
		return diag_set(d, ERR_SYNTAX,
				"the index names a publisher without repository or workflow "
				"(PEP 740)");
	if (!same_uri(repository, host, p->repository, S("")))
		return not_theirs(p, "repository", repository, d);
	for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
		if (refs[i].n == 0)
			continue;
		buf_fixed(&b, room, sizeof room);
		buf_add(&b, dir);
		buf_add(&b, p->workflow);
		buf_addc(&b, '@');
		buf_add(&b, refs[i]);
		if (b.err == OK && same_uri(workflow, host, p->repository, buf_str(&b)))
			return OK;
	}
	return not_theirs(p, "workflow", workflow, d);
}

static enum err check_github(const struct publisher *p, const struct identity *who, struct diag *d)
{
	return check_forge(p, who, S("https://github.com/"), S("/.github/workflows/"), d);
}

static enum err check_gitlab(const struct publisher *p, const struct identity *who, struct diag *d)
{
	return check_forge(p, who, S("https://gitlab.com/"), S("//"), d);
}

static enum err check_google(const struct publisher *p, const struct identity *who, struct diag *d)
{
	if (p->email.n == 0 || who->san_type != SAN_EMAIL || !str_eq(p->email, who->san))
		return diag_set(d, ERR_AUTH,
				"the index says that '%.*s' published this, but the certificate is "
				"of '%.*s'",
				FMT(cut(p->email)), FMT(cut(who->san)));
	return OK;
}

static const struct publisher_row {
	struct str kind, issuer;
	enum err (*check)(const struct publisher *p, const struct identity *who, struct diag *d);
} rows[] = {
	{ SC("GitHub"), SC("https://token.actions.githubusercontent.com"), check_github },
	{ SC("GitLab"), SC("https://gitlab.com"), check_gitlab },
	{ SC("Google"), SC("https://accounts.google.com"), check_google },
};

enum err publisher_check(const struct publisher *p, const struct identity *who, struct diag *d)
{
	struct str issuer = claim(who, CLAIM_ISSUER);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!str_eq(p->kind, rows[i].kind))
			continue;
		if (!str_eq(issuer, rows[i].issuer))
			return not_theirs(p, "issuer", issuer, d);
		return rows[i].check(p, who, d);
	}
	return diag_set(d, ERR_UNSUPPORTED, "a publisher of kind '%.*s' is not known here",
			FMT(cut(p->kind)));
}
