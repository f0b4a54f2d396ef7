/*
 * fuzz/dns_fuzz.c - oracle: an answer repeats its question, fits a datagram, and what stands before
 * and in the base of a name is the name.
 */
#include "fuzz/fuzz.h"

#include "sink/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, base;
	struct dns_question q;
	struct buf out;

	(void)dns_host(in);
	struct str before = dns_parts(in, &base);
	CHECK(before.n + base.n + (before.n || base.n != in.n) == in.n);
	CHECK((dns_address(in) >> 17) == 0xc6120000u >> 17);
	if (n > DNS_MESSAGE || dns_read(in, &q) != OK)
		return 0;
	CHECK(q.end <= n && q.name_n < DNS_NAME);
	buf_init(&out, 2 * DNS_MESSAGE);
	dns_answer(&out, in, &q);
	CHECK(out.err == OK && out.n >= q.end && out.n <= q.end + 32);
	CHECK(memcmp(out.p, p, 2) == 0);
	CHECK(memcmp(out.p + 12, p + 12, q.end - 12) == 0);
	buf_free(&out);
	return 0;
}
