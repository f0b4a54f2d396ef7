/*
 * verify/verify.h - offline verification of Sigstore signatures: who signed these bytes, and when?
 * Ring 0: bytes in, a report out; the current time is a parameter. Three steps, each on its own:
 *
 *	trusted_root_parse or trusted_root_shipped	whom to believe
 *	bundle_parse					JSON to struct bundle; other carriers of
 *							the same parts (PEP 740, npm) fill one
 *							themselves, with bundle_entry_read
 *	verify_bundle					all checks, in the order of enum check
 *
 * Memory is the caller's arena; what OpenSSL holds is released by the _done functions.
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/limits.h"
#include "base/str.h"

struct evp_md_ctx_st;
struct evp_pkey_st;
struct json;
struct x509_st;

/* ---- digests and keys ---- */

/* X(name, bytes, OpenSSL's name, the bundle's name) */
#define HASH_LIST(X)                                                                               \
	X(HASH_SHA256, 32, "SHA256", "SHA2_256")                                                   \
	X(HASH_SHA384, 48, "SHA384", "SHA2_384")                                                   \
	X(HASH_SHA512, 64, "SHA512", "SHA2_512")

#define X(name, bytes, openssl, json) name,
enum hash { HASH_LIST(X) HASH_COUNT, HASH_NONE = HASH_COUNT };
#undef X
enum { HASH_MAX = 64 };

struct digest {
	bool known;
	uint8_t at[HASH_MAX];
};

/* What was signed, by its digests. Those that are known must all be right. */
struct artifact {
	struct digest digests[HASH_COUNT];
	struct str bytes; /* the whole of it, for verify_needs_bytes; p NULL: not at hand */
};

/* hash_bytes gives a digest's length. */
size_t hash_bytes(enum hash h);

/* digest_str borrows the bytes of a digest that is known. */
struct str digest_str(const struct digest *d, enum hash h);

/* digest_of computes one. */
void digest_of(enum hash h, struct str bytes, struct digest *out);

/* For artifacts of any length: several digests, fed piece by piece. */
struct hasher {
	struct evp_md_ctx_st *ctx[HASH_COUNT];
};

/* hasher_init begins those in set (1u << enum hash). ERR_NOMEM. Release with hasher_done. */
MUST_USE enum err hasher_init(struct hasher *h, unsigned set);
void hasher_done(struct hasher *h);

/* hasher_update adds bytes to each, hasher_final writes them into the artifact. */
void hasher_update(struct hasher *h, struct str bytes);
void hasher_final(struct hasher *h, struct artifact *out);

/* digest_parse reads "sha256:HEX" (also sha384, sha512) into the artifact. */
MUST_USE enum err digest_parse(struct str text, struct artifact *out, struct diag *d);

struct verify_key {
	struct evp_pkey_st *key;
	enum hash hash; /* what it signs; HASH_NONE: the message itself (Ed25519) */
};

/* verify_key_parse reads a public key, SPKI in PEM or DER: ECDSA on P-256, P-384 or P-521, Ed25519,
 * RSA from 2048 bits. Release with verify_key_done. */
MUST_USE enum err verify_key_parse(struct verify_key *k, struct str text, struct diag *d);
void verify_key_done(struct verify_key *k);

/* ---- the bundle ---- */

enum bundle_version { BUNDLE_V01 = 1, BUNDLE_V02, BUNDLE_V03 }; /* v0.1: a promise will do */

struct inclusion_proof {
	uint64_t index, size;
	struct str root;
	struct str hashes[LIMIT_PROOF_HASHES];
	unsigned n_hashes;
	struct str checkpoint; /* a signed note; empty: none */
};

struct log_entry {
	uint64_t index; /* in all shards of the log: not the proof's */
	struct str log_id;
	struct str kind, version;
	int64_t integrated_s; /* 0: none; believed only with a promise that verifies */
	struct str promise;   /* the signed entry timestamp; empty: none */
	bool has_proof;
	struct inclusion_proof proof;
	struct str body; /* the leaf, JSON */
};

struct bundle {
	enum bundle_version version;
	struct str certs[LIMIT_BUNDLE_CERTS]; /* DER, the signer's first; none: a managed key */
	unsigned n_certs;
	struct str key_hint;
	struct log_entry entries[LIMIT_BUNDLE_ENTRIES];
	unsigned n_entries;
	struct str tokens[LIMIT_BUNDLE_TOKENS]; /* RFC 3161 responses, DER */
	unsigned n_tokens;
	struct str signature;
	bool is_dsse;
	enum hash hash; /* of a message: what its digest is made with; HASH_NONE: none told */
	struct str digest;
	struct str payload_type, payload; /* of a DSSE envelope */
};

/* bundle_parse reads a bundle of version 0.1, 0.2 or 0.3. All strings are in the arena or in
 * text. */
