/* tests/system/subverted/calls.c - calls that are not allowed, or that change while they are judged. */
#include "subverted.h"

#include "base/le.h"

#include <stdio.h>
#include <string.h>

enum { AT_PATH = 1, AT_UPSTREAM = 2, AT_ID = 4, AT_MODEL_N = 24, AT_FIELDS = 26, AT_SEGMENTS = 27, HEADER = 28 };

static void outcome(struct world *w, const struct call *c)
{
	world_send(w, c);
	said("%s", world_end(w, c->id, 4000));
}

static void honest(struct world *w)
{
	struct call c = world_call(w);

	outcome(w, &c);
}

/* Every row there is and every path: only what a row allows may reach its provider. */
static void every_upstream(struct world *w)
{
	unsigned refused = 0, other = 0;
	struct call c = world_call(w);

	c.model = S("good");
	for (unsigned up = 0; up < w->upstreams + 20u && !w->new_pair; up++)
		for (unsigned path = 0; path < CALL_PATH_COUNT; path++) {
			c.id++;
			c.upstream = (uint16_t)up;
			c.path = (enum call_path)path;
			world_send(w, &c);
			if (strcmp(world_end(w, c.id, 4000), call_end_text[END_REFUSED_CALL]) == 0)
				refused++;
			else
				other++;
		}
	said("refused %u allowed %u", refused, other);
}

static void upstream_65535(struct world *w)
{
	struct call c = world_call(w);

	c.upstream = UINT16_MAX;
	outcome(w, &c);
}

static void generation_wrong(struct world *w)
{
	struct call c = world_call(w);

	c.generation += 7;
	outcome(w, &c);
}

/* Models that would be another path, query, request or host if anybody took them as they are. */
static void models(struct world *w)
{
	static const char *const names[] = {
		"/../../evil", "../evil", "..", ".", "good/../../evil", "good?x=evil", "good#evil", "good%2f..%2fevil",
		"%2e%2e/evil", "good\r\nHost: evil\r\n\r\n", "good HTTP/1.1\r\nX-Evil: 1\r\n\r\n", "good\nevil: 1",
		"http://evil/", "//evil/x", "@evil", "good:evil", "good;evil=1", "\\..\\evil", "good\xc0\xaf..\xc0\xaf" "evil",
		"{model}", "good\tevil", "", "\xff\xfe", "good&key=evil", " evil",
	};
	struct call c = world_call(w);
	unsigned ended = 0, n = sizeof names / sizeof names[0];

	/* Gemini's rows are the ones that have the model in their path; which they are is not known here. */
	for (unsigned up = 0; up < w->upstreams && !w->new_pair; up++)
		for (unsigned i = 0; i < n; i++) {
			c.id++;
			c.upstream = (uint16_t)up;
			c.path = i % 2 ? PATH_GENERATE : PATH_STREAM_GENERATE;
			c.model = str_z(names[i]);
			world_send(w, &c);
			ended += strcmp(world_end(w, c.id, 4000), "nothing") != 0;
		}
	said("%u of %u ended", ended, n * w->upstreams);
}

/* raw encodes an honest call, lets change alter its bytes, and sends the result. */
static void raw(struct world *w, const struct call *c, void (*change)(char *p, uint32_t n))
{
	char p[16384];

	if (call_size(c) > sizeof p)
		return;
	uint32_t n = call_encode(c, p);
	change(p, n);
	world_put(w, p, n);
	said("%s", world_end(w, c->id, 4000));
}

static struct call with_agent(struct world *w, const char *text)
{
	struct call c = world_call(w);

	c.fields[FIELD_USER_AGENT] = str_z(text);
	return c;
}

static void field_crlf(struct world *w)
{
	struct call c = with_agent(w, "a\r\nx-evil: 1");

	outcome(w, &c);
}

static void field_lf(struct world *w)
{
	struct call c = with_agent(w, "a\nx-evil: 1");

	outcome(w, &c);
}

static void field_nul(struct world *w)
{
	struct call c = with_agent(w, "ab");

	c.fields[FIELD_USER_AGENT] = (struct str){ "a\0b", 3 };
	outcome(w, &c);
}

