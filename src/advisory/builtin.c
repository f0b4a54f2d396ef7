/* advisory/builtin.c - the records that come with the program: data/advisories.jsonl as it is.
 * Input: own. Runs in: cli. */
#include "advisory/builtin.h"

#include "advisory/index_build.h"

__asm__(".section .rodata.advisories,\"a\"\n"
	".global advisories_begin, advisories_end\n"
	"advisories_begin:\n"
	".incbin \"data/advisories.jsonl\"\n"
	"advisories_end:\n"
	".byte 0\n"
	".previous\n");
extern const char advisories_begin[], advisories_end[];

static enum err add_all(struct index_build *b, struct diag *d)
{
	struct str all = { advisories_begin, (size_t)(advisories_end - advisories_begin) };
	struct arena a;
	enum err e = OK;

	arena_init(&a, 16 << 20);
	while (e == OK && all.n) {
		struct osv_record r;
		struct str line = str_cut(all, '\n', &all);
		arena_reset(&a);
		e = osv_read(&a, line, &r, d);
		if (e == OK)
			e = index_build_add(b, &r);
	}
	arena_done(&a);
	return e;
}

enum err advisory_builtin(struct buf *out, struct diag *d)
{
	struct index_build *b = index_build_new();
	struct str parts[INDEX_PARTS];

	if (b == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	enum err e = add_all(b, d);
	if (e == OK)
		e = index_build_finish(b, parts, d);
	for (size_t i = 0; e == OK && i < INDEX_PARTS; i++)
		buf_add(out, parts[i]);
	index_build_free(b);
	return e == OK ? out->err : e;
}