MUST_USE enum err bundle_parse(struct bundle *b, struct str text, struct arena *a, struct diag *d);

/* bundle_entry_read reads one TransparencyLogEntry, as PEP 740 carries it too. */
MUST_USE enum err bundle_entry_read(struct log_entry *e, const struct json *v, struct arena *a,
				    struct diag *d);

/* bundle_hashes gives a bit set (1u << enum hash) of what verify_bundle needs to know of the
 * artifact. */
unsigned bundle_hashes(const struct bundle *b);

/* ---- whom to believe ---- */

struct valid_for {
	int64_t from_ms, to_ms; /* both included */
};

struct trusted_log {
	struct str url, name; /* name: the url without its scheme, as checkpoints call it */
	struct str id, hint;  /* hint: 4 bytes, by which its checkpoints name its key */
	struct verify_key key;
	struct valid_for valid;
};

struct authority {
	struct str uri;
	struct x509_st *certs[LIMIT_BUNDLE_CERTS]; /* the root is last */
	unsigned n_certs;
	struct valid_for valid;
};

struct trusted_root {
	struct trusted_log logs[LIMIT_TRUSTED], ctlogs[LIMIT_TRUSTED];
	struct authority cas[LIMIT_TRUSTED], tsas[LIMIT_TRUSTED];
	unsigned n_logs, n_ctlogs, n_cas, n_tsas;
	unsigned n_skipped; /* keys of kinds that are not known here */
	struct str date;    /* of the one that is shipped; empty: given by the operator */
};

/* trusted_root_parse reads a trusted_root.json and checks that its chains hold together. The root
 * is to be zeroed; release with trusted_root_done, also after a failure. */
MUST_USE enum err trusted_root_parse(struct trusted_root *r, struct str text, struct arena *a,
				     struct diag *d);

/* trusted_root_shipped reads the one in data/, whose chains were checked by the tests. */
MUST_USE enum err trusted_root_shipped(struct trusted_root *r, struct arena *a, struct diag *d);
void trusted_root_done(struct trusted_root *r);

/* trusted_root_text borrows the shipped file, and says its day ("2026-08-21"). */
struct str trusted_root_text(struct str *out_date);

/* ---- who signed ---- */

/* X(name, number below 1.3.6.1.4.1.57264.1, name in reports). Fulcio's docs/oid-info.md. 2 to 6 are
 * raw strings, which newer certificates carry beside 8 and up. */
#define CLAIM_LIST(X)                                                                              \
	X(CLAIM_ISSUER, 8, "issuer")                                                               \
	X(CLAIM_SIGNER_URI, 9, "build_signer_uri")                                                 \
	X(CLAIM_SIGNER_DIGEST, 10, "build_signer_digest")                                          \
	X(CLAIM_RUNNER, 11, "runner_environment")                                                  \
	X(CLAIM_REPOSITORY, 12, "source_repository_uri")                                           \
	X(CLAIM_COMMIT, 13, "source_repository_digest")                                            \
	X(CLAIM_REF, 14, "source_repository_ref")                                                  \
	X(CLAIM_REPOSITORY_ID, 15, "source_repository_identifier")                                 \
	X(CLAIM_OWNER, 16, "source_repository_owner_uri")                                          \
	X(CLAIM_OWNER_ID, 17, "source_repository_owner_identifier")                                \
	X(CLAIM_WORKFLOW, 18, "build_config_uri")                                                  \
	X(CLAIM_WORKFLOW_DIGEST, 19, "build_config_digest")                                        \
	X(CLAIM_TRIGGER, 20, "build_trigger")                                                      \
	X(CLAIM_RUN, 21, "run_invocation_uri")                                                     \
	X(CLAIM_VISIBILITY, 22, "source_repository_visibility")                                    \
	X(CLAIM_DEPLOYMENT, 23, "deployment_environment")                                          \
	X(CLAIM_TOKEN_SUBJECT, 24, "token_subject")                                                \
	X(CLAIM_OLD_TRIGGER, 2, "github_workflow_trigger")                                         \
	X(CLAIM_OLD_COMMIT, 3, "github_workflow_sha")                                              \
	X(CLAIM_OLD_NAME, 4, "github_workflow_name")                                               \
	X(CLAIM_OLD_REPOSITORY, 5, "github_workflow_repository")                                   \
	X(CLAIM_OLD_REF, 6, "github_workflow_ref")

#define X(name, oid, json) name,
enum claim { CLAIM_LIST(X) CLAIM_COUNT };
#undef X

/* claim_name gives its name in reports. */
struct str claim_name(enum claim c);

enum san { SAN_NONE, SAN_URI, SAN_EMAIL, SAN_OTHER };

struct identity {
	enum san san_type;
	struct str san;
	struct str claims[CLAIM_COUNT]; /* p NULL: not in the certificate */
};

/* ---- what is expected ---- */