/* field_at finds the number of the last field (a user agent): ids are u16 before their length. */
static void set_field_number(char *p, uint32_t n, unsigned number)
{
	for (uint32_t i = HEADER; i + 4 < n; i++)
		if (le16(p + i) == FIELD_USER_AGENT && le16(p + i + 2) == 5 && memcmp(p + i + 4, "agent", 5) == 0)
			le16_put(p + i, (uint16_t)number);
}

static void out_of_list(char *p, uint32_t n)
{
	set_field_number(p, n, CALL_FIELD_COUNT);
}

static void far_out_of_list(char *p, uint32_t n)
{
	set_field_number(p, n, UINT16_MAX);
}

static void twice(char *p, uint32_t n)
{
	set_field_number(p, n, FIELD_CONTENT_TYPE);
}

static void field_unknown(struct world *w)
{
	struct call c = with_agent(w, "agent");

	raw(w, &c, out_of_list);
}

static void field_far(struct world *w)
{
	struct call c = with_agent(w, "agent");

	raw(w, &c, far_out_of_list);
}

static void field_twice(struct world *w)
{
	struct call c = with_agent(w, "agent");

	raw(w, &c, twice);
}

static void fields_lie(char *p, uint32_t n)
{
	(void)n;
	p[AT_FIELDS] = (char)255;
}

static void segments_lie(char *p, uint32_t n)
{
	(void)n;
	p[AT_SEGMENTS] = (char)255;
}

static void model_lies(char *p, uint32_t n)
{
	(void)n;
	le16_put(p + AT_MODEL_N, UINT16_MAX);
}

static void path_lies(char *p, uint32_t n)
{
	(void)n;
	p[AT_PATH] = (char)200;
}

static void segment_past_arena(char *p, uint32_t n)
{
	le64_put(p + n - 8, LIMIT_ARENA - 4);
}

static void segment_wraps(char *p, uint32_t n)
{
	le64_put(p + n - 8, UINT64_MAX - 3);
}

static void segment_4g(char *p, uint32_t n)
{
	le32_put(p + n - 12, UINT32_MAX);
}

static void segment_inline_lies(char *p, uint32_t n)
{
	le32_put(p + n - 16, 1);
	le32_put(p + n - 12, 1 << 30);
}

static void segment_kind(char *p, uint32_t n)
{
	le32_put(p + n - 16, 7);
}

#define RAW(name)                                                                                        \
	static void try_##name(struct world *w)                                                          \
	{                                                                                                \
		struct call c = world_call(w);                                                           \
		raw(w, &c, name);                                                                        \
	}
RAW(fields_lie)
RAW(segments_lie)
RAW(model_lies)
RAW(path_lies)
RAW(segment_past_arena)
RAW(segment_wraps)
RAW(segment_4g)
RAW(segment_inline_lies)
RAW(segment_kind)

/* A body is a body, also when it looks like another request, and however often its length is counted. */
static void body_smuggles(struct world *w)
{
	static const char text[] = "0\r\n\r\nPOST /v1/evil HTTP/1.1\r\nhost: evil\r\ncontent-length: 0\r\n\r\n";
	struct call c = world_call(w);

	memcpy(w->arena + 4096, text, sizeof text - 1);
	c.segments[0] = (struct call_segment){ .at = 4096, .n = sizeof text - 1 };
	outcome(w, &c);
}

static void body_sum(struct world *w)
{
	struct call c = world_call(w);

	c.n_segments = CALL_SEGMENTS;
	for (unsigned i = 0; i < CALL_SEGMENTS; i++)
		c.segments[i] = (struct call_segment){ .at = 0, .n = LIMIT_ARENA };
	outcome(w, &c);
}

static void id_twice(struct world *w)
{
	struct call c = world_call(w);

	memcpy(w->arena + 4096, "{\"model\":\"never\"}", 17); /* so that the first is still there */
	c.segments[0] = (struct call_segment){ .at = 4096, .n = 17 };
	world_send(w, &c);
	outcome(w, &c);
}

static void times_zero(struct world *w)
{
	struct call c = world_call(w);

	c.head_timeout_ms = c.idle_timeout_ms = 0;
	outcome(w, &c);
}

static void times_forever(struct world *w)
{
	struct call c = world_call(w);

	c.head_timeout_ms = c.idle_timeout_ms = UINT32_MAX;
	outcome(w, &c);
}

