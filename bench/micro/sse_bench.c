/*
 * bench/micro/sse_bench.c - event streams as providers send them, split into events.
 * Prints name, bytes, ns per event and GB/s, separated by tabs. The best of several rounds counts.
 */
#include "codec/sse.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 25, CALLS = 200, EVENTS = 100 };

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bench(const char *name, const char *event)
{
	static char text[256 << 10];
	struct buf b;
	double best = 1e18;
	size_t data = 0;

	buf_fixed(&b, text, sizeof text);
	for (int i = 0; i < EVENTS; i++)
		buf_add(&b, str_z(event));
	for (int r = 0; r < ROUNDS; r++) {
		double t = now_ns();
		for (int i = 0; i < CALLS; i++) {
			struct str in = buf_str(&b);
			struct sse_event e;
			while (sse_next(&in, &e) == OK)
				data += e.data.n;
		}
		t = (now_ns() - t) / CALLS / EVENTS;
		best = t < best ? t : best;
	}
	if (data)
		printf("%s\t%zu\t%.1f\t%.2f\n", name, b.n / EVENTS, best, (double)b.n / EVENTS / best);
}

#define JSON275                                                                                  \
	"{\"id\":\"chatcmpl-0123456789abcdefghijklmnopqrs\",\"object\":\"chat.completion.chunk\","   \
	"\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\","  \
	"\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{\"index\":0,\"delta\":{\"content\":" \
	"\" word\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"

int main(void)
{
	bench("sse data event", "data: " JSON275 "\n\n");
	bench("sse event and data",
	      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
	      "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n");
	bench("sse data event, CRLF", "data: " JSON275 "\r\n\r\n");
	return 0;
}
