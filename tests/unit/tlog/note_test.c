/*
 * tests/unit/tlog/note_test.c
 * Proves T-16.
 */
#include "tlog/note.h"

#include "../check.h"

static struct sign_key key;
static struct note_key who;

CASE(signs_and_opens)
{
	struct checkpoint c = { .origin = S("yett.test/1"), .size = 42 }, got;
	struct buf text, note, vkey;
	struct note_key parsed;
	struct str opened;
	uint8_t seed[SIGN_SEED] = { 3 };

	CHECK(sign_key_from(&key, seed) == OK);
	note_key_of(&who, S("yett.test/1"), key.public);
	buf_init(&text, NOTE_MAX);
	buf_init(&note, NOTE_MAX);
	buf_init(&vkey, NOTE_MAX);
	memset(c.root, 0x5a, sizeof c.root);
	checkpoint_encode(&c, &text);
	note_sign(buf_str(&text), &who, &key, &note);
	note_key_encode(&who, &vkey);
	buf_addc(&vkey, '\n');
	CHECK(note_key_parse(&parsed, buf_str(&vkey)) == OK && memcmp(parsed.public, key.public, 32) == 0);
	struct str in = check_guard(buf_str(&note));
	CHECK(note_open(in, &parsed, &opened) == OK);
	CHECK_STR(opened, buf_str(&text));
	CHECK(checkpoint_parse(&got, opened) == OK && got.size == 42 && memcmp(got.root, c.root, 32) == 0);
	CHECK_STR(got.origin, c.origin);

	for (size_t i = 0; i < in.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			char *at = note.p + i;
			*at = (char)(*at ^ (1 << bit));
			CHECK(note_open(buf_str(&note), &parsed, &opened) != OK);
			*at = (char)(*at ^ (1 << bit));
		}
		CHECK(note_open(str_head(in, i), &parsed, &opened) != OK);
	}
	for (size_t i = 0; i + 1 < vkey.n; i++) {
		vkey.p[i] ^= 1;
		CHECK(note_key_parse(&parsed, buf_str(&vkey)) == ERR_SYNTAX);
		vkey.p[i] ^= 1;
	}
	check_unguard(in);
	buf_free(&text);
	buf_free(&note);
	buf_free(&vkey);
}

/* The example key of C2SP signed-note. */
CASE(known_key)
{
	struct note_key k;
	struct buf b;

	CHECK(note_key_parse(&k, S("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")) == OK);
	CHECK_STR(k.name, S("PeterNeumann"));
	struct str text;
	CHECK(note_open(S("If you think cryptography is the answer to your problem,\n"
			  "then you don't know what your problem is.\n"
			  "\n"
			  "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvq"
			  "fqdngotpRZb6KE6RyyBwJnAM=\n"), &k, &text) == OK);
	CHECK(text.n == 99);
	buf_init(&b, 200);
	note_key_encode(&k, &b);
	CHECK_STR(buf_str(&b), S("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
	buf_free(&b);
}

CASE(refuses)
{
	struct checkpoint c;
	static const struct str bad[] = {
		SC(""), SC("o\n"), SC("o\n1\n"), SC("\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
		SC("o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
		SC("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n"),
		SC("o\n1\nAAAA\n"), SC("o\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
		SC("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(checkpoint_parse(&c, bad[i]) == ERR_SYNTAX);
	CHECK(checkpoint_parse(&c, S("o\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")) == OK);
}

TESTS(CASE_ROW(signs_and_opens), CASE_ROW(known_key), CASE_ROW(refuses))
