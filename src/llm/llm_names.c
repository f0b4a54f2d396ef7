/*
 * llm/llm_names.c - names of tools that the target would refuse: changed on the way there, changed
 * back on the way home. What a name becomes follows from the name alone, so that a conversation's
 * history agrees with its tools. Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/ingress_request_fuzz.c
 */
#include "base/ascii.h"
#include "crypto/sha256.h"
#include "llm/llm.h"

#include <string.h>

enum {
	HASH = 8,	/* hexadecimal digits behind the part that people can read */
	OWN_MAX = 4096, /* a longer one is left to the provider to refuse */
	SENT_MAX = 128,
};

static const struct name_rule {
	size_t max;
	struct str more;  /* beside letters, digits, '_' and '-' */
	bool starts_word; /* with a letter or '_' */
} name_rules[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = { 64, SC(""), false },
	[DIALECT_ANTHROPIC] = { SENT_MAX, SC(""), false },
	[DIALECT_GEMINI] = { 64, SC("."), true },
};

static bool letter(char c)
{
	return ascii_letter(c) || c == '_';
}

static bool taken(const struct name_rule *rule, char c)
{
	return ascii_alnum(c) || c == '_' || c == '-' || str_chr(rule->more, c) != SIZE_MAX;
}

static bool fits(const struct name_rule *rule, struct str name)
{
	if (name.n > rule->max || (name.n && rule->starts_word && !letter(name.p[0])))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!taken(rule, name.p[i]))
			return false;
	return true;
}

/* fit writes what is sent for a name that does not fit: what can be kept of it, and its hash. */
static void fit(const struct name_rule *rule, struct str name, struct buf *out)
{
	uint8_t digest[SHA256_BYTES];

	if (rule->starts_word && !letter(name.p[0]))
		buf_addc(out, '_');
	for (size_t i = 0; i < name.n && out->n < rule->max - HASH - 1; i++)
		buf_addc(out, taken(rule, name.p[i]) ? name.p[i] : '_');
	sha256(name, digest);
	buf_addc(out, '_');
	buf_addhex(out, (struct str){ (const char *)digest, HASH / 2 });
}

/* bucket_of: a changed name ends in its hash, and any other in something. */
static unsigned bucket_of(struct str sent)
{
	return sent.n ? (unsigned char)sent.p[sent.n - 1] % LLM_NAME_BUCKETS : 0;
}

static enum err change(enum llm_dialect target, struct arena *a, struct str *name)
{
	const struct name_rule *rule = &name_rules[target];
	char room[SENT_MAX];
	struct buf b;

	if (name->p == NULL || fits(rule, *name))
		return OK;
	struct str plain = llm_plain_esc(a, *name);
	if (plain.n == 0 || plain.n > OWN_MAX)
		return OK;
	buf_fixed(&b, room, sizeof room);
	if (fits(rule, plain))
		buf_add(&b, plain);
	else
		fit(rule, plain, &b);
	*name = arena_dup(a, buf_str(&b));
	return name->p ? OK : ERR_NOMEM;
}

/* remember keeps what a tool was called, for the answer. */
static enum err remember(struct llm_names *names, struct arena *keep, struct str own,
			 struct str sent)
{
	struct llm_name *n = NEW(keep, struct llm_name);

	if (n == NULL)
		return ERR_NOMEM;
	n->own = arena_dup(keep, own);
	n->sent = arena_dup(keep, sent);
	if (n->own.p == NULL || n->sent.p == NULL)
		return ERR_NOMEM;
	struct llm_name **at = &names->buckets[bucket_of(sent)];
	n->next = *at;
	*at = n;
	return OK;
}

enum err llm_names_fit(struct llm_request *r, enum llm_dialect target, struct arena *a,
		       struct arena *keep, struct llm_names **out)
{
	*out = NULL;
	for (struct llm_tool *t = r->tools; t; t = t->next) {
		struct str own = t->name;
		if (t->raw.p)
			continue;
		TRY(change(target, a, &t->name));
		if (t->name.p == own.p)
			continue;
		if (*out == NULL && (*out = NEW(keep, struct llm_names)) == NULL)
			return ERR_NOMEM;
		TRY(remember(*out, keep, own, t->name));
	}
	for (struct llm_str *s = r->choice_names; s; s = s->next)
		TRY(change(target, a, &s->s));
	for (struct llm_msg *m = r->msgs; m; m = m->next)
		for (struct llm_part *p = m->parts; p; p = p->next)
			if (p->kind == PART_TOOL_CALL || p->kind == PART_TOOL_RESULT)
				TRY(change(target, a, &p->name));
	return OK;
}

struct str llm_name_home(const struct llm_names *names, struct str sent)
{
	const struct llm_name *n = names ? names->buckets[bucket_of(sent)] : NULL;

	while (n && !str_eq(n->sent, sent))
		n = n->next;
	return n ? n->own : sent;
}

void llm_names_home(const struct llm_names *names, struct llm_response *r)
{
	for (struct llm_answer_choice *c = names ? r->choices : NULL; c; c = c->next)
		for (struct llm_part *p = c->parts; p; p = p->next)
			if (p->kind == PART_TOOL_CALL)
				p->name = llm_name_home(names, p->name);
}
