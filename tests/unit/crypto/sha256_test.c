/* tests/unit/crypto/sha256_test.c - vectors of FIPS 180-4, reuse of one context, and an openssl.cnf
 * that forbids it. */
#include "crypto/sha256.h"

#include "base/buf.h"

#include "../check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is(const uint8_t *digest, struct str hex)
{
	char store[SHA256_HEX];
	struct buf b;

	buf_fixed(&b, store, sizeof store);
	buf_addhex(&b, (struct str){ (const char *)digest, SHA256_BYTES });
	return str_eq(buf_str(&b), hex);
}

static const struct str abc_hex = SC("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
static const struct str empty_hex = SC("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

/* What a variable of the environment names has no say. It is asked for once in a process. */
CASE(no_configuration)
{
	static const char conf[] = "openssl_conf = a\n[a]\nalg_section = b\n[b]\n"
				   "default_properties = provider=none\n";
	int fd = memfd_create("openssl.cnf", 0);
	uint8_t d[SHA256_BYTES];
	char path[32];

	CHECK(write(fd, conf, sizeof conf - 1) == (ssize_t)sizeof conf - 1);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	CHECK(setenv("OPENSSL_CONF", path, 1) == 0);
	sha256(S("abc"), d);
	CHECK(is(d, abc_hex));
	(void)close(fd);
}

CASE(vectors)
{
	uint8_t d[SHA256_BYTES];

	sha256(S("abc"), d);
	CHECK(is(d, abc_hex));
	sha256(S(""), d);
	CHECK(is(d, empty_hex));
	sha256(S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), d);
	CHECK(is(d, S("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")));
}

CASE(reuse_and_every_split)
{
	struct sha256 h;
	uint8_t d[SHA256_BYTES];
	struct str in = S("abc");

	CHECK(sha256_init(&h) == OK);
	for (size_t cut = 0; cut <= in.n; cut++) {
		sha256_update(&h, str_head(in, cut));
		sha256_update(&h, str_tail(in, cut));
		sha256_final(&h, d);
		CHECK(is(d, abc_hex));
	}
	sha256_with(&h, in, d);
	CHECK(is(d, abc_hex));
	sha256_final(&h, d);
	CHECK(is(d, empty_hex));
	sha256_done(&h);
}

TESTS(CASE_ROW(no_configuration), CASE_ROW(vectors), CASE_ROW(reuse_and_every_split))
