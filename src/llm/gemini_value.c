/*
 * llm/gemini_value.c - small values the gemini dialect spells its own way: signatures, finish
 * reasons, usage, times, ids, and events wrapped into an array.
 * Ring 0. Input: hostile. Runs in: ingress. Fuzz: fuzz/gemini_stream_fuzz.c
 */
#include "llm/gemini.h"

#include "base/ascii.h"
#include "base/date.h"
#include "codec/base64.h"

#include <assert.h>
#include <string.h>

static const struct str none = { NULL, 0 };
static const struct str redacted_mark = SC("redacted.");

bool gemini_is_3(struct str model)
{
	size_t at = str_find(model, S("gemini-"));

	if (at == SIZE_MAX)
		return false;
	struct str rest = str_tail(model, at + 7);
	return rest.n > 0 && rest.p[0] >= '3' && rest.p[0] <= '9';
}

/* ---- signatures ---------------------------------------------------------------------------- */

struct str gemini_sign(struct arena *a, enum llm_dialect origin, struct str signature,
		       bool redacted)
{
	struct buf plain, coded;

	if (origin == DIALECT_GEMINI && !redacted)
		return signature;
	struct str tagged = llm_tag(a, origin, signature);
	size_t room = (tagged.n + redacted_mark.n + 2) / 3 * 4 + 1;
	char *p = tagged.p ? arena_alloc(a, tagged.n + redacted_mark.n, 1) : NULL;
	char *q = p ? arena_alloc(a, room, 1) : NULL;
	if (q == NULL)
		return none;
	buf_fixed(&plain, p, tagged.n + redacted_mark.n);
	if (redacted)
		buf_add(&plain, redacted_mark);
	json_unescape(&plain, tagged);
	buf_fixed(&coded, q, room);
	base64_encode(&coded, buf_str(&plain), BASE64_STD);
	return buf_str(&coded);
}

/* decode gives the resolved bytes of base64 in either alphabet: google-genai writes the URL one. */
static struct str decode(struct arena *a, struct str coded)
{
	struct buf out;
	char *p = arena_alloc(a, coded.n + 1, 1);

	if (p == NULL)
		return none;
	buf_fixed(&out, p, coded.n + 1);
	if (base64_decode(&out, coded, BASE64_STD) == OK)
		return buf_str(&out);
	buf_reset(&out);
	return base64_decode(&out, coded, BASE64_URL) == OK ? buf_str(&out) : none;
}

/* may_be_tagged says whether coded can be base64 of a tagged form, without decoding a long
 * signature: the first 8 digits hold 6 bytes, and those of our tags differ from each other and
 * start no protocol buffer. */
static bool may_be_tagged(struct str coded)
{
	static const struct str heads[] = { SC("b3BlbmFp"), SC("YW50aHJv"), SC("cmVkYWN0"),
					    SC("Z2VtaW5p") };

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (str_has_prefix(coded, heads[i]))
			return true;
	return false;
}

struct str gemini_unsign(struct arena *a, struct str esc, enum llm_dialect *out_origin,
			 bool *out_redacted)
{
	struct buf b;
	enum llm_dialect origin = DIALECT_COUNT;

	*out_origin = DIALECT_GEMINI;
	*out_redacted = false;
	if (!may_be_tagged(esc))
		return esc;
	struct str plain = decode(a, esc);
	if (plain.p == NULL)
		return esc;
	bool redacted = str_has_prefix(plain, redacted_mark);
	struct str signature = llm_untag(redacted ? str_tail(plain, redacted_mark.n) : plain,
					 DIALECT_COUNT, &origin);
	if (origin == DIALECT_COUNT)
		return esc;
	char *p = arena_alloc(a, signature.n * 6 + 1, 1);
	if (p == NULL)
		return esc;
	buf_fixed(&b, p, signature.n * 6 + 1);
	jw_str_add(&b, signature);
	*out_origin = origin;
	*out_redacted = redacted;
	return buf_str(&b);
}

