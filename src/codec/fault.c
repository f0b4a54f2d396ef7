/*
 * codec/fault.c - the list of what is wrong with an archive. Memory: the archive's arena.
 * Input: own.   Runs in: checker, cli.
 */
#include "codec/fault.h"

static const struct {
	enum fault_class cls;
	const char *text;
} rows[FAULT_COUNT] = {
#define X(code, c, t) [code] = { c, t },
	FAULT_LIST(X)
#undef X
};

enum fault_class fault_class(enum fault_code code)
{
	return rows[code].cls;
}

const char *fault_text(enum fault_code code)
{
	return rows[code].text;
}

const char *fault_class_text(enum fault_class c)
{
	static const char *const texts[] = {
		[FAULT_MALFORMED] = "malformed", [FAULT_AMBIGUOUS] = "ambiguous",
		[FAULT_LIMIT] = "limit",	 [FAULT_UNSUPPORTED] = "unsupported",
		[FAULT_ODD] = "odd",
	};

	return texts[c];
}

static enum err class_err(enum fault_class c)
{
	if (c == FAULT_LIMIT)
		return ERR_LIMIT;
	return c == FAULT_UNSUPPORTED ? ERR_UNSUPPORTED : ERR_SYNTAX;
}

enum err fault_stop(struct faults *f, enum fault_code code, struct str name, uint64_t at)
{
	if (f->of[code]++ < FAULTS_OF_ONE && f->n < FAULTS_MAX) {
		struct str kept = arena_dup(f->arena, name);
		if (kept.p == NULL)
			kept = S("");
		f->items[f->n++] = (struct fault){ .code = code, .name = kept, .at = at };
	}
	return class_err(rows[code].cls);
}

enum err fault_note(struct faults *f, enum fault_code code, struct str name, uint64_t at)
{
	enum err e = fault_stop(f, code, name, at);
	enum fault_class c = rows[code].cls;

	if (c == FAULT_ODD || c == FAULT_UNSUPPORTED || (c == FAULT_AMBIGUOUS && f->tolerate))
		return OK;
	return e;
}
