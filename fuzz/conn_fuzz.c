/*
 * fuzz/conn_fuzz.c - an HTTP/1.1 answer on a real connection object: what ingress gets does not depend
 * on how the bytes were cut or on how small the credit was.
 * Input: the first two bytes choose the cut and the credit, the rest is what the provider sends.
 */
#include "fuzz/flights.h"

#include "egress/conn.h"

static void run(struct str in, size_t step, uint32_t credit, struct seen *s)
{
	int peer;
	struct conn *c = conn_new(&pool, link_pair(&peer));

	*s = (struct seen){ .credit = credit };
	buf_init(&s->body, 1 << 20);
	CHECK(c != NULL);
	conn_start(c, begin(credit));
	turn();
	send_all(in, step, credit, peer, s);
	CHECK(pool.n_links == 0 && pool.idle == NULL && linker.n == 0);
}

static bool is_bad(unsigned how)
{
	return how == END_PROTOCOL || how == END_TRUNCATED;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen whole, split;

	if (n < 2 || n > 8192)
		return 0;
	set_up();
	struct str in = { (const char *)p + 2, n - 2 };
	run(in, in.n ? in.n : 1, 1 << 20, &whole);
	run(in, 1u + p[0] + in.n / 64, 1u + p[1], &split);
	/* Whether a head is found bad or found to end early may depend on how it came; its refusal may not. */
	bool bad_head = whole.status == 0 && is_bad(whole.how) && is_bad(split.how);
	CHECK(whole.status == split.status && (whole.how == split.how || bad_head));
	CHECK(str_eq(buf_str(&whole.body), buf_str(&split.body)));
	CHECK(whole.body.n <= in.n && (whole.how != END_OK || whole.status));
	buf_free(&whole.body);
	buf_free(&split.body);
	return 0;
}
