/*
 * bench/micro/http1_bench.c - heads as SDKs and providers send them, and chunked bodies.
 * Prints name, bytes, ns per call and GB/s, separated by tabs. The best of several rounds counts.
 */
#include "codec/http1.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 25, CALLS = 4000 };

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void row(const char *name, size_t bytes, double ns)
{
	printf("%s\t%zu\t%.1f\t%.2f\n", name, bytes, ns, (double)bytes / ns);
}

static const struct str request_12 = SC(
	"POST /v1/chat/completions HTTP/1.1\r\n"
	"Host: api.openai.com\r\n"
	"Accept-Encoding: gzip, deflate\r\n"
	"Connection: keep-alive\r\n"
	"Accept: application/json\r\n"
	"Content-Type: application/json\r\n"
	"User-Agent: OpenAI/Python 1.99.1\r\n"
	"X-Stainless-Lang: python\r\n"
	"X-Stainless-Package-Version: 1.99.1\r\n"
	"X-Stainless-OS: Linux\r\n"
	"X-Stainless-Runtime: CPython\r\n"
	"Authorization: Bearer sk-gw-0123456789abcdefghijklmnopqrstuvwxyzABCDEF\r\n"
	"Content-Length: 507\r\n"
	"\r\n");

static const struct str answer_11 = SC(
	"HTTP/1.1 200 OK\r\n"
	"date: Mon, 02 Jun 2025 10:00:00 GMT\r\n"
	"content-type: application/json\r\n"
	"content-length: 973\r\n"
	"openai-organization: org-abcdefghijklmnopqrst\r\n"
	"openai-processing-ms: 412\r\n"
	"openai-version: 2020-10-01\r\n"
	"x-ratelimit-limit-requests: 10000\r\n"
	"x-ratelimit-remaining-requests: 9999\r\n"
	"x-ratelimit-reset-requests: 6ms\r\n"
	"x-request-id: req_0123456789abcdef0123456789abcdef\r\n"
	"server: cloudflare\r\n"
	"\r\n");

static struct http1_head head;
static uint64_t sum;

static enum err parse_request(struct str in)
{
	return http1_request(&head, in, 0, NULL);
}

static enum err parse_answer(struct str in)
{
	return http1_response(&head, in, 0, false, NULL);
}

static enum err dechunk(struct str in)
{
	struct http1_chunked c = { 0 };
	struct str span;

	while (in.n && !c.done) {
		enum err e = http1_chunked_next(&c, &in, &span);
		if (e != OK)
			return e;
		sum += span.n;
	}
	return OK;
}

static void bench(const char *name, struct str in, unsigned per_call, enum err (*run)(struct str))
{
	double best = 1e18;

	for (int r = 0; r < ROUNDS; r++) {
		double t = now_ns();
		for (int i = 0; i < CALLS; i++) {
			__asm__ volatile("" : : "r"(in.p) : "memory");
			if (run(in) != OK)
				return;
			sum += head.n_fields;
		}
		t = (now_ns() - t) / CALLS;
		best = t < best ? t : best;
	}
	row(name, in.n / per_call, best / per_call);
}

int main(void)
{
	static char chunks[64 << 10];
	struct buf b;

	bench("http1 request, 12 fields", request_12, 1, parse_request);
	bench("http1 response, 11 fields", answer_11, 1, parse_answer);
	buf_fixed(&b, chunks, sizeof chunks);
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "113\r\n%0275d\r\n", i);
	buf_add(&b, S("0\r\n\r\n"));
	bench("http1 chunk of 275 bytes", buf_str(&b), 100, dechunk);
	return sum == 0;
}
