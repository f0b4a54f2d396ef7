/*
 * verify/subject.c - is a statement about this file of this release? A digest alone does not say
 * so: the bytes of one package could be served under another one's name.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "package/pep440.h"
#include "package/wheel.h"
#include "verify/part.h"
#include "verify/provenance.h"

static bool same_version(struct str a, struct str b)
{
	struct pep440 va, vb;

	return pep440_parse(a, &va) == OK && pep440_parse(b, &vb) == OK &&
	       pep440_cmp(&va, &vb) == 0;
}

/* A wheel's tags are sets: "py2.py3" and "py3.py2" mean one thing. */
static bool subset(struct str a, struct str b)
{
	while (a.n) {
		struct str tag = str_cut(a, '.', &a), rest = b;
		bool found = false;
		while (rest.n && !found)
			found = str_ieq(str_cut(rest, '.', &rest), tag);
		if (!found)
			return false;
	}
	return true;
}

static bool same_tags(struct str a, struct str b)
{
	return subset(a, b) && subset(b, a);
}

static bool same_wheel(const struct wheel_name *a, const struct wheel_name *b)
{
	return wheel_name_same(a->name, b->name) && same_version(a->version, b->version) &&
	       str_eq(a->build, b->build) && same_tags(a->python, b->python) &&
	       same_tags(a->abi, b->abi) && same_tags(a->platform, b->platform);
}

bool subject_same_file(struct str a, struct str b)
{
	struct wheel_name wa, wb;
	struct str na, nb, va, vb;

	/* Bounds the work on tags; no file system takes longer names. */
	if (a.n > LIMIT_NAME || b.n > LIMIT_NAME)
		return false;
	if (wheel_name_parse(a, &wa) && wheel_name_parse(b, &wb))
		return same_wheel(&wa, &wb);
	return sdist_name_parse(a, &na, &va) && sdist_name_parse(b, &nb, &vb) &&
	       str_has_suffix(a, S(".zip")) == str_has_suffix(b, S(".zip")) &&
	       wheel_name_same(na, nb) && same_version(va, vb);
}

static enum err other(struct str got, struct str want, const char *rule, struct diag *d)
{
	return diag_set(d, ERR_AUTH, "the statement is about '%.*s' and not about '%.*s' (%s)",
			FMT(str_head(got, 90)), FMT(str_head(want, 90)), rule);
}

enum err subject_check(enum document_kind kind, const struct statement *s,
		       const struct expected *want, struct diag *d)
{
	struct str name = s->n_subjects ? s->subjects[0].name : S("");

	switch (kind) {
	case DOCUMENT_PEP740:
	case DOCUMENT_PEP740_ONE:
		if (want->file.n && !subject_same_file(name, want->file))
			return other(name, want->file, "PEP 740", d);
		return s->n_subjects == 1 && s->subjects[0].digests.digests[HASH_SHA256].known
			       ? OK
			       : diag_set(d, ERR_AUTH,
					  "the statement has no sha256 of its one "
					  "artifact (PEP 740)");
	case DOCUMENT_NPM:
		if (want->package.n && !str_eq(name, want->package))
			return other(name, want->package, "npm provenance", d);
		return s->n_subjects == 1 && s->subjects[0].digests.digests[HASH_SHA512].known
			       ? OK
			       : diag_set(d, ERR_AUTH,
					  "the statement has no sha512 of its one "
					  "artifact (npm provenance)");
	case DOCUMENT_BUNDLE:
	case DOCUMENT_NPM_VERSION:
	case DOCUMENT_KINDS:
		break;
	}
	return OK;
}
