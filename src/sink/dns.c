/*
 * sink/dns.c - DNS questions, and answers that lead here.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/dns_fuzz.c
 */
#include "sink/dns.h"

#include "base/ascii.h"

#include <string.h>

enum { HEAD = 12, TYPE_A = 1, TYPE_TXT = 16, CLASS_IN = 1, LABEL_MAX = 63 };

static uint16_t be16(const char *p)
{
	return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

static void put16(struct buf *b, unsigned v)
{
	buf_addc(b, (char)(v >> 8));
	buf_addc(b, (char)v);
}

enum err dns_read(struct str m, struct dns_question *q)
{
	size_t at = HEAD;

	q->name_n = 0;
	if (m.n < HEAD || (m.p[2] & 0x80) != 0 || be16(m.p + 4) != 1)
		return ERR_SYNTAX;
	while (at < m.n && m.p[at] != 0) {
		size_t n = (unsigned char)m.p[at++];
		/* No pointers: a question has nothing to point to. */
		if (n > LABEL_MAX || n >= m.n - at || q->name_n + n + 1 >= DNS_NAME)
			return ERR_SYNTAX;
		if (q->name_n)
			q->name[q->name_n++] = '.';
		memcpy(q->name + q->name_n, m.p + at, n); /* case is kept: it may tell something */
		q->name_n += n;
		at += n;
	}
	if (at >= m.n || m.n - at < 5)
		return ERR_SYNTAX;
	q->type = be16(m.p + at + 1);
	q->end = at + 5;
	return OK;
}

uint32_t dns_address(struct str name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)ascii_lower(name.p[i]);
		h = (h ^ c) * 16777619u;
	}
	return 0xc6120000u | ((h ^ h >> 15) & 0x1ffff);
}

void dns_answer(struct buf *out, struct str m, const struct dns_question *q)
{
	bool a = q->type == TYPE_A, txt = q->type == TYPE_TXT;

	buf_add(out, str_head(m, 2));
	put16(out, 0x8180u); /* an answer, recursion and all */
	put16(out, 1);
	put16(out, a || txt);
	put16(out, 0);
	put16(out, 0);
	buf_add(out, str_head(str_tail(m, HEAD), q->end - HEAD));
	if (!a && !txt)
		return;
	put16(out, 0xc000u | HEAD); /* the question's name */
	put16(out, q->type);
	put16(out, CLASS_IN);
	put16(out, 0);
	put16(out, 60);
	if (a) {
		uint32_t ip = dns_address((struct str){ q->name, q->name_n });
		put16(out, 4);
		put16(out, ip >> 16);
		put16(out, ip & 0xffff);
	} else {
		put16(out, 3);
		buf_add(out, S("\2ok"));
	}
}

bool dns_host(struct str name)
{
	if (name.n == 0 || name.n > 253)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!ascii_alnum(c) && c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

struct str dns_parts(struct str name, struct str *out_base)
{
	unsigned dots = 0;

	for (size_t i = name.n; i-- > 0;) {
		if (name.p[i] != '.' || ++dots < 2)
			continue;
		*out_base = str_tail(name, i + 1);
		return str_head(name, i);
	}
	*out_base = name;
	return str_head(name, 0);
}
