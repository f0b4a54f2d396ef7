/*
 * verify/dsse.c - what is signed of a DSSE envelope (secure-systems-lab/dsse, protocol.md).
 * Input: the caller's.   Runs in: verifier.
 */
#include "verify/part.h"

/* "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body: the lengths are decimal. */
struct str dsse_pae(struct str type, struct str payload, struct arena *a)
{
	size_t room = type.n + payload.n + 64;
	char *at = arena_take(a, room, 1);
	struct buf b;

	if (at == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, at, room);
	buf_add(&b, S("DSSEv1 "));
	buf_addu(&b, type.n);
	buf_addc(&b, ' ');
	buf_add(&b, type);
	buf_addc(&b, ' ');
	buf_addu(&b, payload.n);
	buf_addc(&b, ' ');
	buf_add(&b, payload);
	return b.err == OK ? buf_str(&b) : (struct str){ NULL, 0 };
}
