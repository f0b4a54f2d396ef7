/*
 * verify/provenance.c - all checks of one document about an artifact, and the report of them.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "verify/provenance.h"

#include "base/date.h"
#include "codec/jw.h"
#include "verify/part.h"

/* What PyPI takes: "The predicate type must be one of these" (docs.pypi.org/attestations). */
static const struct str pypi_types[] = { SC("https://docs.pypi.org/attestations/publish/v1"),
					 SC("https://slsa.dev/provenance/v1") };

static const struct str npm_publish = SC(
	"https://github.com/npm/attestation/tree/main/specs/publish/v0.1");

/* ---- one attestation ---- */

static void done(struct provenance *p, enum check c)
{
	p->report.done |= 1u << c;
}

static enum err fail(struct provenance *p, enum check c, enum err e)
{
	p->report.failed = c;
	p->report.ok = false;
	return e;
}

static bool is_pypi(enum document_kind k)
{
	return k == DOCUMENT_PEP740 || k == DOCUMENT_PEP740_ONE;
}

/* npm announces the type of each statement outside of it. */
static enum err announced(const struct attestation *at, const struct statement *s, struct diag *d)
{
	if (at->predicate_type.n == 0 || str_eq(at->predicate_type, s->predicate_type))
		return OK;
	return diag_set(d, ERR_AUTH, "announced as '%.*s', and states something else",
			FMT(str_head(at->predicate_type, 100)));
}

/* What an index binds beyond the signature. */
static enum err check_rest(const struct document *doc, const struct attestation *at,
			   const struct expected *want, struct arena *a, struct provenance *p)
{
	struct statement *s = &p->report.statement;
	enum err e;

	if (!p->report.has_statement)
		return OK;
	if ((e = announced(at, s, &p->diag)) != OK ||
	    (e = subject_check(doc->kind, s, want, &p->diag)) != OK)
		return fail(p, CHECK_SUBJECT, e);
	done(p, CHECK_SUBJECT);
	if (at->publisher.kind.n) {
		if ((e = publisher_check(&at->publisher, &p->report.identity, &p->diag)) != OK)
			return fail(p, CHECK_PUBLISHER, e);
		done(p, CHECK_PUBLISHER);
	}
	if ((e = build_read(&p->build, s, a, &p->diag)) != OK ||
	    (p->report.has_certificate &&
	     (e = build_check(&p->build, &p->report.identity, &p->diag)) != OK))
		return fail(p, CHECK_BUILD, e);
	if (p->build.has)
		done(p, CHECK_BUILD);
	return OK;
}

/* The registry signs its own statement with its key, whose id is the bundle's hint; such a key
 * vouches for what the registry says of itself and for nothing else. */
static enum err registry_key(const struct document *doc, const struct attestation *at,
			     const struct npm_keys *keys, struct verify_policy *policy,
			     struct provenance *p)
{
	struct str id = at->bundle.key_hint;
	const struct npm_key *k;

	if (doc->kind != DOCUMENT_NPM || at->bundle.n_certs != 0)
		return OK;
	k = npm_key_find(keys, id, true);
	if (k == NULL)
		return diag_set(&p->diag, ERR_AUTH,
				"signed with the registry's key '%.*s', which is not known",
				FMT(str_head(id, 80)));
	p->key_id = id;
	*policy = (struct verify_policy){ .key = &k->key,
					  .predicate_types = &npm_publish,
					  .n_predicate_types = 1,
					  .one_subject = true };
	return OK;
}

/* A key counts at the times that the log vouches for; where nobody does, it must count now. */
static enum err key_in_time(const struct npm_keys *keys, int64_t now_s, struct provenance *p)
{
	const struct npm_key *k = p->key_id.n ? npm_key_find(keys, p->key_id, true) : NULL;

	bool ok = k == NULL || p->report.n_times > 0 || now_s == 0 || valid_at_s(&k->valid, now_s);
	for (unsigned i = 0; k != NULL && i < p->report.n_times; i++)
		ok = ok && valid_at_s(&k->valid, p->report.times[i].at_s);
	if (!ok)
		return diag_set(&p->diag, ERR_AUTH,
				"the registry's key was not in force when this was signed");
	return OK;
}

static enum err verify(const struct document *doc, const struct attestation *at,
		       const struct trusted_root *root, const struct npm_keys *keys,
		       const struct artifact *art, const struct expected *want, int64_t now_s,
		       struct arena *a, struct provenance *out)
{
	struct verify_policy policy = want->policy;
	enum err e;

	if (is_pypi(doc->kind)) {
		policy.predicate_types = pypi_types;
		policy.n_predicate_types = sizeof pypi_types / sizeof pypi_types[0];
	}
	policy.one_subject |= doc->kind != DOCUMENT_BUNDLE;
	if ((e = registry_key(doc, at, keys, &policy, out)) != OK)
		return fail(out, CHECK_IDENTITY, e);
	TRY(verify_bundle(&at->bundle, root, art, &policy, now_s, a, &out->report, &out->diag));
	if ((e = key_in_time(keys, now_s, out)) != OK)
		return fail(out, CHECK_TIME, e);
	return check_rest(doc, at, want, a, out);
}