struct verify_policy {
	const struct verify_key *key;	   /* a managed key; else NULL, and what follows counts */
	bool no_log;			   /* with a key: it vouches alone, no log needs to */
	bool any_identity;		   /* the caller judges the report's identity */
	struct str san;			   /* exactly; with claims[CLAIM_ISSUER] */
	struct str claims[CLAIM_COUNT];	   /* p NULL: anything */
	const struct str *predicate_types; /* allowed ones; NULL: all */
	unsigned n_predicate_types;
	bool one_subject; /* PEP 740: a statement names one artifact */
};

/* verify_needs_bytes: the signer's key signs the artifact itself (Ed25519), so that its digests do
 * not tell. */
bool verify_needs_bytes(const struct bundle *b, const struct verify_policy *policy);

/* ---- what was found ---- */

/* In the order in which they are made. X(name, name in reports, what holds when it is done) */
#define CHECK_LIST(X)                                                                      \
	X(CHECK_BUNDLE, "bundle", "the bundle is well-formed")                             \
	X(CHECK_TIME, "time", "each signing time is vouched for")                          \
	X(CHECK_CERTIFICATE, "certificate", "a trusted authority issued the certificate")  \
	X(CHECK_SCT, "sct", "the certificate was made public")                             \
	X(CHECK_IDENTITY, "identity", "the signer is the expected one")                    \
	X(CHECK_ENTRY, "entry", "the log entry is about this signature")                   \
	X(CHECK_INCLUSION, "inclusion", "the log contains the entry")                      \
	X(CHECK_CHECKPOINT, "checkpoint", "the log has signed its state")                  \
	X(CHECK_SET, "set", "the log has promised the entry")                              \
	X(CHECK_SIGNATURE, "signature", "the signer's key made the signature")             \
	X(CHECK_STATEMENT, "statement", "what was signed is about this artifact")          \
	X(CHECK_SUBJECT, "subject", "the statement names this file of this release")       \
	X(CHECK_PUBLISHER, "publisher", "the index names the publisher who signed")        \
	X(CHECK_BUILD, "build", "the build says of itself what the certificate says")

#define X(name, json, text) name,
enum check { CHECK_LIST(X) CHECK_COUNT };
#undef X

/* check_name gives its name in reports, check_text what it says. */
struct str check_name(enum check c);
struct str check_text(enum check c);

struct signing_time {
	int64_t at_s;
	bool by_log;   /* else by a time stamping authority */
	struct str by; /* its URI */
};

struct subject {
	struct str name;
	struct artifact digests;
	bool matches;
};

struct statement {
	struct str type, predicate_type, predicate; /* the last as JSON text */
	struct subject *subjects;
	unsigned n_subjects;
};

struct report_entry {
	struct str log, kind, version;
	uint64_t index; /* as the log's interface knows it */
	uint64_t proof_index, tree_size;
	int64_t integrated_s; /* 0: not vouched for */
	bool included, promised;
};

enum { VERIFY_TIMES = LIMIT_BUNDLE_TOKENS + LIMIT_BUNDLE_ENTRIES };

/* What was learned up to the first check that failed. Strings live as long as bundle and arena. */
struct verify_report {
	bool ok;
	enum check failed; /* when not ok */
	unsigned done;	   /* bit set, 1u << enum check; what does not apply is not in it */
	bool has_certificate;
	struct identity identity; /* to be believed once CHECK_CERTIFICATE is done */
	struct str serial;	  /* hexadecimal */
	int64_t not_before_s, not_after_s;
	struct str ca; /* URI of the authority */
	struct str ctlog;
	int64_t sct_ms;
	struct signing_time times[VERIFY_TIMES];
	unsigned n_times;
	struct report_entry entries[LIMIT_BUNDLE_ENTRIES];
	unsigned n_entries;
	bool has_statement;
	struct statement statement;
};

/* verify_bundle makes every check that applies. OK: all hold, and out->ok. Otherwise the first that
 * does not is out->failed and d says which rule it breaks: ERR_SYNTAX malformed, ERR_UNSUPPORTED of
 * a kind that is not known, ERR_AUTH not proved, ERR_DENIED not who was expected. now_s: times that
 * lie more than a day behind it are refused; 0: not asked. */
MUST_USE enum err verify_bundle(const struct bundle *b, const struct trusted_root *root,
				const struct artifact *art, const struct verify_policy *policy,
				int64_t now_s, struct arena *a, struct verify_report *out,
				struct diag *d);

/* verify_report_write appends the report as one JSON object. d: of a failure. */
void verify_report_write(struct buf *out, const struct verify_report *r,
			 const struct trusted_root *root, const struct diag *d);

/* verify_failure_write appends that of something that failed before the checks: what, "request". */
void verify_failure_write(struct buf *out, struct str what, const struct diag *d);

#endif
