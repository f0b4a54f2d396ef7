/* inspect/digest.c - the digest of an environment. Input: own. Runs in: checker. */
#include "inspect/digest.h"

#include "base/buf.h"

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
	char room[1 + 6 + 1 + 2 * SHA256_BYTES + 1];
	struct buf tail;

	if (d->files > 0 && str_cmp(d->last, path) >= 0)
		return ERR_SYNTAX;
	buf_fixed(&tail, room, sizeof room);
	buf_addc(&tail, '\0');
	buf_add(&tail, S_ISLNK(mode) ? S("120000") : mode & 0111 ? S("100755") : S("100644"));
	buf_addc(&tail, '\0');
	buf_addhex(&tail, (struct str){ (const char *)sha256, SHA256_BYTES });
	buf_addc(&tail, '\n');
	sha256_update(d->h, path);
	sha256_update(d->h, buf_str(&tail));
	d->last = path;
	d->files++;
	return OK;
}

void env_digest_end(struct env_digest *d, uint8_t out[SHA256_BYTES])
{
	sha256_final(d->h, out);
}