enum err provenance_verify(const struct document *doc, unsigned i, const struct trusted_root *root,
			   const struct npm_keys *keys, const struct artifact *art,
			   const struct expected *want, int64_t now_s, struct arena *a,
			   struct provenance *out)
{
	*out = (struct provenance){ .err = OK };
	out->err = verify(doc, &doc->items[i], root, keys, art, want, now_s, a, out);
	if (out->err != OK && out->diag.err == OK)
		(void)diag_set(&out->diag, out->err, "%s", err_text(out->err));
	return out->err;
}

/* ---- the report ---- */

static void kv(struct buf *b, const char *name, struct str s)
{
	if (s.n)
		jw_kv_str(b, str_z(name), s);
}

#define X(name) kv(b, #name, x->name);

static void write_publisher(struct buf *b, const struct publisher *x)
{
	if (x->kind.n == 0)
		return;
	jw_key(b, S("publisher"));
	jw_obj(b);
	PUBLISHER_LIST(X)
	jw_obj_end(b);
}

static void write_build(struct buf *b, const struct build *x)
{
	if (!x->has)
		return;
	jw_key(b, S("build"));
	jw_obj(b);
	BUILD_LIST(X)
	jw_obj_end(b);
}

#undef X

/* The first failure of all is the document's. */
struct sum {
	bool failed;
	struct str what;
	struct diag why;
};

static void count(struct sum *sum, struct str what, const struct diag *d)
{
	if (sum->failed)
		return;
	*sum = (struct sum){ true, what, *d };
}

static void judge_attestations(const struct document *doc, const struct trusted_root *root,
			       const struct npm_keys *keys, const struct artifact *art,
			       const struct expected *want, int64_t now_s, struct arena *a,
			       struct sum *sum, struct buf *b)
{
	struct provenance *p = NEW(a, struct provenance);

	jw_key(b, S("attestations"));
	jw_arr(b);
	for (unsigned i = 0; p != NULL && i < doc->n; i++) {
		if (provenance_verify(doc, i, root, keys, art, want, now_s, a, p) != OK)
			count(sum, check_name(p->report.failed), &p->diag);
		jw_obj(b);
		jw_key(b, S("report"));
		verify_report_write(b, &p->report, root, &p->diag);
		kv(b, "registry_key", p->key_id);
		write_publisher(b, &doc->items[i].publisher);
		write_build(b, &p->build);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	if (p == NULL)
		count(sum, S("document"),
		      &(struct diag){ .err = ERR_LIMIT, .text = "out of memory" });
}

static void write_signature(struct buf *b, struct str id, const struct npm_key *k,
			    const struct diag *d)
{
	char date[DATE_TEXT];

	jw_obj(b);
	jw_kv_bool(b, S("ok"), d->err == OK);
	jw_kv_str(b, S("key"), id);
	if (k != NULL && k->valid.to_ms != INT64_MAX)
		jw_kv_str(b, S("key_ends"), date_format_ms(k->valid.to_ms, date));
	if (d->err != OK)
		jw_kv_str(b, S("error"), str_z(diag_text(d)));
	jw_obj_end(b);
}

static void judge_signatures(const struct npm_version *v, const struct npm_keys *keys,
			     const struct artifact *art, const struct expected *want,
			     struct sum *sum, struct buf *b)
{
	struct diag d = { 0 };

	if (npm_version_check(v, art, want, &d) != OK)
		count(sum, S("subject"), &d);
	jw_kv_str(b, S("keys"), keys->date.n ? keys->date : S("given"));
	jw_key(b, S("signatures"));
	jw_arr(b);
	for (unsigned i = 0; i < v->n_signatures; i++) {
		const struct npm_key *k = NULL;
		d = (struct diag){ 0 };
		if (npm_signature_check(v, i, keys, &k, &d) != OK)
			count(sum, S("signature"), &d);
		write_signature(b, v->signatures[i].key_id, k, &d);
	}
	jw_arr_end(b);
}

void document_judge(const struct document *doc, const struct trusted_root *root,
		    const struct npm_keys *keys, const struct artifact *art,
		    const struct expected *want, int64_t now_s, struct arena *a, struct buf *out)
{
	struct sum sum = { .failed = false };

	jw_obj(out);
	jw_kv_str(out, S("kind"), document_word(doc->kind));
	jw_kv_str(out, S("trusted_root"), root->date.n ? root->date : S("given"));
	kv(out, "file", want->file);
	kv(out, "package", want->package);
	if (doc->kind == DOCUMENT_NPM_VERSION)
		judge_signatures(&doc->npm, keys, art, want, &sum, out);
	else
		judge_attestations(doc, root, keys, art, want, now_s, a, &sum, out);
	jw_kv_bool(out, S("ok"), !sum.failed);
	if (sum.failed)
		failure_write(out, sum.what, &sum.why);
	jw_obj_end(out);
}
