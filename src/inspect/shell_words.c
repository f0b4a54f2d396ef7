/*
 * inspect/shell_words.c - reads the words of a shell's text. Memory: the arena's, for words that do
 * not stand in the text as they are.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/shell_words.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/num.h"
#include "inspect/token.h"

#include <string.h>

size_t shell_word_end(struct str s, size_t at)
{
	char quote = s.p[at] == '"' || s.p[at] == '\'' ? s.p[at] : '\0';

	if (quote) {
		for (at++; at < s.n && s.p[at] != quote; at++)
			at += s.p[at] == '\\' && quote == '"' && at + 1 < s.n;
		return at < s.n ? at + 1 : at;
	}
	while (at < s.n && strchr(" \t\r\n|;&()<>`\"'", s.p[at]) == NULL) {
		if (s.p[at] == '$' && at + 1 < s.n && s.p[at + 1] == '(')
			break;
		at += s.p[at] == '\\' && at + 1 < s.n ? 2 : 1;
	}
	return at;
}

bool shell_comments(struct str s, size_t at)
{
	return s.p[at] == '#' && (at == 0 || strchr(" \t\r\n;|&()", s.p[at - 1]) != NULL);
}

/* Whether a word that was read up to at goes on there. */
static bool goes_on(struct str s, size_t at)
{
	if (at >= s.n || strchr(" \t\r\n|;&()<>`", s.p[at]) != NULL)
		return false;
	if (s.p[at] == '$' && at + 1 < s.n && s.p[at + 1] == '(')
		return false;
	return s.p[at] != '"' || memmem(s.p + at, shell_word_end(s, at) - at, "$(", 2) == NULL;
}

/* ---- variables ---- */

static size_t name_end(struct str s, size_t at)
{
	while (at < s.n && name_byte(s.p[at]))
		at++;
	return at;
}

struct str shell_assigns(struct str word)
{
	size_t n = name_end(word, 0);

	return n > 0 && n < word.n && word.p[n] == '=' && !ascii_digit(word.p[0])
		       ? str_head(word, n)
		       : S("");
}

static struct shell_variable *find(struct shell_words *w, struct str name)
{
	for (unsigned i = 0; i < w->n_set; i++)
		if (str_eq(w->set[i].name, name))
			return &w->set[i];
	return NULL;
}

void shell_unset(struct shell_words *w, struct str name)
{
	struct shell_variable *v = find(w, name);

	if (v)
		*v = w->set[--w->n_set];
}

void shell_set(struct shell_words *w, struct str name, struct str value)
{
	shell_unset(w, name);
	if (name.n > 0 && value.n <= SHELL_VALUE && w->n_set < SHELL_SET)
		w->set[w->n_set++] = (struct shell_variable){ name, value };
}

/* The variable that "$name" or "${name}" at at stands for, and where that ends; NULL: not set. */
static const struct shell_variable *variable(struct shell_words *w, struct str s, size_t at,
					     size_t *out_end)
{
	bool braces = at + 1 < s.n && s.p[at + 1] == '{';
	size_t from = at + 1 + braces, end = name_end(s, from);

	*out_end = end + braces;
	if (braces && (end >= s.n || s.p[end] != '}'))
		return NULL;
	return find(w, str_head(str_tail(s, from), end - from));
}

/* Where a variable that was never set ends, if it stands within a word only to cut that in two:
 * "c${x}url", "c$@url"; else at. */
static size_t filler_end(struct str s, size_t at)
{
	bool braces = at + 1 < s.n && s.p[at + 1] == '{';
	size_t end = braces ? name_end(s, at + 2) + 1 : at + 2;
	bool whole = end < s.n &&
		     (braces ? s.p[end - 1] == '}' : s.p[end - 1] == '@' || s.p[end - 1] == '*');

	return whole && at > 0 && name_byte(s.p[at - 1]) && name_byte(s.p[end]) ? end : at;
}

/* ---- words ---- */

struct str shell_unescape(struct arena *a, struct str s)
{
	char *out = arena_take(a, s.n + 1, 1);
	size_t n = 0;

