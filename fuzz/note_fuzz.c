/*
 * fuzz/note_fuzz.c - signed notes, verifier keys and checkpoints.
 * Oracle: a key and a checkpoint that parse are written back byte for byte; a text that is signed opens, and
 * nothing opens that was not signed (the fuzzer cannot sign).
 */
#include "fuzz/fuzz.h"

#include "tlog/note.h"

static struct sign_key key;
static struct note_key who;
static struct buf a, b;

static void round_trip(struct str in)
{
	struct note_key k;
	struct checkpoint c;

	if (note_key_parse(&k, in) == OK) {
		buf_reset(&a);
		note_key_encode(&k, &a);
		CHECK(str_eq(buf_str(&a), in) || (str_has_prefix(in, buf_str(&a)) && in.n == a.n + 1));
	}
	if (checkpoint_parse(&c, in) == OK) {
		buf_reset(&a);
		checkpoint_encode(&c, &a);
		CHECK(str_eq(buf_str(&a), in));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t seed[SIGN_SEED] = { 9 };
	struct str in = { (const char *)p, n }, text;

	if (who.name.n == 0) {
		CHECK(sign_key_from(&key, seed) == OK);
		note_key_of(&who, S("fuzz"), key.public);
		buf_init(&a, 1 << 20);
		buf_init(&b, 1 << 20);
	}
	round_trip(in);
	CHECK(note_open(in, &who, &text) != OK);
	if (n == 0 || n > NOTE_MAX / 2 || in.p[n - 1] != '\n')
		return 0;
	buf_reset(&b);
	note_sign(in, &who, &key, &b);
	enum err e = note_open(buf_str(&b), &who, &text);
	CHECK(e == ERR_SYNTAX || (e == OK && str_eq(text, in)));
	return 0;
}
