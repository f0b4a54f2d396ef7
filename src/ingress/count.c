/* ingress/count.c - an estimate where the provider has no answer in the client's dialect. Runs in:
 * ingress. */
#include "ingress/count.h"

#include "ingress/request.h"
#include "llm/count.h"

void count_answer(struct exchange *x, const struct json *root)
{
	struct ingress *in = x->in;
	struct conn *c = x->conn;
	struct llm_request r;
	struct llm_error e = { 0 };
	struct diag d = { 0 };

	if (request_neutral(x, llm_count_body(x->client, root), &r, &d) != OK) {
		llm_error_set(&e, reply_error_kind(d.err), &in->turn, str_z(diag_text(&d)));
		exchange_refuse(x, &e, NULL);
		return;
	}
	buf_reset(&in->encoded);
	llm_count_encode(x->client, llm_count_estimate(&r), &in->encoded);
	struct str body = arena_dup(&in->turn, buf_str(&in->encoded));
	x->status = 200;
	x->conn = NULL;
	c->x = NULL;
	exchange_finish(x);
	reply_whole(c, 200, S("application/json"), S("x-yett-estimate: tokens\r\n"), body);
}
