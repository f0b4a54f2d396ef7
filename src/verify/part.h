/*
 * verify/part.h - the checks, one file each, for verify.c and the tests. Ring 0. Each gives OK or a
 * code with a sentence that names the rule that is broken.
 */
#ifndef VERIFY_PART_H
#define VERIFY_PART_H

#include "codec/json.h"
#include "verify/verify.h"

#include <openssl/x509.h>

/* ---- field.c: members of JSON objects, with a sticky error ---- */

struct fields {
	struct arena *a;
	struct diag *d;
	const char *rule; /* the specification that says what must be there */
	enum err err;
};

/* field_fail sets the error, once, with a sentence about the member. */
void field_fail(struct fields *f, const char *name, const char *what);

/* field_get gives a member of type t; NULL when it is missing or null, which is an error if must.
 */
const struct json *field_get(struct fields *f, const struct json *obj, const char *name,
			     enum json_type t, bool must);

/* field_text gives a string; field_bytes what it is the base64 of; field_hex the same of
 * hexadecimal; field_u64 a number, which protobuf's JSON writes as a string; missing ones are
 * empty and 0. */
struct str field_text(struct fields *f, const struct json *obj, const char *name, bool must);
struct str field_bytes(struct fields *f, const struct json *obj, const char *name, bool must);
struct str field_hex(struct fields *f, const struct json *obj, const char *name);
uint64_t field_u64(struct fields *f, const struct json *obj, const char *name);

/* field_base64 decodes into the arena. */
struct str field_base64(struct fields *f, struct str text, const char *name);

/* field_only refuses members that are not in names, which are separated by spaces. */
void field_only(struct fields *f, const struct json *obj, const char *names);

/* field_root parses a whole text into an object. */
const struct json *field_root(struct fields *f, struct str text);

/* ---- key.c ---- */

/* verify_key_take owns key from now on, also after a failure. */
MUST_USE enum err verify_key_take(struct verify_key *k, EVP_PKEY *key, struct diag *d);

/* verify_key_uses: k may sign digests of h. */
bool verify_key_uses(const struct verify_key *k, enum hash h);

/* verify_key_ok: sig is a signature of msg. verify_key_ok_digest is the same for its digest. */
bool verify_key_ok(const struct verify_key *k, struct str msg, struct str sig);
bool verify_key_ok_digest(const struct verify_key *k, enum hash h, const struct digest *digest,
			  struct str sig);

/* verify_key_spki gives the key as DER in the arena. */
struct str verify_key_spki(const struct verify_key *k, struct arena *a);

/* hash_named finds a hash by protobuf's name ("SHA2_256"), HASH_NONE if there is none. */
enum hash hash_named(struct str name);

/* hex_decode reads lower or upper case digits into the arena; p NULL: they are none. */
struct str hex_decode(struct arena *a, struct str hex);

/* pem_der gives the one object inside a PEM text, and whether its label is as said; p NULL: no. */
struct str pem_der(struct arena *a, struct str pem, const char *label);

/* ---- chain.c ---- */

/* x509_read reads one certificate; nothing may follow it. NULL: it is none. Release with
 * X509_free. */
X509 *x509_read(struct str der);

/* x509_form checks what of RFC 5280 holds for any certificate: version 3, a positive number, its
 * extensions well-formed, there once, and critical where they must be. */
MUST_USE enum err x509_form(X509 *x, struct diag *d);

/* time_s gives an ASN.1 time as seconds since 1970. ERR_SYNTAX: it is none. */
MUST_USE enum err time_s(const ASN1_TIME *t, int64_t *out_s);

/* x509_valid: at_s is inside the certificate's validity, both ends included. */
bool x509_valid(const X509 *x, int64_t at_s);

/* valid_at: the same for a period of the trusted root. */
bool valid_at(const struct valid_for *v, int64_t at_ms);
bool valid_at_s(const struct valid_for *v, int64_t at_s);

/* authority_links checks that each certificate of the authority issued the one before it. */
MUST_USE enum err authority_links(const struct authority *ca, struct diag *d);

/* authority_store makes a store that trusts what a signer's path ends at, for checks without a
 * time; authority_between gives what may stand between it and the signer, to be released with
 * sk_X509_pop_free. NULL: out of memory. */
X509_STORE *authority_store(const struct authority *ca);
STACK_OF(X509) * authority_between(const struct authority *ca);

/* authority_valid: at_s is inside the authority's period and that of each of its certificates. */
bool authority_valid(const struct authority *ca, int64_t at_s);