static void credit_overflow(struct world *w)
{
	struct call c = world_call(w);
	struct frame f = { .type = FRAME_CREDIT, .id = 1, .n = UINT32_MAX };
	char p[FRAME_HEADER];

	c.credit = UINT32_MAX;
	world_send(w, &c);
	for (int i = 0; i < 8; i++)
		world_put(w, p, frame_encode(&f, p));
	said("%s", world_end(w, 1, 4000));
}

/* Calls that nobody answers, as many as there is room for, and never a CANCEL. */
static void flood(struct world *w)
{
	struct call c = world_call(w);
	const char *how = "";
	unsigned sent = 0;

	c.head_timeout_ms = 60000;
	memcpy(w->arena, "{\"model\":\"never\"}                                                 ", 65);
	for (; sent < 40000 && !w->new_pair && !w->keeper_gone; sent++) {
		c.id = 1000 + sent;
		world_send(w, &c);
		if (sent % 256 == 0)
			how = world_end(w, 999, 5);
	}
	if (!w->new_pair)
		how = world_end(w, 999, 3000);
	said("%s after %u", how, sent);
}

/* The frame changes from an allowed to a forbidden upstream and back while egress takes it. */
static void swap_upstream(struct world *w)
{
	struct call c = world_call(w);
	unsigned ok = 0, refused = 0;

	for (uint32_t i = 0; i < 60 && !w->new_pair; i++) {
		c.id = 100 + i;
		uint64_t at = w->tx.head;
		world_send(w, &c);
		char *p = w->tx_raw + RING_DATA_AT + at % LIMIT_RING + 8;
		for (int k = 0; k < 20000; k++)
			*(volatile uint16_t *)(void *)(p + AT_UPSTREAM) = k & 1 ? 9999 : w->upstream;
		const char *how = world_end(w, c.id, 3000);
		refused += strcmp(how, call_end_text[END_REFUSED_CALL]) == 0;
		ok += strcmp(how, call_end_text[END_OK]) == 0;
	}
	said("ok %u refused %u", ok, refused);
}

/* A header field that is clean when it is sent and has a line end a moment later. */
static void swap_field(struct world *w)
{
	struct call c = with_agent(w, "aaaaaaaa  x-evil: 1");
	unsigned calls = 0;

	for (uint32_t i = 0; i < 200 && !w->new_pair; i++, calls++) {
		c.id = 100 + i;
		uint64_t at = w->tx.head;
		world_send(w, &c);
		char *p = w->tx_raw + RING_DATA_AT + at % LIMIT_RING + 8;
		char *text = memmem(p, 4096, "aaaaaaaa  ", 10);
		for (int k = 0; k < 5000 && text != NULL; k++) {
			*(volatile char *)(text + 8) = k & 1 ? '\r' : ' ';
			*(volatile char *)(text + 9) = k & 1 ? '\n' : ' ';
		}
		(void)world_end(w, c.id, 1000);
	}
	said("%u calls, %s", calls, w->new_pair ? "new pair" : "same pair");
}

const struct act call_acts[] = {
	{ "honest", honest },
	{ "every-upstream", every_upstream },
	{ "upstream-65535", upstream_65535 },
	{ "generation-wrong", generation_wrong },
	{ "models", models },
	{ "field-crlf", field_crlf },
	{ "field-lf", field_lf },
	{ "field-nul", field_nul },
	{ "field-unknown", field_unknown },
	{ "field-far", field_far },
	{ "field-twice", field_twice },
	{ "fields-lie", try_fields_lie },
	{ "segments-lie", try_segments_lie },
	{ "model-lies", try_model_lies },
	{ "path-lies", try_path_lies },
	{ "segment-past-arena", try_segment_past_arena },
	{ "segment-wraps", try_segment_wraps },
	{ "segment-4g", try_segment_4g },
	{ "segment-inline-lies", try_segment_inline_lies },
	{ "segment-kind", try_segment_kind },
	{ "body-smuggles", body_smuggles },
	{ "body-sum", body_sum },
	{ "id-twice", id_twice },
	{ "times-zero", times_zero },
	{ "times-forever", times_forever },
	{ "credit-overflow", credit_overflow },
	{ "flood", flood },
	{ "swap-upstream", swap_upstream },
	{ "swap-field", swap_field },
};
const unsigned call_acts_n = sizeof call_acts / sizeof call_acts[0];
