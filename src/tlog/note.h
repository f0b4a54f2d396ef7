/*
 * tlog/note.h - signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), Ed25519 only.
 * Ring 0.
 */
#ifndef TLOG_NOTE_H
#define TLOG_NOTE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/sign.h"

enum { NOTE_MAX = 16 << 10, NOTE_NAME_MAX = 128 };

/* Who signs: a verifier key "name+id+key" as it stands in a file. */
struct note_key {
	struct str name; /* points into what was parsed */
	uint8_t id[4];
	uint8_t public[SIGN_PUBLIC];
};

/* note_key_of derives the key's id from its name and public key. */
void note_key_of(struct note_key *k, struct str name, const uint8_t public[SIGN_PUBLIC]);

/* note_key_encode writes the one-line form, without a newline; note_key_parse reads it, one newline
 * allowed. ERR_SYNTAX also for an id that is not the key's. */
void note_key_encode(const struct note_key *k, struct buf *out);
MUST_USE enum err note_key_parse(struct note_key *k, struct str text);

/* note_sign writes text (which ends in a newline), a blank line and one signature. */
void note_sign(struct str text, const struct note_key *k, const struct sign_key *key,
	       struct buf *out);

/* note_open gives the text of a note that k has signed, inside note. ERR_SYNTAX: no signed note;
 * ERR_NOT_FOUND: no signature by k; ERR_AUTH: one by k that is wrong. */
MUST_USE enum err note_open(struct str note, const struct note_key *k, struct str *out_text);

/* The two halves of a note as they stand: text that is signed, and lines "(dash) name base64". */
#define NOTE_DASH "\xe2\x80\x94 "
struct note_line {
	struct str name, base64; /* of 4 bytes of key id and the signature */
};

/* note_name_ok: UTF-8 without spaces, control characters and plus signs. */
bool note_name_ok(struct str name);

/* note_split divides a note, without looking at keys. ERR_SYNTAX: no signed note. */
MUST_USE enum err note_split(struct str note, struct str *out_text, struct str *out_lines);

/* note_line_next takes the next signature line off *lines. ERR_SYNTAX: it is none. */
MUST_USE enum err note_line_next(struct str *lines, struct note_line *out);

/* A checkpoint's text: origin, size, root. */
struct checkpoint {
	struct str origin;
	uint64_t size;
	uint8_t root[32];
};

/* checkpoint_encode appends the text that is signed. */
void checkpoint_encode(const struct checkpoint *c, struct buf *out);
/* checkpoint_parse refuses extension lines: this log writes none. */
MUST_USE enum err checkpoint_parse(struct checkpoint *c, struct str text);
/* checkpoint_parse_any reads those of other logs, and gives their extension lines. */
MUST_USE enum err checkpoint_parse_any(struct checkpoint *c, struct str text,
				       struct str *out_more);

#endif
