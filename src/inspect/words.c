/* inspect/words.c - a table of names by hash. Input: own. Runs in: checker. Memory: the arena's. */
#include "inspect/words.h"

#include "inspect/token.h"

#include <assert.h>

enum { SLOTS = 2048, WORDS_MAX = SLOTS / 2 };

#define X(code, text) { code, SC(text) },
static const struct {
	enum word word;
	struct str text;
} list[] = { WORD_LIST(X) };
#undef X

enum err words_init(struct words *w, struct arena *a)
{
	w->slots = NEW_ARRAY(a, struct word_slot, SLOTS);
	if (w->slots == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		words_add(w, list[i].text, list[i].word);
	return OK;
}

void words_add(struct words *w, struct str name, enum word word)
{
	uint32_t hash = name_hash(name.p, name.n);

	assert(name.n > 0 && name.n < 64);
	for (uint32_t at = hash, probes = 0;; at++, probes++) {
		struct word_slot *s = &w->slots[at % SLOTS];
		assert(probes < WORDS_MAX);
		if (s->p == NULL) {
			*s = (struct word_slot){ name.p, hash, (uint16_t)word, (uint8_t)name.n };
			return;
		}
		if (s->n == name.n && memcmp(s->p, name.p, name.n) == 0)
			return;
	}
}

enum word words_find(const struct words *w, const char *p, size_t n, uint32_t hash)
{
	for (uint32_t at = hash;; at++) {
		const struct word_slot *s = &w->slots[at % SLOTS];
		if (s->p == NULL)
			return W_OTHER;
		if (s->hash == hash && s->n == n && memcmp(s->p, p, n) == 0)
			return (enum word)s->word;
	}
}
