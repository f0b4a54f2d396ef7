/* tests/unit/verify/kit.h - a file of the tests, PyPI's provenance as a struct bundle, the shipped root. */
#ifndef TESTS_VERIFY_KIT_H
#define TESTS_VERIFY_KIT_H

#include "codec/json.h"
#include "verify/part.h"
#include "verify/provenance.h"

#include "../check.h"

#include <stdio.h>

#define KIT_PROVENANCE "tests/golden/verify/pypi_attestations-0.0.19.tar.gz.provenance"
#define KIT_DIGEST "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
#define KIT_SAN "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19"
#define KIT_ISSUER "https://token.actions.githubusercontent.com"

/* A whole file in the arena. */
__attribute__((unused)) static struct str kit_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "re");
	char *at = arena_take(a, 1 << 20, 1);

	if (f == NULL || at == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	size_t n = fread(at, 1, 1 << 20, f);
	(void)fclose(f);
	return (struct str){ at, n };
}

/* PyPI's provenance of the golden file, as the one bundle in it. */
__attribute__((unused)) static void kit_provenance(struct bundle *b, struct arena *a)
{
	struct document doc;
	struct diag d = { 0 };

	CHECK(document_read(&doc, kit_file(a, KIT_PROVENANCE), a, &d) == OK);
	CHECK(doc.kind == DOCUMENT_PEP740 && doc.n == 1);
	*b = doc.items[0].bundle;
}

/* Who is expected to have signed it. */
__attribute__((unused)) static void kit_policy(struct verify_policy *p)
{
	*p = (struct verify_policy){ .san = S(KIT_SAN), .one_subject = true };
	p->claims[CLAIM_ISSUER] = S(KIT_ISSUER);
}

#endif
