/*
 * llm/openai_encode.c - the neutral request becomes a chat completion request.
 * Ring 0, pure. What OpenAI's format has no word for is refused or dropped by its name in the
 * client's own dialect; what only servers of the compatible kind understand is said to them alone.
 */
#include "llm/openai.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])
#define ME DIALECT_OPENAI

static const char *const names[OA_COUNT][DIALECT_COUNT] = {
	[OA_TEMPERATURE] = { "temperature", "temperature", "generationConfig.temperature" },
	[OA_TOP_P] = { "top_p", "top_p", "generationConfig.topP" },
	[OA_TOP_K] = { "top_k", "top_k", "generationConfig.topK" },
	[OA_STOP] = { "stop", "stop_sequences", "generationConfig.stopSequences" },
	[OA_CHOICE] = { "tool_choice", "tool_choice", "toolConfig.functionCallingConfig" },
	[OA_TIER] = { "service_tier", "service_tier", "serviceTier" },
	[OA_THINKING] = { "thinking", "thinking", "generationConfig.thinkingConfig" },
	[OA_FILE_ID] = { "messages.content.file.file_id", "messages.content.source.file_id",
			"contents.parts.fileData" },
	[OA_DOCUMENT_URL] = { "messages.content.file.file_id", "messages.content.source.url",
			     "contents.parts.fileData" },
	[OA_AUDIO] = { "messages.content.input_audio", "messages.content.source",
		      "contents.parts.inlineData" },
	[OA_VIDEO] = { "messages.content.video_url", "messages.content.source",
		      "contents.parts.inlineData" },
};

enum err oa_cannot(struct oa_writer *w, enum oa_cannot what)
{
	return llm_cannot(w->o, names[what][w->r->origin], ME);
}

/* ---- tools --------------------------------------------------------------------------------- */

static enum err write_builtin(struct oa_writer *w, const struct llm_tool *t)
{
	char name[96];

	if (t->origin == ME) {
		jw_raw(w->b, t->raw);
		return OK;
	}
	(void)snprintf(name, sizeof name, "tools.%.*s", FMT(t->name));
	return llm_cannot(w->o, name, ME);
}

static void write_tri(struct buf *b, struct str name, enum llm_tri v)
{
	if (v != TRI_UNSET)
		jw_kv_bool(b, name, v == TRI_YES);
}

/* OpenAI's strict mode takes only schemas whose objects are closed and require all they have.
 * Elsewhere strict means less, so a foreign schema that would be refused goes without it. */
static bool fits_strict(const struct oa_writer *w, struct str schema)
{
	const struct json *root = NULL;

	if (w->r->origin == ME)
		return true;
	if (json_read(w->o->arena, schema, &root, NULL) != OK)
		return false;
	for (const struct json *v = root, *end = root + root->skip; v < end; v++) {
		const struct json *has = json_get(v, S("properties"));
		const struct json *needs = json_get(v, S("required"));
		if (!json_is(has, JSON_OBJECT))
			continue;
		if (!json_is(json_get(v, S("additionalProperties")), JSON_FALSE) ||
		    json_count(has) != (json_is(needs, JSON_ARRAY) ? json_count(needs) : 0))
			return false;
	}
	return true;
}

static void write_strict(struct oa_writer *w, enum llm_tri strict, struct str schema)
{
	if (strict == TRI_YES && (schema.p == NULL || !fits_strict(w, schema)))
		return;
	write_tri(w->b, S("strict"), strict);
}

static enum err write_tool(struct oa_writer *w, const struct llm_tool *t)
{
	if (t->raw.p)
		return write_builtin(w, t);
	jw_obj(w->b);
	jw_kv_str(w->b, S("type"), S("function"));
	jw_key(w->b, S("function"));
	jw_obj(w->b);
	jw_kv_esc(w->b, S("name"), t->name);
	if (t->description.p)
		jw_kv_esc(w->b, S("description"), t->description);
	jw_kv_raw(w->b, S("parameters"),
		  t->schema.p ? t->schema : S("{\"type\":\"object\",\"properties\":{}}"));
	write_strict(w, t->strict, t->schema);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static void write_named(struct buf *b, struct str name)
{
	jw_obj(b);
	jw_kv_str(b, S("type"), S("function"));
	jw_key(b, S("function"));
	jw_obj(b);
	jw_kv_esc(b, S("name"), name);
	jw_obj_end(b);
	jw_obj_end(b);
}

static enum err write_choice(struct oa_writer *w)
{
	static const struct str words[] = {
		[CHOICE_AUTO] = SC("auto"),
		[CHOICE_NONE] = SC("none"),
		[CHOICE_REQUIRED] = SC("required"),
	};
	const struct llm_str *n = w->r->choice_names;

