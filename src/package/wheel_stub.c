/*
 * package/wheel_stub.c - a wheel that says that a release exists, and holds nothing.
 */
#include "package/wheel_stub.h"

#include "base/rd.h"
#include "package/version.h"

#include <zlib.h>

enum { MEMBERS = 2, TEXT_MAX = 4096, YEAR_1980 = 0x21 };

struct stub_member {
	struct str name, text;
	uint32_t at;
};

/* name and version as they stand in names of files: no '-' but between the two. */
static void stem(struct str name, struct str version, struct buf *out)
{
	size_t from = out->n;

	package_name_normalise(ECO_PYPI, name, out);
	for (size_t i = from; out->err == OK && i < out->n; i++)
		out->p[i] = out->p[i] == '-' ? '_' : out->p[i];
	buf_addc(out, '-');
	from = out->n;
	buf_add(out, version);
	for (size_t i = from; out->err == OK && i < out->n; i++)
		out->p[i] = out->p[i] == '-' ? '_' : out->p[i];
}

void wheel_stub_name(struct str name, struct str version, struct buf *out)
{
	stem(name, version, out);
	buf_add(out, S("-" WHEEL_STUB_TAGS ".whl"));
}

/* What the local and the central header have in common, from the version on. */
static void facts(const struct stub_member *m, struct buf *out)
{
	uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)m->text.p, m->text.n);

	wr_u16(out, 20); /* needs 2.0 */
	wr_u16(out, 0);
	wr_u16(out, 0); /* stored */
	wr_u16(out, 0);
	wr_u16(out, YEAR_1980);
	wr_u32(out, crc);
	wr_u32(out, (uint32_t)m->text.n);
	wr_u32(out, (uint32_t)m->text.n);
	wr_u16(out, (uint16_t)m->name.n);
	wr_u16(out, 0);
}

static void zip(struct stub_member members[MEMBERS], struct buf *out)
{
	const size_t begin = out->n;

	for (size_t i = 0; i < MEMBERS; i++) {
		members[i].at = (uint32_t)(out->n - begin);
		wr_u32(out, 0x04034b50);
		facts(&members[i], out);
		buf_add(out, members[i].name);
		buf_add(out, members[i].text);
	}
	uint32_t central = (uint32_t)(out->n - begin);
	for (size_t i = 0; i < MEMBERS; i++) {
		wr_u32(out, 0x02014b50);
		wr_u16(out, 20);
		facts(&members[i], out);
		wr_u16(out, 0); /* no comment, first disk, no attributes */
		wr_u16(out, 0);
		wr_u16(out, 0);
		wr_u32(out, 0);
		wr_u32(out, members[i].at);
		buf_add(out, members[i].name);
	}
	uint32_t size = (uint32_t)(out->n - begin) - central;
	wr_u32(out, 0x06054b50);
	wr_u32(out, 0); /* of one disk */
	wr_u16(out, MEMBERS);
	wr_u16(out, MEMBERS);
	wr_u32(out, size);
	wr_u32(out, central);
	wr_u16(out, 0);
}

void wheel_stub(struct str name, struct str version, struct str requires, struct buf *out)
{
	char rooms[3][TEXT_MAX];
	struct buf meta, meta_name, wheel_name;

	buf_fixed(&meta, rooms[0], TEXT_MAX);
	buf_fixed(&meta_name, rooms[1], TEXT_MAX);
	buf_fixed(&wheel_name, rooms[2], TEXT_MAX);
	buf_addf(&meta, "Metadata-Version: 2.1\nName: %.*s\nVersion: %.*s\n", FMT(name),
		 FMT(version));
	if (requires.n > 0)
		buf_addf(&meta, "Requires-Python: %.*s\n", FMT(requires));
	stem(name, version, &meta_name);
	buf_add(&meta_name, S(".dist-info/METADATA"));
	stem(name, version, &wheel_name);
	buf_add(&wheel_name, S(".dist-info/WHEEL"));
	struct stub_member members[MEMBERS] = {
		{ .name = buf_str(&meta_name), .text = buf_str(&meta) },
		{ .name = buf_str(&wheel_name),
		  .text = S("Wheel-Version: 1.0\nGenerator: yett\nRoot-Is-Purelib: true\n"
			    "Tag: " WHEEL_STUB_TAGS "\n") },
	};
	if (meta.err != OK || meta_name.err != OK || wheel_name.err != OK)
		out->err = ERR_LIMIT;
	zip(members, out);
}
