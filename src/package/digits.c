/* package/digits.c - numbers of any length as their digits. Ring 0. */
#include "package/digits.h"

#include "base/ascii.h"

#include <string.h>

bool digits_all(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return s.n > 0;
}

struct str digits_take(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ascii_digit(s->p[n]))
		n++;
	struct str head = str_head(*s, n);
	*s = str_tail(*s, n);
	return head;
}

struct str digits_trim(struct str s)
{
	while (s.n && s.p[0] == '0')
		s = str_tail(s, 1);
	return s;
}

int digits_cmp(struct str a, struct str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}
