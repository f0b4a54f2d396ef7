/*
 * egress/hosts.c - the hosts file: an address and its names a line, '#' begins a comment. Pure.
 * Input: trusted (the operator's).   Runs in: egress.
 */
#include "egress/hosts.h"

#include <string.h>

void addresses_add(struct addresses *list, const struct address *a)
{
	size_t n = a->v6 ? 16 : 4;

	for (unsigned i = 0; i < list->n; i++)
		if (list->list[i].v6 == a->v6 && memcmp(list->list[i].bytes, a->bytes, n) == 0)
			return;
	if (list->n < ADDRESSES)
		list->list[list->n++] = *a;
}

/* next_word takes the next word off *line; n 0: none is left. */
static struct str next_word(struct str *line)
{
	struct str s = str_trim(*line);
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '\r')
		n++;
	*line = str_tail(s, n < s.n && s.p[n] == '\r' ? s.n : n);
	return str_head(s, n);
}

bool hosts_find(struct str text, struct str name, struct addresses *out)
{
	struct addresses found = { .n = 0 };

	while (text.n) {
		struct str ignored, line = str_cut(str_cut(text, '\n', &text), '#', &ignored), word;
		struct address a;
		if (address_parse(next_word(&line), &a) != OK)
			continue;
		while ((word = next_word(&line)).n)
			if (str_ieq(word, name))
				addresses_add(&found, &a);
	}
	if (found.n)
		*out = found;
	return found.n > 0;
}
