/* tests/unit/crypto/certificate_test.c - what the TLS listener cannot use is told before it is in force */
#include "crypto/certificate.h"

#include "../check.h"
#include "../egress/provider.h"

static struct buf cert, key, other_cert, other_key;

static enum err check(struct str first, struct str behind, struct str private)
{
	struct diag d = { 0 };
	struct buf chain;

	buf_init(&chain, 1 << 20);
	buf_add(&chain, first);
	buf_add(&chain, behind);
	enum err e = certificate_check(buf_str(&chain), private, &d);
	CHECK((e == OK) == (d.text[0] == '\0'));
	buf_free(&chain);
	return e;
}

CASE(chains)
{
	const struct str damaged = S("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	struct buf *all[] = { &cert, &key, &other_cert, &other_key };

	for (size_t i = 0; i < 4; i++)
		buf_init(all[i], 1 << 20);
	make_cert("DNS:localhost", 10, &cert, &key);
	make_cert("DNS:localhost", 10, &other_cert, &other_key);
	CHECK(check(buf_str(&cert), S(""), buf_str(&key)) == OK);
	CHECK(check(buf_str(&cert), buf_str(&other_cert), buf_str(&key)) == OK);
	CHECK(check(buf_str(&cert), buf_str(&key), buf_str(&key)) == OK); /* all in one file */
	CHECK(check(buf_str(&cert), damaged, buf_str(&key)) == ERR_CONFIG);
	CHECK(check(damaged, S(""), buf_str(&key)) == ERR_CONFIG);
	CHECK(check(S(""), S(""), buf_str(&key)) == ERR_CONFIG);
	CHECK(check(buf_str(&cert), S(""), buf_str(&other_key)) == ERR_CONFIG);
	CHECK(check(buf_str(&cert), S(""), S("nonsense")) == ERR_CONFIG);
	for (size_t i = 0; i < 4; i++)
		buf_free(all[i]);
}

TESTS(CASE_ROW(chains))
