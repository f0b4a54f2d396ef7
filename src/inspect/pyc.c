/*
 * inspect/pyc.c - headers of compiled Python.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/pyc_fuzz.c
 */
#include "inspect/pyc.h"

#include "base/le.h"
#include "base/rd.h"

#include <string.h>

enum { FLAG_HASHED = 1, FLAG_CHECKED = 2 };

enum err pyc_read(struct str head, struct pyc *out)
{
	struct rd r = rd_from(str_head(head, PYC_HEAD));
	struct pyc p = { .magic = rd_u32(&r) };
	uint32_t flags = rd_u32(&r);

	struct rd both = r;
	p.mtime = rd_u32(&r);
	p.size = rd_u32(&r);
	struct str hash = rd_bytes(&both, sizeof p.hash);
	if (r.err != OK || p.magic >> 16 != 0x0a0d || (flags & ~3u) != 0 || flags == FLAG_CHECKED)
		return ERR_SYNTAX;
	p.hashed = flags & FLAG_HASHED;
	p.checked = flags & FLAG_CHECKED;
	memcpy(p.hash, hash.p, sizeof p.hash);
	*out = p;
	return OK;
}

/* ---- SipHash, which importlib binds a source with: 1-3 since Python 3.11, 2-4 before ---- */

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(struct sip *s, unsigned n)
{
	for (; n > 0; n--) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static uint64_t siphash(uint64_t key, struct str in, unsigned each, unsigned last)
{
	struct sip s = { 0x736f6d6570736575 ^ key, 0x646f72616e646f6d, 0x6c7967656e657261 ^ key,
			 0x7465646279746573 };
	uint64_t tail = (uint64_t)in.n << 56;
	size_t whole = in.n & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8) {
		uint64_t m = le64(in.p + i);
		s.v3 ^= m;
		sip_round(&s, each);
		s.v0 ^= m;
	}
	for (size_t i = whole; i < in.n; i++)
		tail |= (uint64_t)(unsigned char)in.p[i] << 8 * (i - whole);
	s.v3 ^= tail;
	sip_round(&s, each);
	s.v0 ^= tail;
	s.v2 ^= 0xff;
	sip_round(&s, last);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static bool is_of(const struct pyc *p, struct str text)
{
	uint64_t want = le64(p->hash);

	return want == siphash(p->magic, text, 1, 3) || want == siphash(p->magic, text, 2, 4);
}

enum pyc_state pyc_judge(const struct pyc *p, int64_t mtime_s, uint64_t size, struct str text)
{
	if (!p->hashed)
		return p->mtime == (uint32_t)mtime_s && p->size == (uint32_t)size ? PYC_CURRENT
										  : PYC_STALE;
	if (is_of(p, text))
		return PYC_CURRENT;
	return p->checked ? PYC_STALE : PYC_FOREIGN;
}

struct str pyc_source(struct str file_name, struct str *out_tag)
{
	struct str none = { file_name.p, 0 }, rest, tag, opt;

	if (!str_has_suffix(file_name, S(".pyc")))
		return none;
	struct str name = str_cut(str_head(file_name, file_name.n - 4), '.', &rest);
	tag = str_cut(rest, '.', &opt);
	if (tag.n == 0 || (opt.n > 0 && !str_has_prefix(opt, S("opt-"))))
		return none;
	if (out_tag != NULL)
		*out_tag = tag;
	return name;
}