	if (w->r->choice == CHOICE_UNSET)
		return OK;
	if (w->r->choice != CHOICE_NAMED) {
		jw_kv_str(w->b, S("tool_choice"), words[w->r->choice]);
		return OK;
	}
	if (n == NULL || (n->next && w->o->compatible))
		return oa_cannot(w, OA_CHOICE);
	jw_key(w->b, S("tool_choice"));
	if (n->next == NULL) {
		write_named(w->b, n->s);
		return OK;
	}
	jw_obj(w->b);
	jw_kv_str(w->b, S("type"), S("allowed_tools"));
	jw_key(w->b, S("allowed_tools"));
	jw_obj(w->b);
	jw_kv_str(w->b, S("mode"), S("required"));
	jw_key(w->b, S("tools"));
	jw_arr(w->b);
	for (; n != NULL; n = n->next)
		write_named(w->b, n->s);
	jw_arr_end(w->b);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
	return OK;
}

static enum err write_tools(struct oa_writer *w)
{
	size_t before = w->b->n, empty;

	if (w->r->tools == NULL)
		return OK;
	jw_key(w->b, S("tools"));
	jw_arr(w->b);
	empty = w->b->n;
	for (const struct llm_tool *t = w->r->tools; t != NULL; t = t->next)
		TRY(write_tool(w, t));
	if (w->b->n == empty) { /* all were dropped, and OpenAI refuses an empty list */
		w->b->n = before;
		return OK;
	}
	jw_arr_end(w->b);
	TRY(write_choice(w));
	write_tri(w->b, S("parallel_tool_calls"), w->r->parallel);
	return OK;
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* The models that think before they answer: o1, o3-mini, gpt-5, gpt-5.1-codex, ... */
static bool reasons(struct str model)
{
	if (str_has_prefix(model, S("ft:")))
		model = str_tail(model, 3);
	if (model.n >= 2 && model.p[0] == 'o' && model.p[1] >= '1' && model.p[1] <= '9')
		return true;
	struct str version = str_tail(model, 4);
	return (str_has_prefix(model, S("gpt-")) && version.n && version.p[0] >= '5' &&
		version.p[0] <= '9') ||
	       str_has_prefix(model, S("codex-"));
}

/* The word for "do not think" changed with each generation. */
static struct str least_effort(struct str model)
{
	if (model.p[0] == 'o')
		return S("low");
	return str_has_prefix(model, S("gpt-5.")) ? S("none") : S("minimal");
}

/* xhigh came with 5.1-codex-max and 5.2. */
static bool knows_xhigh(struct str model)
{
	struct str v = str_tail(model, 4);
	bool newer = v.n > 2 && v.p[0] == '5' && v.p[1] == '.' && v.p[2] >= '2';

	if (str_find(model, S("codex-max")) != SIZE_MAX)
		return true;
	return str_has_prefix(model, S("gpt-")) && (newer || (v.n && v.p[0] > '5'));
}

/* Other dialects have a word above OpenAI's, and its models differ in the ends of the scale. */
static struct str nearest_effort(struct str word, struct str model)
{
	if (str_eq(word, S("xhigh")) || str_eq(word, S("max")))
		return knows_xhigh(model) ? S("xhigh") : S("high");
	if (str_eq(word, S("minimal")) && !str_eq(least_effort(model), word))
		return S("low");
	return word;
}

static enum err write_effort(struct oa_writer *w)
{
	const struct llm_request *r = w->r;
	bool thinks = reasons(w->o->model);
	struct str word = r->effort;

	if (word.p == NULL && r->thinking_budget == 0) {
		if (!thinks)
			return OK; /* there is nothing to switch off */
		word = least_effort(w->o->model);
	} else if (word.p == NULL) {
		word = llm_budget_effort(r->thinking_budget);
	}
	if (word.p == NULL)
		return OK;
	if (r->origin != ME && !thinks && !w->o->compatible &&
	    (str_has_prefix(w->o->model, S("gpt-")) || str_has_prefix(w->o->model, S("chatgpt-"))))
		return oa_cannot(w, OA_THINKING);
	if (r->origin != ME && thinks)
		word = nearest_effort(word, w->o->model);
	jw_kv_esc(w->b, S("reasoning_effort"), word);
	return OK;
}

static void write_format(struct oa_writer *w)
{
	const struct llm_request *r = w->r;

	if (r->format == FORMAT_UNSET)
		return;
	jw_key(w->b, S("response_format"));
	jw_obj(w->b);
	if (r->format != FORMAT_SCHEMA || r->format_schema.p == NULL) {
		jw_kv_str(w->b, S("type"), r->format == FORMAT_TEXT ? S("text") : S("json_object"));
		jw_obj_end(w->b);
		return;
	}
	jw_kv_str(w->b, S("type"), S("json_schema"));
	jw_key(w->b, S("json_schema"));
	jw_obj(w->b);
	jw_kv_esc(w->b, S("name"), r->format_name.n ? r->format_name : S("response"));
	if (r->format_description.p)
		jw_kv_esc(w->b, S("description"), r->format_description);
	jw_kv_raw(w->b, S("schema"), r->format_schema);
	write_strict(w, r->format_strict, r->format_schema);
	jw_obj_end(w->b);
	jw_obj_end(w->b);
}

static enum err write_stop(struct oa_writer *w)
{
	size_t n = 0;

