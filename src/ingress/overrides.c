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

/* absent is the answer for a name that the table does not have. */
static struct str own_name(enum llm_dialect d, struct str openai, struct str absent)
{
	for (unsigned i = 0; d != DIALECT_OPENAI && i < sizeof names / sizeof names[0]; i++)
		if (str_eq(names[i].openai, openai))
			return d == DIALECT_ANTHROPIC ? names[i].anthropic : names[i].gemini;
	return d == DIALECT_OPENAI ? openai : absent;
}

static struct str default_name(enum llm_dialect d, const struct policy_default *p)
{
	return own_name(d, p->name, (struct str){ NULL, 0 });
}

/* One stop sequence may stand alone with OpenAI only. */
static struct str default_value(const struct policy_default *p, struct arena *a)
{
	struct buf b;
	char *room = str_eq(p->name, S("stop")) && str_has_prefix(p->value, S("\""))
			     ? arena_take(a, p->value.n + 2, 1)
			     : NULL;

	if (room == NULL)
		return p->value;
	buf_fixed(&b, room, p->value.n + 2);
	buf_addc(&b, '[');
	buf_add(&b, p->value);
	buf_addc(&b, ']');
	return buf_str(&b);
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
			struct str name = default_name(DIALECT_GEMINI, &dep->defaults[i]);
			if (name.p != NULL && json_get(config, name) == NULL)
				splice_member(s, config, name, default_value(&dep->defaults[i], a),
					      a);
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
		struct str name = default_name(DIALECT_GEMINI, &dep->defaults[i]);
		if (name.p == NULL)
			continue;
		buf_add(&b, b.n > 1 ? S(",\"") : S("\""));
		buf_add(&b, name);
		buf_add(&b, S("\":"));
		buf_add(&b, default_value(&dep->defaults[i], a));
	}
	buf_addc(&b, '}');
	if (b.err == OK && b.n > 2)
		splice_member(s, root, S("generationConfig"), buf_str(&b), a);
}

static void drop_all(const struct policy_deployment *dep, enum llm_dialect d,
		     const struct json *root, struct splice *s)
{
	for (uint32_t i = 0; i < dep->n_drops; i++) {
		struct str name = own_name(d, dep->drops[i], dep->drops[i]);
		drop(root, name, s);
		if (d == DIALECT_GEMINI)
			drop(json_get(root, S("generationConfig")), name, s);
	}
}

void overrides_extra(const struct policy_deployment *dep, const struct json *root, struct splice *s,
		     struct arena *a)
{
	for (uint32_t i = 0; i < dep->n_extra_body; i++)
		splice_member(s, root, dep->extra_body[i].name, dep->extra_body[i].value, a);
}

/* The two names of the longest answer are one parameter. */
static bool is_set(const struct json *root, struct str name)
{
	struct str other = str_eq(name, S("max_tokens"))	      ? S("max_completion_tokens")
			   : str_eq(name, S("max_completion_tokens")) ? S("max_tokens")
								      : name;

	return json_get(root, name) != NULL || json_get(root, other) != NULL;
}

static void defaults(const struct policy_deployment *dep, enum llm_dialect d,
		     const struct json *root, struct splice *s, struct arena *a)
{
	for (uint32_t i = 0; i < dep->n_defaults; i++) {
		struct str name = default_name(d, &dep->defaults[i]);
		if (name.p != NULL && !is_set(root, name))
			splice_member(s, root, name,
				      d == DIALECT_OPENAI ? dep->defaults[i].value
							  : default_value(&dep->defaults[i], a),
				      a);
	}
}

void overrides_asked(const struct policy_deployment *dep, const struct json *root, struct splice *s,
		     struct arena *a)
{
	defaults(dep, DIALECT_OPENAI, root, s, a);
	drop_all(dep, DIALECT_OPENAI, root, s);
}

void overrides_splice(const struct policy_deployment *dep, enum llm_dialect d,
		      const struct json *root, struct splice *s, struct arena *a)
{
	if (d == DIALECT_GEMINI)
		gemini_defaults(dep, root, s, a);
	else
		defaults(dep, d, root, s, a);
	overrides_extra(dep, root, s, a);
	drop_all(dep, d, root, s);
}
