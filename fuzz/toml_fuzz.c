/*
 * fuzz/toml_fuzz.c - any bytes as TOML. Oracles: an accepted text, written anew in one plain form,
 * is accepted again and gives the same tree; lines and strings lie within the input or the arena; a
 * failure says why.
 */
#include "fuzz/fuzz.h"

#include "codec/toml.h"

enum { NODES = 4096, DEPTH = 80 };

static void write_string(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			buf_addf(b, "\\u%04X", c);
		else
			buf_addc(b, s.p[i]);
	}
	buf_addc(b, '"');
}

static void write_open(struct buf *b, const struct toml *t)
{
	switch (t->type) {
	case TOML_STRING:
		write_string(b, t->text);
		return;
	case TOML_BOOL:
		buf_add(b, t->integer ? S("true") : S("false"));
		return;
	case TOML_INTEGER:
		buf_addi(b, t->integer);
		return;
	case TOML_FLOAT:
	case TOML_DATETIME:
		buf_add(b, t->text);
		return;
	case TOML_ARRAY:
		buf_addc(b, '[');
		return;
	case TOML_TABLE:
	default:
		buf_addc(b, '{');
		return;
	}
}

/* The tree as one line for each member of the root, all below it inline. */
static void write_tree(struct buf *b, const struct toml *root)
{
	const struct toml *stack[DEPTH], *t = root->first;
	unsigned depth = 0;

	stack[depth++] = root;
	while (depth > 0) {
		const struct toml *in = stack[depth - 1];
		if (t == NULL) {
			depth--;
			if (depth > 0)
				buf_addc(b, in->type == TOML_ARRAY ? ']' : '}');
			if (depth == 1)
				buf_addc(b, '\n');
			else if (depth > 1 && in->next)
				buf_addc(b, ',');
			t = in->next;
			continue;
		}
		if (in->type == TOML_TABLE) {
			write_string(b, t->key);
			buf_addc(b, '=');
		}
		write_open(b, t);
		if (t->type == TOML_ARRAY || t->type == TOML_TABLE) {
			CHECK(depth < DEPTH);
			stack[depth++] = t;
			t = t->first;
			continue;
		}
		if (depth == 1)
			buf_addc(b, '\n');
		else if (t->next)
			buf_addc(b, ',');
		t = t->next;
	}
}

static void check_strings(struct str in, const struct toml *root)
{
	const struct toml *stack[DEPTH];
	unsigned depth = 1;
	size_t lines = 1;

	for (size_t i = 0; i < in.n; i++)
		lines += in.p[i] == '\n';
	stack[0] = root->first;
	while (depth > 0) {
		const struct toml *t = stack[depth - 1];
		if (t == NULL) {
			depth--;
			continue;
		}
		stack[depth - 1] = t->next;
		CHECK(t->line >= 1 && t->line <= lines);
		CHECK(t->text.n <= in.n && t->key.n <= in.n);
		if (t->type == TOML_ARRAY || t->type == TOML_TABLE) {
			uint32_t n = 0;
			TOML_EACH(t, it)
			n++;
			CHECK(n == t->n && depth < DEPTH);
			stack[depth++] = t->first;
		}
		if (t->key.n > 0 && t == t->next)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str in = { (const char *)bytes, n };
	struct arena a, b;
	struct buf one, two;
	const struct toml *root, *again;
	struct diag d = { 0 };

	arena_init(&a, 16 << 20);
	arena_init(&b, 16 << 20);
	enum err e = toml_parse(in, &a, NODES, &root, &d);
	CHECK(e == OK || d.text[0] != 0);
	if (e == OK) {
		buf_init(&one, 64 << 20);
		buf_init(&two, 64 << 20);
		check_strings(in, root);
		write_tree(&one, root);
		e = toml_parse(buf_str(&one), &b, NODES, &again, &d);
		CHECK(e == OK);
		write_tree(&two, again);
		CHECK(str_eq(buf_str(&one), buf_str(&two)));
		TOML_EACH(root, it)
		CHECK(toml_get(root, it->key) == it);
		buf_free(&one);
		buf_free(&two);
	}
	arena_done(&a);
	arena_done(&b);
	return 0;
}
