/*
 * proto/call.c - frames between ingress and egress.
 * Input: hostile (a subverted peer).   Runs in: ingress, egress.   Fuzz: fuzz/call_fuzz.c
 */
#include "proto/call.h"

#include "base/le.h"
#include "base/rd.h"

#include <assert.h>

const struct str call_path_suffix[CALL_PATH_COUNT] = {
#define X(name, suffix) [name] = SC(suffix),
	CALL_PATHS(X)
#undef X
};

const struct str call_field_name[CALL_FIELD_COUNT] = {
#define X(name, text) [name] = SC(text),
	CALL_FIELDS(X)
#undef X
};

const struct str call_reply_name[CALL_REPLY_COUNT] = {
#define X(name, text) [name] = SC(text),
	CALL_REPLIES(X)
#undef X
};

const char *const call_end_text[CALL_END_COUNT] = {
#define X(name, text) [name] = text,
	CALL_ENDS(X)
#undef X
};

/*
 * CALL: u8 type, u8 path, u16 upstream, u32 id, u32 generation, u32 head_timeout_ms,
 *       u32 idle_timeout_ms, u32 credit, u16 model length, u8 fields, u8 segments, model,
 *       fields: (u16 field, u16 length, bytes)*,
 *       segments: (u32 kind, u32 n, u64 at or inline bytes)*
 */
enum { CALL_HEADER = 28, SEG_ARENA = 0, SEG_INLINE = 1, SEG_HEADER = 8 };

uint32_t call_size(const struct call *c)
{
	size_t n = CALL_HEADER + c->model.n;

	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++)
		if (c->fields[i].p != NULL)
			n += 4 + c->fields[i].n;
	for (unsigned i = 0; i < c->n_segments; i++)
		n += SEG_HEADER + (c->segments[i].bytes.p ? c->segments[i].n : 8);
	assert(n <= UINT32_MAX);
	return (uint32_t)n;
}

static char *put(char *at, struct str s)
{
	if (s.n)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

static char *put_segment(char *at, const struct call_segment *s)
{
	le32_put(at, s->bytes.p ? SEG_INLINE : SEG_ARENA);
	le32_put(at + 4, s->n);
	if (s->bytes.p) {
		assert(s->n == s->bytes.n);
		return put(at + SEG_HEADER, s->bytes);
	}
	le64_put(at + SEG_HEADER, s->at);
	return at + SEG_HEADER + 8;
}

uint32_t call_encode(const struct call *c, void *p)
{
	char *at = p;
	unsigned n_fields = 0;

	assert(c->n_segments <= CALL_SEGMENTS && c->model.n <= LIMIT_NAME);
	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++)
		n_fields += c->fields[i].p != NULL;
	at[0] = FRAME_CALL;
	at[1] = (char)c->path;
	le16_put(at + 2, c->upstream);
	le32_put(at + 4, c->id);
	le32_put(at + 8, c->generation);
	le32_put(at + 12, c->head_timeout_ms);
	le32_put(at + 16, c->idle_timeout_ms);
	le32_put(at + 20, c->credit);
	le16_put(at + 24, (uint16_t)c->model.n);
	at[26] = (char)n_fields;
	at[27] = (char)c->n_segments;
	at = put(at + CALL_HEADER, c->model);
	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++) {
		if (c->fields[i].p == NULL)
			continue;
		assert(c->fields[i].n <= CALL_FIELD_MAX);
		le16_put(at, (uint16_t)i);
		le16_put(at + 2, (uint16_t)c->fields[i].n);
		at = put(at + 4, c->fields[i]);
	}
	for (unsigned i = 0; i < c->n_segments; i++)
		at = put_segment(at, &c->segments[i]);
	return (uint32_t)(at - (char *)p);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes a step: a mark in the top bit of what is below 0x20, 0x7f, or above it. */
static uint64_t unfit(const char *p)
{
	uint64_t w = le64(p), del = w ^ EACH(0x7f);

	return ((w - EACH(0x20)) & ~w) | (del - EACH(0x01)) | w;
}

bool call_value_ok(struct str v)
{
	uint64_t marks = 0;
	size_t i = 0;

	if (v.n > CALL_FIELD_MAX)
		return false;
	if (v.n >= 8) {
		for (; v.n - i > 8; i += 8)
			marks |= unfit(v.p + i);
		marks |= unfit(v.p + v.n - 8);
		return (marks & EACH(0x80)) == 0;
	}
	for (; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 || (unsigned char)v.p[i] > 0x7e)
			return false;
	return true;
}

static enum err read_fields(struct rd *r, struct str *fields, unsigned count, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned field = rd_u16(r);
		struct str value = rd_bytes(r, rd_u16(r));
		if (r->err != OK)
			return r->err;
		if (field >= count || fields[field].p != NULL || !call_value_ok(value))
			return ERR_SYNTAX;
		fields[field] = value;
	}
	return OK;
}

static enum err read_segment(struct rd *r, struct call_segment *s, uint64_t arena_bytes)
{
	uint32_t kind = rd_u32(r);

