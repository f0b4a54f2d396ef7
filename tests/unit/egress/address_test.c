/*
 * tests/unit/egress/address_test.c
 * Proves T-10.
 */
#include "egress/address.h"

#include "../check.h"

static const struct {
	const char *text;
	enum address_class class;
} rows[] = {
	{ "8.8.8.8", ADDRESS_PUBLIC },
	{ "104.18.6.192", ADDRESS_PUBLIC },
	{ "172.15.255.255", ADDRESS_PUBLIC },
	{ "172.32.0.0", ADDRESS_PUBLIC },
	{ "100.63.255.255", ADDRESS_PUBLIC },
	{ "100.128.0.0", ADDRESS_PUBLIC },
	{ "223.255.255.255", ADDRESS_PUBLIC },
	{ "192.167.255.255", ADDRESS_PUBLIC },
	{ "0.0.0.0", ADDRESS_NEVER },
	{ "0.1.2.3", ADDRESS_NEVER },
	{ "224.0.0.1", ADDRESS_NEVER },
	{ "239.255.255.255", ADDRESS_NEVER },
	{ "240.0.0.1", ADDRESS_NEVER },
	{ "255.255.255.255", ADDRESS_NEVER },
	{ "169.254.169.254", ADDRESS_NEVER },
	{ "169.254.170.2", ADDRESS_NEVER },
	{ "100.100.100.200", ADDRESS_NEVER },
	{ "127.0.0.1", ADDRESS_PRIVATE },
	{ "127.255.255.255", ADDRESS_PRIVATE },
	{ "10.0.0.1", ADDRESS_PRIVATE },
	{ "172.16.0.1", ADDRESS_PRIVATE },
	{ "172.31.255.255", ADDRESS_PRIVATE },
	{ "192.168.1.1", ADDRESS_PRIVATE },
	{ "169.254.0.1", ADDRESS_PRIVATE },
	{ "100.64.0.1", ADDRESS_PRIVATE },
	{ "100.127.255.255", ADDRESS_PRIVATE },
	{ "198.18.0.1", ADDRESS_PRIVATE },
	{ "198.19.255.255", ADDRESS_PRIVATE },
	{ "203.0.113.9", ADDRESS_PRIVATE },
	{ "2606:4700::6812:6c0", ADDRESS_PUBLIC },
	{ "2001:4860:4860::8888", ADDRESS_PUBLIC },
	{ "::", ADDRESS_NEVER },
	{ "::1", ADDRESS_PRIVATE },
	{ "ff02::1", ADDRESS_NEVER },
	{ "fe80::1", ADDRESS_PRIVATE },
	{ "febf::1", ADDRESS_PRIVATE },
	{ "fec0::1", ADDRESS_PRIVATE },
	{ "fc00::1", ADDRESS_PRIVATE },
	{ "fdff::1", ADDRESS_PRIVATE },
	{ "fd00:ec2::254", ADDRESS_NEVER },
	{ "fd00:ec2::253", ADDRESS_PRIVATE },
	{ "2001:db8::1", ADDRESS_PRIVATE },
	{ "::ffff:8.8.8.8", ADDRESS_PUBLIC },
	{ "::ffff:127.0.0.1", ADDRESS_PRIVATE },
	{ "::ffff:169.254.169.254", ADDRESS_NEVER },
	{ "::ffff:0:10.0.0.1", ADDRESS_PRIVATE },
	{ "::10.0.0.1", ADDRESS_PRIVATE },
	{ "::169.254.169.254", ADDRESS_NEVER },
	{ "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
	{ "64:ff9b::192.168.0.1", ADDRESS_PRIVATE },
	{ "64:ff9b::169.254.169.254", ADDRESS_NEVER },
	{ "64:ff9b:1::8.8.8.8", ADDRESS_PRIVATE },
	{ "2002:808:808::1", ADDRESS_PUBLIC },
	{ "2002:7f00:1::1", ADDRESS_PRIVATE },
	{ "2002:a9fe:a9fe::1", ADDRESS_NEVER },
	{ "2001:0:808:808:0:0:f7f7:f7f7", ADDRESS_PUBLIC },
	{ "2001:0:7f00:1:0:0:f7f7:f7f7", ADDRESS_PRIVATE },
	{ "2001:0:808:808:0:0:5601:5601", ADDRESS_NEVER },
};

CASE(classes)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct address a;
		CHECK(address_parse(str_z(rows[i].text), &a) == OK);
		CHECK(address_class_of(&a) == rows[i].class);
		if (address_class_of(&a) != rows[i].class)
			fprintf(stderr, "%s\n", rows[i].text);
		CHECK(address_allowed(&a, false) == (rows[i].class == ADDRESS_PUBLIC));
		CHECK(address_allowed(&a, true) == (rows[i].class != ADDRESS_NEVER));
	}
}

CASE(literals)
{
	struct address a;

	CHECK(address_parse(S("[::1]"), &a) == OK && a.v6 && a.bytes[15] == 1);
	CHECK(address_parse(S("1.2.3.4"), &a) == OK && !a.v6 && a.bytes[3] == 4);
	/* What other programs take for addresses is a name here, and is resolved and judged as one. */
	CHECK(address_parse(S("127.1"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("2130706433"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("0x7f.0.0.1"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("127.0.0.01"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("fe80::1%eth0"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("1.2.3.4\0"), &a) == ERR_SYNTAX);
	CHECK(address_parse(S(""), &a) == ERR_SYNTAX);
	CHECK(address_parse(S("[]"), &a) == ERR_SYNTAX);
}

TESTS(CASE_ROW(classes), CASE_ROW(literals))
