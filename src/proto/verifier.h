/*
 * proto/verifier.h - what the verifier is asked, by whoever starts it. Ring 0. It is born with five
 * descriptors and nothing else, answers with one JSON object (verify_report_write, document_judge)
 * and ends: with status 0 when it could answer, whatever the verdict.
 */
#ifndef PROTO_VERIFIER_H
#define PROTO_VERIFIER_H

#include "base/rd.h"

enum verifier_fd {
	VERIFIER_REQUEST = 3,  /* struct verifier_request, to the end of the file */
	VERIFIER_REPORT = 4,   /* written to */
	VERIFIER_BUNDLE = 5,   /* JSON: a bundle, or a document */
	VERIFIER_ROOT = 6,     /* trusted_root.json, if has_root; else anything empty */
	VERIFIER_ARTIFACT = 7, /* what was signed, unless there is a digest; else anything empty */
	VERIFIER_FDS = 5,
};

/* Its user where it is started by root: nobody else's, and not one of keeper's children. */
enum { VERIFIER_USER = 64352, VERIFIER_NPM_KEYS = 32 << 10 };

struct verifier_request {
	bool has_root;	     /* else the shipped one is taken */
	bool any_identity;   /* the asker judges who signed */
	bool no_log;	     /* with a key: it vouches alone */
	struct str digest;   /* "sha256:HEX"; empty: the artifact is read */
	struct str identity; /* the certificate's name, exactly */
	struct str issuer;
	struct str key; /* a public key; empty: a certificate is expected */

	bool document;	       /* not a bundle alone: any that document_read knows */
	struct str file;       /* the artifact's name; empty: any */
	struct str package;    /* purl of its release; empty: any */
	struct str repository; /* URL, as the certificate has it; empty: any */
	struct str npm_keys;   /* a registry's keys, JSON; empty: those that are shipped */
};

/* verifier_request_encode and _decode; decoded strings point into body. */
void verifier_request_encode(const struct verifier_request *r, struct buf *out);
MUST_USE enum err verifier_request_decode(struct verifier_request *r, struct str body);

#endif
