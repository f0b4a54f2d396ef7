/* inspect/caps.c - names of capabilities. Input: own. Runs in: checker, cli. */
#include "inspect/caps.h"

#include <assert.h>

#define X(code, name, words) { SC(name), SC(words) },
static const struct cap_row {
	struct str name, words;
} rows[CAP_COUNT] = { CAPS_LIST(X) };
#undef X

struct str cap_name(enum cap_bit bit)
{
	assert(bit < CAP_COUNT);
	return rows[bit].name;
}

struct str cap_words(enum cap_bit bit)
{
	assert(bit < CAP_COUNT);
	return rows[bit].words;
}

enum cap_bit cap_by_name(struct str name)
{
	enum cap_bit bit = 0;

	while (bit < CAP_COUNT && !str_eq(rows[bit].name, name))
		bit++;
	return bit;
}
