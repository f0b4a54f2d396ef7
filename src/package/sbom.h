/*
 * package/sbom.h - writes what was found as CycloneDX 1.6 JSON or SPDX 2.3 JSON. Ring 0.
 * Time and serial number are given, so that the same input makes the same bytes.
 */
#ifndef PACKAGE_SBOM_H
#define PACKAGE_SBOM_H

#include "base/buf.h"
#include "package/package.h"

/* A file that no package owns. */
struct sbom_file {
	struct str path;
	struct package_hash hashes[2]; /* SPDX wants a sha1 among them */
	unsigned n_hashes;
};

/* The digest of an environment or an interpreter. */
struct sbom_digest {
	struct str what; /* "environment", "interpreter" */
	struct str path; /* any bytes */
	uint8_t sha256[32];
};

struct sbom {
	struct str tool, tool_version; /* who writes: "yett", "0.3.0" */
	struct str timestamp;	       /* "2026-11-23T09:00:00Z" */
	struct str serial;  /* a UUID, lower case: "3e671687-395b-41f5-a30f-a58921a69b79" */
	struct str subject; /* what this is the bill of: a path or an image; any bytes */
	const struct package *packages;
	size_t n_packages;
	const struct sbom_file *files; /* those that no package owns */
	size_t n_files;
	const struct sbom_digest *digests;
	size_t n_digests;
	bool own_files; /* they are the subject's own, and not just owned by no package */
	bool complete; /* everything under subject was read; false: the list may lack something */
};

/* sbom_cyclonedx and sbom_spdx append the whole text to out and end it with a newline. Errors are
 * out's own. A package is found again by its place in packages (bom-ref "p1", "SPDXRef-p1"). */
void sbom_cyclonedx(const struct sbom *s, struct buf *out);
void sbom_spdx(const struct sbom *s, struct buf *out);

#endif
