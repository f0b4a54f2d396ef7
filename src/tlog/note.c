/*
 * tlog/note.c - signed notes and the checkpoint inside.
 * Input: hostile in `yett audit verify`.   Runs in: keeper, cli.   Fuzz: fuzz/note_fuzz.c
 */
#include "tlog/note.h"

#include "base/num.h"
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <string.h>

enum { ALG_ED25519 = 0x01, SIG_LINE = 4 + SIGN_BYTES };
static const struct str dash = SC("\xe2\x80\x94 "); /* em dash, space */

static bool name_ok(struct str name)
{
	if (name.n == 0 || name.n > NOTE_NAME_MAX || utf8_valid(name) != name.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '+' || name.p[i] == 0x7f)
			return false;
	return true;
}

void note_key_of(struct note_key *k, struct str name, const uint8_t public[SIGN_PUBLIC])
{
	char storage[NOTE_NAME_MAX + 2 + SIGN_PUBLIC];
	uint8_t hash[SHA256_BYTES];
	struct buf b;

	assert(name_ok(name));
	buf_fixed(&b, storage, sizeof storage);
	buf_add(&b, name);
	buf_addc(&b, '\n');
	buf_addc(&b, ALG_ED25519);
	buf_add(&b, (struct str){ (const char *)public, SIGN_PUBLIC });
	assert(b.err == OK);
	sha256(buf_str(&b), hash);
	k->name = name;
	memcpy(k->id, hash, sizeof k->id);
	memcpy(k->public, public, SIGN_PUBLIC);
}

void note_key_encode(const struct note_key *k, struct buf *out)
{
	char raw[1 + SIGN_PUBLIC] = { ALG_ED25519 };

	memcpy(raw + 1, k->public, SIGN_PUBLIC);
	buf_add(out, k->name);
	buf_addc(out, '+');
	buf_addhex(out, (struct str){ (const char *)k->id, sizeof k->id });
	buf_addc(out, '+');
	base64_encode(out, (struct str){ raw, sizeof raw }, BASE64_STD);
}

enum err note_key_parse(struct note_key *k, struct str text)
{
	char storage[1 + SIGN_PUBLIC + 3], hex[8];
	struct str rest, name, id;
	struct buf b, h;

	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	name = str_cut(text, '+', &rest);
	id = str_cut(rest, '+', &rest);
	buf_fixed(&b, storage, sizeof storage);
	if (!name_ok(name) || base64_decode(&b, rest, BASE64_STD) != OK || b.n != 1 + SIGN_PUBLIC ||
	    b.p[0] != ALG_ED25519)
		return ERR_SYNTAX;
	note_key_of(k, name, (const uint8_t *)b.p + 1);
	buf_fixed(&h, hex, sizeof hex);
	buf_addhex(&h, (struct str){ (const char *)k->id, sizeof k->id });
	return str_eq(id, buf_str(&h)) ? OK : ERR_SYNTAX;
}

void note_sign(struct str text, const struct note_key *k, const struct sign_key *key,
	       struct buf *out)
{
	uint8_t sig[SIG_LINE];

	assert(text.n && text.p[text.n - 1] == '\n');
	memcpy(sig, k->id, sizeof k->id);
	sign_make(key, text, sig + sizeof k->id);
	buf_add(out, text);
	buf_addc(out, '\n');
	buf_add(out, dash);
	buf_add(out, k->name);
	buf_addc(out, ' ');
	base64_encode(out, (struct str){ (const char *)sig, sizeof sig }, BASE64_STD);
	buf_addc(out, '\n');
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

/* One line "— name base64". ERR_NOT_FOUND: by somebody else. */
static enum err check_line(struct str line, const struct note_key *k, struct str text)
{
	char storage[SIG_LINE + 3];
	struct str base64, name;
	struct buf b;

	if (!str_has_prefix(line, dash))
		return ERR_SYNTAX;
	name = str_cut(str_tail(line, dash.n), ' ', &base64);
	if (!name_ok(name) || !base64_valid(base64, BASE64_STD))
		return ERR_SYNTAX;
	buf_fixed(&b, storage, sizeof storage);
	if (!str_eq(name, k->name) || base64_decode(&b, base64, BASE64_STD) != OK ||
	    b.n != SIG_LINE || memcmp(b.p, k->id, sizeof k->id) != 0)
		return ERR_NOT_FOUND;
	return sign_ok(k->public, text, (const uint8_t *)b.p + sizeof k->id) ? OK : ERR_AUTH;
}

enum err note_open(struct str note, const struct note_key *k, struct str *out_text)
{
	size_t at = note.n <= NOTE_MAX && note.n && note.p[note.n - 1] == '\n' ? signatures_at(note)
									       : SIZE_MAX;
	enum err found = ERR_NOT_FOUND;

	if (at == SIZE_MAX || at < 2 || at == note.n || !text_ok(note))
		return ERR_SYNTAX;
	struct str text = str_head(note, at - 1), lines = str_tail(note, at);
	while (lines.n) {
		struct str rest, line = str_cut(lines, '\n', &rest);
		enum err e = check_line(line, k, text);
		if (e != OK && e != ERR_NOT_FOUND)
			return e;
		if (e == OK)
			found = OK;
		lines = rest;
	}
	if (found == OK)
		*out_text = text;
	return found;
}

void checkpoint_encode(const struct checkpoint *c, struct buf *out)
{
	buf_add(out, c->origin);
	buf_addc(out, '\n');
	buf_addu(out, c->size);
	buf_addc(out, '\n');
	base64_encode(out, (struct str){ (const char *)c->root, sizeof c->root }, BASE64_STD);
	buf_addc(out, '\n');
}

enum err checkpoint_parse(struct checkpoint *c, struct str text)
{
	char storage[sizeof c->root + 3];
	struct str rest, size, root;
	struct buf b;

	c->origin = str_cut(text, '\n', &rest);
	size = str_cut(rest, '\n', &rest);
	if (rest.n == 0 || rest.p[rest.n - 1] != '\n')
		return ERR_SYNTAX;
	root = str_head(rest, rest.n - 1);
	buf_fixed(&b, storage, sizeof storage);
	if (c->origin.n == 0 || (size.n > 1 && size.p[0] == '0') ||
	    num_u64(size, UINT64_MAX, &c->size) != OK ||
	    base64_decode(&b, root, BASE64_STD) != OK || b.n != sizeof c->root)
		return ERR_SYNTAX;
	memcpy(c->root, b.p, sizeof c->root);
	return OK;
}
