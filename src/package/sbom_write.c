/*
 * package/sbom_write.c - digests, references and origins as bills of materials write them.
 * Input: hostile names.   Runs in: cli, checker.   Fuzz: fuzz/sbom_write_fuzz.c
 */
#include "package/sbom_write.h"

#include "base/ascii.h"
#include "codec/jw.h"
#include "package/purl.h"

static const struct {
	struct str name, cyclonedx, spdx;
} words[] = {
	{ SC("md5"), SC("MD5"), SC("MD5") },
	{ SC("sha1"), SC("SHA-1"), SC("SHA1") },
	{ SC("sha224"), SC(""), SC("SHA224") },
	{ SC("sha256"), SC("SHA-256"), SC("SHA256") },
	{ SC("sha384"), SC("SHA-384"), SC("SHA384") },
	{ SC("sha512"), SC("SHA-512"), SC("SHA512") },
	{ SC("sha3_256"), SC("SHA3-256"), SC("SHA3-256") },
	{ SC("sha3_512"), SC("SHA3-512"), SC("SHA3-512") },
	{ SC("blake2b"), SC("BLAKE2b-512"), SC("BLAKE2b-512") },
};

static struct str word(enum sbom_form form, struct str algorithm)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_eq(words[i].name, algorithm))
			return form == SBOM_SPDX ? words[i].spdx : words[i].cyclonedx;
	return S("");
}

bool sbom_has_hashes(enum sbom_form form, const struct package_hash *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (word(form, h[i].algorithm).n > 0)
			return true;
	return false;
}

void sbom_hashes(struct buf *b, enum sbom_form form, const struct package_hash *h, size_t n)
{
	jw_arr(b);
	for (size_t i = 0; i < n; i++) {
		struct str name = word(form, h[i].algorithm);
		if (name.n == 0)
			continue;
		jw_obj(b);
		jw_kv_str(b, form == SBOM_SPDX ? S("algorithm") : S("alg"), name);
		jw_key(b, form == SBOM_SPDX ? S("checksumValue") : S("content"));
		jw_quote_open(b);
		buf_addhex(b, (struct str){ (const char *)h[i].bytes, h[i].n });
		jw_quote_close(b);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

/* Debian policy, 5.6.1 */
static bool debian_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_chr(S("abcdefghijklmnopqrstuvwxyz0123456789+-."), s.p[i]) == SIZE_MAX)
			return false;
	return s.n != 0;
}

/* Of what has no ecosystem here, Debian's packages have URLs all the same. */
static struct str debian_name(const struct package *p)
{
	static const struct str prefix = SC("deb/debian/"), none = { NULL, 0 };

	if (p->eco != ECO_OTHER || !str_has_prefix(p->name, prefix))
		return none;
	struct str name = str_tail(p->name, prefix.n);
	return debian_ok(name) ? name : none;
}

struct str sbom_name(const struct package *p)
{
	struct str debian = debian_name(p);

	return debian.n != 0 ? debian : p->name;
}

bool sbom_has_purl(const struct package *p)
{
	return p->eco != ECO_OTHER || debian_name(p).n != 0;
}

void sbom_purl(struct buf *b, const struct package *p)
{
	struct purl debian = { .type = S("deb"),
			       .space = S("debian"),
			       .name = debian_name(p),
			       .version = p->version };

	jw_quote_open(b);
	/* percent-encoded ASCII: needs no escapes */
	if (debian.name.n == 0)
		purl_write(p, b);
	else if (purl_build(&debian, b) != OK && b->err == OK)
		b->err = ERR_SYNTAX;
	jw_quote_close(b);
}

bool sbom_url_ok(struct str s)
{
	size_t colon = str_find(s, S("://"));

	if (colon == SIZE_MAX || colon == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool scheme = (c >= 'a' && c <= 'z') || c == '+' ||
			      (i > 0 && (ascii_digit(c) || c == '-' || c == '.'));
		if (i < colon ? !scheme : c <= ' ' || c >= 0x7f)
			return false;
		if (str_chr(S("<>\"{}|\\^`[]#%"), c) != SIZE_MAX)
			return false;
	}
	return s.n > colon + 3;
}

void sbom_ref(struct buf *b, const char *prefix, size_t number)
{
	jw_quote_open(b);
	buf_add(b, str_z(prefix));
	buf_addu(b, number);
	jw_quote_close(b);
}

struct str sbom_origin(enum origin o)
{
	switch (o) {
	case ORIGIN_INDEX:
		return S("index");
	case ORIGIN_GIT:
		return S("repository");
	case ORIGIN_URL:
		return S("url");
	case ORIGIN_PATH:
		return S("path");
	case ORIGIN_EDITABLE:
		return S("editable");
	case ORIGIN_UNKNOWN:
	default:
		return S("");
	}
}

void sbom_digest_text(struct buf *b, const uint8_t sha256[32], struct str path)
{
	buf_add(b, S("sha256:"));
	buf_addhex(b, (struct str){ (const char *)sha256, 32 });
	if (path.n > 0)
		buf_addc(b, ' ');
	jw_str_add(b, path);
}
