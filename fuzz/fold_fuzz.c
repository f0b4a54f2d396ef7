/*
 * fuzz/fold_fuzz.c - oracle: what is encoded by any chain of codecs, and written as the expression
 * that decodes it, folds to itself. The input's first bytes choose the chain, the rest is encoded.
 */
#include "fuzz/fuzz.h"

#include "codec/base64.h"
#include "tests/unit/inspect/units.h"

enum { LAYERS = 5, DATA = 300 };

/* Encodes data by step and wraps expr in what undoes it. */
static void encode(struct buf *data, struct buf *expr, unsigned step, uint8_t key)
{
	static char room[1 << 16], text[1 << 16];
	struct buf d, e;

	buf_fixed(&d, room, sizeof room);
	buf_fixed(&e, text, sizeof text);
	switch (step % 5) {
	case 0:
		base64_encode(&d, buf_str(data), BASE64_STD);
		buf_addf(&e, "__import__('base64').b64decode(%s)", "@");
		break;
	case 1:
		buf_addhex(&d, buf_str(data));
		buf_addf(&e, "bytes.fromhex(%s.decode())", "@");
		break;
	case 2:
		for (size_t i = data->n; i-- > 0;)
			buf_addc(&d, data->p[i]);
		buf_addf(&e, "%s[::-1]", "@");
		break;
	case 3:
		for (size_t i = 0; i < data->n; i++)
			buf_addc(&d, (char)((uint8_t)data->p[i] ^ key));
		buf_addf(&e, "bytes(c ^ %u for c in %s)", (unsigned)key, "@");
		break;
	default:
		buf_add(&d, buf_str(data));
		buf_addf(&e, "(lambda x: x)(%s)", "@");
	}
	buf_reset(data);
	buf_add(data, buf_str(&d));
	/* the new wrapper goes inside of what there is */
	size_t at = str_chr(buf_str(expr), '@');
	buf_fixed(&d, room, sizeof room);
	buf_add(&d, str_head(buf_str(expr), at));
	buf_add(&d, buf_str(&e));
	buf_add(&d, str_tail(buf_str(expr), at + 1));
	buf_reset(expr);
	buf_add(expr, buf_str(&d));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf data, expr, text;
	unsigned layers = n > 0 ? p[0] % (LAYERS + 1) : 0;

	if (n < layers + 3 || n > DATA)
		return 0;
	struct str plain = { (const char *)p + layers + 2, n - layers - 2 };
	buf_init(&data, 1 << 16);
	buf_init(&expr, 1 << 16);
	buf_init(&text, 1 << 20);
	buf_add(&data, plain);
	buf_add(&expr, S("@"));
	for (unsigned i = 0; i < layers; i++)
		encode(&data, &expr, p[1 + i], p[layers + 1]);
	size_t at = str_chr(buf_str(&expr), '@');
	buf_add(&text, S("key = b'"));
	for (size_t i = 0; i < data.n; i++)
		buf_addf(&text, "\\x%02x", (unsigned)(uint8_t)data.p[i]);
	buf_add(&text, S("'\nit = "));
	buf_add(&text, str_head(buf_str(&expr), at));
	buf_add(&text, S("key"));
	buf_add(&text, str_tail(buf_str(&expr), at + 1));
	buf_add(&text, S("\n"));
	CHECK(text.err == OK && expr.err == OK && data.err == OK);
	struct value v = folded(LANG_PYTHON, buf_str(&text));
	bool bytes = v.kind == V_BYTES || v.kind == V_STR;
	CHECK(bytes && str_eq(v.s, plain));
	buf_free(&data);
	buf_free(&expr);
	buf_free(&text);
	return 0;
}
