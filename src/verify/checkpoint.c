/*
 * verify/checkpoint.c - the log's signature on a tree's size and root (C2SP signed-note and
 * tlog-checkpoint). Lines of witnesses and of keys that are not known are passed over.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_checkpoint_fuzz.c
 */
#include "codec/base64.h"
#include "tlog/note.h"
#include "verify/part.h"

#include <string.h>

enum { HINT = 4, SIGNATURE_MAX = 1024 };

/* The origin is the log's name; Rekor v1 adds " - " and the number of the tree. */
static bool origin_ok(struct str origin, struct str name)
{
	if (!str_has_prefix(origin, name))
		return false;
	struct str more = str_tail(origin, name.n);
	if (more.n == 0)
		return true;
	if (!str_has_prefix(more, S(" - ")) || more.n == 3)
		return false;
	for (size_t i = 3; i < more.n; i++)
		if (more.p[i] < '0' || more.p[i] > '9')
			return false;
	return true;
}

/* C2SP signed-note: name and key id say whether a line is by a key that is known; others are passed
 * over, but the wrong signature of a known key is not. *out_known: the line is the log's. */
static bool line_ok(const struct note_line *line, const struct trusted_log *log, struct str text,
		    bool *out_known)
{
	char storage[SIGNATURE_MAX];
	struct buf sig;

	*out_known = false;
	buf_fixed(&sig, storage, sizeof storage);
	if (!str_eq(line->name, log->name) || log->hint.n < HINT ||
	    base64_decode(&sig, line->base64, BASE64_STD) != OK || sig.n <= HINT ||
	    memcmp(sig.p, log->hint.p, HINT) != 0)
		return false;
	*out_known = true;
	return verify_key_ok(&log->key, text, str_tail(buf_str(&sig), HINT));
}

static enum err signed_by(struct str lines, const struct trusted_log *log, struct str text,
			  struct diag *d)
{
	struct note_line line;
	bool known, found = false;

	while (lines.n) {
		if (note_line_next(&lines, &line) != OK)
			return diag_set(d, ERR_SYNTAX,
					"a signature line of the checkpoint is malformed (C2SP "
					"signed-note)");
		if (line_ok(&line, log, text, &known))
			found = true;
		else if (known)
			return diag_set(d, ERR_AUTH,
					"the checkpoint's signature by '%.*s' is wrong (C2SP "
					"signed-note)",
					FMT(log->name));
	}
	if (!found)
		return diag_set(
			d, ERR_AUTH,
			"the checkpoint is not signed by '%.*s' with the key of the trusted "
			"root (C2SP signed-note)",
			FMT(log->name));
	return OK;
}

enum err checkpoint_check(const struct inclusion_proof *p, const struct trusted_log *log,
			  struct diag *d)
{
	struct str text, lines, more;
	struct checkpoint c;

	if (note_split(p->checkpoint, &text, &lines) != OK)
		return diag_set(d, ERR_SYNTAX,
				"the checkpoint is no signed note (C2SP signed-note)");
	if (checkpoint_parse_any(&c, text, &more) != OK)
		return diag_set(
			d, ERR_SYNTAX,
			"the checkpoint has no origin, size and root (C2SP tlog-checkpoint)");
	TRY(signed_by(lines, log, text, d));
	if (!origin_ok(c.origin, log->name))
		return diag_set(
			d, ERR_AUTH,
			"the checkpoint's origin is not the log '%.*s' (C2SP tlog-checkpoint)",
			FMT(log->name));
	if (c.size != p->size || p->root.n != sizeof c.root ||
	    memcmp(c.root, p->root.p, sizeof c.root) != 0)
		return diag_set(d, ERR_AUTH,
				"the checkpoint is not of the tree of the inclusion proof "
				"(rekor-v2-spec, 6.1.4)");
	return OK;
}
