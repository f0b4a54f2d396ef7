/*
 * verify/provenance.h - what package indexes keep beside an artifact to say who made it, and
 * whether it holds. Four documents, told apart by their members:
 *
 *	a Sigstore bundle		{"mediaType": ...}
 *	PyPI's provenance (PEP 740)	{"attestation_bundles": [...]}, or one attestation of it
 *	npm's attestations		{"attestations": [...]}
 *	npm's version			{"dist": {"signatures": ...}}: the registry's signatures
 *
 * Ring 0. Strings live in the arena or in the document's text.
 */
#ifndef VERIFY_PROVENANCE_H
#define VERIFY_PROVENANCE_H

#include "verify/verify.h"

/* X(code, name in reports). */
#define DOCUMENT_LIST(X)                                                                           \
	X(DOCUMENT_BUNDLE, "sigstore-bundle")                                                      \
	X(DOCUMENT_PEP740, "pep740-provenance")                                                    \
	X(DOCUMENT_PEP740_ONE, "pep740-attestation")                                               \
	X(DOCUMENT_NPM, "npm-attestations")                                                        \
	X(DOCUMENT_NPM_VERSION, "npm-signatures")

#define X(code, name) code,
enum document_kind { DOCUMENT_LIST(X) DOCUMENT_KINDS };
#undef X

/* document_word gives a kind's name in reports. */
struct str document_word(enum document_kind k);

/* Who published it, by the unsigned word of PyPI. kind "": nothing is said. */
#define PUBLISHER_LIST(X) X(kind) X(repository) X(workflow) X(environment) X(email)

#define X(name) struct str name;
struct publisher {
	PUBLISHER_LIST(X)
};
#undef X

/* One signed statement. */
struct attestation {
	struct bundle bundle;
	struct publisher publisher;
	struct str predicate_type; /* as npm announces it; "": not said */
};

/* What the registry of npm signs of a release. */
struct npm_version {
	struct str name, version, integrity;
	struct {
		struct str key_id, sig;
	} signatures[LIMIT_ATTESTATIONS];
	unsigned n_signatures;
};

struct document {
	enum document_kind kind;
	struct attestation *items; /* all kinds but DOCUMENT_NPM_VERSION */
	unsigned n;
	struct npm_version npm; /* of DOCUMENT_NPM_VERSION */
};

/* document_read reads any of them. A document without an attestation is malformed. ERR_SYNTAX,
 * ERR_LIMIT, ERR_UNSUPPORTED, with a sentence. */
MUST_USE enum err document_read(struct document *out, struct str text, struct arena *a,
				struct diag *d);

/* ---- keys of a registry ---- */

struct npm_key {
	struct str id;
	struct verify_key key;
	struct valid_for valid;
	bool signatures, attestations; /* what it may sign */
};

struct npm_keys {
	struct npm_key items[LIMIT_TRUSTED];
	unsigned n;
	struct str date; /* of those that are shipped; "": given */
};

/* npm_keys_parse reads them as a registry gives them (/-/npm/v1/keys) or as Sigstore's repository
 * does. Release with npm_keys_done, also after a failure. */
MUST_USE enum err npm_keys_parse(struct npm_keys *k, struct str text, struct arena *a,
				 struct diag *d);
void npm_keys_done(struct npm_keys *k);

/* npm_keys_text borrows the shipped file and says its day. */
struct str npm_keys_text(struct str *out_date);

/* npm_key_find gives a key by its id; NULL: there is none. attestations: one for these. */
const struct npm_key *npm_key_find(const struct npm_keys *k, struct str id, bool attestations);

/* ---- what is asked, and what came of it ---- */

/* The release and file whose statement is wanted. */
struct expected {
	struct str file;    /* its name, "a-1.0.tar.gz": PEP 740 binds it; "": any */
	struct str package; /* purl, "pkg:npm/a@1.0.0": npm binds it; "": any */
	struct verify_policy policy;
};

/* How a build describes itself (SLSA provenance v0.2 and v1); what is not said is "". */
#define BUILD_LIST(X)                                                                              \
	X(builder)                                                                                 \
	X(type)                                                                                    \
	X(repository)                                                                              \
	X(repository_id)                                                                           \
	X(owner_id)                                                                                \
	X(commit)                                                                                  \
	X(ref)                                                                                     \
	X(workflow)                                                                                \
	X(trigger)                                                                                 \
	X(runner)                                                                                  \
	X(invocation)                                                                              \
	X(started)                                                                                 \
	X(finished)

#define X(name) struct str name;
struct build {
	bool has;
	BUILD_LIST(X)
};
#undef X

/* build_read reads a predicate; not one of SLSA: out->has is false. ERR_SYNTAX. */
MUST_USE enum err build_read(struct build *out, const struct statement *s, struct arena *a,
			     struct diag *d);

/* build_check: what it says is what the certificate says, where both do. ERR_AUTH. */
MUST_USE enum err build_check(const struct build *b, const struct identity *who, struct diag *d);

/* publisher_check: the certificate is of that publisher (pypi-attestations' rules). ERR_AUTH,
 * ERR_UNSUPPORTED: a kind that is not known. */
MUST_USE enum err publisher_check(const struct publisher *p, const struct identity *who,
				  struct diag *d);

/* subject_check: the statement's one subject names this file or package. ERR_AUTH. */
MUST_USE enum err subject_check(enum document_kind kind, const struct statement *s,
				const struct expected *want, struct diag *d);

/* subject_same_file: both are the name of one wheel or source archive, however it is spelled. */
bool subject_same_file(struct str a, struct str b);

struct provenance {
	struct verify_report report; /* failed may be one of the checks below CHECK_STATEMENT */
	struct build build;
	enum err err;
	struct diag diag;
	struct str key_id; /* of a registry's key that signed it; "": a certificate */
};

/* provenance_verify makes all checks of one attestation. root, keys: whom to believe. */
MUST_USE enum err provenance_verify(const struct document *doc, unsigned i,
				    const struct trusted_root *root, const struct npm_keys *keys,
				    const struct artifact *art, const struct expected *want,
				    int64_t now_s, struct arena *a, struct provenance *out);

/* npm_signature_check checks one of a version's signatures by the registry. *out_key is set when it
 * is one that is known. */
MUST_USE enum err npm_signature_check(const struct npm_version *v, unsigned i,
				      const struct npm_keys *keys, const struct npm_key **out_key,
				      struct diag *d);

/* npm_version_check: it is of this package, and of this artifact. */
MUST_USE enum err npm_version_check(const struct npm_version *v, const struct artifact *art,
				    const struct expected *want, struct diag *d);

/* document_judge checks all of a document and appends the report, one JSON object. */
void document_judge(const struct document *doc, const struct trusted_root *root,
		    const struct npm_keys *keys, const struct artifact *art,
		    const struct expected *want, int64_t now_s, struct arena *a, struct buf *out);

#endif
