/*
 * egress/h2_request.c - the fields of a request, as HTTP/2 has them.
 * Input: a call that egress.c has checked.   Runs in: egress.
 */
#include "egress/h2_request.h"

#include "egress/request.h"
#include "egress/table.h"
#include "sys/secret.h"

#include <assert.h>

enum { FIELDS_MAX = 8 + CALL_FIELD_COUNT + UPSTREAM_HEADERS };

struct fields {
	nghttp2_nv nv[FIELDS_MAX];
	size_t n;
	struct buf text; /* values that had to be put together; holds keys */
};

static void add_field(void *arg, struct str name, struct str prefix, struct str text, bool secret)
{
	struct fields *f = arg;
	size_t at = f->text.n;

	assert(f->n < FIELDS_MAX);
	buf_add(&f->text, prefix);
	buf_add(&f->text, text);
	if (f->text.err != OK)
		return;
	f->nv[f->n++] = (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name.p, .namelen = name.n,
		.value = (uint8_t *)f->text.p + at, .valuelen = f->text.n - at,
		.flags = secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
	};
}

int32_t h2_submit(struct h2 *s, const struct call *c, const nghttp2_data_provider *body,
		  void *stream)
{
	struct linker *linker = s->linker;
	const struct upstream *row = s->pool->row;
	char text[LIMIT_URL * 4];
	struct buf target, authority, length;
	struct fields f = { .n = 0 };

	buf_fixed(&target, text, sizeof text - 512);
	buf_fixed(&authority, text + sizeof text - 512, 480);
	buf_fixed(&length, text + sizeof text - 32, 32);
	buf_fixed(&f.text, linker->head, LINKER_HEAD);
	request_target(&target, row, c);
	request_authority(&authority, row);
	buf_addu(&length, c->body_bytes);
	add_field(&f, S(":method"), S(""), S("POST"), false);
	add_field(&f, S(":scheme"), S(""), row->https ? S("https") : S("http"), false);
	add_field(&f, S(":authority"), S(""), buf_str(&authority), false);
	add_field(&f, S(":path"), S(""), buf_str(&target), false);
	add_field(&f, S("content-length"), S(""), buf_str(&length), false);
	request_fields(row, c, s->pool->table->secrets, &f, add_field);
	int32_t id = -1;
	if (f.text.err == OK && target.err == OK && authority.err == OK)
		id = nghttp2_submit_request(s->session, NULL, f.nv, f.n, body, stream);
	secret_wipe(linker->head, f.text.n);
	return id;
}
