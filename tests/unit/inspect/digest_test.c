/* tests/unit/inspect/digest_test.c - the digest of an environment, by a vector of another program. */
#include "inspect/digest.h"

#include "tests/unit/check.h"

#include <sys/stat.h>

/*
 * docs/check-report.md computes it in Python:
 *	rows = [("bin/x", "100755", b"#!/bin/sh\n"), ("lib", "120000", b"lib64"),
 *	        ("lib/a.py", "100644", b"")]
 */
CASE(vector)
{
	static const uint8_t want[SHA256_BYTES] = {
		0xc5, 0xcb, 0x2d, 0xc4, 0xf2, 0x19, 0x16, 0x5f, 0xb1, 0x87, 0x17,
		0xe7, 0xaf, 0x4a, 0x0b, 0xc7, 0xd4, 0x56, 0x00, 0xce, 0xec, 0x06,
		0x2a, 0xdf, 0xa4, 0x0a, 0x23, 0xb1, 0x63, 0x8f, 0x98, 0xd4,
	};
	uint8_t sha[SHA256_BYTES], got[SHA256_BYTES];
	struct env_digest d;
	struct sha256 h;

	CHECK(sha256_init(&h) == OK);
	env_digest_begin(&d, &h);
	sha256(S("#!/bin/sh\n"), sha);
	CHECK(env_digest_add(&d, S("bin/x"), S_IFREG | 0750, sha) == OK);
	sha256(S("lib64"), sha);
	CHECK(env_digest_add(&d, S("lib"), S_IFLNK | 0777, sha) == OK);
	sha256(S(""), sha);
	CHECK(env_digest_add(&d, S("lib/a.py"), S_IFREG | 0600, sha) == OK);
	CHECK(env_digest_add(&d, S("lib/a.py"), S_IFREG | 0600, sha) == ERR_SYNTAX);
	CHECK(env_digest_add(&d, S("a"), S_IFREG | 0600, sha) == ERR_SYNTAX);
	env_digest_end(&d, got);
	CHECK(d.files == 3 && memcmp(got, want, sizeof want) == 0);
	sha256_done(&h);
}

/* Nothing of the same files is the digest of something else. */
CASE(first_lines)
{
	void (*const begin[])(struct env_digest *, struct sha256 *) = { env_digest_begin, interpreter_digest_begin,
									package_digest_begin };
	static const char *const lines[] = { "yett-environment-1\n", "yett-interpreter-1\n", "yett-package-1\n" };
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];
	struct env_digest d;
	struct sha256 h;

	CHECK(sha256_init(&h) == OK);
	for (size_t i = 0; i < 3; i++) {
		begin[i](&d, &h);
		env_digest_end(&d, got);
		sha256(str_z(lines[i]), want);
		CHECK(memcmp(got, want, sizeof want) == 0);
	}
	sha256_done(&h);
}

TESTS(CASE_ROW(vector), CASE_ROW(first_lines))
