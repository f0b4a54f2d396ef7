/*
 * fuzz/address_fuzz.c - no way of writing an IPv4 address into an IPv6 one makes it more welcome, and a
 * literal reads back as the address it was printed from.
 * Proves T-10.
 */
#include "fuzz/fuzz.h"

#include "egress/address.h"

#include <arpa/inet.h>
#include <string.h>

static void embed(const uint8_t v4[4], const uint8_t *prefix, size_t prefix_n, size_t at, uint8_t flip)
{
	struct address plain = { .v6 = false }, hidden = { .v6 = true };

	memcpy(plain.bytes, v4, 4);
	memcpy(hidden.bytes, prefix, prefix_n);
	for (size_t i = 0; i < 4; i++)
		hidden.bytes[at + i] = v4[i] ^ flip;
	CHECK(address_class_of(&hidden) >= address_class_of(&plain));
	CHECK(address_allowed(&plain, false) || !address_allowed(&hidden, false));
}

static void print_and_read(const struct address *a)
{
	char text[INET6_ADDRSTRLEN];
	struct address back;

	CHECK(inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->bytes, text, sizeof text) != NULL);
	CHECK(address_parse(str_z(text), &back) == OK && back.v6 == a->v6);
	CHECK(memcmp(back.bytes, a->bytes, a->v6 ? 16 : 4) == 0);
	CHECK(address_class_of(&back) == address_class_of(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, compatible[12];
	static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b }, six[2] = { 0x20, 0x02 }, teredo[4] = { 0x20, 0x01 };
	struct address a = { .v6 = n >= 16 }, text;

	if (n >= 4)
		memcpy(a.bytes, p, a.v6 ? 16 : 4);
	print_and_read(&a);
	CHECK(!address_allowed(&a, false) || address_allowed(&a, true));
	embed(a.bytes, mapped, 12, 12, 0);
	/* ::1 is no 0.0.0.1 but the loopback. */
	if (memcmp(a.bytes, "\0\0\0\1", 4) != 0)
		embed(a.bytes, compatible, 12, 12, 0);
	embed(a.bytes, nat64, 12, 12, 0);
	embed(a.bytes, six, 2, 2, 0);
	embed(a.bytes, teredo, 4, 4, 0);
	embed(a.bytes, teredo, 4, 12, 0xff);
	if (address_parse((struct str){ (const char *)p, n }, &text) == OK)
		print_and_read(&text);
	return 0;
}
