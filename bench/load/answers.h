/*
 * bench/load/answers.h - what the scripted provider answers, built once and sent as it is:
 * OpenAI's and Anthropic's JSON and streams, with the heads that those services send.
 */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include "base/buf.h"
#include "bench/load/wire.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { ANSWER_EVENTS_MAX = 4096, ANSWER_MAX = 4 << 20 };

/* One whole answer. A stream has one HTTP chunk per event: event i begins at at[i], ends at
 * at[i+1]; at[0] is also where the head ends. */
struct answer {
	struct buf all;
	size_t at[ANSWER_EVENTS_MAX + 1];
	size_t stamp[ANSWER_EVENTS_MAX]; /* where event i has its stamp; 0: it has none */
	unsigned n_events;		 /* 0: JSON */
};

static const char answer_head[] = "HTTP/1.1 200 OK\r\n"
				  "Date: Mon, 23 Nov 2026 06:00:00 GMT\r\n"
				  "Server: cloudflare\r\n"
				  "openai-organization: bench-organization\r\n"
				  "openai-processing-ms: 412\r\n"
				  "openai-version: 2020-10-01\r\n"
				  "x-ratelimit-limit-requests: 10000\r\n"
				  "x-ratelimit-limit-tokens: 2000000\r\n"
				  "x-ratelimit-remaining-requests: 9999\r\n"
				  "x-ratelimit-remaining-tokens: 1999950\r\n"
				  "x-ratelimit-reset-requests: 6ms\r\n"
				  "x-request-id: req_0123456789abcdef0123456789abcdef\r\n";

static const char answer_text[] = "The gateway authenticates the caller, checks what the key may "
				  "do, picks a deployment and relays the "
				  "request; the answer comes back unchanged, its usage is taken "
				  "from the last event and recorded before "
				  "the last byte leaves. \\\"Nothing\\\" is lost when a process "
				  "dies: what was finished stays recorded, "
				  "what was not is reported as such.\\n\\n1. Keys live in one "
				  "process.\\n2. No process that reads a client "
				  "may connect anywhere.\\n3. Every message between processes has "
				  "a row in a table, a size and a time.\\n";

