/*
 * tests/unit/verify/forge.h - a Sigstore of our own: authorities, logs and a bundle that they vouch for, with
 * one defect that the test asks for. What is not the defect is right, so that the check which fails is known.
 */
#ifndef TESTS_VERIFY_FORGE_H
#define TESTS_VERIFY_FORGE_H

#include "codec/base64.h"
#include "tlog/note.h"
#include "tlog/tlog.h"
#include "verify/part.h"

#include "../check.h"

#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#define DEFECTS(X)                                                                              \
	X(NONE) X(AT_START) X(AT_END) X(BEFORE_START) X(AFTER_END)                              \
	X(LEAF_NO_CODESIGN) X(LEAF_NO_SIGNING) X(LEAF_IS_CA) X(LEAF_CRITICAL) X(LEAF_TWO_NAMES) \
	X(LEAF_NO_NAME) X(LEAF_NO_ISSUER) X(LEAF_TWO_ISSUERS) X(LEAF_RAW_CLAIM) X(LEAF_TWICE)   \
	X(LEAF_LONG_FORM) X(LEAF_LONGER_FORM)                                                   \
	X(LEAF_CONTROL) X(LEAF_OTHER_CA) X(LEAF_SELF_SIGNED) X(LEAF_V1) X(LEAF_BY_ROOT)                        \
	X(CA_EXPIRED) X(CA_NOT_VALID) X(CA_EMAIL) X(ROOT_PATHLEN) X(ROOT_OTHER) X(ROOT_NAMES)   \
	X(ROOT_NAMES_FIT) X(ROOT_NAMES_SOFT)                                                    \
	X(SCT_NONE) X(SCT_KEY) X(SCT_TIME) X(SCT_OTHER_CERT) X(SCT_LOG) X(SCT_TRAILING)         \
	X(SCT_LATE) X(SCT_HASH) X(SCT_EMPTY) X(SCT_OUTER) X(SCT_KIND)                                       \
	X(ENTRY_KIND) X(ENTRY_OTHER_KIND) X(ENTRY_SIGNATURE) X(ENTRY_SIGNER) X(ENTRY_PAYLOAD)   \
	X(ENTRY_JSON) X(ENTRY_TWO_SIGNATURES)                                                   \
	X(PROOF_INDEX) X(PROOF_ROOT) X(PROOF_MORE) X(PROOF_LESS) X(PROOF_SHORT_HASH)            \
	X(CHECKPOINT_KEY) X(CHECKPOINT_NAME) X(CHECKPOINT_HINT) X(CHECKPOINT_ORIGIN)            \
	X(CHECKPOINT_DASH) X(CHECKPOINT_TREE) X(CHECKPOINT_SIGN) X(CHECKPOINT_NONE)                                                   \
	X(CHECKPOINT_SIZE) X(CHECKPOINT_ROOT) X(CHECKPOINT_LINE) X(CHECKPOINT_WITNESS)          \
	X(SET_KEY) X(SET_TIME) X(SET_INDEX) X(LOG_LATE) X(LOG_UNKNOWN)                          \
	X(TOKEN) X(TOKEN_IMPRINT) X(TOKEN_KEY) X(TOKEN_EXPIRED) X(TOKEN_NOT_VALID)              \
	X(TOKEN_NOT_CRITICAL) X(TOKEN_PURPOSE) X(TOKEN_TRAILING) X(TOKEN_SHA1) X(TOKEN_CA_PURPOSE) X(TOKEN_EMBEDDED)              \
	X(TOKEN_EMBEDDED_LATE) X(TOKEN_EMBEDDED_CA) X(TOKEN_TIME)                               \
	X(NO_TIME) X(FUTURE) X(NO_ENTRY) X(NO_PROMISE) X(NO_PROOF) X(NO_CHECKPOINT)             \
	X(NO_SIGNATURE) X(SIGNATURE) X(SUBJECT) X(TWO_SUBJECTS) X(STATEMENT_TYPE)               \
	X(STATEMENT_JSON) X(PAYLOAD_TYPE) X(PREDICATE) X(MANAGED) X(DEFECT_COUNT)

#define X(name) name,
enum defect { DEFECTS(X) };
#undef X

