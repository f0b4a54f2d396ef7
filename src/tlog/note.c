/*
 * tlog/note.c - signed notes and the checkpoint inside.
 * Input: hostile in `yett audit verify`.   Runs in: keeper, cli.   Fuzz: fuzz/note_fuzz.c
 */
#include "tlog/note.h"

#include "codec/base64.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <string.h>

enum { ALG_ED25519 = 0x01, SIG_LINE = 4 + SIGN_BYTES };

void note_key_of(struct note_key *k, struct str name, const uint8_t public[SIGN_PUBLIC])
{
	char storage[NOTE_NAME_MAX + 2 + SIGN_PUBLIC];
	uint8_t hash[SHA256_BYTES];
	struct buf b;

	assert(note_name_ok(name));
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
	if (!note_name_ok(name) || base64_decode(&b, rest, BASE64_STD) != OK ||
	    b.n != 1 + SIGN_PUBLIC || b.p[0] != ALG_ED25519)
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
	buf_add(out, S(NOTE_DASH));
	buf_add(out, k->name);
	buf_addc(out, ' ');
	base64_encode(out, (struct str){ (const char *)sig, sizeof sig }, BASE64_STD);
	buf_addc(out, '\n');
}

/* ERR_NOT_FOUND: by somebody else. */
static enum err check_line(const struct note_line *line, const struct note_key *k, struct str text)
{
	char storage[SIG_LINE + 3];
	struct buf b;

	buf_fixed(&b, storage, sizeof storage);
	if (!str_eq(line->name, k->name) || base64_decode(&b, line->base64, BASE64_STD) != OK ||
	    b.n != SIG_LINE || memcmp(b.p, k->id, sizeof k->id) != 0)
		return ERR_NOT_FOUND;
	return sign_ok(k->public, text, (const uint8_t *)b.p + sizeof k->id) ? OK : ERR_AUTH;
}

enum err note_open(struct str note, const struct note_key *k, struct str *out_text)
{
	enum err found = ERR_NOT_FOUND;
	struct str text, lines;
	struct note_line line;

	TRY(note_split(note, &text, &lines));
	while (lines.n) {
		TRY(note_line_next(&lines, &line));
		enum err e = check_line(&line, k, text);
		if (e != OK && e != ERR_NOT_FOUND)
			return e;
		if (e == OK)
			found = OK;
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
