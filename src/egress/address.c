/*
 * egress/address.c - which addresses a provider can have. Pure.
 * Input: hostile (answers of name servers).   Runs in: egress.   Fuzz: fuzz/address_fuzz.c
 */
#include "egress/address.h"

#include <arpa/inet.h>
#include <string.h>

struct range {
	uint8_t bytes[16];
	uint8_t bits;
	enum address_class class;
};

/* The first match counts. Sources: the IANA special-purpose registries (RFC 6890 and what
 * followed). */
static const struct range v4_ranges[] = {
	{ { 169, 254, 169, 254 }, 32, ADDRESS_NEVER },  /* metadata of most clouds */
	{ { 169, 254, 170, 2 }, 32, ADDRESS_NEVER },    /* ECS task credentials */
	{ { 100, 100, 100, 200 }, 32, ADDRESS_NEVER },  /* metadata of Alibaba Cloud */
	{ { 0 }, 8, ADDRESS_NEVER },                    /* this network */
	{ { 224 }, 4, ADDRESS_NEVER },                  /* multicast */
	{ { 240 }, 4, ADDRESS_NEVER },                  /* reserved, broadcast */
	{ { 10 }, 8, ADDRESS_PRIVATE },
	{ { 100, 64 }, 10, ADDRESS_PRIVATE },           /* carrier NAT */
	{ { 127 }, 8, ADDRESS_PRIVATE },
	{ { 169, 254 }, 16, ADDRESS_PRIVATE },
	{ { 172, 16 }, 12, ADDRESS_PRIVATE },
	{ { 192, 0, 0 }, 24, ADDRESS_PRIVATE },         /* protocol assignments */
	{ { 192, 0, 2 }, 24, ADDRESS_PRIVATE },         /* documentation */
	{ { 192, 88, 99 }, 24, ADDRESS_PRIVATE },       /* 6to4 relays */
	{ { 192, 168 }, 16, ADDRESS_PRIVATE },
	{ { 198, 18 }, 15, ADDRESS_PRIVATE },           /* benchmarks */
	{ { 198, 51, 100 }, 24, ADDRESS_PRIVATE },      /* documentation */
	{ { 203, 0, 113 }, 24, ADDRESS_PRIVATE },       /* documentation */
};

static const struct range v6_ranges[] = {
	{ { 0 }, 128, ADDRESS_NEVER },          /* unspecified */
	{ { [15] = 1 }, 128, ADDRESS_PRIVATE }, /* loopback */
	/* the metadata service of EC2 */
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, 128, ADDRESS_NEVER },
	{ { 0xff }, 8, ADDRESS_NEVER },                                  /* multicast */
	{ { 0xfc }, 7, ADDRESS_PRIVATE },                                /* unique local */
	{ { 0xfe, 0x80 }, 10, ADDRESS_PRIVATE },                         /* link-local */
	{ { 0xfe, 0xc0 }, 10, ADDRESS_PRIVATE },                         /* site-local, given up */
	{ { 0x01, 0x00 }, 64, ADDRESS_NEVER },                           /* discard */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, ADDRESS_PRIVATE },             /* documentation */
	{ { 0x3f, 0xff }, 20, ADDRESS_PRIVATE },                         /* documentation */
	{ { 0x20, 0x01, 0x00, 0x20 }, 27, ADDRESS_PRIVATE },             /* ORCHID, drone ids */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, ADDRESS_PRIVATE }, /* local NAT64 */
	{ { 0x5f, 0x00 }, 16, ADDRESS_PRIVATE },                         /* segment routing */
};

/* Prefixes behind which an IPv4 address stands: where, and whether its bits are turned over. */
static const struct embedding {
	uint8_t bytes[16];
	uint8_t bits, at, flip;
} embeddings[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96, 12, 0 },          /* mapped */
	{ { [8] = 0xff, [9] = 0xff }, 96, 12, 0 },            /* translated, RFC 2765 */
	{ { 0 }, 96, 12, 0 },                                 /* compatible */
	{ { 0x20, 0x02 }, 16, 2, 0 },                         /* 6to4 */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12, 0 },            /* NAT64 */
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, 4, 0 },             /* Teredo, its server */
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, 12, 0xff },         /* Teredo, its client */
};

static bool within(const uint8_t *a, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, prefix, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ prefix[whole]) & (0xff00u >> rest & 0xff)) == 0;
}

static enum address_class judge(const struct range *r, size_t n, const uint8_t *a)
{
	for (size_t i = 0; i < n; i++)
		if (within(a, r[i].bytes, r[i].bits))
			return r[i].class;
	return ADDRESS_PUBLIC;
}

static enum address_class judge_v4(const uint8_t *a)
{
	return judge(v4_ranges, sizeof v4_ranges / sizeof v4_ranges[0], a);
}

enum address_class address_class_of(const struct address *a)
{
	if (!a->v6)
		return judge_v4(a->bytes);

	enum address_class worst = judge(v6_ranges, sizeof v6_ranges / sizeof v6_ranges[0],
					 a->bytes);
	static const uint8_t loopback[16] = { [15] = 1 };
	if (memcmp(a->bytes, loopback, 16) == 0)
		return worst;
	for (size_t i = 0; i < sizeof embeddings / sizeof embeddings[0]; i++) {
		const struct embedding *e = &embeddings[i];
		uint8_t v4[4];
		if (!within(a->bytes, e->bytes, e->bits))
			continue;
		for (unsigned b = 0; b < 4; b++)
			v4[b] = a->bytes[e->at + b] ^ e->flip;
		enum address_class hidden = judge_v4(v4);
		worst = hidden > worst ? hidden : worst;
	}
	return worst;
}

bool address_allowed(const struct address *a, bool allow_private)
{
	enum address_class c = address_class_of(a);

	return c == ADDRESS_PUBLIC || (c == ADDRESS_PRIVATE && allow_private);
}

enum err address_parse(struct str s, struct address *out)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct address a = { .v6 = false };

	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (struct str){ s.p + 1, s.n - 2 };
	if (s.n == 0 || s.n >= sizeof text)
		return ERR_SYNTAX;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (strlen(text) != s.n)
		return ERR_SYNTAX;
	if (inet_pton(AF_INET, text, a.bytes) != 1) {
		a.v6 = true;
		if (inet_pton(AF_INET6, text, a.bytes) != 1)
			return ERR_SYNTAX;
	}
	*out = a;
	return OK;
}