	for (size_t i = 0; out != NULL && i < s.n; i++) {
		bool escape = s.p[i] == '\\' && i + 1 < s.n;
		bool hex = escape && s.p[i + 1] == 'x', octal = escape && ascii_digit(s.p[i + 1]);
		unsigned value = 0;
		size_t to = i + (hex ? 4 : 5);

		if (!hex && !octal) {
			out[n++] = escape && s.p[i + 1] == 'n' ? '\n' : s.p[i];
			i += escape && s.p[i + 1] == 'n';
			continue;
		}
		for (i += hex ? 2 : 1; i < to && i < s.n; i++) {
			unsigned digit = (unsigned)num_hex(s.p[i]);
			if (digit >= (hex ? 16u : 8u) || (octal && value > 31))
				break;
			value = value * (hex ? 16 : 8) + digit;
		}
		i--;
		out[n++] = (char)value;
	}
	return out != NULL ? (struct str){ out, n } : s;
}

/* Adds a part of a word to out without its quotes and backslashes, and with its variables' values;
 * whether one of these stood outside of quotes. */
static bool add_part(struct shell_words *w, struct str part, struct buf *out)
{
	char quote = part.p[0] == '"' || part.p[0] == '\'' ? part.p[0] : '\0';
	size_t to = part.n, end;
	bool split = false;

	if (quote && to > 1 && part.p[to - 1] == quote)
		to--;
	for (size_t i = quote != 0; i < to; i++) {
		bool escapes = part.p[i] == '\\' && i + 1 < to && quote != '\'' &&
			       (!quote || strchr("\"\\$`", part.p[i + 1]) != NULL);
		const struct shell_variable *v = part.p[i] == '$' && quote != '\''
							 ? variable(w, part, i, &end)
							 : NULL;
		size_t filler = part.p[i] == '$' && quote != '\'' ? filler_end(part, i) : i;
		i += escapes;
		if (v != NULL) {
			buf_add(out, v->value);
			split |= quote == '\0';
			i = end - 1;
		} else if (filler > i) {
			i = filler - 1;
		} else {
			buf_addc(out, part.p[i]);
		}
	}
	return split;
}

/* How many bytes the word between from and end can become. */
static size_t room_for(const struct shell_words *w, size_t from, size_t end)
{
	size_t n = end - from;

	for (size_t i = from; i < end && w->n_set > 0; i++)
		n += w->text.p[i] == '$' ? SHELL_VALUE : 0;
	return n;
}

struct str shell_word(struct shell_words *w, size_t *at, bool *out_split)
{
	struct str s = w->text;
	size_t from = *at, end = shell_word_end(s, from);
	bool quoted = s.p[from] == '"' || s.p[from] == '\'';
	struct buf b;

	*out_split = false;
	end = end > from ? end : from + 1;
	struct str first = { s.p + from, end - from };
	bool expands = s.p[from] != '\'' && str_chr(first, '$') != SIZE_MAX;
	bool whole = !goes_on(s, end) && !expands && (quoted || str_chr(first, '\\') == SIZE_MAX);
	while (goes_on(s, end)) {
		size_t next = shell_word_end(s, end);
		end = next > end ? next : end + 1;
	}
	*at = end;
	size_t room = room_for(w, from, end);
	char *out = whole ? NULL : arena_take(w->a, room, 1);
	if (out == NULL)
		return quoted && first.n >= 2 && first.p[first.n - 1] == first.p[0]
			       ? (struct str){ first.p + 1, first.n - 2 }
			       : first;
	buf_fixed(&b, out, room);
	while (from < end) {
		size_t next = shell_word_end(s, from);
		next = next > from ? next : from + 1;
		struct str part = { s.p + from, next - from };
		from = next;
		if (part.p[part.n - 1] == '$' && from < end && s.p[from] == '\'') {
			/* $'\143url' */
			struct str text = { s.p + from + 1, shell_word_end(s, from) - from - 1 };
			text.n -= text.n > 0;
			(void)add_part(w, str_head(part, part.n - 1), &b);
			buf_add(&b, shell_unescape(w->a, text));
			from += text.n + 2;
			continue;
		}
		*out_split |= add_part(w, part, &b);
	}
	return buf_str(&b);
}
