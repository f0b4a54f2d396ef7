/*
 * verify/statement.c - in-toto statements, v0.1 and v1 (in-toto/attestation, spec/v1/statement.md):
 * which artifacts does a payload speak of?
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_statement_fuzz.c
 */
#include "verify/part.h"

#include <string.h>

static const char rule[] = "in-toto/attestation, spec/v1/statement.md";

/* ---- reading ---- */

/* Other algorithms than these may stand beside them. */
static void read_digests(struct fields *f, const struct json *v, struct artifact *out)
{
	static const char *const names[HASH_COUNT] = { "sha256", "sha384", "sha512" };

	for (unsigned h = 0; h < HASH_COUNT; h++) {
		const struct json *text = field_get(f, v, names[h], JSON_STRING, false);
		if (text == NULL)
			continue;
		struct str raw = field_hex(f, v, names[h]);
		if (f->err == OK && raw.n != hash_bytes((enum hash)h))
			field_fail(f, names[h], "is no digest of that algorithm");
		if (f->err != OK)
			return;
		memcpy(out->digests[h].at, raw.p, raw.n);
		out->digests[h].known = true;
	}
}

static void read_subjects(struct fields *f, const struct json *v, struct statement *s)
{
	const struct json *list = field_get(f, v, "subject", JSON_ARRAY, true);
	size_t n = list ? json_count(list) : 0;

	if (list == NULL)
		return;
	if (n == 0 || n > LIMIT_SUBJECTS) {
		field_fail(f, "subject", "does not name 1 to 16384 artifacts");
		return;
	}
	s->subjects = NEW_ARRAY(f->a, struct subject, n);
	if (s->subjects == NULL) {
		f->err = diag_set(f->d, ERR_LIMIT, "more memory is needed than one bundle may use");
		return;
	}
	JSON_EACH_ITEM(list, it) {
		struct subject *to = &s->subjects[s->n_subjects++];
		if (!json_is(it, JSON_OBJECT)) {
			field_fail(f, "subject", "is no list of objects");
			return;
		}
		to->name = field_text(f, it, "name", false);
		read_digests(f, field_get(f, it, "digest", JSON_OBJECT, true), &to->digests);
	}
}

enum err statement_read(struct statement *s, struct str payload, struct arena *a, struct diag *d)
{
	struct fields f = { a, d, rule, OK };

	*s = (struct statement){ .n_subjects = 0 };
	const struct json *v = field_root(&f, payload);
	s->type = field_text(&f, v, "_type", true);
	if (!str_eq(s->type, S("https://in-toto.io/Statement/v1")) &&
	    !str_eq(s->type, S("https://in-toto.io/Statement/v0.1")))
		field_fail(&f, "_type", "is not that of an in-toto statement v0.1 or v1");
	read_subjects(&f, v, s);
	s->predicate_type = field_text(&f, v, "predicateType", true);
	const struct json *predicate = f.err == OK ? json_get(v, S("predicate")) : NULL;
	if (predicate != NULL)
		s->predicate = json_raw(predicate);
	return f.err;
}

/* ---- the check ---- */

/* At least one algorithm is known on both sides, and none of those disagrees. */
static bool fits(const struct artifact *subject, const struct artifact *art)
{
	bool one = false;

	for (unsigned h = 0; h < HASH_COUNT; h++) {
		if (!subject->digests[h].known || !art->digests[h].known)
			continue;
		if (memcmp(subject->digests[h].at, art->digests[h].at, hash_bytes((enum hash)h)) !=
		    0)
			return false;
		one = true;
	}
	return one;
}

static bool type_allowed(struct str type, const struct verify_policy *policy)
{
	if (policy->predicate_types == NULL)
		return true;
	for (unsigned i = 0; i < policy->n_predicate_types; i++)
		if (str_eq(type, policy->predicate_types[i]))
			return true;
	return false;
}

enum err statement_check(struct statement *s, const struct artifact *art,
			 const struct verify_policy *policy, struct diag *d)
{
	bool found = false;

	for (unsigned i = 0; i < s->n_subjects; i++) {
		s->subjects[i].matches = fits(&s->subjects[i].digests, art);
		found |= s->subjects[i].matches;
	}
	if (!found)
		return diag_set(d, ERR_AUTH,
				"the statement is not about this artifact: no subject has "
				"its digest (%s)",
				rule);
	if (policy->one_subject && s->n_subjects != 1)
		return diag_set(d, ERR_AUTH,
				"the statement is about %u artifacts instead of one "
				"(PEP 740)",
				s->n_subjects);
	if (!type_allowed(s->predicate_type, policy))
		return diag_set(d, ERR_DENIED,
				"the statement's predicate type '%.*s' is not an expected "
				"one",
				FMT(str_head(s->predicate_type, 100)));
	return OK;
}
