/*
 * package/manifest.h - files that name releases: requirements, lock files, package.json, SBOMs.
 * Ring 0. One reader a format, one table (manifest.c). A reader gives the packages that the tool
 * the file belongs to would install, and findings about what the file itself asks for.
 */
#ifndef PACKAGE_MANIFEST_H
#define PACKAGE_MANIFEST_H

#include "base/diag.h"
#include "inspect/finding.h"
#include "package/package.h"

/* X(code, name for people). */
#define MANIFEST_LIST(X)                                                                           \
	X(MANIFEST_NONE, "")                                                                       \
	X(MANIFEST_REQUIREMENTS, "requirements file")                                              \
	X(MANIFEST_PYPROJECT, "pyproject.toml")                                                    \
	X(MANIFEST_PYLOCK, "pylock.toml")                                                          \
	X(MANIFEST_UV_LOCK, "uv.lock")                                                             \
	X(MANIFEST_POETRY_LOCK, "poetry.lock")                                                     \
	X(MANIFEST_PIPFILE_LOCK, "Pipfile.lock")                                                   \
	X(MANIFEST_PACKAGE_JSON, "package.json")                                                   \
	X(MANIFEST_PACKAGE_LOCK, "package-lock.json")                                              \
	X(MANIFEST_PNPM_LOCK, "pnpm-lock.yaml")                                                    \
	X(MANIFEST_YARN_LOCK, "yarn.lock")                                                         \
	X(MANIFEST_CYCLONEDX, "CycloneDX")                                                         \
	X(MANIFEST_SPDX, "SPDX")                                                                   \
	X(MANIFEST_SETUP_CFG, "setup.cfg")                                                         \
	X(MANIFEST_SETUP_PY, "setup.py")

#define X(code, name) code,
enum manifest { MANIFEST_LIST(X) MANIFEST_COUNT };
#undef X

/* manifest_kind tells by the last component of a path whether it is a file that we read;
 * MANIFEST_NONE: it is not. */
enum manifest manifest_kind(struct str file_name);

/* manifest_sniff tells by content, for a file that somebody named as the target although its name
 * says nothing ("sbom.json", "prod.txt"): SBOMs and lock files by their marks, and a requirements
 * file only for a name that ends in ".txt" or ".in". It looks at the first 4 KiB. */
enum manifest manifest_sniff(struct str file_name, struct str text);

/* manifest_name gives what a kind is called, for people. */
struct str manifest_name(enum manifest kind);

/* manifest_read appends what text names to out, and findings of RULES_MANIFEST to f. path is only
 * for findings and package.where. Strings of out point into text or live in out's arena; scratch
 * may be reset when it returns. Packages come in the order of the file, each artifact once; the
 * project a lock file belongs to is not among them. On failure what was read so far stays in out:
 * ERR_SYNTAX (no file of this kind), ERR_LIMIT, ERR_NOMEM, ERR_UNSUPPORTED (d says what to do). */
MUST_USE enum err manifest_read(enum manifest kind, struct str path, struct str text,
				struct arena *scratch, struct package_list *out, struct findings *f,
				struct diag *d);

#endif
