/*
 * tests/unit/tls/nomem_test.c - no context without a word: egress takes an upstream whose context is NULL, and no
 * error, for one that is spoken to in plain text.
 */
#include <stdlib.h>

#define calloc(n, size) ((void)(n), (void)(size), NULL)
#include "tls/tls_client.c"
#include "tls/tls_server.c"

#include "../check.h"

CASE(null_comes_with_an_error)
{
	struct tls_client_opts o = { .ca_pem = S("") };
	struct diag d = { 0 };

	CHECK(tls_client_new(&o, &d) == NULL && d.err == ERR_NOMEM);
	d = (struct diag){ 0 };
	CHECK(tls_server_new(S(""), S(""), &d) == NULL && d.err == ERR_NOMEM);
}

TESTS(CASE_ROW(null_comes_with_an_error))
