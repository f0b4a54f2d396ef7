/*
 * cli/sbom_lists.c - lists of what is in a release, made by whoever makes the release.
 * Input: the operator's files.   Runs in: cli.
 */
#include "cli/sbom_lists.h"

#include "base/ascii.h"
#include "base/num.h"
#include "crypto/sha256.h"

#include <stdio.h>
#include <string.h>

static size_t lines_of(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* "HEX  path", or "HEX *path" */
static bool file_line(struct str line, struct sbom_file *out)
{
	struct package_hash *h = &out->hashes[0];

	if (line.n < SHA256_HEX + 3 || line.p[SHA256_HEX] != ' ')
		return false;
	*out = (struct sbom_file){ .path = str_tail(line, SHA256_HEX + 2), .n_hashes = 1 };
	h->algorithm = S("sha256");
	h->n = SHA256_BYTES;
	return num_hex_bytes(str_head(line, SHA256_HEX), h->bytes, SHA256_BYTES);
}

enum err sbom_files_read(struct sbom *s, struct str text, struct arena *a, struct diag *d)
{
	struct sbom_file *files = NEW_ARRAY(a, struct sbom_file, lines_of(text));
	size_t n = 0;

	if (files == NULL)
		return diag_set(d, ERR_NOMEM, "too many files");
	for (size_t number = 1; text.n != 0; number++) {
		struct str line = str_cut(text, '\n', &text);
		if (!file_line(line, &files[n++]))
			return diag_set(d, ERR_SYNTAX, "line %zu of the files is none of sha256sum",
					number);
	}
	s->files = files;
	s->n_files = n;
	return OK;
}

/* Debian policy, 5.6.1: lower case letters, digits, plus, minus and dots, two at least. */
static bool debian_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || ascii_digit(c);
		if (!alnum && (i == 0 || (c != '+' && c != '-' && c != '.')))
			return false;
	}
	return s.n >= 2;
}

static struct str debian_full(struct str name, struct arena *a)
{
	static const struct str prefix = SC("deb/debian/");
	char *at = arena_take(a, prefix.n + name.n, 1);

	if (at == NULL)
		return (struct str){ NULL, 0 };
	memcpy(at, prefix.p, prefix.n);
	memcpy(at + prefix.n, name.p, name.n);
	return (struct str){ at, prefix.n + name.n };
}

enum err sbom_debian_read(struct sbom *s, struct str text, struct arena *a, struct diag *d)
{
	struct package *packages = NEW_ARRAY(a, struct package, lines_of(text));
	size_t n = 0;

	if (packages == NULL)
		return diag_set(d, ERR_NOMEM, "too many packages");
	for (size_t number = 1; text.n != 0; number++) {
		struct str version, line = str_cut(text, '\n', &text);
		struct str name = str_cut(line, ' ', &version);
		if (!debian_name(name))
			return diag_set(d, ERR_SYNTAX,
					"line %zu of the packages does not begin with the name of "
					"a Debian package",
					number);
		packages[n] = (struct package){ .eco = ECO_OTHER,
						.name = debian_full(name, a),
						.version = version };
		if (packages[n++].name.p == NULL)
			return diag_set(d, ERR_NOMEM, "too many packages");
	}
	s->packages = packages;
	s->n_packages = n;
	return OK;
}

void sbom_uuid(const uint8_t bytes[16], unsigned version, char out[SBOM_SERIAL])
{
	uint8_t b[16];

	memcpy(b, bytes, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)snprintf(out, SBOM_SERIAL,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
}

void sbom_serial_of(struct sbom *s, void (*write)(const struct sbom *s, struct buf *out),
		    char out[SBOM_SERIAL])
{
	static const uint8_t none[16];
	uint8_t hash[SHA256_BYTES];
	struct buf text;

	sbom_uuid(none, 8, out);
	s->serial = str_z(out);
	buf_init(&text, SBOM_LIST_MAX);
	write(s, &text);
	sha256(buf_str(&text), hash);
	buf_free(&text);
	sbom_uuid(hash, 8, out);
	s->serial = str_z(out);
}
