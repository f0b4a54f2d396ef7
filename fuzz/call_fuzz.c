/*
 * fuzz/call_fuzz.c - frames between ingress and egress. Oracle: what is accepted is within its bounds, and
 * written again it reads the same.
 */
#include "fuzz/fuzz.h"

#include "proto/call.h"

#include <string.h>

enum { ARENA = 1 << 20, ROOM = 1 << 17 };

static void same(struct str a, struct str b)
{
	CHECK((a.p == NULL) == (b.p == NULL) && str_eq(a, b));
}

static void fuzz_call(struct str in)
{
	static struct call a, b;
	static char out[ROOM];
	uint64_t sum = 0;

	if (call_decode(&a, in, ARENA) != OK)
		return;
	CHECK(a.path < CALL_PATH_COUNT && a.n_segments <= CALL_SEGMENTS && a.model.n <= LIMIT_NAME);
	for (unsigned i = 0; i < a.n_segments; i++) {
		CHECK(a.segments[i].bytes.p || a.segments[i].at + a.segments[i].n <= ARENA);
		sum += a.segments[i].n;
	}
	CHECK(sum == a.body_bytes && call_size(&a) <= ROOM);
	uint32_t n = call_encode(&a, out);
	CHECK(n <= call_size(&a));
	CHECK(call_decode(&b, (struct str){ out, n }, ARENA) == OK);
	CHECK(a.id == b.id && a.upstream == b.upstream && a.path == b.path && a.credit == b.credit);
	CHECK(a.generation == b.generation && a.n_segments == b.n_segments);
	same(a.model, b.model);
	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++)
		same(a.fields[i], b.fields[i]);
	for (unsigned i = 0; i < a.n_segments; i++) {
		same(a.segments[i].bytes, b.segments[i].bytes);
		CHECK(a.segments[i].n == b.segments[i].n && a.segments[i].at == b.segments[i].at);
	}
}

static void fuzz_head(struct str in)
{
	struct call_head a, b;
	char out[ROOM];

	if (call_head_decode(&a, in) != OK)
		return;
	CHECK(a.status >= 200 && a.status < 600 && call_head_size(&a) <= ROOM);
	uint32_t n = call_head_encode(&a, out);
	CHECK(call_head_decode(&b, (struct str){ out, n }) == OK);
	CHECK(a.id == b.id && a.status == b.status && a.content_length == b.content_length);
	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++)
		same(a.replies[i], b.replies[i]);
}

static void fuzz_small(struct str in)
{
	struct frame f;
	char out[FRAME_HEADER];

	if (frame_decode(&f, in) != OK)
		return;
	CHECK(frame_encode(&f, out) == FRAME_HEADER && memcmp(out, in.p, FRAME_HEADER) == 0);
	CHECK(f.data.n == (f.type == FRAME_DATA ? f.n : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };

	if (n > ROOM / 2)
		return 0;
	fuzz_call(in);
	fuzz_head(in);
	fuzz_small(in);
	return 0;
}
