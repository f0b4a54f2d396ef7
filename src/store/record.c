/*
 * store/record.c - packing of finished calls.
 * Input: the database's own rows, checked all the same.   Runs in: keeper.
 * Fuzz: fuzz/record_fuzz.c
 */
#include "store/record.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 1, NUMBERS = 15, NUMBER_BYTES = 10 };

static_assert(1 + USAGE_ID + NUMBERS * NUMBER_BYTES + 4 * (1 + USAGE_TEXT) <= RECORD_MAX,
	      "a record fits its room");

static char *put_number(char *at, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*at++ = (char)(v | 0x80);
	*at++ = (char)v;
	return at;
}

static char *put_text(char *at, const char *field)
{
	size_t n = strnlen(field, USAGE_TEXT);

	*at++ = (char)n;
	memcpy(at, field, n);
	return at + n;
}

size_t record_pack(const struct usage_record *r, char *out)
{
	/* Times are near each other: the start counts back from the end. */
	const uint64_t numbers[NUMBERS] = {
		(uint64_t)(r->end_ms - r->start_ms),
		r->first_byte_ms,
		r->status,
		r->upstream_status,
		r->attempts,
		r->flags,
		r->client_dialect,
		r->endpoint,
		(uint64_t)r->input,
		(uint64_t)r->cache_read,
		(uint64_t)r->cache_write,
		(uint64_t)r->output,
		(uint64_t)r->reasoning,
		(uint64_t)r->cost_pico,
		r->policy_generation,
	};
	char *at = out;

	*at++ = VERSION;
	memcpy(at, r->request_id, USAGE_ID);
	at += USAGE_ID;
	for (int i = 0; i < NUMBERS; i++)
		at = put_number(at, numbers[i]);
	at = put_text(at, r->model_asked);
	at = put_text(at, r->model_served);
	at = put_text(at, r->deployment);
	at = put_text(at, r->end_user);
	assert(at - out <= RECORD_MAX);
	return (size_t)(at - out);
}

static bool get_number(struct str *in, uint64_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < NUMBER_BYTES && i < in->n; i++) {
		uint8_t byte = (uint8_t)in->p[i];
		if (i == NUMBER_BYTES - 1 && byte > 1)
			return false;
		*out |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*in = str_tail(*in, i + 1);
			return i == 0 || byte != 0; /* one spelling for one number */
		}
	}
	return false;
}

static bool get_text(struct str *in, char *field)
{
	size_t n = in->n ? (uint8_t)in->p[0] : 0;

	if (in->n == 0 || n > USAGE_TEXT || in->n - 1 < n || memchr(in->p + 1, 0, n) != NULL)
		return false;
	memset(field, 0, USAGE_TEXT);
	memcpy(field, in->p + 1, n);
	*in = str_tail(*in, n + 1);
	return true;
}

enum err record_unpack(struct usage_record *r, struct str in)
{
	uint64_t v[NUMBERS];

	if (in.n < 1 + USAGE_ID || in.p[0] != VERSION)
		return ERR_SYNTAX;
	memcpy(r->request_id, in.p + RECORD_ID_AT, USAGE_ID);
	in = str_tail(in, 1 + USAGE_ID);
	for (int i = 0; i < NUMBERS; i++)
		if (!get_number(&in, &v[i]))
			return ERR_SYNTAX;
	if (v[1] > UINT32_MAX || v[2] > UINT32_MAX || v[3] > UINT32_MAX || v[4] > UINT16_MAX ||
	    v[5] > UINT16_MAX || v[6] > UINT16_MAX || v[7] > UINT16_MAX)
		return ERR_SYNTAX;
	r->start_ms = (int64_t)((uint64_t)r->end_ms - v[0]);
	r->first_byte_ms = (uint32_t)v[1];
	r->status = (uint32_t)v[2];
	r->upstream_status = (uint32_t)v[3];
	r->attempts = (uint16_t)v[4];
	r->flags = (uint16_t)v[5];
	r->client_dialect = (uint16_t)v[6];
	r->endpoint = (uint16_t)v[7];
	r->input = (int64_t)v[8];
	r->cache_read = (int64_t)v[9];
	r->cache_write = (int64_t)v[10];
	r->output = (int64_t)v[11];
	r->reasoning = (int64_t)v[12];
	r->cost_pico = (int64_t)v[13];
	r->policy_generation = v[14];
	if (!get_text(&in, r->model_asked) || !get_text(&in, r->model_served) ||
	    !get_text(&in, r->deployment) || !get_text(&in, r->end_user) || in.n != 0)
		return ERR_SYNTAX;
	return OK;
}
