/* inspect/digest.c - the digest of an environment. Input: own. Runs in: checker. */
#include "inspect/digest.h"

#include <string.h>
#include <sys/stat.h>

static void begin(struct env_digest *d, struct sha256 *h, struct str line)
{
	*d = (struct env_digest){ .h = h };
	sha256_update(h, line);
}

void env_digest_begin(struct env_digest *d, struct sha256 *h)
{
	begin(d, h, S("yett-environment-1\n"));
}

void interpreter_digest_begin(struct env_digest *d, struct sha256 *h)
{
	begin(d, h, S("yett-interpreter-1\n"));
}

void package_digest_begin(struct env_digest *d, struct sha256 *h)
{
	begin(d, h, S("yett-package-1\n"));
}

enum err env_digest_add(struct env_digest *d, struct str path, unsigned mode,
			const uint8_t sha256[SHA256_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char tail[1 + 6 + 1 + 2 * SHA256_BYTES + 1];
	const char *kind = S_ISLNK(mode) ? "120000" : mode & 0111 ? "100755" : "100644";

	if (d->files > 0 && str_cmp(d->last, path) >= 0)
		return ERR_SYNTAX;
	tail[0] = 0;
	memcpy(tail + 1, kind, 6);
	tail[7] = 0;
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		tail[8 + 2 * i] = digits[sha256[i] >> 4];
		tail[9 + 2 * i] = digits[sha256[i] & 15];
	}
	tail[sizeof tail - 1] = '\n';
	sha256_update(d->h, path);
	sha256_update(d->h, (struct str){ tail, sizeof tail });
	d->last = path;
	d->files++;
	return OK;
}

void env_digest_end(struct env_digest *d, uint8_t out[SHA256_BYTES])
{
	sha256_final(d->h, out);
}
