/*
 * cli/pip_hashes.c - files of requirements that name source archives by digest.
 * Input: hostile (the files).   Runs in: cli.   Fuzz: fuzz/manifest_fuzz.c
 *
 * pip compares the digest of what it installs, and of a source archive that is a wheel made of it.
 * So pip is given a copy of the file in which behind each digest of an archive stands that of its
 * wheel: of the stub first, then of what was built of just the bytes with the archive's digest.
 */
#include "cli/pip.h"

#include "base/num.h"
#include "crypto/sha256.h"
#include "sys/fs.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 16 << 20, HEX = 2 * SHA256_BYTES };

static const struct sdist *with_digest(const struct sdists *all, struct str hex)
{
	uint8_t digest[SHA256_BYTES];

	if (!num_hex_bytes(hex, digest, sizeof digest))
		return NULL;
	for (size_t i = 0; i < all->n; i++) {
		const struct package_hash *h = &all->items[i].file.hash;
		if (h->n == sizeof digest && memcmp(h->bytes, digest, sizeof digest) == 0)
			return &all->items[i];
	}
	return NULL;
}

/* amend copies text to out. False: there is nothing to add. */
static bool amend(const struct sdists *all, struct str text, struct buf *out)
{
	static const struct str mark = SC("--hash=sha256:");
	bool any = false;

	for (size_t at; (at = str_find(text, mark)) != SIZE_MAX;) {
		buf_add(out, str_head(text, at + mark.n));
		text = str_tail(text, at + mark.n);
		const struct sdist *s = with_digest(all, str_head(text, HEX));
		if (s == NULL)
			continue;
		buf_add(out, str_head(text, HEX));
		text = str_tail(text, HEX);
		buf_addc(out, ' ');
		buf_add(out, mark);
		buf_addhex(out, (struct str){ (const char *)s->wheel, sizeof s->wheel });
		any = true;
	}
	buf_add(out, text);
	return any;
}

/* What it names counts from where it lies, which a copy does not. */
static bool names_files(struct str text)
{
	static const struct str begins[] = { SC("-r"),	  SC("-c"),    SC("-f"),     SC("-e"),
					     SC("--req"), SC("--con"), SC("--find"), SC("--edit"),
					     SC("./"),	  SC("../") };

	while (text.n > 0) {
		struct str line = str_trim(str_cut(text, '\n', &text));
		for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
			if (str_has_prefix(line, begins[i]))
				return true;
	}
	return false;
}

/* *out stays as it is when the file is. */
static enum err copy_of(struct pip *p, size_t i, const char **out, struct diag *d)
{
	const char *path = p->args.files[i];
	char rest[64];
	struct buf text, new;
	enum err e = OK;

	buf_init(&text, FILE_MAX);
	buf_init(&new, 2 * FILE_MAX);
	if (fs_read(path, 0, &text, NULL) == OK && !names_files(buf_str(&text)) &&
	    amend(&p->sdists, buf_str(&text), &new)) {
		(void)snprintf(rest, sizeof rest, "requirements-%zu.txt", i);
		e = install_path(&p->in, rest, out, d);
		if (e == OK)
			e = new.err == OK ? fs_write(*out, buf_str(&new), 0600, d) : new.err;
	}
	buf_free(&text);
	buf_free(&new);
	return e;
}

enum err pip_hashes(struct pip *p, struct pip_args *out, struct diag *d)
{
	*out = p->args;
	for (size_t i = 0; p->sdists.n > 0 && i < p->args.n_files; i++) {
		const char *path = p->args.files[i];
		TRY(copy_of(p, i, &path, d));
		for (size_t k = 0; k < out->n[PIP_RESOLVE]; k++)
			if (out->runs[PIP_RESOLVE][k] == p->args.files[i])
				out->runs[PIP_RESOLVE][k] = path;
	}
	return OK;
}
