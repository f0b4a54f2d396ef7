/*
 * llm/gemini_logprobs.c - log probabilities between Google's two parallel lists and OpenAI's one.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_stream_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>

struct token {
	struct str text, logprob;
};

static const struct llm_field token_rows[] = {
	LLM_FIELD(token, text, "token", FIELD_ESC),
	LLM_FIELD(token, logprob, "logProbability", FIELD_NUM),
};

static const struct llm_at lenient = { .prefix = { "", 0 }, .camel = true, .lenient = true };

static void put_openai_token(struct buf *b, const struct json *v)
{
	struct token t = { S(""), S("0") };

	if (LLM_READ(&lenient, v, token_rows, &t) != OK)
		t = (struct token){ S(""), S("0") };
	jw_kv_esc(b, S("token"), t.text);
	jw_kv_raw(b, S("logprob"), t.logprob);
	jw_key(b, S("bytes"));
	jw_null(b);
}

static void put_openai_top(struct buf *b, const struct json *entry)
{
	const struct json *list = json_get(entry, S("candidates"));

	jw_key(b, S("top_logprobs"));
	jw_arr(b);
	if (json_is(list, JSON_ARRAY)) {
		JSON_EACH_ITEM(list, it) {
			jw_obj(b);
			put_openai_token(b, it);
			jw_obj_end(b);
		}
	}
	jw_arr_end(b);
}

static void put_openai(struct buf *b, const struct json *chosen, const struct json *top)
{
	const struct json *at = json_is(top, JSON_ARRAY) ? top + 1 : NULL;
	const struct json *end = at ? top + top->skip : NULL;

	jw_obj(b);
	jw_key(b, S("content"));
	jw_arr(b);
	JSON_EACH_ITEM(chosen, it) {
		jw_obj(b);
		put_openai_token(b, it);
		put_openai_top(b, at != end ? at : NULL);
		jw_obj_end(b);
		at = at != end ? at + at->skip : at;
	}
	jw_arr_end(b);
	jw_obj_end(b);
}

/* Each of Google's tokens takes at least 2 bytes of source, "{}", and at most this many more
 * here. */
enum { TOKEN_GROWS = 64 };

struct str gemini_logprobs(struct arena *a, const struct json *v)
{
	const struct json *chosen = json_get(v, S("chosenCandidates"));
	const struct json *top = json_get(v, S("topCandidates"));
	struct buf b;

	if (!json_is(chosen, JSON_ARRAY))
		return (struct str){ NULL, 0 };
	size_t tokens = json_is(top, JSON_ARRAY) ? (size_t)top->skip + chosen->skip : chosen->skip;
	size_t room = json_raw(v).n + (tokens + 1) * TOKEN_GROWS;
	char *p = arena_alloc(a, room, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, p, room);
	put_openai(&b, chosen, top);
	return b.err == OK ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* ---- and back ------------------------------------------------------------------------------ */

static void put_google_token(struct buf *out, const struct json *v)
{
	const struct json *logprob = json_get(v, S("logprob"));

	jw_obj(out);
	jw_kv_esc(out, S("token"), json_esc(json_get(v, S("token"))));
	if (json_is(logprob, JSON_NUMBER))
		jw_kv_raw(out, S("logProbability"), json_raw(logprob));
	jw_obj_end(out);
}

static void put_google_top(struct buf *out, const struct json *v)
{
	const struct json *list = json_get(v, S("top_logprobs"));

	jw_obj(out);
	jw_key(out, S("candidates"));
	jw_arr(out);
	if (json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM(list, it)
			put_google_token(out, it);
	jw_arr_end(out);
	jw_obj_end(out);
}

enum err gemini_put_logprobs(struct arena *a, struct str openai, struct buf *out)
{
	const struct json *root = NULL;

	TRY(json_read(a, openai, &root, NULL));
	const struct json *content = json_get(root, S("content"));
	jw_obj(out);
	if (json_is(content, JSON_ARRAY)) {
		jw_key(out, S("topCandidates"));
		jw_arr(out);
		JSON_EACH_ITEM(content, it)
			put_google_top(out, it);
		jw_arr_end(out);
		jw_key(out, S("chosenCandidates"));
		jw_arr(out);
		JSON_EACH_ITEM(content, it)
			put_google_token(out, it);
		jw_arr_end(out);
	}
	jw_obj_end(out);
	return out->err;
}
