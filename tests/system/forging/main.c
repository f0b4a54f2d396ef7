/*
 * tests/system/forging/main.c - a Sigstore of our own for tests/system/test_provenance.py: signs statements as
 * anybody, and says whom to believe for that.
 *
 *	forging DIRECTORY    a line of standard input for each bundle, its parts separated by tabs: name of the bundle's
 *	                     file, file of the statement, SAN ("URI:..."), issuer, NUMBER=VALUE of each claim;
 *	                     trusted_root.json is written beside them
 */
#include "../../unit/verify/forge.h"

#include "codec/jw.h"

enum { LINE = 8192, STATEMENT_MAX = 1 << 20 };

static void kv_base64(struct forge *f, struct buf *b, const char *name, struct str raw)
{
	jw_kv_str(b, str_z(name), f_base64(f, raw));
}

static void open_obj(struct buf *b, const char *name)
{
	jw_key(b, str_z(name));
	jw_obj(b);
}

static void kv_u64(struct buf *b, const char *name, uint64_t v)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	jw_kv_str(b, str_z(name), str_z(text));
}

static void write_proof(struct forge *f, struct buf *b, const struct inclusion_proof *p)
{
	open_obj(b, "inclusionProof");
	kv_u64(b, "logIndex", p->index);
	kv_u64(b, "treeSize", p->size);
	kv_base64(f, b, "rootHash", p->root);
	jw_key(b, S("hashes"));
	jw_arr(b);
	for (unsigned i = 0; i < p->n_hashes; i++)
		jw_str(b, f_base64(f, p->hashes[i]));
	jw_arr_end(b);
	open_obj(b, "checkpoint");
	jw_kv_str(b, S("envelope"), p->checkpoint);
	jw_obj_end(b);
	jw_obj_end(b);
}

static void write_entry(struct forge *f, struct buf *b, const struct log_entry *e)
{
	jw_obj(b);
	kv_u64(b, "logIndex", e->index);
	open_obj(b, "logId");
	kv_base64(f, b, "keyId", e->log_id);
	jw_obj_end(b);
	open_obj(b, "kindVersion");
	jw_kv_str(b, S("kind"), e->kind);
	jw_kv_str(b, S("version"), e->version);
	jw_obj_end(b);
	kv_u64(b, "integratedTime", (uint64_t)e->integrated_s);
	open_obj(b, "inclusionPromise");
	kv_base64(f, b, "signedEntryTimestamp", e->promise);
	jw_obj_end(b);
	write_proof(f, b, &e->proof);
	kv_base64(f, b, "canonicalizedBody", e->body);
	jw_obj_end(b);
}

static void write_bundle(struct forge *f, struct buf *b)
{
	jw_obj(b);
	jw_kv_str(b, S("mediaType"), S("application/vnd.dev.sigstore.bundle.v0.3+json"));
	open_obj(b, "verificationMaterial");
	open_obj(b, "certificate");
	kv_base64(f, b, "rawBytes", f->b.certs[0]);
	jw_obj_end(b);
	jw_key(b, S("tlogEntries"));
	jw_arr(b);
	write_entry(f, b, &f->b.entries[0]);
	jw_arr_end(b);
	jw_obj_end(b);
	open_obj(b, "dsseEnvelope");
	kv_base64(f, b, "payload", f->b.payload);
	jw_kv_str(b, S("payloadType"), f->b.payload_type);
	jw_key(b, S("signatures"));
	jw_arr(b);
	jw_obj(b);
	kv_base64(f, b, "sig", f->b.signature);
	jw_obj_end(b);
	jw_arr_end(b);
	jw_obj_end(b);
	jw_obj_end(b);
}

static void write_valid(struct buf *b)
{
	open_obj(b, "validFor");
	jw_kv_str(b, S("start"), S("2020-01-01T00:00:00Z"));
	jw_obj_end(b);
}

static void write_log(struct forge *f, struct buf *b, const char *name, const struct trusted_log *l, int key)
{
	jw_key(b, str_z(name));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("baseUrl"), l->url);
	jw_kv_str(b, S("hashAlgorithm"), S("SHA2_256"));
	open_obj(b, "publicKey");
	kv_base64(f, b, "rawBytes", f_spki(f, key));
	jw_kv_str(b, S("keyDetails"), S("PKIX_ECDSA_P256_SHA_256"));
	write_valid(b);
	jw_obj_end(b);
	open_obj(b, "logId");
	kv_base64(f, b, "keyId", l->id);
	jw_obj_end(b);
	jw_obj_end(b);
	jw_arr_end(b);
}

static void write_authority(struct forge *f, struct buf *b, const char *name, const struct authority *a)
{
	jw_key(b, str_z(name));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("uri"), a->uri);
	open_obj(b, "certChain");
	jw_key(b, S("certificates"));
	jw_arr(b);
	for (unsigned i = 0; i < a->n_certs; i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(a->certs[i], &der);
		jw_obj(b);
		kv_base64(f, b, "rawBytes", (struct str){ (const char *)der, (size_t)n });
		jw_obj_end(b);
		OPENSSL_free(der);
	}
	jw_arr_end(b);
	jw_obj_end(b);
	write_valid(b);
	jw_obj_end(b);
	jw_arr_end(b);
}

static void write_root(struct forge *f, struct buf *b)
{
	jw_obj(b);
	jw_kv_str(b, S("mediaType"), S("application/vnd.dev.sigstore.trustedroot+json;version=0.1"));
	write_log(f, b, "tlogs", &f->root.logs[0], F_LOG);
	write_log(f, b, "ctlogs", &f->root.ctlogs[0], F_CT);
	write_authority(f, b, "certificateAuthorities", &f->root.cas[0]);
	write_authority(f, b, "timestampAuthorities", &f->root.tsas[0]);
	jw_obj_end(b);
}

static void save(const char *dir, const char *name, struct forge *f, void (*write)(struct forge *f, struct buf *b))
{
	char path[LINE];
	struct buf b;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	buf_init(&b, 8 << 20);
	write(f, &b);
	FILE *out = fopen(path, "we");
	if (out == NULL || b.err != OK || fwrite(b.p, 1, b.n, out) != b.n || fclose(out) != 0)
		abort();
	buf_free(&b);
}

static struct str load(const char *path)
{
	static char text[STATEMENT_MAX];
	FILE *in = fopen(path, "re");

	if (in == NULL)
		abort();
	struct str s = { text, fread(text, 1, sizeof text, in) };
	(void)fclose(in);
	return s;
}

static void forge_line(struct forge *f, const char *dir, char *line)
{
	struct forge_wish wish = { .n_claims = 0 };
	char *rest = line, *name = strsep(&rest, "\t"), *statement = strsep(&rest, "\t");

	wish.san = strsep(&rest, "\t");
	wish.issuer = strsep(&rest, "\t");
	while (rest != NULL && wish.n_claims < 16) {
		char *claim = strsep(&rest, "\t");
		wish.claims[wish.n_claims].number = strsep(&claim, "=");
		wish.claims[wish.n_claims++].value = claim;
	}
	wish.payload = load(statement);
	forge_make_wish(f, NONE, &wish);
	save(dir, name, f, write_bundle);
	save(dir, "trusted_root.json", f, write_root);
	forge_done(f);
}

int main(int argc, char **argv)
{
	static struct forge f;
	char line[LINE];

	if (argc != 2)
		return 64;
	forge_begin(&f);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = 0;
		forge_line(&f, argv[1], line);
	}
	return check_failed != 0;
}
