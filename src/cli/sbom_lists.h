/*
 * cli/sbom_lists.h - lists of what is in a release, for its bill of materials: files as sha256sum
 * writes them, and Debian packages as dpkg-query does. Ring 2.
 */
#ifndef CLI_SBOM_LISTS_H
#define CLI_SBOM_LISTS_H

#include "base/diag.h"
#include "package/sbom.h"

enum { SBOM_LIST_MAX = 64 << 20, SBOM_SERIAL = 40 };

/* sbom_files_read reads lines of 64 hexadecimal digits, two characters and a path into s. */
MUST_USE enum err sbom_files_read(struct sbom *s, struct str text, struct arena *a, struct diag *d);

/* sbom_debian_read reads lines of a package's name and, if it is known, its version into s. */
MUST_USE enum err sbom_debian_read(struct sbom *s, struct str text, struct arena *a,
				   struct diag *d);

/* sbom_serial_of makes a UUID (version 8) of everything that write writes of s, so that the same
 * content has the same number, and puts it into s. */
void sbom_serial_of(struct sbom *s, void (*write)(const struct sbom *s, struct buf *out),
		    char out[SBOM_SERIAL]);

/* sbom_uuid formats 16 bytes as one of that version. */
void sbom_uuid(const uint8_t bytes[16], unsigned version, char out[SBOM_SERIAL]);

#endif
