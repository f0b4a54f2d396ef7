/*
 * keeper/leaf.c - lines of the audit log.
 * Input: judged by keeper/usage.c and keeper/keyring.c.   Runs in: keeper.
 */
#include "keeper/leaf.h"

#include "codec/jw.h"

#include <assert.h>
#include <string.h>

/*
 * The line of a call is on the path of every request's bookkeeping, so it is written with a bare
 * pointer. Its bound: 20 numbers of 20 digits, 280 bytes of texts of which each may take 6, and the
 * names.
 */
static_assert(20 * 20 + 6 * (USAGE_ID + 4 * USAGE_TEXT) + 400 < LEAF_MAX, "a line fits its room");

static char *put(char *at, struct str s)
{
	memcpy(at, s.p, s.n);
	return at + s.n;
}

static char *put_number(char *at, uint64_t v)
{
	char digits[20];
	unsigned n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_text(char *at, const char *field, size_t cap)
{
	static const char hex[] = "0123456789abcdef";

	*at++ = '"';
	for (size_t i = 0; i < cap && field[i]; i++) {
		unsigned char c = (unsigned char)field[i];
		if (c < 0x20) {
			at = put(at, S("\\u00"));
			*at++ = hex[c >> 4];
			*at++ = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*at++ = '\\';
		*at++ = (char)c;
	}
	*at++ = '"';
	return at;
}

#define NUMBER(name, v) at = put_number(put(at, S(",\"" name "\":")), (uint64_t)(v))
#define TEXT(name, field) at = put_text(put(at, S(",\"" name "\":")), (field), sizeof(field))
/* What is 0 or empty is left out: a line is hashed byte by byte. */
#define NUMBER_IF(name, v) do { if ((v) != 0) NUMBER(name, v); } while (0)
#define TEXT_IF(name, field) do { if ((field)[0]) TEXT(name, field); } while (0)

size_t leaf_call(uint64_t seq, const struct usage_record *r, char *out)
{
	char *at = put(out, S("{\"v\":1,\"type\":\"call\""));

	NUMBER("n", seq);
	NUMBER("at_ms", r->end_ms);
	NUMBER("ms", r->end_ms - r->start_ms);
	NUMBER_IF("first_ms", r->first_byte_ms);
	TEXT("request", r->request_id);
	NUMBER("key", r->key);
	TEXT_IF("user", r->end_user);
	TEXT("model", r->model_asked);
	TEXT_IF("served", r->model_served);
	TEXT_IF("deployment", r->deployment);
	NUMBER_IF("dialect", r->client_dialect);
	NUMBER_IF("endpoint", r->endpoint);
	NUMBER("status", r->status);
	if (r->upstream_status != r->status)
		NUMBER("upstream", r->upstream_status);
	if (r->attempts != 1)
		NUMBER("attempts", r->attempts);
	NUMBER_IF("flags", r->flags);
	NUMBER_IF("in", r->input);
	NUMBER_IF("cache_read", r->cache_read);
	NUMBER_IF("cache_write", r->cache_write);
	NUMBER_IF("out", r->output);
	NUMBER_IF("reasoning", r->reasoning);
	NUMBER_IF("cost_pico", r->cost_pico);
	NUMBER("policy", r->policy_generation);
	*at++ = '}';
	assert(at - out <= LEAF_MAX);
	return (size_t)(at - out);
}

static void begin(struct buf *out, struct str what, struct str actor, int64_t now_ms)
{
	jw_obj(out);
	jw_kv_int(out, S("v"), 1);
	jw_kv_str(out, S("type"), what);
	jw_kv_int(out, S("at_ms"), now_ms);
	jw_kv_str(out, S("actor"), actor);
}

void leaf_key(struct buf *out, struct str what, struct str actor, int64_t now_ms,
	      const struct control_key *k, uint32_t mask)
{
	static const struct {
		uint32_t bit;
		struct str name;
		size_t at;
		bool text;
	} fields[] = {
		{ KEY_ALIAS, SC("alias"), offsetof(struct control_key, alias), true },
		{ KEY_USER, SC("user"), offsetof(struct control_key, user), true },
		{ KEY_TEAM, SC("team"), offsetof(struct control_key, team), true },
		{ KEY_EXPIRES, SC("expires_ms"), offsetof(struct control_key, expires_ms), false },
		{ KEY_RPM, SC("rpm"), offsetof(struct control_key, rpm), false },
		{ KEY_TPM, SC("tpm"), offsetof(struct control_key, tpm), false },
		{ KEY_PARALLEL, SC("parallel"), offsetof(struct control_key, parallel), false },
		{ KEY_BUDGET, SC("budget_pico"), offsetof(struct control_key, budget_pico), false },
		{ KEY_SOFT_BUDGET, SC("soft_budget_pico"),
		  offsetof(struct control_key, soft_budget_pico), false },
		{ KEY_BUDGET_PERIOD, SC("budget_period_s"),
		  offsetof(struct control_key, budget_period_s), false },
		{ KEY_SPEND, SC("spent_pico"), offsetof(struct control_key, spent_pico), false },
	};

	begin(out, what, actor, now_ms);
	jw_kv_int(out, S("key"), k->id);
	jw_kv_str(out, S("name"), k->name);
	jw_key(out, S("hash"));
	jw_quote_open(out);
	buf_addhex(out, (struct str){ (const char *)k->hash, sizeof k->hash });
	jw_quote_close(out);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const char *at = (const char *)k + fields[i].at;
		int64_t v;
		struct str s;
		if (!(mask & fields[i].bit))
			continue;
		if (fields[i].text) {
			memcpy(&s, at, sizeof s);
			jw_kv_str(out, fields[i].name, s);
		} else {
			memcpy(&v, at, sizeof v);
			jw_kv_int(out, fields[i].name, v);
		}
	}
	if (mask & KEY_MODELS) {
		jw_key(out, S("models"));
		jw_arr(out);
		for (uint32_t i = 0; i < k->n_models; i++)
			jw_str(out, k->models[i]);
		jw_arr_end(out);
	}
	if (mask & KEY_BLOCKED)
		jw_kv_bool(out, S("blocked"), k->blocked);
	jw_obj_end(out);
}

void leaf_note(struct buf *out, struct str what, struct str actor, int64_t now_ms,
	       const struct str (*pairs)[2], size_t n)
{
	begin(out, what, actor, now_ms);
	for (size_t i = 0; i < n; i++)
		jw_kv_str(out, pairs[i][0], pairs[i][1]);
	jw_obj_end(out);
}