enum { T0 = 1700000000, MINUTES10 = 600, T_SIGN = T0 + 60 };
enum { F_ROOT, F_CA, F_LEAF, F_CT, F_LOG, F_TSA, F_TSA_ROOT, F_WRONG, F_KEYS };

#define FORGE_SAN "https://forge.test/o/r/.github/workflows/release.yml@refs/tags/v1"

/* What to sign, and as whom, in place of what is here; claims are numbers below Fulcio's and their values. */
struct forge_wish {
	struct str payload;
	const char *san, *issuer; /* san: as OpenSSL's configuration has it, "URI:..." */
	struct {
		const char *number, *value;
	} claims[16];
	unsigned n_claims;
};

struct forge {
	enum defect defect;
	const struct forge_wish *wish; /* or NULL */
	struct arena a;
	EVP_PKEY *keys[F_KEYS];
	X509 *leaf;
	struct trusted_root root;
	struct bundle b;
	struct artifact art;
	struct verify_policy policy;
};

static struct str f_str(struct arena *a, const void *p, int n)
{
	return arena_dup(a, (struct str){ p, (size_t)n });
}

static struct str f_sign(struct forge *f, int key, struct str text)
{
	unsigned char sig[256];
	size_t n = sizeof sig;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, f->keys[key]) != 1 ||
	    EVP_DigestSign(ctx, sig, &n, (const unsigned char *)text.p, text.n) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return f_str(&f->a, sig, (int)n);
}

static struct str f_spki(struct forge *f, int key)
{
	struct verify_key k = { f->keys[key], HASH_SHA256 };

	return verify_key_spki(&k, &f->a);
}

/* ---- certificates ---- */

static void f_raw_ext(X509 *x, const char *oid, bool critical, const void *p, int n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();

	(void)ASN1_OCTET_STRING_set(data, p, n);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, critical, data);
	(void)X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(o);
}

/* A claim as Fulcio writes it: UTF8String in the extension. */
static void f_claim(X509 *x, const char *oid, const char *value)
{
	unsigned char der[256] = { 0x0c };
	size_t n = strlen(value), head = n < 128 ? 2 : 3;

	der[1] = n < 128 ? (unsigned char)n : 0x81;
	if (head == 3)
		der[2] = (unsigned char)n;
	memcpy(der + head, value, n);
	f_raw_ext(x, oid, false, der, (int)(head + n));
}

static void f_ext(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

static void f_authority_key(X509 *x, X509 *issuer)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

static X509 *f_cert(struct forge *f, int key, const char *name, X509 *issuer, int64_t from, int64_t to)
{
	X509 *x = X509_new();

	(void)X509_set_version(x, f->defect == LEAF_V1 && name == NULL ? X509_VERSION_1 : X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 4711 + key);
	(void)ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from);
	(void)ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to);
	(void)X509_set_pubkey(x, f->keys[key]);
	if (name != NULL)
		(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
						 (const unsigned char *)name, -1, -1, 0);
	(void)X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	if (issuer != NULL)
		f_authority_key(x, issuer);
	return x;
}

static void f_seal(struct forge *f, X509 *x, int key)
{
	if (X509_sign(x, f->keys[key], EVP_sha256()) <= 0)
		abort();
}

static X509 *f_ca(struct forge *f, int key, const char *name, X509 *issuer, int by, const char *basic)
{
	bool expired = (key == F_CA && f->defect == CA_EXPIRED) || (key == F_TSA_ROOT && f->defect == TOKEN_EXPIRED);
	X509 *x = f_cert(f, key, name, issuer, T0 - 100000, expired ? T0 - 1 : T0 + 100000);

	f_ext(x, NID_basic_constraints, basic);
	f_ext(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	f_ext(x, NID_subject_key_identifier, "hash");
	if (key == F_CA)
		f_ext(x, NID_ext_key_usage, f->defect == CA_EMAIL ? "emailProtection" : "codeSigning");
	if (key == F_TSA_ROOT && f->defect == TOKEN_CA_PURPOSE)
		f_ext(x, NID_ext_key_usage, "codeSigning");
	if (key == F_ROOT && f->defect == ROOT_NAMES)
		f_ext(x, NID_name_constraints, "critical,permitted;URI:.forge.test");
	if (key == F_ROOT && (f->defect == ROOT_NAMES_FIT || f->defect == LEAF_BY_ROOT))
		f_ext(x, NID_name_constraints, "critical,permitted;URI:forge.test");
	if (key == F_ROOT && f->defect == ROOT_NAMES_SOFT)
		f_ext(x, NID_name_constraints, "permitted;URI:forge.test");
	f_seal(f, x, by);
	return x;
}

/* ---- the signer's certificate and its SCT ---- */

static void f_put(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (char)(v >> (8 * bytes) & 0xff));
}

