/* tests/unit/verify/checkpoint_test.c - checkpoints that others have signed as well, and those cut short. */
#include "kit.h"

#include "tlog/note.h"

static struct arena arena;
static struct bundle b;
static struct trusted_root root;
static struct diag d;

static enum err judge(struct str text)
{
	struct inclusion_proof p = b.entries[0].proof;

	d = (struct diag){ 0 };
	p.checkpoint = text;
	return checkpoint_check(&p, &root.logs[0], &d);
}

static struct str with(struct buf *out, const char *before, const char *after)
{
	struct str text = b.entries[0].proof.checkpoint;
	size_t blank = str_find(text, S("\n\n")) + 2;

	buf_reset(out);
	buf_add(out, str_head(text, blank));
	buf_add(out, str_z(before));
	buf_add(out, str_tail(text, blank));
	buf_add(out, str_z(after));
	return buf_str(out);
}

CASE(witnesses_and_strangers)
{
	struct buf text;

	arena_init(&arena, 16 << 20);
	buf_init(&text, 1 << 16);
	kit_provenance(&b, &arena);
	CHECK(trusted_root_shipped(&root, &arena, &d) == OK);
	CHECK(judge(b.entries[0].proof.checkpoint) == OK);
	CHECK(judge(with(&text, NOTE_DASH "witness.test AAAAAAAA\n", "")) == OK);
	CHECK(judge(with(&text, "", NOTE_DASH "witness.test AAAAAAAA\n")) == OK);
	/* The log's name with another key: not known, so passed over. */
	CHECK(judge(with(&text, NOTE_DASH "rekor.sigstore.dev AAAAAAAA\n", "")) == OK);
	/* The log's key and no signature at all is a line of nobody. */
	CHECK(judge(with(&text, NOTE_DASH "rekor.sigstore.dev wNI9ag==\n", "")) == OK);
	/* The log's key with a signature that is wrong: refused, wherever it stands. */
	CHECK(judge(with(&text, NOTE_DASH "rekor.sigstore.dev wNI9agAA\n", "")) == ERR_AUTH);
	CHECK(judge(with(&text, "", NOTE_DASH "rekor.sigstore.dev wNI9agAA\n")) == ERR_AUTH);
	CHECK(judge(with(&text, "no line\n", "")) == ERR_SYNTAX);
	CHECK(judge(with(&text, "", NOTE_DASH "witness.test AAA\n")) == ERR_SYNTAX);
	struct str whole = b.entries[0].proof.checkpoint;
	for (size_t n = 0; n < whole.n; n++) {
		struct str in = check_guard(str_head(whole, n));
		CHECK(judge(in) == ERR_SYNTAX);
		check_unguard(in);
	}
	buf_free(&text);
	trusted_root_done(&root);
}

TESTS(CASE_ROW(witnesses_and_strangers))
