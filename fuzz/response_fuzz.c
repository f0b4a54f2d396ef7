/* fuzz/response_fuzz.c - oracle: splitting an answer anywhere changes neither its body nor its end. */
#include "fuzz/fuzz.h"

#include "fetcher/response.h"

struct outcome {
	enum err err;
	unsigned status;
	bool done;
	struct buf body;
};

static enum err feed(struct response *r, struct str in, struct buf *body)
{
	while (in.n && !r->done) {
		struct str span;
		TRY(response_feed(r, &in, &span));
		buf_add(body, span);
	}
	return OK;
}

static void run(struct str in, size_t cut, struct outcome *o)
{
	struct response r;

	response_init(&r);
	buf_init(&o->body, in.n + 1);
	o->err = feed(&r, str_head(in, cut), &o->body);
	if (o->err == OK)
		o->err = feed(&r, str_tail(in, cut), &o->body);
	if (o->err == OK)
		o->err = response_end(&r, true);
	o->status = r.status;
	o->done = r.done;
	response_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct outcome whole, split;

	run(in, 0, &whole);
	for (size_t i = 0; i < 3; i++) {
		run(in, n ? (p[n / 2] * (i + 1) + i) % (n + 1) : 0, &split);
		CHECK(whole.err == split.err && whole.status == split.status && whole.done == split.done);
		if (whole.err == OK)
			CHECK(str_eq(buf_str(&whole.body), buf_str(&split.body)));
		buf_free(&split.body);
	}
	buf_free(&whole.body);
	return 0;
}