static void f_sct(struct forge *f, X509 *x)
{
	char room[8192], list[1024], outer[1024];
	uint8_t hash[SHA256_BYTES], id[SHA256_BYTES];
	unsigned char *tbs = NULL;
	uint64_t ms = (f->defect == SCT_LATE ? T0 + 200000ull : T0) * 1000;
	struct buf b, l, o;

	f_seal(f, x, F_CA); /* so that the TBS names its algorithm */
	int n = i2d_re_X509_tbs(x, &tbs);
	sha256(f_spki(f, F_CA), hash);
	sha256(f_spki(f, f->defect == SCT_LOG ? F_WRONG : F_CT), id);
	buf_fixed(&b, room, sizeof room);
	f_put(&b, 0, 2);
	f_put(&b, ms, 8);
	f_put(&b, 1, 2);
	buf_add(&b, (struct str){ (const char *)hash, 32 });
	f_put(&b, (uint64_t)n, 3);
	buf_add(&b, (struct str){ (const char *)tbs, (size_t)n });
	f_put(&b, 0, 2);
	if (f->defect == SCT_OTHER_CERT)
		b.p[100] ^= 1;
	struct str sig = f_sign(f, f->defect == SCT_KEY ? F_WRONG : F_CT, buf_str(&b));
	OPENSSL_free(tbs);
	size_t one = 1 + 32 + 8 + 2 + 2 + 2 + sig.n + (f->defect == SCT_TRAILING);
	buf_fixed(&l, list, sizeof list);
	f_put(&l, f->defect == SCT_EMPTY ? 0 : one + 2, 2);
	if (f->defect != SCT_EMPTY) {
		f_put(&l, one, 2);
		f_put(&l, 0, 1);
		buf_add(&l, (struct str){ (const char *)id, 32 });
		f_put(&l, ms + (f->defect == SCT_TIME), 8);
		f_put(&l, 0, 2);
		f_put(&l, f->defect == SCT_HASH ? 0x0203 : f->defect == SCT_KIND ? 0x0401 : 0x0403, 2);
		f_put(&l, sig.n, 2);
		buf_add(&l, sig);
		if (f->defect == SCT_TRAILING)
			buf_addc(&l, 0);
	}
	buf_fixed(&o, outer, sizeof outer);
	buf_addc(&o, f->defect == SCT_OUTER ? 12 : 4);
	if (l.n >= 128)
		buf_addc(&o, (char)0x81);
	buf_addc(&o, (char)l.n);
	buf_add(&o, buf_str(&l));
	f_raw_ext(x, "1.3.6.1.4.1.11129.2.4.2", false, o.p, (int)o.n);
}

static void f_wished(struct forge *f, X509 *x)
{
	char text[512];

	(void)snprintf(text, sizeof text, "critical,%s", f->wish->san);
	f_ext(x, NID_subject_alt_name, text);
	f_claim(x, "1.3.6.1.4.1.57264.1.8", f->wish->issuer);
	for (unsigned i = 0; i < f->wish->n_claims; i++) {
		(void)snprintf(text, sizeof text, "1.3.6.1.4.1.57264.1.%s", f->wish->claims[i].number);
		f_claim(x, text, f->wish->claims[i].value);
	}
	f_sct(f, x);
}

static void f_leaf_end(struct forge *f, X509 *x)
{
	f_seal(f, x, f->defect == LEAF_OTHER_CA ? F_WRONG : f->defect == LEAF_BY_ROOT ? F_ROOT : F_CA);
	f->leaf = x;
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	f->b.certs[f->b.n_certs++] = f_str(&f->a, der, n);
	OPENSSL_free(der);
}