/* chain_issued: the authority's first certificate issued x, for purpose eku (a bit of
 * X509_get_extended_key_usage). No time is looked at. */
bool chain_issued(const struct authority *ca, X509 *x, uint32_t eku);

/* ---- certificate.c ---- */

struct certificate {
	X509 *x;
	struct str der;
	struct verify_key key;
	struct identity who;
	struct str serial;
	int64_t not_before_s, not_after_s;
};

/* certificate_read reads a signing certificate: its form, what it is for, its identity. Release
 * with certificate_done, also after a failure. */
MUST_USE enum err certificate_read(struct certificate *c, struct str der, struct arena *a,
				   struct diag *d);
void certificate_done(struct certificate *c);

/* certificate_issued finds the authority that issued c, at every one of times. */
MUST_USE enum err certificate_issued(const struct certificate *c, const struct trusted_root *r,
				     const struct signing_time *times, unsigned n_times,
				     const struct authority **out, struct diag *d);

/* ---- sct.c ---- */

struct sct {
	struct str log_id;
	uint64_t ms;
	struct str extensions;
	uint8_t hash, sig; /* algorithms, as TLS 1.2 counts them */
	struct str signature;
};

/* sct_list_read reads a SignedCertificateTimestampList. */
MUST_USE enum err sct_list_read(struct str list, struct sct out[LIMIT_SCTS], unsigned *out_n,
				struct diag *d);

/* sct_check: at least one log that is known vouches for c, and none wrongly. *out_log and *out_ms
 * are those of the first. */
MUST_USE enum err sct_check(const struct certificate *c, const struct authority *ca,
			    const struct trusted_root *r, struct arena *a,
			    const struct trusted_log **out_log, int64_t *out_ms, struct diag *d);

/* ---- timestamp.c ---- */

/* timestamp_check: an authority of the root has seen signature at *out_s. */
MUST_USE enum err timestamp_check(struct str token, struct str signature,
				  const struct trusted_root *r, const struct authority **out_tsa,
				  int64_t *out_s, struct diag *d);

/* ---- the log: entry.c inclusion.c checkpoint.c set.c ---- */

/* What an entry must be about. */
struct evidence {
	const struct bundle *b;
	const struct artifact *art;
	struct str pae;	 /* of a DSSE envelope */
	struct str cert; /* DER; empty: */
	struct str spki; /* a managed key, DER */
};

/* entry_check: the entry's body names exactly this signature, signer and content. */
MUST_USE enum err entry_check(const struct log_entry *e, const struct evidence *ev, struct arena *a,
			      struct diag *d);

/* log_find gives the log by its id, valid at at_s. */
MUST_USE enum err log_find(const struct trusted_root *r, struct str id, int64_t at_s,
			   const struct trusted_log **out, struct diag *d);

/* inclusion_check: the proof leads from the entry's body to its root. */
MUST_USE enum err inclusion_check(const struct log_entry *e, struct diag *d);

/* checkpoint_check: the log has signed the proof's root and size. */
MUST_USE enum err checkpoint_check(const struct inclusion_proof *p, const struct trusted_log *log,
				   struct diag *d);

/* set_check: the log has promised the entry at its integrated time. */
MUST_USE enum err set_check(const struct log_entry *e, const struct trusted_log *log,
			    struct arena *a, struct diag *d);

/* ---- dsse.c statement.c policy.c ---- */

/* dsse_pae gives what is signed of an envelope; p NULL: out of memory. */
struct str dsse_pae(struct str type, struct str payload, struct arena *a);

/* statement_read reads an in-toto statement, v0.1 or v1. */
MUST_USE enum err statement_read(struct statement *s, struct str payload, struct arena *a,
				 struct diag *d);

/* statement_check: it is of an allowed type and names the artifact. */
MUST_USE enum err statement_check(struct statement *s, const struct artifact *art,
				  const struct verify_policy *policy, struct diag *d);

/* policy_check: the certificate is of whom the policy expects. */
MUST_USE enum err policy_check(const struct identity *who, const struct verify_policy *policy,
			       struct diag *d);

/* failure_write appends the members of a report that say what failed and why. "exit": what a
 * program that only relays the report should end with. */
void failure_write(struct buf *b, struct str what, const struct diag *d);

/* bundle_check: what a bundle of its version must have is there; log: an entry of a log, too. */
MUST_USE enum err bundle_check(const struct bundle *b, bool log, struct diag *d);

#endif
