/*
 * tlog/note_lines.c - how a signed note and a checkpoint are cut into lines. No key is
 * needed, so that those who check signatures otherwise can read them too.
 * Input: hostile.   Runs in: keeper, cli, verifier.   Fuzz: fuzz/note_fuzz.c
 */
#include "tlog/note.h"

#include "base/num.h"
#include "codec/base64.h"
#include "codec/utf8.h"

#include <string.h>

bool note_name_ok(struct str name)
{
	if (name.n == 0 || name.n > NOTE_NAME_MAX || utf8_valid(name) != name.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '+' || name.p[i] == 0x7f)
			return false;
	return true;
}

/* The last blank line divides text from signatures. Gives the offset of the first signature line.
 */
static size_t signatures_at(struct str note)
{
	for (size_t i = note.n; i >= 2; i--)
		if (note.p[i - 1] == '\n' && note.p[i - 2] == '\n')
			return i;
	return SIZE_MAX;
}

static bool text_ok(struct str text)
{
	if (utf8_valid(text) != text.n)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' && text.p[i] != '\n')
			return false;
	return true;
}

enum err note_split(struct str note, struct str *out_text, struct str *out_lines)
{
	size_t at = note.n <= NOTE_MAX && note.n && note.p[note.n - 1] == '\n' ? signatures_at(note)
									       : SIZE_MAX;

	if (at == SIZE_MAX || at < 2 || at == note.n || !text_ok(note))
		return ERR_SYNTAX;
	*out_text = str_head(note, at - 1);
	*out_lines = str_tail(note, at);
	return OK;
}

enum err note_line_next(struct str *lines, struct note_line *out)
{
	struct str line = str_cut(*lines, '\n', lines);

	if (!str_has_prefix(line, S(NOTE_DASH)))
		return ERR_SYNTAX;
	out->name = str_cut(str_tail(line, S(NOTE_DASH).n), ' ', &out->base64);
	return note_name_ok(out->name) && base64_valid(out->base64, BASE64_STD) ? OK : ERR_SYNTAX;
}

enum err checkpoint_parse_any(struct checkpoint *c, struct str text, struct str *out_more)
{
	char storage[sizeof c->root + 3];
	struct str rest, size, root;
	struct buf b;

	c->origin = str_cut(text, '\n', &rest);
	size = str_cut(rest, '\n', &rest);
	if (rest.n == 0 || rest.p[rest.n - 1] != '\n')
		return ERR_SYNTAX;
	root = str_cut(rest, '\n', &rest);
	buf_fixed(&b, storage, sizeof storage);
	if (c->origin.n == 0 || (size.n > 1 && size.p[0] == '0') ||
	    num_u64(size, UINT64_MAX, &c->size) != OK ||
	    base64_decode(&b, root, BASE64_STD) != OK || b.n != sizeof c->root)
		return ERR_SYNTAX;
	memcpy(c->root, b.p, sizeof c->root);
	*out_more = rest;
	return OK;
}

enum err checkpoint_parse(struct checkpoint *c, struct str text)
{
	struct str more;

	TRY(checkpoint_parse_any(c, text, &more));
	return more.n == 0 ? OK : ERR_SYNTAX;
}
