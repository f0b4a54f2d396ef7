/*
 * fuzz/verify_checkpoint_fuzz.c - checkpoints, against the golden proof and Rekor's key.
 * Oracle: what is taken for the log's has the text that the log has signed (the fuzzer cannot sign).
 */
#include "fuzz/verify.h"

#include "tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct golden *g = golden_read();
	struct inclusion_proof proof = g->b.entries[0].proof;
	struct str text, lines, signed_text;
	struct diag d = { 0 };

	CHECK(note_split(proof.checkpoint, &signed_text, &lines) == OK);
	proof.checkpoint = (struct str){ (const char *)p, n };
	if (checkpoint_check(&proof, &g->root.logs[0], &d) != OK) {
		CHECK(d.text[0] != '\0');
		return 0;
	}
	CHECK(note_split(proof.checkpoint, &text, &lines) == OK && str_eq(text, signed_text));
	return 0;
}
