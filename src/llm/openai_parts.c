/*
 * llm/openai_parts.c - thoughts, signatures and calls of an assistant, as its messages in requests
 * and in answers have them.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_request_fuzz.c
 */
#include "llm/openai.h"

#include "base/ascii.h"

enum err oa_thinking_blocks(struct arena *a, const struct json *blocks, struct llm_part **list)
{
	if (!json_is(blocks, JSON_ARRAY))
		return OK;
	JSON_EACH_ITEM (blocks, it) {
		bool redacted = json_str_eq(json_get(it, S("type")), S("redacted_thinking"));
		if (!redacted && !json_str_eq(json_get(it, S("type")), S("thinking")))
			continue;
		enum llm_part_kind kind = redacted ? PART_REDACTED : PART_THINKING;
		struct llm_part *p = llm_part_add(a, list, kind);
		if (p == NULL)
			return ERR_NOMEM;
		/* LiteLLM's blocks are Anthropic's, so that is what an untagged signature is. */
		p->origin = DIALECT_ANTHROPIC;
		if (redacted) {
			p->text = llm_untag(json_esc(json_get(it, S("data"))), DIALECT_ANTHROPIC,
					    &p->origin);
			continue;
		}
		p->text = json_esc(json_get(it, S("thinking")));
		struct str sig = json_esc(json_get(it, S("signature")));
		if (sig.n)
			p->signature = llm_untag(sig, DIALECT_ANTHROPIC, &p->origin);
	}
	return OK;
}

static bool signs_call(const struct llm_part *p, struct str signature)
{
	while (p != NULL && (p->kind != PART_TOOL_CALL || !str_eq(p->signature, signature)))
		p = p->next;
	return p != NULL;
}

enum err oa_text_signatures(struct arena *a, const struct json *fields, struct llm_part **list)
{
	const struct json *sigs = json_get(fields, S("thought_signatures"));
	struct llm_part *text = NULL;
	bool calls = false;

	if (!json_is(sigs, JSON_ARRAY) || json_count(sigs) == 0)
		return OK;
	for (struct llm_part *p = *list; p != NULL; p = p->next) {
		calls = calls || p->id.p != NULL; /* a custom tool's, too */
		if (p->kind == PART_TEXT)
			text = p;
	}
	if (text == NULL && calls) /* LiteLLM lists the calls' once more */
		return OK;
	if (text == NULL)
		text = llm_part_add(a, list, PART_TEXT);
	if (text == NULL)
		return ERR_NOMEM;
	if (text->text.p == NULL)
		text->text = S("");
	JSON_EACH_ITEM (sigs, it)
		if (json_is(it, JSON_STRING) && it->n > 0 && !signs_call(*list, json_esc(it)))
			text->signature = llm_untag(json_esc(it), DIALECT_GEMINI, &text->origin);
	return OK;
}

struct str oa_made_id(struct arena *a, struct str seed, unsigned n)
{
	struct buf b;
	char *p = arena_alloc(a, 48, 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, p, 48);
	buf_add(&b, S("call_"));
	for (size_t i = 0, kept = 0; i < seed.n && kept < 24; i++) {
		if (ascii_alnum(seed.p[i])) {
			buf_addc(&b, seed.p[i]);
			kept++;
		}
	}
	if (b.n > 5)
		buf_addc(&b, '_');
	buf_addu(&b, n);
	return buf_str(&b);
}

enum err oa_call(struct arena *a, const struct json *call, struct str id, struct llm_part **list)
{
	const struct json *fn = json_get(call, S("function"));
	struct str given = json_esc(json_get(call, S("id")));

	if (fn == NULL) /* a function_call has no wrapper */
		fn = call;
	if (!json_is(json_get(fn, S("name")), JSON_STRING))
		return ERR_SYNTAX;
	struct llm_part *p = llm_part_add(a, list, PART_TOOL_CALL);
	if (p == NULL)
		return ERR_NOMEM;
	p->id = llm_id_split(a, given.n ? given : id, &p->origin, &p->signature);
	p->name = json_esc(json_get(fn, S("name")));
	const struct json *args = json_get(fn, S("arguments"));
	if (json_is(args, JSON_OBJECT)) { /* Ollama's own habit */
		p->args = json_raw(args);
		return OK;
	}
	return llm_args_any(a, json_esc(args), &p->args);
}