static void f_leaf(struct forge *f, X509 *ca)
{
	enum defect d = f->defect;
	X509 *by = d == LEAF_SELF_SIGNED ? NULL : d == LEAF_BY_ROOT ? f->root.cas[0].certs[1] : ca;
	X509 *x = f_cert(f, F_LEAF, NULL, by, T0, T0 + MINUTES10);

	f_ext(x, NID_key_usage, d == LEAF_NO_SIGNING ? "critical,keyEncipherment" : "critical,digitalSignature");
	f_ext(x, NID_ext_key_usage, d == LEAF_NO_CODESIGN ? "clientAuth" : "codeSigning");
	if (d == LEAF_IS_CA)
		f_ext(x, NID_basic_constraints, "critical,CA:TRUE");
	if (f->wish != NULL) {
		f_wished(f, x);
		f_leaf_end(f, x);
		return;
	}
	if (d != LEAF_NO_NAME)
		f_ext(x, NID_subject_alt_name, d == LEAF_TWO_NAMES ? "critical,URI:" FORGE_SAN ",URI:https://b.test/"
								   : "critical,URI:" FORGE_SAN);
	if (d != LEAF_NO_ISSUER) {
		f_claim(x, "1.3.6.1.4.1.57264.1.8", "https://issuer.test");
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.1", false,
			  d == LEAF_TWO_ISSUERS ? "https://issuer.tesu" : "https://issuer.test", 19);
	}
	if (d == LEAF_RAW_CLAIM)
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.15", false, "123", 3);
	else if (d == LEAF_LONG_FORM) /* DER has one form of a length, the shortest */
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.15", false, "\x0c\x81\x03" "123", 6);
	else if (d == LEAF_LONGER_FORM)
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.15", false, "\x0c\x82\x00\x03" "123", 7);
	else
		f_claim(x, "1.3.6.1.4.1.57264.1.15", d == LEAF_CONTROL ? "12\n3" : "123");
	if (d == LEAF_TWICE)
		f_claim(x, "1.3.6.1.4.1.57264.1.15", "123");
	if (d == LEAF_CRITICAL)
		f_raw_ext(x, "1.2.3.4.5", true, "\5\0", 2);
	if (d != SCT_NONE)
		f_sct(f, x);
	f_leaf_end(f, x);
}

/* ---- the trusted root ---- */

static void f_log(struct forge *f, struct trusted_log *l, int key, const char *url)
{
	uint8_t id[SHA256_BYTES];
	struct diag d;

	l->url = str_z(url);
	l->name = str_z(strstr(url, "//") + 2);
	sha256(f_spki(f, key), id);
	l->id = f_str(&f->a, id, sizeof id);
	l->hint = str_head(l->id, 4);
	l->valid = (struct valid_for){ (T0 - 100000) * INT64_C(1000), (T0 + 100000) * INT64_C(1000) };
	(void)EVP_PKEY_up_ref(f->keys[key]);
	CHECK(verify_key_take(&l->key, f->keys[key], &d) == OK);
}

