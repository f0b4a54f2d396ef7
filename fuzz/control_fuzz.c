/*
 * fuzz/control_fuzz.c - bodies of control messages, and the queue of finished calls.
 * Oracle: what decodes encodes to the same bytes again; a lying queue never gives more than it holds.
 */
#include "fuzz/fuzz.h"

#include "base/rd.h"
#include "proto/control.h"
#include "proto/usage.h"

#include <string.h>

static struct usage_file file;

static void same(const struct buf *b, struct str in)
{
	CHECK(b->err == OK && str_eq(buf_str(b), in));
}

static void queue(struct str in)
{
	static struct usage_record out[64];
	struct rd r = rd_from(in);

	atomic_store(&file.head, rd_u64(&r));
	atomic_store(&file.tail, rd_u64(&r));
	uint64_t from = rd_u64(&r), head = atomic_load(&file.head);
	for (unsigned i = 0; i < USAGE_CHUNKS; i++)
		file.moved[i] = rd_u8(&r);
	uint32_t n = usage_peek(&file, from, out, 64);
	CHECK(n <= 64 && (n == 0 || head - from <= USAGE_MAX));
	struct usage_record rec = { .key = 7 };
	usage_text(rec.model_asked, USAGE_TEXT, in);
	bool room = usage_room(&file, 0);
	CHECK((usage_put(&file, &rec) == OK) == room);
	if (room) {
		CHECK(usage_peek(&file, head, out, 1) == 1);
		CHECK(out[0].seq == head + 1 && out[0].key == 7);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p + 1, n - 1 };
	static struct buf b;

	if (n == 0)
		return 0;
	buf_init(&b, 1 << 20);
	union {
		struct control_key key;
		struct control_spend_query query;
		struct control_call call;
		struct control_sum sum;
	} u;
	switch (p[0] % 6) {
	case 0:
		if (control_key_decode(&u.key, in) == OK)
			control_key_encode(&u.key, &b), same(&b, in);
		break;
	case 1:
		if (control_spend_query_decode(&u.query, in) == OK)
			control_spend_query_encode(&u.query, &b), same(&b, in);
		break;
	case 2:
		if (control_call_decode(&u.call, in) == OK)
			control_call_encode(&u.call, &b), same(&b, in);
		break;
	case 3:
		if (control_sum_decode(&u.sum, in) == OK)
			control_sum_encode(&u.sum, &b), same(&b, in);
		break;
	case 4: {
		struct rd r = rd_from(in);
		enum err e;
		struct str text;
		control_reply_read(&r, &e, &text);
		if (rd_end(&r) == OK)
			control_reply_encode(e, text, &b), same(&b, in);
		break;
	}
	default:
		queue(in);
	}
	buf_free(&b);
	return 0;
}
