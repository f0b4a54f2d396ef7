/* proto/verifier.c - what the verifier is asked. Input: own. Runs in: cli, verifier. */
#include "proto/verifier.h"

#include "base/limits.h"

void verifier_request_encode(const struct verifier_request *r, struct buf *out)
{
	wr_bool(out, r->has_root);
	wr_bool(out, r->any_identity);
	wr_bool(out, r->no_log);
	wr_str(out, r->digest);
	wr_str(out, r->identity);
	wr_str(out, r->issuer);
	wr_str(out, r->key);
	wr_bool(out, r->document);
	wr_str(out, r->file);
	wr_str(out, r->package);
	wr_str(out, r->repository);
	wr_str(out, r->npm_keys);
}

enum err verifier_request_decode(struct verifier_request *r, struct str body)
{
	struct rd rd = rd_from(body);

	r->has_root = rd_bool(&rd);
	r->any_identity = rd_bool(&rd);
	r->no_log = rd_bool(&rd);
	r->digest = rd_str(&rd, LIMIT_NAME);
	r->identity = rd_str(&rd, LIMIT_URL);
	r->issuer = rd_str(&rd, LIMIT_URL);
	r->key = rd_str(&rd, LIMIT_PUBLIC_KEY);
	r->document = rd_bool(&rd);
	r->file = rd_str(&rd, LIMIT_URL);
	r->package = rd_str(&rd, LIMIT_URL);
	r->repository = rd_str(&rd, LIMIT_URL);
	r->npm_keys = rd_str(&rd, VERIFIER_NPM_KEYS);
	return rd_end(&rd);
}
