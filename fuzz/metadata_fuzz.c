/*
 * fuzz/metadata_fuzz.c - oracle: the fields written again, each in a line of its own, read the same; they
 * lie in the text in order, without overlap, and before the body.
 */
#include "fuzz/fuzz.h"

#include "package/metadata.h"

static void check_places(const struct metadata *m, struct str text)
{
	const char *at = text.p;

	for (size_t i = 0; i < m->n; i++) {
		const struct metadata_field *f = &m->fields[i];
		CHECK(f->name.n != 0 && f->name.p >= at);
		CHECK(f->value.p > f->name.p + f->name.n - 1);
		CHECK(str_chr(f->name, ':') == SIZE_MAX && f->line != 0);
		CHECK(i == 0 || f->line > f[-1].line);
		at = f->value.p + f->value.n;
	}
	CHECK(m->body.n == 0 || (m->body.p >= at && m->body.p + m->body.n == text.p + text.n));
	CHECK(!m->cut || m->body.n != 0);
}

static void write_again(const struct metadata *m, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		buf_add(out, m->fields[i].name);
		buf_addc(out, ':');
		buf_add(out, m->fields[i].value);
		buf_addc(out, '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	struct metadata m, again;
	struct arena a;
	struct buf out;

	arena_init(&a, 16 << 20);
	buf_init(&out, n * 2 + 16);
	enum err e = metadata_read(text, &a, &m);
	CHECK(e == OK || e == ERR_LIMIT);
	if (e == OK) {
		check_places(&m, text);
		write_again(&m, &out);
		CHECK(out.err == OK && metadata_read(buf_str(&out), &a, &again) == OK);
		CHECK(again.n == m.n && !again.cut && str_eq(again.name, m.name));
		for (size_t i = 0; i < m.n; i++)
			CHECK(str_eq(again.fields[i].name, m.fields[i].name) &&
			      str_eq(again.fields[i].value, m.fields[i].value));
	}
	buf_free(&out);
	arena_done(&a);
	return 0;
}