static inline void answer_json(struct answer *a, bool anthropic)
{
	struct buf body;

	buf_init(&body, ANSWER_MAX);
	if (anthropic)
		buf_addf(&body,
			 "{\"id\":\"msg_01ABCDEFGHIJKLMNOPQRSTUV\",\"type\":\"message\",\"role\":"
			 "\"assistant\","
			 "\"model\":\"claude-sonnet-4-20250514\",\"content\":[{\"type\":\"text\","
			 "\"text\":\"%s\"}],"
			 "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_"
			 "tokens\":123,"
			 "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_"
			 "tokens\":456,"
			 "\"service_tier\":\"standard\"}}",
			 answer_text);
	else
		buf_addf(&body,
			 "{\"id\":\"chatcmpl-ABCDEFGHIJKLMNOPQRSTUVWXYZabc\",\"object\":\"chat."
			 "completion\","
			 "\"created\":1764000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":["
			 "{\"index\":0,"
			 "\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},"
			 "\"logprobs\":null,"
			 "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":123,"
			 "\"completion_tokens\":456,"
			 "\"total_tokens\":579,\"prompt_tokens_details\":{\"cached_tokens\":0},"
			 "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"system_"
			 "fingerprint\":\"fp_0123456789\"}",
			 answer_text);
	buf_init(&a->all, ANSWER_MAX);
	buf_addf(&a->all, "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		 answer_head, body.n);
	buf_add(&a->all, buf_str(&body));
	buf_free(&body);
	a->n_events = 0;
	assert(a->all.err == OK);
}

/* answer_event appends one event as one HTTP chunk; name may be NULL. */
static inline void answer_event(struct answer *a, const char *name, struct str data)
{
	size_t n = data.n + sizeof "data: \n\n" - 1 +
		   (name ? strlen(name) + sizeof "event: \n" - 1 : 0);

	assert(a->n_events < ANSWER_EVENTS_MAX);
	a->at[a->n_events] = a->all.n;
	buf_addf(&a->all, "%zx\r\n", n);
	if (name)
		buf_addf(&a->all, "event: %s\n", name);
	size_t from = a->all.n;
	buf_addf(&a->all, "data: %.*s\n\n\r\n", FMT(data));
	size_t stamp = str_find(str_tail(buf_str(&a->all), from), S("\"T00000000000000"));
	a->stamp[a->n_events++] = stamp == SIZE_MAX ? 0 : from + stamp + 1;
	a->at[a->n_events] = a->all.n;
}

/* answer_text_event: data has a %u in the stamp's place, for a number of its own: LiteLLM ends a
 * stream that says the same a hundred times. */
__attribute__((format(printf, 3, 4))) static inline void
answer_text_event(struct answer *a, const char *name, const char *data, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, data);
	int n = vsnprintf(text, sizeof text, data, ap);
	va_end(ap);
	assert(n > 0 && (size_t)n < sizeof text);
	answer_event(a, name, (struct str){text, (size_t)n});
}

static inline void answer_stream_open(struct answer *a)
{
	buf_init(&a->all, ANSWER_MAX);
	buf_addf(&a->all,
		 "%sContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n",
		 answer_head);
	a->n_events = 0;
}

static inline void answer_stream_end(struct answer *a)
{
	buf_add(&a->all, S("0\r\n\r\n"));
	a->at[a->n_events] = a->all.n;
	assert(a->all.err == OK);
}

#define ANSWER_CHUNK                                                                               \
	"{\"id\":\"chatcmpl-ABCDEFGHIJKLMNOPQRSTUVWXYZabc\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1764000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":"            \
	"\"default\","                                                                             \
	"\"system_fingerprint\":\"fp_0123456789\","

/* answer_openai_stream: role, n - 4 of content (about 275 bytes each), finish, usage, [DONE]. */
static inline void answer_openai_stream(struct answer *a, unsigned n)
{
	answer_stream_open(a);
	answer_event(a, NULL,
		     S(ANSWER_CHUNK "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
				    "\"content\":\"\","
				    "\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],"
				    "\"usage\":null}"));
	for (unsigned i = 0; i + 4 < n; i++)
		answer_text_event(a, NULL,
				  ANSWER_CHUNK "\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
					       "T%019u \"},\"logprobs\":null,"
					       "\"finish_reason\":null}],\"usage\":null}",
				  i);
	answer_event(a, NULL,
		     S(ANSWER_CHUNK "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
				    "\"finish_reason\":\"stop\"}],\"usage\":null}"));
	answer_event(a, NULL,
		     S(ANSWER_CHUNK "\"choices\":[],\"usage\":{\"prompt_tokens\":123,\"completion_"
				    "tokens\":456,"
				    "\"total_tokens\":579}}"));
	answer_event(a, NULL, S("[DONE]"));
	answer_stream_end(a);
}

static inline void answer_anthropic_stream(struct answer *a, unsigned n)
{
	answer_stream_open(a);
	answer_event(a, "message_start",
		     S("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_"
		       "01ABCDEFGHIJKLMNOPQRSTUV\","
		       "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-"
		       "20250514\","
		       "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
		       "\"input_tokens\":123,"
		       "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_"
		       "tokens\":1}}}"));
	answer_event(a, "content_block_start",
		     S("{\"type\":\"content_block_start\",\"index\":0,"
		       "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"));
	for (unsigned i = 0; i + 5 < n; i++)
		answer_text_event(a, "content_block_delta",
				  "{\"type\":\"content_block_delta\",\"index\":0,"
				  "\"delta\":{\"type\":\"text_delta\",\"text\":\"T%019u \"}}",
				  i);
	answer_event(a, "content_block_stop", S("{\"type\":\"content_block_stop\",\"index\":0}"));
	answer_event(a, "message_delta",
		     S("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_"
		       "sequence\":null},"
		       "\"usage\":{\"input_tokens\":123,\"cache_creation_input_tokens\":0,"
		       "\"cache_read_input_tokens\":0,\"output_tokens\":456}}"));
	answer_event(a, "message_stop", S("{\"type\":\"message_stop\"}"));
	answer_stream_end(a);
}

#endif
