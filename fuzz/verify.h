/* fuzz/verify.h - what the targets of src/verify share: PyPI's golden bundle, and the shipped trusted root. */
#ifndef FUZZ_VERIFY_H
#define FUZZ_VERIFY_H

#include "fuzz/fuzz.h"
#include "verify/part.h"

#define GOLDEN "tests/golden/verify/pypi_attestations-0.0.19.tar.gz.sigstore.json"
#define GOLDEN_DIGEST "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"

struct golden {
	struct arena a;
	struct bundle b;
	struct trusted_root root;
	struct artifact art;
};

/* golden_read makes it once; the targets are run from the root of the tree. */
__attribute__((unused)) static const struct golden *golden_read(void)
{
	static struct golden g;
	static char text[64 << 10];
	struct diag d;

	if (g.b.n_certs != 0)
		return &g;
	FILE *f = fopen(GOLDEN, "re");
	CHECK(f != NULL);
	struct str s = { text, fread(text, 1, sizeof text, f) };
	(void)fclose(f);
	arena_init(&g.a, 16 << 20);
	CHECK(bundle_parse(&g.b, s, &g.a, &d) == OK);
	CHECK(trusted_root_shipped(&g.root, &g.a, &d) == OK);
	CHECK(digest_parse(S(GOLDEN_DIGEST), &g.art, &d) == OK);
	return &g;
}

__attribute__((unused)) static bool str_has(struct str s, struct str part)
{
	return str_find(s, part) != SIZE_MAX;
}

#endif
