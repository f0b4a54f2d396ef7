/*
 * bench/verify/verify_bench.c [BUNDLE ROOT DIGEST]... - one verification, in this process: parsing the bundle and
 * all checks, with the trusted root read before. Prints rows as bench/micro does.
 */
#define BENCH_CLOCK CLOCK_PROCESS_CPUTIME_ID
#include "bench/micro/bench.h"
#include "crypto/narrow.h"
#include "verify/verify.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

NARROW(openssl)

static struct arena arena, scratch;
static struct trusted_root root;
static struct artifact art;
static struct diag why;
static struct bundle b;
static struct verify_report report;

static struct str file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *at = arena_take(&arena, 1 << 20, 1);

	BENCH_CHECK(f != NULL && at != NULL);
	size_t n = fread(at, 1, 1 << 20, f);
	(void)fclose(f);
	return (struct str){ at, n };
}

static void parse(struct str text)
{
	arena_reset(&scratch);
	BENCH_CHECK(bundle_parse(&b, text, &scratch, &why) == OK);
}

static void verify(struct str text)
{
	static const struct verify_policy policy = { .any_identity = true };

	parse(text);
	BENCH_CHECK(verify_bundle(&b, &root, &art, &policy, 0, &scratch, &report, &why) == OK);
}

/* What OpenSSL needs for one signature of a curve, alone: most of a verification is such. */
static EVP_PKEY *key;
static unsigned char sig[256], digest[48] = "not zero, which would spare a multiplication";
static size_t sig_n;

static void verify_one(struct str text)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	(void)text;
	BENCH_CHECK(EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_verify(ctx, sig, sig_n, digest, sizeof digest) == 1);
	EVP_PKEY_CTX_free(ctx);
}

static void curve_row(const char *name, const char *curve)
{
	key = EVP_EC_gen(curve);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	sig_n = sizeof sig;
	BENCH_CHECK(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, sig, &sig_n, digest, sizeof digest) == 1);
	EVP_PKEY_CTX_free(ctx);
	bench_row(name, S(""), verify_one);
	EVP_PKEY_free(key);
}

static void read_root(struct str text)
{
	arena_reset(&scratch);
	trusted_root_done(&root);
	if (text.n == 0)
		BENCH_CHECK(trusted_root_shipped(&root, &scratch, &why) == OK);
	else
		BENCH_CHECK(trusted_root_parse(&root, text, &scratch, &why) == OK);
}

int main(int argc, char **argv)
{
	struct arena roots;

	BENCH_CHECK(narrow_load(&openssl, openssl_begin) == OK); /* as the verifier does */
	arena_init(&arena, 64 << 20);
	arena_init(&scratch, 64 << 20);
	curve_row("one signature, P-256, OpenSSL", "P-256");
	curve_row("one signature, P-384, OpenSSL", "P-384");
	bench_row("read the shipped root", S(""), read_root);
	for (int i = 1; i + 3 < argc; i += 4) {
		char name[128];
		struct str text = file(argv[i + 1]);
		struct str root_text = argv[i + 2][0] ? file(argv[i + 2]) : S("");
		trusted_root_done(&root);
		arena_init(&roots, 8 << 20);
		BENCH_CHECK((root_text.n ? trusted_root_parse(&root, root_text, &roots, &why)
					 : trusted_root_shipped(&root, &roots, &why)) == OK);
		art = (struct artifact){ .digests = { { .known = false } } };
		BENCH_CHECK(digest_parse(str_z(argv[i + 3]), &art, &why) == OK);
		(void)snprintf(name, sizeof name, "parse %s", argv[i]);
		bench_row(name, text, parse);
		(void)snprintf(name, sizeof name, "verify %s", argv[i]);
		bench_row(name, text, verify);
		trusted_root_done(&root);
		arena_done(&roots);
	}
	return 0;
}
