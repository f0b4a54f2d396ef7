/*
 * inspect/hidden.c - text that is not seen. Memory: one excerpt; two passes over the bytes that
 * skip ASCII as a whole.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/hidden.h"

#include <string.h>

enum { RUN = 16, RARE = 200, KEPT = 384, LINE_READ = 500 };

struct hidden {
	struct str text, package, path;
	struct findings *findings;
	uint32_t line, run, rare, run_line;
	size_t line_at; /* where the line begins */
	bool found, bidi_found;
	uint32_t bidi;	  /* embeddings open on this line */
	uint32_t among;	  /* openers that stand in a list of characters, as far as one can tell */
	char bytes[KEPT]; /* that invisible characters carry */
	size_t n;
};

/* The code point at p (n bytes left) of the few blocks of interest; 0 for others. */
static uint32_t code_point(const uint8_t *p, size_t n, size_t *len)
{
	*len = 1;
	if (n >= 3 && (p[0] == 0xe2 || p[0] == 0xef)) {
		*len = 3;
		return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	}
	if (n >= 4 && p[0] == 0xf3) {
		*len = 4;
		return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
		       (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
	}
	return 0;
}

/* What an invisible code point carries: 0 to 255, or -1 when it is not one. */
static int carries(uint32_t cp)
{
	if (cp >= 0xfe00 && cp <= 0xfe0f)
		return (int)(cp - 0xfe00);
	if (cp >= 0xe0100 && cp <= 0xe01ef)
		return (int)(cp - 0xe0100 + 16);
	if (cp >= 0xe0000 && cp <= 0xe007f)
		return (int)(cp - 0xe0000);
	if ((cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2060 && cp <= 0x2064) || cp == 0xfeff)
		return '0' + (int)(cp & 1);
	return -1;
}

/* next: the byte behind it. */
static void bidi(struct hidden *h, uint32_t cp, uint8_t next)
{
	if ((cp >= 0x202a && cp <= 0x202e && cp != 0x202c) || (cp >= 0x2066 && cp <= 0x2068)) {
		h->bidi++;
		h->among += next == '-' || next == '\'' || next == '"' || next == '`' ||
			    next >= 0x80;
	} else if ((cp == 0x202c || cp == 0x2069) && h->bidi > 0)
		h->bidi--;
}

static void seen(struct hidden *h, uint32_t cp, uint8_t next)
{
	int byte = carries(cp);

	bidi(h, cp, next);
	if (byte < 0) {
		h->run = h->found ? h->run : 0;
		h->n = h->found ? h->n : 0;
		return;
	}
	if (h->run++ == 0)
		h->run_line = h->line;
	if (h->n < KEPT)
		h->bytes[h->n++] = (char)byte;
	h->found = h->found || h->run >= RUN;
	h->rare += (cp >= 0xfe00 && cp <= 0xfe0d) || cp >= 0xe0100;
}

/* Classes of regular expressions and tables list such characters, and minified code has them in
 * lines that nobody reads. */
static bool is_table(const struct hidden *h, struct str line)
{
	return h->bidi <= h->among && str_trim(line).n > LINE_READ;
}

static void line_end(struct hidden *h, size_t end)
{
	struct str line = str_head(str_tail(h->text, h->line_at), end - h->line_at);

	if (h->bidi > 0 && !h->bidi_found && !is_table(h, line)) {
		h->bidi_found = true;
		finding_add(h->findings, RULE_HIDDEN_TEXT, h->package, h->path, h->line, S(""),
			    "the reading direction is turned and not turned back on this line");
	}
	h->bidi = h->among = 0;
	h->line++;
	h->line_at += line.n + 1;
}

/* Where somebody, or an agent, reads what is written. Translations turn the direction, and bytes
 * that are no text only happen to look like it. */
static bool is_read(enum language lang, struct str path)
{
	static const struct str prose[] = { SC(".md"), SC(".mdc"), SC(".cursorrules") };

	for (size_t i = 0; i < sizeof prose / sizeof prose[0]; i++)
		if (str_has_suffix(path, prose[i]))
			return true;
	return lang != LANG_NONE;
}

/* Whether there is a byte that any of the code points of interest begins with. */
static bool is_suspect(struct str text)
{
	for (size_t at = 0; at < text.n;) {
		uint8_t c = (uint8_t)text.p[at];
		if (c == 0xe2 || c == 0xef || c == 0xf3)
			return true;
		at += c < 0x80 ? str_ascii(str_tail(text, at)) : 1;
	}
	return false;
}

/* The n bytes at at are seen: they end what came before them, and lines. */
static void plain(struct hidden *h, size_t at, size_t n)
{
	for (size_t end = at + n; at < end; at++) {
		size_t line = str_chr(str_head(str_tail(h->text, at), end - at), '\n');
		if (line != 0)
			seen(h, 0, 0);
		if (line == SIZE_MAX)
			return;
		at += line;
		line_end(h, at);
	}
}

/* Bytes of a native program, which nobody reads as text: by its name, and by a NUL. */
static bool is_native(struct str path, struct str text)
{
	static const struct str endings[] = { SC(".so"),    SC(".pyd"),	 SC(".dll"),
					      SC(".dylib"), SC(".node"), SC(".exe") };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (str_has_suffix(path, endings[i]))
			return str_chr(text, '\0') != SIZE_MAX;
	return false;
}

void hidden_text(enum language lang, struct str package, struct str path, struct str text,
		 struct arena *scratch, struct findings *f)
{
	const uint8_t *p = (const uint8_t *)text.p;
	bool native = lang == LANG_NONE && is_native(path, text);
	struct hidden *h = !native && is_suspect(text) ? NEW(scratch, struct hidden) : NULL;

	if (h == NULL)
		return;
	bool read = is_read(lang, path);
	*h = (struct hidden){ .text = text,
			      .package = package,
			      .path = path,
			      .findings = f,
			      .line = 1,
			      .bidi_found = !read };
	for (size_t at = 0, len; at < text.n; at += len) {
		if (p[at] < 0x80) {
			len = str_ascii(str_tail(text, at));
			plain(h, at, len);
			continue;
		}
		uint32_t cp = code_point(p + at, text.n - at, &len);
		if (cp != 0xfeff || at > 0)
			seen(h, cp, at + len < text.n ? p[at + len] : 0);
	}
	line_end(h, text.n);
	if (h->found)
		finding_add(f, RULE_INVISIBLE_UNICODE, package, path, h->run_line,
			    (struct str){ h->bytes, h->n },
			    "%u invisible characters in a row or more", (unsigned)RUN);
	else if (h->rare >= RARE && read)
		finding_add(f, RULE_HIDDEN_TEXT, package, path, 0, S(""),
			    "%u variation selectors that no emoji uses", h->rare);
}