	s->n = rd_u32(r);
	if (kind == SEG_INLINE) {
		s->at = 0;
		s->bytes = rd_bytes(r, s->n);
		return r->err;
	}
	s->bytes = (struct str){ NULL, 0 };
	s->at = rd_u64(r);
	if (r->err != OK || kind != SEG_ARENA)
		return ERR_SYNTAX;
	return s->at <= arena_bytes && arena_bytes - s->at >= s->n ? OK : ERR_SYNTAX;
}

enum err call_decode(struct call *c, struct str frame, uint64_t arena_bytes)
{
	struct rd r = rd_from(frame);
	uint8_t type = rd_u8(&r);
	uint8_t path = rd_u8(&r);

	c->path = (enum call_path)path;
	c->upstream = rd_u16(&r);
	c->id = rd_u32(&r);
	c->generation = rd_u32(&r);
	c->head_timeout_ms = rd_u32(&r);
	c->idle_timeout_ms = rd_u32(&r);
	c->credit = rd_u32(&r);
	size_t model_n = rd_u16(&r);
	unsigned n_fields = rd_u8(&r);
	c->n_segments = rd_u8(&r);
	c->model = rd_bytes(&r, model_n);
	if (r.err != OK || type != FRAME_CALL || path >= CALL_PATH_COUNT || model_n > LIMIT_NAME ||
	    c->n_segments > CALL_SEGMENTS)
		return ERR_SYNTAX;
	memset(c->fields, 0, sizeof c->fields);
	TRY(read_fields(&r, c->fields, CALL_FIELD_COUNT, n_fields));
	c->body_bytes = 0;
	for (unsigned i = 0; i < c->n_segments; i++) {
		TRY(read_segment(&r, &c->segments[i], arena_bytes));
		c->body_bytes += c->segments[i].n;
	}
	return c->body_bytes <= LIMIT_BODY * 2u ? rd_end(&r) : ERR_LIMIT;
}

/* HEAD: u8 type, u8 replies, u16 status, u32 id, u64 content_length,
 *       fields: (u16 reply, u16 length, bytes)* */
enum { HEAD_HEADER = 16 };

uint32_t call_head_size(const struct call_head *h)
{
	size_t n = HEAD_HEADER;

	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++)
		if (h->replies[i].p != NULL)
			n += 4 + h->replies[i].n;
	return (uint32_t)n;
}

uint32_t call_head_encode(const struct call_head *h, void *p)
{
	char *at = p;
	unsigned n = 0;

	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++)
		n += h->replies[i].p != NULL;
	at[0] = FRAME_HEAD;
	at[1] = (char)n;
	le16_put(at + 2, h->status);
	le32_put(at + 4, h->id);
	le64_put(at + 8, h->content_length);
	at += HEAD_HEADER;
	for (unsigned i = 0; i < CALL_REPLY_COUNT; i++) {
		if (h->replies[i].p == NULL)
			continue;
		assert(h->replies[i].n <= CALL_FIELD_MAX);
		le16_put(at, (uint16_t)i);
		le16_put(at + 2, (uint16_t)h->replies[i].n);
		at = put(at + 4, h->replies[i]);
	}
	return (uint32_t)(at - (char *)p);
}

enum err call_head_decode(struct call_head *h, struct str frame)
{
	struct rd r = rd_from(frame);
	uint8_t type = rd_u8(&r);
	unsigned n = rd_u8(&r);

	h->status = rd_u16(&r);
	h->id = rd_u32(&r);
	h->content_length = rd_u64(&r);
	if (r.err != OK || type != FRAME_HEAD || h->status < 200 || h->status > 599)
		return ERR_SYNTAX;
	memset(h->replies, 0, sizeof h->replies);
	TRY(read_fields(&r, h->replies, CALL_REPLY_COUNT, n));
	return rd_end(&r);
}

uint32_t frame_encode(const struct frame *f, void *p)
{
	char *at = p;

	at[0] = (char)f->type;
	at[1] = (char)f->how;
	le16_put(at + 2, 0);
	le32_put(at + 4, f->id);
	le32_put(at + 8, f->n);
	return FRAME_HEADER;
}

enum err frame_decode(struct frame *f, struct str bytes)
{
	if (bytes.n < FRAME_HEADER || le16(bytes.p + 2) != 0)
		return ERR_SYNTAX;
	f->type = (enum call_frame)(uint8_t)bytes.p[0];
	f->how = (uint8_t)bytes.p[1];
	f->id = le32(bytes.p + 4);
	f->n = le32(bytes.p + 8);
	f->data = str_tail(bytes, FRAME_HEADER);
	switch (f->type) {
	case FRAME_DATA:
		return f->how == 0 && f->n == f->data.n && f->n <= LIMIT_FRAME ? OK : ERR_SYNTAX;
	case FRAME_END:
		return f->how < CALL_END_COUNT && f->n <= 1 && f->data.n == 0 ? OK : ERR_SYNTAX;
	case FRAME_CREDIT:
	case FRAME_CANCEL:
		return f->how == 0 && f->data.n == 0 ? OK : ERR_SYNTAX;
	case FRAME_CALL:
	case FRAME_HEAD:
	default:
		return ERR_SYNTAX;
	}
}

uint8_t frame_type(struct str bytes)
{
	return bytes.n ? (uint8_t)bytes.p[0] : 0;
}