static void f_root(struct forge *f)
{
	const struct valid_for ok = { (T0 - 100000) * INT64_C(1000), (T0 + 100000) * INT64_C(1000) };
	const struct valid_for over = { ok.from_ms, (T0 - 1) * INT64_C(1000) };
	X509 *root = f_ca(f, F_ROOT, "root", NULL, F_ROOT,
			  f->defect == ROOT_PATHLEN ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE,pathlen:1");
	X509 *ca = f_ca(f, F_CA, "ca", root, f->defect == ROOT_OTHER ? F_WRONG : F_ROOT, "critical,CA:TRUE,pathlen:0");
	X509 *tsa_root = f_ca(f, F_TSA_ROOT, "tsa root", NULL, F_TSA_ROOT, "critical,CA:TRUE");
	X509 *tsa = f_cert(f, F_TSA, "tsa", tsa_root, T0 - 1000, T0 + 1000);

	f_ext(tsa, NID_key_usage, "critical,digitalSignature");
	f_ext(tsa, NID_ext_key_usage, f->defect == TOKEN_NOT_CRITICAL ? "timeStamping"
				      : f->defect == TOKEN_PURPOSE    ? "critical,codeSigning"
								      : "critical,timeStamping");
	f_seal(f, tsa, F_TSA_ROOT);
	f->root.cas[f->root.n_cas++] = (struct authority){
		.uri = S("https://ca.test"), .certs = { ca, root }, .n_certs = 2,
		.valid = f->defect == CA_NOT_VALID ? over : ok };
	f->root.tsas[f->root.n_tsas++] = (struct authority){
		.uri = S("https://tsa.test"), .certs = { tsa, tsa_root }, .n_certs = 2,
		.valid = f->defect == TOKEN_NOT_VALID ? over : ok };
	f_log(f, &f->root.ctlogs[f->root.n_ctlogs++], F_CT, "https://ct.test");
	f_log(f, &f->root.logs[f->root.n_logs++], F_LOG, "https://log.test");
	if (f->defect == LOG_LATE)
		f->root.logs[0].valid = over;
	f_leaf(f, ca);
}

/* ---- the log ---- */

static struct str f_base64(struct forge *f, struct str raw)
{
	struct buf b;
	size_t room = (raw.n + 2) / 3 * 4 + 4;

	buf_fixed(&b, arena_take(&f->a, room, 1), room);
	base64_encode(&b, raw, BASE64_STD);
	return buf_str(&b);
}

static struct str f_pem(struct forge *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	if (f->defect == MANAGED) /* the entry is about a key, and nobody tells the time */
		(void)PEM_write_bio_PUBKEY(bio, f->keys[F_LEAF]);
	else
		(void)PEM_write_bio_X509(bio, f->defect == ENTRY_SIGNER ? f->root.cas[0].certs[0] : f->leaf);
	long n = BIO_get_mem_data(bio, &p);
	struct str s = f_str(&f->a, p, (int)n);
	BIO_free(bio);
	return s;
}

static struct str f_body(struct forge *f)
{
	struct digest h;
	struct buf b;
	enum defect d = f->defect;
	struct str sig = d == ENTRY_SIGNATURE ? S("another") : f->b.signature;

	digest_of(HASH_SHA256, d == ENTRY_PAYLOAD ? S("{}") : f->b.payload, &h);
	buf_fixed(&b, arena_take(&f->a, 16384, 1), 16384);
	buf_addf(&b, "{\"apiVersion\":\"0.0.1\",\"kind\":\"%s\",\"spec\":{\"payloadHash\":{\"algorithm\":\"sha256\","
		     "\"value\":\"", d == ENTRY_OTHER_KIND ? "intoto" : "dsse");
	buf_addhex(&b, digest_str(&h, HASH_SHA256));
	buf_add(&b, S("\"},\"signatures\":["));
	for (int i = 0; i < 1 + (d == ENTRY_TWO_SIGNATURES); i++) {
		struct str text = f_base64(f, sig), pem = f_base64(f, f_pem(f));
		buf_addf(&b, "%s{\"signature\":\"%.*s\",\"verifier\":\"%.*s\"}", i ? "," : "", FMT(text), FMT(pem));
	}
	buf_add(&b, d == ENTRY_JSON ? S("]}") : S("]}}"));
	return buf_str(&b);
}

static struct str f_checkpoint(struct forge *f, const uint8_t root[32], uint64_t size)
{
	enum defect d = f->defect;
	struct checkpoint c = { d == CHECKPOINT_ORIGIN ? S("gol.test - 12")
				: d == CHECKPOINT_DASH ? S("log.test -12")
				: d == CHECKPOINT_TREE ? S("log.test - 1x")
				: d == CHECKPOINT_SIGN ? S("log.test - -1")
				: d == CHECKPOINT_NONE ? S("log.test - ")
						       : S("log.test - 12"),
				size + (d == CHECKPOINT_SIZE), { 0 } };
	char line[512];
	struct buf b, l;

	memcpy(c.root, root, 32);
	c.root[0] ^= d == CHECKPOINT_ROOT;
	buf_fixed(&b, arena_take(&f->a, 4096, 1), 4096);
	checkpoint_encode(&c, &b);
	struct str sig = f_sign(f, d == CHECKPOINT_KEY ? F_WRONG : F_LOG, buf_str(&b));
	buf_fixed(&l, line, sizeof line);
	buf_add(&l, str_head(f->root.logs[0].id, 4));
	l.p[0] ^= d == CHECKPOINT_HINT;
	buf_add(&l, sig);
	buf_addc(&b, '\n');
	if (d == CHECKPOINT_WITNESS)
		buf_add(&b, S(NOTE_DASH "witness.test AAAAAAAA\n"));
	if (d == CHECKPOINT_LINE)
		buf_add(&b, S("witness.test AAAAAAAA\n"));
	struct str text = f_base64(f, buf_str(&l));
	buf_addf(&b, NOTE_DASH "%s %.*s\n", d == CHECKPOINT_NAME ? "other.test" : "log.test", FMT(text));
	return buf_str(&b);
}

/* A tree of three leaves, ours the second: the proof is its left neighbour and the third. */
static void f_proof(struct forge *f, struct log_entry *e)
{
	enum defect d = f->defect;
	struct inclusion_proof *p = &e->proof;
	uint8_t leaf[32], left[32] = { 1 }, right[32] = { 2 }, root[32];
	char *room = arena_take(&f->a, e->body.n + 1, 1);
	struct sha256 sha;

	CHECK(sha256_init(&sha) == OK);
	memcpy(room + 1, e->body.p, e->body.n);
	tlog_leaf(&sha, room, e->body.n, leaf);
	tlog_node(&sha, left, leaf, root);
	tlog_node(&sha, root, right, root);
	sha256_done(&sha);
	e->has_proof = d != NO_PROOF;
	*p = (struct inclusion_proof){ .index = d == PROOF_INDEX ? 3 : 1, .size = 3, .n_hashes = 2 };
	p->hashes[0] = f_str(&f->a, left, d == PROOF_SHORT_HASH ? 31 : 32);
	p->hashes[1] = f_str(&f->a, right, 32);
	p->hashes[2] = f_str(&f->a, right, 32);
	p->n_hashes += d == PROOF_MORE;
	p->n_hashes -= d == PROOF_LESS;
	root[31] ^= d == PROOF_ROOT;
	p->root = f_str(&f->a, root, 32);
	if (d != NO_CHECKPOINT)
		p->checkpoint = f_checkpoint(f, root, 3);
}

static int64_t f_time(const struct forge *f)
{
	switch ((int)f->defect) {
	case AT_START:
		return T0;
	case AT_END:
		return T0 + MINUTES10;
	case BEFORE_START:
		return T0 - 1;
	case AFTER_END:
		return T0 + MINUTES10 + 1;
	default:
		return T_SIGN;
	}
}

static void f_promise(struct forge *f, struct log_entry *e)
{
	char hex[65];
	struct buf b, h;
	struct str body = f_base64(f, e->body);

	buf_fixed(&h, hex, sizeof hex);
	buf_addhex(&h, e->log_id);
	buf_fixed(&b, arena_take(&f->a, body.n + 512, 1), body.n + 512);
	buf_addf(&b, "{\"body\":\"%.*s\",\"integratedTime\":%lld,\"logID\":\"%.*s\",\"logIndex\":%llu}", FMT(body),
		 (long long)e->integrated_s, FMT(buf_str(&h)), (unsigned long long)e->index);
	e->promise = f_sign(f, f->defect == SET_KEY ? F_WRONG : F_LOG, buf_str(&b));
	e->integrated_s += f->defect == SET_TIME;
	e->index += f->defect == SET_INDEX;
}

/* ---- time stamps ---- */

static ASN1_INTEGER *f_serial(TS_RESP_CTX *ctx, void *data)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)ctx, (void)data;
	(void)ASN1_INTEGER_set(n, 42);
	return n;
}