/* ---- finish reasons ------------------------------------------------------------------------ */

static const struct {
	struct str word;
	enum llm_finish finish;
} reasons[] = {
	{ SC("STOP"), FINISH_STOP },
	{ SC("MAX_TOKENS"), FINISH_LENGTH },
	{ SC("SAFETY"), FINISH_FILTER },
	{ SC("RECITATION"), FINISH_FILTER },
	{ SC("BLOCKLIST"), FINISH_FILTER },
	{ SC("PROHIBITED_CONTENT"), FINISH_FILTER },
	{ SC("SPII"), FINISH_FILTER },
	{ SC("IMAGE_SAFETY"), FINISH_FILTER },
	{ SC("IMAGE_PROHIBITED_CONTENT"), FINISH_FILTER },
	{ SC("IMAGE_RECITATION"), FINISH_FILTER },
	{ SC("MODEL_ARMOR"), FINISH_FILTER },
	{ SC("JAILBREAK"), FINISH_FILTER }, /* a blockReason, like BLOCKLIST and SAFETY */
	{ SC("MALFORMED_FUNCTION_CALL"), FINISH_BAD_CALL },
	{ SC("UNEXPECTED_TOOL_CALL"), FINISH_BAD_CALL },
	{ SC("TOO_MANY_TOOL_CALLS"), FINISH_BAD_CALL },
	{ SC("CONTINUATION"), FINISH_PAUSE },
	{ SC("OTHER"), FINISH_OTHER },
	{ SC("LANGUAGE"), FINISH_OTHER },
	{ SC("IMAGE_OTHER"), FINISH_OTHER },
	{ SC("NO_IMAGE"), FINISH_OTHER },
	{ SC("MISSING_THOUGHT_SIGNATURE"), FINISH_OTHER },
	{ SC("MALFORMED_RESPONSE"), FINISH_OTHER },
	{ SC("ESCALATION"), FINISH_OTHER },
	{ SC("PUP_LIMITED_DISABLED"), FINISH_OTHER },
	{ SC("FINISH_REASON_UNSPECIFIED"), FINISH_OTHER },
};

enum llm_finish gemini_finish(struct str word)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (str_eq(reasons[i].word, word))
			return reasons[i].finish;
	return FINISH_OTHER;
}

/* Google has one word for a turn that ended, whatever ended it; the rest is said by the first row
 * of its kind above, or by the provider's own word when it is one of Google's. */
struct str gemini_finish_word(enum llm_finish finish, struct str text)
{
	switch (finish) {
	case FINISH_NONE:
	case FINISH_STOP:
	case FINISH_TOOLS:
	case FINISH_STOP_SEQUENCE:
	case FINISH_COUNT:
		return S("STOP");
	case FINISH_CONTEXT:
		return S("MAX_TOKENS");
	case FINISH_REFUSAL:
		finish = FINISH_FILTER;
		break;
	case FINISH_LENGTH:
	case FINISH_FILTER:
	case FINISH_PAUSE:
	case FINISH_BAD_CALL:
	case FINISH_OTHER:
		break;
	}
	struct str first = none;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].finish != finish)
			continue;
		if (str_eq(reasons[i].word, text))
			return text;
		if (first.p == NULL)
			first = reasons[i].word;
	}
	return first;
}

static const struct llm_field feedback_rows[] = {
	{ SC("blockReason"), FIELD_ESC, 0 },
	{ SC("blockReasonMessage"), FIELD_ESC, sizeof(struct str) },
};

struct str gemini_blocked(const struct json *feedback, struct str *out_message)
{
	struct str both[2] = { none, none };
	struct llm_at at = { .prefix = S(""), .camel = true, .lenient = true };

	if (feedback != NULL && LLM_READ(&at, feedback, feedback_rows, both) != OK)
		both[0] = none;
	*out_message = both[1];
	return both[0];
}

/* ---- usage --------------------------------------------------------------------------------- */

