/*
 * verify/set.c - Rekor v1's signed entry timestamp: an ECDSA signature over canonical JSON
 * (RFC 8785) of what the log has promised.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_bundle_fuzz.c
 */
#include "codec/base64.h"
#include "verify/part.h"

/* RFC 8785: no white space, names in order; base64, hexadecimal and whole numbers below 2^53 need
 * no more. */
static struct str canonical(const struct log_entry *e, struct arena *a)
{
	size_t room = e->body.n / 3 * 4 + 4 + 2 * e->log_id.n + 128;
	char *at = arena_take(a, room, 1);
	struct buf b;

	if (at == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, at, room);
	buf_add(&b, S("{\"body\":\""));
	base64_encode(&b, e->body, BASE64_STD);
	buf_add(&b, S("\",\"integratedTime\":"));
	buf_addi(&b, e->integrated_s);
	buf_add(&b, S(",\"logID\":\""));
	buf_addhex(&b, e->log_id);
	buf_add(&b, S("\",\"logIndex\":"));
	buf_addu(&b, e->index);
	buf_addc(&b, '}');
	return b.err == OK ? buf_str(&b) : (struct str){ NULL, 0 };
}

enum err set_check(const struct log_entry *e, const struct trusted_log *log, struct arena *a,
		   struct diag *d)
{
	struct str text = canonical(e, a);

	if (text.p == NULL)
		return diag_set(d, ERR_LIMIT, "more memory is needed than one bundle may use");
	if (!verify_key_ok(&log->key, text, e->promise))
		return diag_set(
			d, ERR_AUTH,
			"the signed entry timestamp is not of log '%.*s' over this entry, its "
			"index and time (client-spec, 4.2.2; RFC 8785)",
			FMT(log->name));
	return OK;
}
