/*
 * bench/micro/http1_peer_bench.c - the same heads through http-parser, the library Debian has
 * (libhttp-parser-dev). It gives callbacks only: no table of fields, no check of Host or of the target.
 */
#include "base/str.h"

#include <http_parser.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 25, CALLS = 4000 };

static unsigned spans;

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int on_span(http_parser *p, const char *at, size_t n)
{
	(void)p, (void)at;
	spans += n != 0;
	return 0;
}

static int on_head(http_parser *p)
{
	(void)p;
	return 1;
}

static void bench(const char *name, struct str in, enum http_parser_type type)
{
	http_parser_settings set;
	double best = 1e18;

	http_parser_settings_init(&set);
	set.on_url = set.on_header_field = set.on_header_value = on_span;
	set.on_headers_complete = on_head;
	for (int r = 0; r < ROUNDS; r++) {
		double t = now_ns();
		for (int i = 0; i < CALLS; i++) {
			http_parser p;
			http_parser_init(&p, type);
			(void)http_parser_execute(&p, &set, in.p, in.n);
		}
		t = (now_ns() - t) / CALLS;
		best = t < best ? t : best;
	}
	printf("%s\t%zu\t%.1f\t%.2f\n", name, in.n, best, (double)in.n / best);
}

int main(void)
{
	bench("http-parser request, 12 fields",
	      S("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
		"Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nAccept: application/json\r\n"
		"Content-Type: application/json\r\nUser-Agent: OpenAI/Python 1.99.1\r\n"
		"X-Stainless-Lang: python\r\nX-Stainless-Package-Version: 1.99.1\r\n"
		"X-Stainless-OS: Linux\r\nX-Stainless-Runtime: CPython\r\n"
		"Authorization: Bearer sk-gw-0123456789abcdefghijklmnopqrstuvwxyzABCDEF\r\n"
		"Content-Length: 507\r\n\r\n"),
	      HTTP_REQUEST);
	return spans == 0;
}
