/*
 * proto/detonation.c - orders and facts of a detonation, and the packed target.
 * Input: hostile (a sink that was taken over, names in a target).   Runs in: detonator, sink.
 * Fuzz: fuzz/detonation_fuzz.c
 */
#include "proto/detonation.h"

#include "base/rd.h"

#include <assert.h>

enum { PATH_MAX_BYTES = 4096, CANARIES_MAX = 8192 };

#define X(code, name) SC(name),
static const struct str fact_names[FACT_COUNT] = { FACT_LIST(X) };
#undef X
#define X(code, name, what) SC(name),
static const struct str phase_names[PHASE_COUNT] = { DETONATION_PHASES(X) };
#undef X

void detonation_order_write(struct buf *b, const struct detonation_order *o)
{
	wr_u8(b, o->variant);
	wr_u8(b, o->kind);
	wr_u32(b, o->phases);
	wr_u32(b, o->seconds);
	wr_u64(b, o->bytes);
	wr_str(b, o->python);
	wr_str(b, o->prefix);
	wr_str(b, o->version);
	wr_str(b, o->node);
	wr_str(b, o->canaries);
}

enum err detonation_order_read(struct detonation_order *o, struct str wire)
{
	struct rd r = rd_from(wire);

	o->variant = rd_u8(&r);
	o->kind = rd_u8(&r);
	o->phases = rd_u32(&r);
	o->seconds = rd_u32(&r);
	o->bytes = rd_u64(&r);
	o->python = rd_str(&r, PATH_MAX_BYTES);
	o->prefix = rd_str(&r, PATH_MAX_BYTES);
	o->version = rd_str(&r, 16);
	o->node = rd_str(&r, PATH_MAX_BYTES);
	o->canaries = rd_str(&r, CANARIES_MAX);
	if (o->variant >= DETONATION_VARIANTS || o->kind > KIND_NPM || o->bytes > DETONATION_BYTES)
		return ERR_SYNTAX;
	return rd_end(&r);
}

void fact_write(struct buf *b, const struct fact *f)
{
	wr_u8(b, f->kind);
	wr_u8(b, f->phase);
	wr_u32(b, f->n);
	wr_str(b, str_head(f->text, DETONATION_TEXT));
	wr_str(b, str_head(f->more, DETONATION_TEXT));
	wr_str(b, str_head(f->excerpt, DETONATION_TEXT));
}

enum err fact_read(struct fact *f, struct str wire)
{
	struct rd r = rd_from(wire);

	f->kind = rd_u8(&r);
	f->phase = rd_u8(&r);
	f->n = rd_u32(&r);
	f->text = rd_str(&r, DETONATION_TEXT);
	f->more = rd_str(&r, DETONATION_TEXT);
	f->excerpt = rd_str(&r, DETONATION_TEXT);
	if (f->kind >= FACT_COUNT || f->phase >= PHASE_COUNT)
		return ERR_SYNTAX;
	return rd_end(&r);
}

struct str fact_name(enum fact_kind kind)
{
	assert(kind < FACT_COUNT);
	return fact_names[kind];
}

struct str phase_name(enum detonation_phase phase)
{
	assert(phase < PHASE_COUNT);
	return phase_names[phase];
}

bool packed_path(struct str path)
{
	if (path.n == 0 || path.n > PACKED_PATH || str_chr(path, '\0') != SIZE_MAX)
		return false;
	for (bool more = true; more;) {
		more = str_chr(path, '/') != SIZE_MAX;
		struct str part = str_cut(path, '/', &path);
		if (part.n == 0 || part.n > 255 || str_eq(part, S(".")) || str_eq(part, S("..")))
			return false;
	}
	return true;
}

void packed_head(struct buf *b, const struct packed *p)
{
	assert(packed_path(p->path));
	wr_u32(b, (uint32_t)p->path.n);
	wr_u32(b, p->mode);
	wr_i64(b, p->mtime);
	wr_u64(b, p->content.n);
	wr_bytes(b, p->path);
}

enum err packed_next(struct str *in, struct packed *out)
{
	struct rd r = rd_from(*in);
	uint32_t path = rd_u32(&r);

	out->mode = rd_u32(&r);
	out->mtime = rd_i64(&r);
	uint64_t content = rd_u64(&r);
	if (r.err != OK || path > in->n - PACKED_HEAD || content > in->n - PACKED_HEAD - path)
		return ERR_SYNTAX;
	out->path = rd_bytes(&r, path);
	out->content = rd_bytes(&r, content);
	if (r.err != OK || !packed_path(out->path))
		return ERR_SYNTAX;
	*in = str_tail(*in, PACKED_HEAD + path + content);
	return OK;
}
