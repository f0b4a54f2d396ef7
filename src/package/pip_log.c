/*
 * package/pip_log.c - what pip says it found nothing for, and the source archives that it saw.
 * Input: hostile (written by pip of names that packages chose, and by what a build prints).
 * Runs in: cli.   Fuzz: fuzz/pip_log_fuzz.c
 */
#include "package/pip_log.h"

#include "base/ascii.h"

static bool starts_name(char c)
{
	return ascii_alnum(c);
}

/* The requirement at the beginning of s, without its marker; "": there is none. */
static struct str wish_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] > ' ' && s.p[n] < 0x7f && s.p[n] != ';')
		n++;
	return n > 0 && starts_name(s.p[0]) ? str_head(s, n) : S("");
}

static size_t add(struct str wish, struct str out[PIP_LOG_WISHES], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(out[i], wish))
			return n;
	if (wish.n == 0 || n == PIP_LOG_WISHES)
		return n;
	out[n] = wish;
	return n + 1;
}

size_t pip_log_missing(struct str text, bool conflicts, struct str out[PIP_LOG_WISHES])
{
	static const struct str words[] = {
		SC("No matching distribution found for "),
		SC(" depends on "),
		SC("The user requested (constraint) "),
		SC("The user requested "),
	};
	const size_t n_words = conflicts ? sizeof words / sizeof words[0] : 1;
	size_t n = 0;

	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		for (size_t i = 0; i < n_words; i++) {
			size_t at = str_find(line, words[i]);
			if (at != SIZE_MAX)
				n = add(wish_at(str_tail(line, at + words[i].n)), out, n);
		}
	}
	return n;
}

bool pip_log_sdist(struct str *text, struct pip_log_sdist *out)
{
	static const struct str word = SC("Skipping link: No sources permitted for "),
				from = SC("(from ");

	while (text->n > 0) {
		struct str rest, line = str_cut(*text, '\n', text);
		size_t at = str_find(line, word);
		if (at == SIZE_MAX)
			continue;
		struct str name = str_cut(str_tail(line, at + word.n), ' ', &rest);
		name.n -= name.n > 0 && name.p[name.n - 1] == ':';
		struct str url = str_trim(str_cut(rest, ' ', &rest)), page = S("");
		if (str_has_prefix(rest, from))
			page = str_head(str_tail(rest, from.n),
					str_chr(str_tail(rest, from.n), ')'));
		if (name.n == 0 || wish_at(name).n != name.n || str_find(url, S("://")) == SIZE_MAX)
			continue;
		*out = (struct pip_log_sdist){ .name = name, .url = url, .page = page };
		return true;
	}
	return false;
}
