/*
 * fuzz/model_fuzz.c - any bytes as a model file of each kind. Oracles: a pickle that says "os
 * system" in one plain opcode up to where it can be read is always told of; two readings agree; a
 * text of safetensors that is called sound has no byte outside of its tensors.
 */
#include "fuzz/fuzz.h"

#include "codec/pickle.h"
#include "package/model.h"

static size_t inspect(enum model kind, struct str in, struct findings *f, struct arena *a)
{
	findings_init(f, a);
	model_inspect(kind, S(""), S("m"), in, a, f);
	return f->n + f->dropped;
}

static bool has(const struct findings *f, enum rule r)
{
	return f->seen[r].n > 0;
}

/* Whether the opcodes lead from the start to a harmful GLOBAL before anything else can go wrong. */
static bool plain_hit(struct str in)
{
	struct pickle_op op;

	for (size_t at = 0; pickle_next(in, at, &op) == OK; at += op.n) {
		if (op.code == 'c' && str_eq(op.arg, S("os\nsystem")))
			return true;
		if (op.code != 0x80 && op.code != 'N' && op.code != 'K' && op.code != ']')
			return false;
		if (op.code == 0x80 && (unsigned char)op.arg.p[0] > 5)
			return false;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct findings f, g;
	struct str in = { (const char *)bytes, n };

	for (int kind = MODEL_NONE; kind <= MODEL_PTH; kind++) {
		struct arena a, b;
		arena_init(&a, 64 << 20);
		arena_init(&b, 64 << 20);
		CHECK(inspect((enum model)kind, in, &f, &a) ==
		      inspect((enum model)kind, in, &g, &b));
		if (kind == MODEL_PICKLE)
			CHECK(!plain_hit(in) || has(&f, RULE_PICKLE_EXEC));
		if (kind == MODEL_SAFETENSORS)
			CHECK(has(&f, RULE_MODEL_FILE) || has(&f, RULE_MODEL_BROKEN));
		arena_done(&a);
		arena_done(&b);
	}
	struct str name = str_head(in, 12);
	(void)model_kind(name, in);
	size_t dot = str_chr(in, '.');
	struct str rest = dot == SIZE_MAX ? S("") : str_tail(in, dot + 1);
	enum err e = model_import_judge(str_head(in, dot == SIZE_MAX ? n : dot), rest);
	CHECK(e == OK || e == ERR_DENIED || e == ERR_NOT_FOUND);
	return 0;
}
