/*
 * fuzz/h2_fuzz.c - a provider's HTTP/2 frames on a real session: the call ends once, gives back all it
 * used, and what ingress gets does not depend on how the bytes were cut or on how small the credit was.
 * Input: the first two bytes choose the cut and the credit, the rest is what the provider sends.
 */
#include "fuzz/flights.h"

#include "egress/h2.h"

static void run(struct str in, size_t step, uint32_t credit, struct seen *s)
{
	int peer;

	*s = (struct seen){ .credit = credit };
	buf_init(&s->body, 1 << 20);
	CHECK(h2_new(&pool, link_pair(&peer)));
	h2_start(pool.sessions, begin(credit));
	turn();
	send_all(in, step, credit, peer, s);
	for (int i = 0; i < 3; i++)
		turn();
	CHECK(pool.n_links == 0 && pool.sessions == NULL && linker.n == 0);
}

static bool is_bad(unsigned how)
{
	return how == END_PROTOCOL || how == END_RESET || how == END_TRUNCATED || how == END_BUSY;
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
	/* How a broken session is called may depend on whether its end was seen first. */
	CHECK(whole.how == split.how || (is_bad(whole.how) && is_bad(split.how)));
	if (whole.how == END_OK) {
		CHECK(whole.status == split.status);
		CHECK(str_eq(buf_str(&whole.body), buf_str(&split.body)));
	}
	CHECK(whole.body.n <= in.n && (whole.how != END_OK || whole.status));
	buf_free(&whole.body);
	buf_free(&split.body);
	return 0;
}
