/*
 * llm/scrub.c - keys that a provider repeats in its errors ("Incorrect API key provided:
 * sk-ab***yz"): the gate's key is none of the client's business, in part neither.
 * Ring 0. Input: hostile (providers').   Runs in: ingress.   Fuzz: fuzz/scrub_fuzz.c
 */
#include "llm/scrub.h"

#include "base/ascii.h"

#include <assert.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

enum { TAIL = 4, BEARER = 8, STARS = 3, GROWTH = 4 };

static const struct str removed = SC("[key removed]");
static_assert(sizeof "[key removed]" <= GROWTH * (STARS + 1), "what is put in fits the room");

/* How keys begin. */
static const struct str prefixes[] = {
	SC("sk-"),  SC("sk_"),	  SC("pk-"),
	SC("rk-"),  SC("AIza"),	  SC("ya29."),
	SC("gsk_"), SC("xai-"),	  SC("hf_"),
	SC("r8_"),  SC("pplx-"),  SC("fw_"),
	SC("fw-"),  SC("nvapi-"), SC("csk-"),
	SC("AKIA"), SC("ASIA"),	  SC("eyJ"),
	SC("tgp_"), SC("ABSK"),	  SC("bedrock-api-key-"),
};

static bool key_char(char c)
{
	return ascii_alnum(c) || c == '-' || c == '_' || c == '.' || c == '*';
}

static bool masked(struct str word)
{
	unsigned stars = 0;
	bool any = false, mask = false;

	for (size_t i = 0; i < word.n; i++) {
		stars = word.p[i] == '*' ? stars + 1 : 0;
		any = any || ascii_alnum(word.p[i]);
		mask = mask || stars == STARS;
	}
	return any && mask;
}

static bool has_digit(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (ascii_digit(word.p[i]))
			return true;
	return false;
}

/* before: the word that stands before this one, one space between. */
static bool is_key(struct str word, struct str before)
{
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (str_has_prefix(word, prefixes[i]) && word.n >= prefixes[i].n + TAIL)
			return true;
	if (str_ieq(before, S("bearer")) && word.n >= BEARER && has_digit(word))
		return true;
	return masked(word);
}

/* next_word takes the next run of a key's characters off *s; what stands before it goes to *gap. An
 * escape such as \n belongs to the gap, letters and all. */
static struct str next_word(struct str *s, struct str *gap)
{
	size_t at = 0, n;

	while (at < s->n && !key_char(s->p[at])) {
		size_t step = s->p[at] != '\\' ? 1 : at + 1 < s->n && s->p[at + 1] == 'u' ? 6 : 2;
		at = s->n - at < step ? s->n : at + step;
	}
	*gap = str_head(*s, at);
	for (n = at; n < s->n && key_char(s->p[n]); n++)
		;
	struct str word = { s->p + at, n - at };
	*s = str_tail(*s, n);
	return word;
}

/* scrub copies s to out, or with out NULL only looks. True: there was something to remove. */
static bool scrub(struct str s, struct buf *out)
{
	struct str before = S("");
	bool found = false;

	while (s.n) {
		struct str gap, word = next_word(&s, &gap);
		bool key = is_key(word, str_eq(gap, S(" ")) ? before : S(""));
		found = found || key;
		before = word;
		if (out == NULL)
			continue;
		buf_add(out, gap);
		buf_add(out, key ? removed : word);
	}
	return found;
}

struct str llm_scrub(struct str s, struct arena *a)
{
	struct buf out;

	if (!scrub(s, NULL))
		return s;
	size_t room = s.n * GROWTH;
	char *p = arena_take(a, room, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&out, p, room);
	(void)scrub(s, &out);
	return out.err == OK ? buf_str(&out) : (struct str){ NULL, 0 };
}
