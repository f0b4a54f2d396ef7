/*
 * package/sbom_write.h - what both writers of package/sbom.h need. Ring 0.
 */
#ifndef PACKAGE_SBOM_WRITE_H
#define PACKAGE_SBOM_WRITE_H

#include "package/sbom.h"

enum sbom_form { SBOM_CYCLONEDX, SBOM_SPDX };

/* sbom_hashes writes the digests as an array value: {"alg", "content"} or {"algorithm",
 * "checksumValue"}. Algorithms that the form has no word for are left out. */
void sbom_hashes(struct buf *b, enum sbom_form form, const struct package_hash *h, size_t n);

/* sbom_has_hashes: sbom_hashes would write one at least. */
bool sbom_has_hashes(enum sbom_form form, const struct package_hash *h, size_t n);

/* sbom_name is what a package is called, without what says of which kind it is. */
struct str sbom_name(const struct package *p);

/* sbom_purl writes the package URL as a string value, of what sbom_has_purl. */
bool sbom_has_purl(const struct package *p);
void sbom_purl(struct buf *b, const struct package *p);

/* sbom_url_ok: s can stand where the schemas ask for an absolute URL. */
bool sbom_url_ok(struct str s);

/* sbom_digest_text writes "sha256:HEX PATH" into a string value that is open. */
void sbom_digest_text(struct buf *b, const uint8_t sha256[32], struct str path);

/* sbom_ref writes a string value of prefix and number: "p1". */
void sbom_ref(struct buf *b, const char *prefix, size_t number);

/* sbom_origin gives the word for where a package comes from; "" when it is unknown. */
struct str sbom_origin(enum origin o);

#endif
