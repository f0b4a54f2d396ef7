/*
 * llm/llm_sign.c - signatures of thinking that travel through a foreign dialect and come back.
 * Ring 0, pure. A client may write any id.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/llm_sign_fuzz.c
 */
#include "codec/base64.h"
#include "llm/llm.h"

#include <assert.h>
#include <string.h>

static const struct str mark = SC("__sig__");
static const struct str none = { NULL, 0 };

static struct str dup3(struct arena *a, struct str x, struct str y, struct str z)
{
	char *p = arena_alloc(a, x.n + y.n + z.n + 1, 1);

	if (p == NULL)
		return none;
	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	if (z.n)
		memcpy(p + x.n + y.n, z.p, z.n);
	return (struct str){ p, x.n + y.n + z.n };
}

struct str llm_tag(struct arena *a, enum llm_dialect origin, struct str signature)
{
	return dup3(a, str_z(llm_dialect_name(origin)), S("."), signature);
}

/* No provider's own signature contains a full stop: they are base64. */
struct str llm_untag(struct str tagged, enum llm_dialect own, enum llm_dialect *out_origin)
{
	struct str rest, head = str_cut(tagged, '.', &rest);

	*out_origin = own;
	if (head.n == tagged.n)
		return tagged;
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		if (!str_eq(head, str_z(llm_dialect_name((enum llm_dialect)d))))
			continue;
		*out_origin = (enum llm_dialect)d;
		return rest;
	}
	return tagged;
}

/* The signature goes into base64 resolved and is escaped anew when it comes out, so that a client
 * cannot smuggle an unescaped quote into the JSON that is written from it. */
struct str llm_id_join(struct arena *a, struct str id, enum llm_dialect origin,
		       struct str signature)
{
	struct buf plain, coded;
	struct str tagged = llm_tag(a, origin, signature);
	size_t room = (tagged.n + 2) / 3 * 4 + 1;
	char *p = tagged.p ? arena_alloc(a, tagged.n, 1) : NULL;
	char *q = p ? arena_alloc(a, room, 1) : NULL;

	if (q == NULL)
		return none;
	buf_fixed(&plain, p, tagged.n);
	json_unescape(&plain, tagged);
	buf_fixed(&coded, q, room);
	base64_encode(&coded, buf_str(&plain), BASE64_URL);
	return dup3(a, id, mark, buf_str(&coded));
}

static struct str decode(struct arena *a, struct str coded)
{
	struct buf plain, esc;
	size_t room = coded.n * 6 + 1;
	char *p = arena_alloc(a, coded.n + 1, 1);
	char *q = p ? arena_alloc(a, room, 1) : NULL;

	if (q == NULL)
		return none;
	buf_fixed(&plain, p, coded.n + 1);
	if (base64_decode(&plain, coded, BASE64_URL) != OK)
		return none;
	buf_fixed(&esc, q, room);
	jw_str_add(&esc, buf_str(&plain));
	return esc.err == OK ? buf_str(&esc) : none;
}

struct str llm_id_split(struct arena *a, struct str id, enum llm_dialect *out_origin,
			struct str *out_signature)
{
	size_t at = str_find(id, mark);

	*out_origin = DIALECT_OPENAI;
	*out_signature = none;
	if (at == SIZE_MAX)
		return id;
	struct str tagged = decode(a, str_tail(id, at + mark.n));
	if (tagged.p == NULL)
		return id;
	enum llm_dialect origin = DIALECT_COUNT;
	struct str signature = llm_untag(tagged, DIALECT_COUNT, &origin);
	if (origin == DIALECT_COUNT || signature.n == 0)
		return id;
	*out_origin = origin;
	*out_signature = signature;
	return str_head(id, at);
}