static int f_now(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
	(void)ctx;
	*sec = *(long *)data;
	*usec = 0;
	return 1;
}

/* The root names the authority alone, and the token brings its signer's certificate. */
static bool f_embedded(const struct forge *f)
{
	return f->defect >= TOKEN_EMBEDDED && f->defect <= TOKEN_EMBEDDED_CA;
}

static BIO *f_request(struct forge *f)
{
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algo = X509_ALGOR_new();
	struct str signed_by = f->defect == TOKEN_IMPRINT ? S("else") : f->b.signature;
	bool sha1 = f->defect == TOKEN_SHA1;
	unsigned char at[EVP_MAX_MD_SIZE];
	size_t n = 0;
	BIO *bio = BIO_new(BIO_s_mem());

	(void)EVP_Q_digest(NULL, sha1 ? "SHA1" : "SHA256", NULL, signed_by.p, signed_by.n, at, &n);
	(void)X509_ALGOR_set0(algo, OBJ_nid2obj(sha1 ? NID_sha1 : NID_sha256), V_ASN1_NULL, NULL);
	(void)TS_MSG_IMPRINT_set_algo(imprint, algo);
	(void)TS_MSG_IMPRINT_set_msg(imprint, at, (int)n);
	(void)TS_REQ_set_version(req, 1);
	(void)TS_REQ_set_msg_imprint(req, imprint);
	(void)TS_REQ_set_cert_req(req, f_embedded(f));
	(void)i2d_TS_REQ_bio(bio, req);
	X509_ALGOR_free(algo);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(req);
	return bio;
}