struct counts {
	int64_t prompt, candidates, thoughts, cached, tools, total;
};

static const struct llm_field usage_rows[] = {
	LLM_FIELD(counts, prompt, "promptTokenCount", FIELD_INT),
	LLM_FIELD(counts, candidates, "candidatesTokenCount", FIELD_INT),
	LLM_FIELD(counts, thoughts, "thoughtsTokenCount", FIELD_INT),
	LLM_FIELD(counts, cached, "cachedContentTokenCount", FIELD_INT),
	LLM_FIELD(counts, tools, "toolUsePromptTokenCount", FIELD_INT),
	LLM_FIELD(counts, total, "totalTokenCount", FIELD_INT),
};

/* A count that cannot be true is 0: it must not overflow what is added up from it. */
static int64_t sane(int64_t n)
{
	return n < 0 || n > INT64_C(1) << 40 ? 0 : n;
}

struct llm_usage gemini_usage(const struct json *v)
{
	struct counts c = { -1, -1, 0, 0, 0, -1 };
	struct llm_at at = { .prefix = S(""), .camel = true, .lenient = true };

	if (v == NULL || LLM_READ(&at, v, usage_rows, &c) != OK)
		return (struct llm_usage){ 0 };
	if (c.prompt < 0 && c.candidates < 0 && c.total < 0)
		return (struct llm_usage){ 0 };
	int64_t thoughts = sane(c.thoughts), tools = sane(c.tools), prompt = sane(c.prompt);
	return (struct llm_usage){
		.known = true,
		.input = prompt + tools,
		.cache_read = sane(c.cached),
		.output = sane(c.candidates) + thoughts,
		.reasoning = thoughts,
		.tool_input = tools,
	};
}

static void put_count(struct buf *out, struct str name, int64_t n)
{
	if (n > 0)
		jw_kv_int(out, name, n);
}

void gemini_put_usage(struct buf *out, const struct llm_usage *u)
{
	jw_obj(out);
	jw_kv_int(out, S("promptTokenCount"), u->input - u->tool_input);
	jw_kv_int(out, S("candidatesTokenCount"), u->output - u->reasoning);
	jw_kv_int(out, S("totalTokenCount"), u->input + u->output);
	put_count(out, S("thoughtsTokenCount"), u->reasoning);
	put_count(out, S("cachedContentTokenCount"), u->cache_read);
	put_count(out, S("toolUsePromptTokenCount"), u->tool_input);
	jw_obj_end(out);
}

/* ---- times and ids ------------------------------------------------------------------------- */

int64_t gemini_created(struct str s)
{
	int64_t t = 0;

	return date_parse(s, &t) == OK && t > 0 ? t : 0;
}

struct str gemini_call_id(struct arena *a, struct str response_id, size_t n)
{
	struct buf b;
	bool fit = response_id.n > 0 && response_id.n <= 32;
	char *p = arena_alloc(a, 64, 1);

	if (p == NULL)
		return none;
	for (size_t i = 0; fit && i < response_id.n; i++) {
		char c = response_id.p[i];
		fit = ascii_alnum(c) || c == '-' || c == '_';
	}
	buf_fixed(&b, p, 64);
	buf_add(&b, S("call_"));
	if (fit) {
		buf_add(&b, response_id);
		buf_addc(&b, '_');
	}
	buf_addu(&b, n);
	return buf_str(&b);
}

/* ---- streams without alt=sse --------------------------------------------------------------- */

void gemini_array_add(bool *open, struct str events, struct buf *out)
{
	while (events.n > 0) {
		struct str line = str_cut(events, '\n', &events);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!str_has_prefix(line, S("data:")))
			continue;
		buf_add(out, *open ? S(",\r\n") : S("["));
		buf_add(out, str_trim(str_tail(line, 5)));
		*open = true;
	}
}

void gemini_array_end(bool *open, struct buf *out)
{
	buf_add(out, *open ? S("]") : S("[]"));
	*open = false;
}
