/*
 * inspect/canary.c - planted secrets: how they look, and how they pass between our processes.
 * Input: own.   Runs in: detonator, sink.
 */
#include "inspect/canary.h"

#include "base/rd.h"

#include <assert.h>
#include <string.h>

/* What a kind of credential looks like: fixed text around random characters of an alphabet. */
struct shape {
	const char *before, *alphabet, *after;
	unsigned random; /* characters */
};

#define ALNUM  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define BASE64 ALNUM "+/"

/* In the order of CANARY_LIST. The AWS alphabet is base32's, the GitHub token's is base62. */
static const struct shape shapes[CANARY_COUNT] = {
	{ "sk-proj-", ALNUM "-_", "", 148 },
	{ "sk-ant-api03-", ALNUM "-_", "AA", 93 },
	{ "AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "", 16 },
	{ "", BASE64, "", 40 },
	{ "ghp_", ALNUM, "", 36 },
	{ "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW", BASE64, "",
	  96 },
	{ "", ALNUM, "", 32 },
	{ "eyJhbGciOiJSUzI1NiIsImtpZCI6I", ALNUM "-_", "", 128 },
	{ "IQoJb3JpZ2luX2VjE", BASE64, "", 120 },
};

#define X(code, name) name,
static const char *const names[CANARY_COUNT] = { CANARY_LIST(X) };
#undef X

static void add_text(struct canary *c, const char *text)
{
	size_t n = strlen(text);

	assert(c->n + n <= CANARY_TEXT);
	memcpy(c->text + c->n, text, n);
	c->n = (uint16_t)(c->n + n);
}

void canaries_make(struct canaries *c, const uint8_t random[CANARY_RANDOM])
{
	size_t used = 0;

	memset(c, 0, sizeof *c);
	for (unsigned kind = 0; kind < CANARY_COUNT; kind++) {
		const struct shape *shape = &shapes[kind];
		struct canary *it = &c->items[kind];
		size_t letters = strlen(shape->alphabet);
		add_text(it, shape->before);
		it->from = it->n;
		for (unsigned i = 0; i < shape->random; i++) {
			assert(used < CANARY_RANDOM && it->n < CANARY_TEXT);
			it->text[it->n++] = shape->alphabet[random[used++] % letters];
		}
		it->to = it->n;
		add_text(it, shape->after);
	}
}

struct str canary_text(const struct canaries *c, enum canary_kind kind)
{
	return (struct str){ c->items[kind].text, c->items[kind].n };
}

const char *canary_name(enum canary_kind kind)
{
	assert(kind < CANARY_COUNT);
	return names[kind];
}

void canaries_write(struct buf *b, const struct canaries *c)
{
	for (unsigned i = 0; i < CANARY_COUNT; i++) {
		wr_str(b, canary_text(c, i));
		wr_u16(b, c->items[i].from);
		wr_u16(b, c->items[i].to);
	}
}

enum err canaries_read(struct canaries *c, struct str wire)
{
	struct rd r = rd_from(wire);

	memset(c, 0, sizeof *c);
	for (unsigned i = 0; i < CANARY_COUNT; i++) {
		struct str text = rd_str(&r, CANARY_TEXT);
		struct canary *it = &c->items[i];
		if (text.n)
			memcpy(it->text, text.p, text.n);
		it->n = (uint16_t)text.n;
		it->from = rd_u16(&r);
		it->to = rd_u16(&r);
		if (it->from > it->to || it->to > it->n)
			return ERR_SYNTAX;
	}
	return rd_end(&r);
}