/* Replaces the certificate that the token names by another of the same name, number and key, and signs again:
 * OpenSSL makes no token with a certificate that may not. */
static void f_resign(struct forge *f, TS_RESP *resp, X509 *cert)
{
	PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(TS_RESP_get_token(resp)), 0);
	ESS_SIGNING_CERT_V2 *ess = OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), cert, NULL, 0);
	ASN1_STRING *seq = ASN1_STRING_new();
	unsigned char *der = NULL;
	int n = i2d_ESS_SIGNING_CERT_V2(ess, &der);

	(void)ASN1_STRING_set(seq, der, n);
	(void)PKCS7_add_signed_attribute(si, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE, seq);
	EVP_PKEY_free(si->pkey);
	(void)EVP_PKEY_up_ref(si->pkey = f->keys[f->defect == TOKEN_KEY ? F_WRONG : F_TSA]);
	if (PKCS7_SIGNER_INFO_sign(si) != 1)
		abort();
	OPENSSL_free(der);
	ESS_SIGNING_CERT_V2_free(ess);
}

static void f_token(struct forge *f)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	long now = f->defect == TOKEN_TIME ? T0 + MINUTES10 + 1 : T_SIGN;
	bool late = f->defect == TOKEN_EMBEDDED_LATE;
	X509 *signer = f_cert(f, F_TSA, "tsa", f->root.tsas[0].certs[1], T0 - 1000, late ? T_SIGN - 1 : T0 + 1000);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
	BIO *req = f_request(f);
	unsigned char *der = NULL;

	f_ext(signer, NID_key_usage, "critical,digitalSignature");
	f_ext(signer, NID_ext_key_usage, "critical,timeStamping");
	f_seal(f, signer, f->defect == TOKEN_EMBEDDED_CA ? F_WRONG : F_TSA_ROOT);
	(void)TS_RESP_CTX_set_signer_cert(ctx, signer);
	(void)TS_RESP_CTX_set_signer_key(ctx, f->keys[F_TSA]);
	(void)TS_RESP_CTX_set_def_policy(ctx, policy);
	(void)TS_RESP_CTX_add_md(ctx, f->defect == TOKEN_SHA1 ? EVP_sha1() : EVP_sha256());
	(void)TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	(void)TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_serial_cb(ctx, f_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, f_now, &now);
	TS_RESP *resp = TS_RESP_create_response(ctx, req);
	if (f_embedded(f)) {
		struct authority *tsa = &f->root.tsas[0];
		X509_free(tsa->certs[0]);
		tsa->certs[0] = tsa->certs[1];
		tsa->n_certs = 1;
		tsa->certs[1] = NULL;
	} else {
		f_resign(f, resp, f->root.tsas[0].certs[0]);
	}
	int n = i2d_TS_RESP(resp, &der);
	char *token = arena_alloc(&f->a, (size_t)n + 1, 1);
	memcpy(token, der, (size_t)n);
	f->b.tokens[f->b.n_tokens++] = (struct str){ token, (size_t)n + (f->defect == TOKEN_TRAILING) };
	OPENSSL_free(der);
	TS_RESP_free(resp);
	X509_free(signer);
	ASN1_OBJECT_free(policy);
	BIO_free(req);
	TS_RESP_CTX_free(ctx);
}

