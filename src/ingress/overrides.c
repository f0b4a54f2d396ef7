/* ingress/overrides.c - the configuration's word in a request. Runs in: ingress. */
#include "ingress/overrides.h"

/* Where a dialect has an OpenAI parameter, when not under the same name at the top. NULL: nowhere.
 */
static const struct {
	struct str openai, anthropic, gemini;
} names[] = {
	{ SC("stop"), SC("stop_sequences"), SC("stopSequences") },
	{ SC("max_tokens"), SC("max_tokens"), SC("maxOutputTokens") },
	{ SC("max_completion_tokens"), SC("max_tokens"), SC("maxOutputTokens") },
	{ SC("temperature"), SC("temperature"), SC("temperature") },
	{ SC("top_p"), SC("top_p"), SC("topP") },
	{ SC("top_k"), SC("top_k"), SC("topK") },
	{ SC("seed"), { NULL, 0 }, SC("seed") },
	{ SC("presence_penalty"), { NULL, 0 }, SC("presencePenalty") },
	{ SC("frequency_penalty"), { NULL, 0 }, SC("frequencyPenalty") },
	{ SC("n"), { NULL, 0 }, SC("candidateCount") },
	{ SC("thinking"), SC("thinking"), { NULL, 0 } },
};

bool overrides_any(const struct policy_deployment *dep)
{
	return dep->n_defaults != 0 || dep->n_extra_body != 0 || dep->n_drops != 0;
}

static struct str own_name(enum llm_dialect d, struct str openai)
{
	for (unsigned i = 0; d != DIALECT_OPENAI && i < sizeof names / sizeof names[0]; i++)
		if (str_eq(names[i].openai, openai))
			return d == DIALECT_ANTHROPIC ? names[i].anthropic : names[i].gemini;
	return openai;
}

static void drop(const struct json *obj, struct str name, struct splice *s)
{
	if (!json_is(obj, JSON_OBJECT) || name.p == NULL)
		return;
	JSON_EACH_MEMBER (obj, key) {
		if (!json_str_eq(key, name))
			continue;
		splice_remove(s, obj, key);
		return;
	}
}

/* Gemini keeps sampling parameters one level down. All that are missing there go in at once. */
static void gemini_defaults(const struct policy_deployment *dep, const struct json *root,
			    struct splice *s, struct arena *a)
{
	const struct json *config = json_get(root, S("generationConfig"));
	struct buf b;
	size_t n = 64;

	if (json_is(config, JSON_OBJECT)) {
		for (uint32_t i = 0; i < dep->n_defaults; i++) {
			struct str name = own_name(DIALECT_GEMINI, dep->defaults[i].name);
			if (name.p != NULL && json_get(config, name) == NULL)
				splice_member(s, config, name, dep->defaults[i].value, a);
		}
		return;
	}
	for (uint32_t i = 0; i < dep->n_defaults; i++)
		n += dep->defaults[i].name.n + dep->defaults[i].value.n + 16;
	char *room = dep->n_defaults ? arena_take(a, n, 1) : NULL;
	if (room == NULL)
		return;
	buf_fixed(&b, room, n);
	buf_addc(&b, '{');
	for (uint32_t i = 0; i < dep->n_defaults; i++) {
		struct str name = own_name(DIALECT_GEMINI, dep->defaults[i].name);
		if (name.p == NULL)
			continue;
		buf_add(&b, b.n > 1 ? S(",\"") : S("\""));
		buf_add(&b, name);
		buf_add(&b, S("\":"));
		buf_add(&b, dep->defaults[i].value);
	}
	buf_addc(&b, '}');
	if (b.err == OK && b.n > 2)
		splice_member(s, root, S("generationConfig"), buf_str(&b), a);
}

void overrides_splice(const struct policy_deployment *dep, enum llm_dialect d,
		      const struct json *root, struct splice *s, struct arena *a)
{
	if (d == DIALECT_GEMINI)
		gemini_defaults(dep, root, s, a);
	for (uint32_t i = 0; d != DIALECT_GEMINI && i < dep->n_defaults; i++) {
		struct str name = own_name(d, dep->defaults[i].name);
		if (name.p != NULL && json_get(root, name) == NULL)
			splice_member(s, root, name, dep->defaults[i].value, a);
	}
	for (uint32_t i = 0; i < dep->n_extra_body; i++)
		splice_member(s, root, dep->extra_body[i].name, dep->extra_body[i].value, a);
	for (uint32_t i = 0; i < dep->n_drops; i++) {
		struct str name = own_name(d, dep->drops[i]);
		drop(root, name, s);
		if (d == DIALECT_GEMINI)
			drop(json_get(root, S("generationConfig")), name, s);
	}
}
