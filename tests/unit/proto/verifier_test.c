/* tests/unit/proto/verifier_test.c - what is asked arrives as it was, or not at all. */
#include "proto/verifier.h"

#include "../check.h"

CASE(round_trip)
{
	struct verifier_request r = { .has_root = true, .no_log = true, .digest = S("sha256:00"), .identity = S("who"),
				      .issuer = S("https://issuer.test"), .key = S(""), .document = true,
				      .file = S("a-1.tar.gz"), .package = S("pkg:npm/a@1"),
				      .repository = S("https://forge.test/o/r"), .npm_keys = S("{}") }, got;
	struct buf b;

	buf_init(&b, 1 << 16);
	verifier_request_encode(&r, &b);
	CHECK(verifier_request_decode(&got, buf_str(&b)) == OK && got.has_root && got.no_log && !got.any_identity);
	CHECK_STR(got.digest, r.digest);
	CHECK_STR(got.identity, r.identity);
	CHECK_STR(got.issuer, r.issuer);
	CHECK(got.key.n == 0 && got.document);
	CHECK_STR(got.file, r.file);
	CHECK_STR(got.package, r.package);
	CHECK_STR(got.repository, r.repository);
	CHECK_STR(got.npm_keys, r.npm_keys);
	for (size_t n = 0; n < b.n; n++) {
		struct str in = check_guard(str_head(buf_str(&b), n));
		CHECK(verifier_request_decode(&got, in) == ERR_SYNTAX);
		check_unguard(in);
	}
	buf_addc(&b, 0);
	CHECK(verifier_request_decode(&got, buf_str(&b)) == ERR_SYNTAX);
	buf_free(&b);
}

TESTS(CASE_ROW(round_trip))