/* ---- all of it ---- */

static struct str f_statement(enum defect d)
{
	if (d == STATEMENT_JSON)
		return S("{\"_type\":\"https://in-toto.io/Statement/v1\",\"_type\":\"\"}");
#define SUBJECT_OK "{\"name\":\"a\",\"digest\":{\"sha256\":"                                            \
	"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}}"
#define SUBJECT_NOT "{\"name\":\"b\",\"digest\":{\"sha256\":"                                           \
	"\"0a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}}"
#define STATEMENT(type, subjects)                                                                       \
	S("{\"_type\":\"https://in-toto.io/Statement/" type "\",\"subject\":[" subjects "],"            \
	  "\"predicateType\":\"https://predicate.test/v1\",\"predicate\":{}}")
	if (d == SUBJECT)
		return STATEMENT("v1", SUBJECT_NOT);
	if (d == TWO_SUBJECTS)
		return STATEMENT("v0.1", SUBJECT_NOT "," SUBJECT_OK);
	return d == STATEMENT_TYPE ? STATEMENT("v2", SUBJECT_OK) : STATEMENT("v0.1", SUBJECT_OK);
}

static void f_entry(struct forge *f)
{
	enum defect d = f->defect;
	struct log_entry *e = &f->b.entries[0];

	f->b.n_entries = d != NO_ENTRY;
	e->index = 1000;
	e->log_id = f->root.logs[0].id;
	if (d == LOG_UNKNOWN)
		e->log_id = f->root.ctlogs[0].id;
	e->kind = d == ENTRY_KIND ? S("rpm") : S("dsse");
	e->version = S("0.0.1");
	e->body = f_body(f);
	if (d == ENTRY_KIND) {
		struct str body = f_str(&f->a, e->body.p, (int)e->body.n);
		char *at = (char *)(uintptr_t)body.p + str_find(body, S("\"dsse\""));
		memcpy(at, "\"rpm\" ", 6);
		e->body = body;
	}
	e->integrated_s = f_time(f);
	f_proof(f, e);
	bool tokens = d >= TOKEN && d <= TOKEN_TIME;
	if (d != NO_PROMISE && d != NO_TIME && d != MANAGED && !tokens)
		f_promise(f, e);
	if (d == NO_PROMISE)
		f->b.version = BUNDLE_V01;
	if (tokens)
		f_token(f);
}

/* forge_begin makes keys, which all bundles share. */
static void forge_begin(struct forge *f)
{
	for (int i = 0; i < F_KEYS; i++)
		f->keys[i] = EVP_EC_gen("P-256");
}

static void forge_make_wish(struct forge *f, enum defect d, const struct forge_wish *wish)
{
	static EVP_PKEY *keep[F_KEYS];
	struct diag why;

	memcpy(keep, f->keys, sizeof keep);
	*f = (struct forge){ .defect = d, .wish = wish };
	memcpy(f->keys, keep, sizeof keep);
	arena_init(&f->a, 8 << 20);
	f->b = (struct bundle){ .version = BUNDLE_V03, .is_dsse = true, .hash = HASH_NONE };
	f->policy.san = S(FORGE_SAN);
	f->policy.claims[CLAIM_ISSUER] = S("https://issuer.test");
	f->policy.one_subject = true;
	CHECK(digest_parse(S("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), &f->art,
			   &why) == OK);
	f_root(f);
	f->b.payload_type = d == PAYLOAD_TYPE ? S("text/plain") : S("application/vnd.in-toto+json");
	f->b.payload = wish != NULL ? wish->payload : f_statement(d);
	struct str pae = dsse_pae(f->b.payload_type, f->b.payload, &f->a);
	f->b.signature = f_sign(f, d == SIGNATURE ? F_WRONG : F_LEAF, pae);
	f_entry(f);
	if (d == NO_SIGNATURE)
		f->b.signature = S("");
}

__attribute__((unused)) static void forge_make(struct forge *f, enum defect d)
{
	forge_make_wish(f, d, NULL);
}

static void forge_done(struct forge *f)
{
	X509_free(f->leaf);
	trusted_root_done(&f->root);
	arena_done(&f->a);
}

#endif