	for (const struct llm_str *s = w->r->stop; s != NULL; s = s->next)
		n++;
	if (n == 0)
		return OK;
	if (n > 4 && !w->o->compatible)
		return oa_cannot(w, OA_STOP);
	jw_key(w->b, S("stop"));
	jw_arr(w->b);
	for (const struct llm_str *s = w->r->stop; s != NULL; s = s->next)
		jw_esc(w->b, s->s);
	jw_arr_end(w->b);
	return OK;
}

/* The neutral words are OpenAI's; what is none of them is another provider's own. */
static enum err write_tier(struct oa_writer *w)
{
	static const struct str words[] = { SC("auto"), SC("default"), SC("flex"), SC("priority") };
	struct str tier = w->r->service_tier;
	bool known = w->r->origin == ME;

	if (tier.p == NULL)
		return OK;
	for (size_t i = 0; i < COUNT(words) && !known; i++)
		known = str_eq(tier, words[i]);
	if (!known)
		return oa_cannot(w, OA_TIER);
	jw_kv_esc(w->b, S("service_tier"), tier);
	return OK;
}

static void write_raw(struct buf *b, struct str name, struct str value)
{
	if (value.p)
		jw_kv_raw(b, name, value);
}

static void write_count(struct buf *b, struct str name, int64_t value)
{
	if (value >= 0)
		jw_kv_int(b, name, value);
}

/* From o1 to gpt-5 a model that thinks samples as it likes; from 5.1 on not while it thinks. */
static enum err write_heat(struct oa_writer *w)
{
	const struct llm_request *r = w->r;
	struct str model = w->o->model;
	bool fixed = r->origin != ME && !w->o->compatible && reasons(model) &&
		     !str_eq(least_effort(model), S("none")) &&
		     str_find(model, S("-chat")) == SIZE_MAX;
	int64_t t = 0;

	if (!fixed) {
		write_raw(w->b, S("temperature"), r->temperature);
		write_raw(w->b, S("top_p"), r->top_p);
		return OK;
	}
	if (r->temperature.p && (num_scaled(r->temperature, 6, &t) != OK || t != 1000000))
		TRY(oa_cannot(w, OA_TEMPERATURE));
	return r->top_p.p ? oa_cannot(w, OA_TOP_P) : OK;
}

static enum err write_sampling(struct oa_writer *w)
{
	const struct llm_request *r = w->r;
	bool old = w->o->compatible || !reasons(w->o->model);

	write_count(w->b, old ? S("max_tokens") : S("max_completion_tokens"), r->max_tokens);
	write_count(w->b, S("n"), r->n);
	TRY(write_heat(w));
	write_raw(w->b, S("frequency_penalty"), r->frequency_penalty);
	write_raw(w->b, S("presence_penalty"), r->presence_penalty);
	write_raw(w->b, S("seed"), r->seed);
	write_raw(w->b, S("logit_bias"), r->logit_bias);
	write_tri(w->b, S("logprobs"), r->logprobs);
	write_count(w->b, S("top_logprobs"), r->top_logprobs);
	if (r->top_k.p) {
		if (!w->o->compatible)
			TRY(oa_cannot(w, OA_TOP_K));
		else
			jw_kv_raw(w->b, S("top_k"), r->top_k);
	}
	return write_stop(w);
}

/* The client's own extras go home as they came; those from within something larger cannot. */
static enum err write_extras(struct oa_writer *w)
{
	const char *const *harmless = dialects[w->r->origin]->harmless;

	if (w->r->origin != ME)
		return llm_refuse_extras(w->r, w->o, harmless, ME);
	for (const struct llm_extra *x = w->r->extras; x != NULL; x = x->next) {
		if (str_chr(x->name, '.') == SIZE_MAX) {
			jw_str(w->b, x->name); /* not jw_key: it may need escapes */
			buf_addc(w->b, ':');
			jw_raw(w->b, x->value);
			continue;
		}
		const struct llm_request one = { .extras = &(struct llm_extra){ .name = x->name } };
		TRY(llm_refuse_extras(&one, w->o, harmless, ME));
	}
	return OK;
}

enum err openai_encode_request(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	struct oa_writer w = { .r = r, .o = opts, .b = out };

	jw_obj(out);
	jw_kv_str(out, S("model"), opts->model);
	TRY(oa_write_messages(&w));
	TRY(write_tools(&w));
	TRY(write_sampling(&w));
	TRY(write_effort(&w));
	write_format(&w);
	if (r->stream) {
		/* The gate counts tokens whether or not the client wants to see them. */
		jw_kv_bool(out, S("stream"), true);
		jw_kv_raw(out, S("stream_options"), S("{\"include_usage\":true}"));
	}
	if (r->user.p)
		jw_kv_esc(out, S("user"), r->user);
	TRY(write_tier(&w));
	write_raw(out, S("metadata"), r->metadata);
	TRY(write_extras(&w));
	jw_obj_end(out);
	return out->err;
}
