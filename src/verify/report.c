/*
 * verify/report.c - a report as JSON. What it says is stable: others read it.
 * Input: own.   Runs in: verifier.
 */
#include "base/date.h"
#include "codec/jw.h"
#include "verify/part.h"

static void kv_time(struct buf *b, struct str name, int64_t s)
{
	char text[DATE_TEXT];

	jw_kv_str(b, name, date_format(s, text));
}

void failure_write(struct buf *b, struct str what, const struct diag *d)
{
	jw_kv_str(b, S("failed"), what);
	jw_kv_str(b, S("error"), str_z(diag_text(d)));
	jw_kv_int(b, S("exit"), err_exit(d->err));
}

static void write_checks(struct buf *b, const struct verify_report *r)
{
	jw_key(b, S("checks"));
	jw_arr(b);
	for (unsigned c = 0; c < CHECK_COUNT; c++) {
		bool failed = !r->ok && r->failed == (enum check)c;
		if ((r->done & 1u << c) == 0 && !failed)
			continue;
		jw_obj(b);
		jw_kv_str(b, S("name"), check_name((enum check)c));
		jw_kv_bool(b, S("ok"), !failed);
		jw_kv_str(b, S("says"), check_text((enum check)c));
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_signer(struct buf *b, const struct verify_report *r)
{
	static const struct str types[] = { SC(""), SC("uri"), SC("email"), SC("other") };
	char text[DATE_TEXT];

	jw_key(b, S("signer"));
	jw_obj(b);
	jw_kv_bool(b, S("proved"), (r->done & 1u << CHECK_CERTIFICATE) != 0);
	jw_kv_str(b, S("san"), r->identity.san);
	jw_kv_str(b, S("san_type"), types[r->identity.san_type]);
	for (unsigned c = 0; c < CLAIM_COUNT; c++)
		if (r->identity.claims[c].p != NULL)
			jw_kv_str(b, claim_name((enum claim)c), r->identity.claims[c]);
	jw_obj_end(b);
	jw_key(b, S("certificate"));
	jw_obj(b);
	jw_kv_str(b, S("serial"), r->serial);
	kv_time(b, S("not_before"), r->not_before_s);
	kv_time(b, S("not_after"), r->not_after_s);
	if (r->ca.n)
		jw_kv_str(b, S("authority"), r->ca);
	if (r->ctlog.n) {
		jw_kv_str(b, S("ct_log"), r->ctlog);
		jw_kv_str(b, S("ct_time"), date_format_ms(r->sct_ms, text));
	}
	jw_obj_end(b);
}

static void write_times(struct buf *b, const struct verify_report *r)
{
	jw_key(b, S("times"));
	jw_arr(b);
	for (unsigned i = 0; i < r->n_times; i++) {
		jw_obj(b);
		kv_time(b, S("time"), r->times[i].at_s);
		jw_kv_str(b, S("by"), r->times[i].by);
		jw_kv_str(b, S("kind"), r->times[i].by_log ? S("log") : S("rfc3161"));
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_entries(struct buf *b, const struct verify_report *r)
{
	jw_key(b, S("log_entries"));
	jw_arr(b);
	for (unsigned i = 0; i < r->n_entries; i++) {
		const struct report_entry *e = &r->entries[i];
		jw_obj(b);
		jw_kv_str(b, S("log"), e->log);
		jw_kv_str(b, S("kind"), e->kind);
		jw_kv_str(b, S("version"), e->version);
		jw_key(b, S("index"));
		jw_uint(b, e->index);
		jw_key(b, S("tree_index"));
		jw_uint(b, e->proof_index);
		jw_key(b, S("tree_size"));
		jw_uint(b, e->tree_size);
		if (e->promised)
			kv_time(b, S("integrated"), e->integrated_s);
		jw_kv_bool(b, S("included"), e->included);
		jw_kv_bool(b, S("promised"), e->promised);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void write_subject(struct buf *b, const struct subject *s)
{
	static const struct str names[HASH_COUNT] = { SC("sha256"), SC("sha384"), SC("sha512") };

	jw_obj(b);
	jw_kv_str(b, S("name"), s->name);
	for (unsigned h = 0; h < HASH_COUNT; h++) {
		if (!s->digests.digests[h].known)
			continue;
		jw_key(b, names[h]);
		jw_quote_open(b);
		buf_addhex(b, digest_str(&s->digests.digests[h], (enum hash)h));
		jw_quote_close(b);
	}
	jw_kv_bool(b, S("matches"), s->matches);
	jw_obj_end(b);
}

static void write_statement(struct buf *b, const struct statement *s)
{
	jw_key(b, S("statement"));
	jw_obj(b);
	jw_kv_str(b, S("type"), s->type);
	jw_kv_str(b, S("predicate_type"), s->predicate_type);
	jw_key(b, S("subjects"));
	jw_arr(b);
	for (unsigned i = 0; i < s->n_subjects; i++)
		write_subject(b, &s->subjects[i]);
	jw_arr_end(b);
	if (s->predicate.n)
		jw_kv_raw(b, S("predicate"), s->predicate);
	jw_obj_end(b);
}

void verify_report_write(struct buf *out, const struct verify_report *r,
			 const struct trusted_root *root, const struct diag *d)
{
	jw_obj(out);
	jw_kv_bool(out, S("ok"), r->ok);
	if (!r->ok)
		failure_write(out, check_name(r->failed), d);
	jw_kv_str(out, S("trusted_root"), root->date.n ? root->date : S("given"));
	write_checks(out, r);
	if (r->has_certificate)
		write_signer(out, r);
	write_times(out, r);
	write_entries(out, r);
	if (r->has_statement)
		write_statement(out, &r->statement);
	jw_obj_end(out);
}

void verify_failure_write(struct buf *out, struct str what, const struct diag *d)
{
	jw_obj(out);
	jw_kv_bool(out, S("ok"), false);
	failure_write(out, what, d);
	jw_obj_end(out);
}
