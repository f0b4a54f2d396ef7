/*
 * verify/npm_keys.c - the keys of a registry of npm, and what they sign of each version: one string
 * made of its name, its version and the digest of its archive.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "base/date.h"
#include "codec/base64.h"
#include "package/purl.h"
#include "package/version.h"
#include "verify/part.h"
#include "verify/provenance.h"

#include <string.h>

__asm__(".section .rodata.npm_keys,\"a\"\n"
	".global npm_keys_begin, npm_keys_end\n"
	"npm_keys_begin:\n"
	".incbin \"data/npm-keys.json\"\n"
	"npm_keys_end:\n"
	".byte 0\n"
	".previous\n");
extern const char npm_keys_begin[], npm_keys_end[];

/* The day of sigstore/root-signing's commit that the file is from. */
static const struct str shipped_date = SC("2026-08-21");

static const char rule[] = "npm registry signatures";

struct str npm_keys_text(struct str *out_date)
{
	*out_date = shipped_date;
	return (struct str){ npm_keys_begin, (size_t)(npm_keys_end - npm_keys_begin) };
}

/* ---- keys ---- */

static int64_t read_time(struct fields *f, const struct json *v, const char *name, int64_t none)
{
	struct str text = field_text(f, v, name, false);
	int64_t ms = none;

	if (text.n && (date_parse_ms(text, &ms) != OK || text.p[text.n - 1] != 'Z'))
		field_fail(f, name, "is no time like 2025-01-29T00:00:00.000Z (RFC 3339)");
	return ms;
}

/* As Sigstore's repository has it: one entry for each use of a key. */
static struct str read_tuf(struct fields *f, const struct json *v, struct npm_key *k)
{
	struct str use = field_text(f, v, "keyUsage", true);
	const struct json *key = field_get(f, v, "publicKey", JSON_OBJECT, true);
	const struct json *valid = field_get(f, key, "validFor", JSON_OBJECT, false);

	k->id = field_text(f, v, "keyId", true);
	k->signatures = str_eq(use, S("npm:signatures"));
	k->attestations = str_eq(use, S("npm:attestations"));
	k->valid.from_ms = read_time(f, valid, "start", 0);
	k->valid.to_ms = read_time(f, valid, "end", INT64_MAX);
	return field_bytes(f, key, "rawBytes", true);
}

/* As a registry gives it at /-/npm/v1/keys. */
static struct str read_registry(struct fields *f, const struct json *v, struct npm_key *k)
{
	k->id = field_text(f, v, "keyid", true);
	k->signatures = k->attestations = true;
	k->valid.from_ms = 0;
	k->valid.to_ms = read_time(f, v, "expires", INT64_MAX);
	return field_bytes(f, v, "key", true);
}

static void read_key(struct fields *f, const struct json *v, struct npm_keys *keys)
{
	struct npm_key k = { .id = S("") };

	if (f->err != OK)
		return;
	if (keys->n == LIMIT_TRUSTED || !json_is(v, JSON_OBJECT)) {
		field_fail(f, "keys", "is no list of 32 keys at most");
		return;
	}
	struct str der = json_get(v, S("keyId")) ? read_tuf(f, v, &k) : read_registry(f, v, &k);
	if (f->err == OK)
		f->err = verify_key_parse(&k.key, der, f->d);
	if (f->err == OK)
		keys->items[keys->n++] = k;
}

enum err npm_keys_parse(struct npm_keys *k, struct str text, struct arena *a, struct diag *d)
{
	struct fields f = { a, d, rule, OK };

	*k = (struct npm_keys){ .n = 0, .date = S("") };
	if (text.n > LIMIT_TRUSTED_ROOT)
		return diag_set(d, ERR_LIMIT, "keys of a registry have %d bytes at most",
				LIMIT_TRUSTED_ROOT);
	const struct json *list = field_get(&f, field_root(&f, text), "keys", JSON_ARRAY, true);
	if (list == NULL)
		return f.err;
	JSON_EACH_ITEM (list, it)
		read_key(&f, it, k);
	if (f.err == OK && k->n == 0)
		field_fail(&f, "keys", "is empty");
	return f.err;
}

void npm_keys_done(struct npm_keys *k)
{
	while (k->n > 0)
		verify_key_done(&k->items[--k->n].key);
}

const struct npm_key *npm_key_find(const struct npm_keys *k, struct str id, bool attestations)
{
	for (unsigned i = 0; i < k->n; i++)
		if (str_eq(k->items[i].id, id) &&
		    (attestations ? k->items[i].attestations : k->items[i].signatures))
			return &k->items[i];
	return NULL;
}

/* ---- signatures of versions ---- */

enum err npm_signature_check(const struct npm_version *v, unsigned i, const struct npm_keys *keys,
			     const struct npm_key **out_key, struct diag *d)
{
	struct str id = v->signatures[i].key_id;
	const struct npm_key *k = npm_key_find(keys, id, false);
	struct buf b;

	*out_key = k;
	if (k == NULL)
		return diag_set(d, ERR_AUTH, "signed with the key '%.*s', which is not known (%s)",
				FMT(str_head(id, 80)), rule);
	buf_init(&b, LIMIT_METADATA);
	buf_add(&b, v->name);
	buf_addc(&b, '@');
	buf_add(&b, v->version);
	buf_addc(&b, ':');
	buf_add(&b, v->integrity);
	bool ok = b.err == OK && verify_key_ok(&k->key, buf_str(&b), v->signatures[i].sig);
	buf_free(&b);
	return ok ? OK
		  : diag_set(d, ERR_AUTH,
			     "the registry's key has not signed this name, version and digest "
			     "(%s)",
			     rule);
}

/* Subresource integrity: "sha512-" and base64; other algorithms may stand beside it. */
static bool integrity_fits(struct str sri, const struct artifact *art)
{
	bool one = false;

	while (sri.n) {
		char room[128];
		struct buf b;
		struct str it = str_cut(sri, ' ', &sri);
		buf_fixed(&b, room, sizeof room);
		if (!str_has_prefix(it, S("sha512-")))
			continue;
		if (base64_decode(&b, str_tail(it, 7), BASE64_STD) != OK ||
		    !art->digests[HASH_SHA512].known ||
		    !str_eq(buf_str(&b), digest_str(&art->digests[HASH_SHA512], HASH_SHA512)))
			return false;
		one = true;
	}
	return one;
}

enum err npm_version_check(const struct npm_version *v, const struct artifact *art,
			   const struct expected *want, struct diag *d)
{
	char room[PURL_MAX];
	struct buf b;

	if (!package_name_valid(ECO_NPM, v->name) || !version_valid(ECO_NPM, v->version))
		return diag_set(d, ERR_SYNTAX, "the registry names no release (%s)", rule);
	buf_fixed(&b, room, sizeof room);
	purl_release(ECO_NPM, v->name, v->version, &b);
	if (want->package.n && (b.err != OK || !str_eq(buf_str(&b), want->package)))
		return diag_set(d, ERR_AUTH, "the registry speaks of '%.*s' and not of '%.*s'",
				FMT(str_head(buf_str(&b), 100)), FMT(str_head(want->package, 100)));
	if (!integrity_fits(v->integrity, art))
		return diag_set(d, ERR_AUTH,
				"the artifact's sha512 is not the one that the "
				"registry has signed");
	return OK;
}
