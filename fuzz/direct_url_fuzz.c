/*
 * fuzz/direct_url_fuzz.c - oracle: what is accepted, written as PEP 610 wants it, reads the same.
 */
#include "fuzz/fuzz.h"

#include "codec/jw.h"
#include "package/direct_url.h"

static void write_hashes(const struct direct_url *u, struct buf *b)
{
	struct buf hex;

	buf_init(&hex, 256);
	jw_key(b, S("hashes"));
	jw_obj(b);
	for (unsigned i = 0; i < u->n_hashes; i++) {
		buf_reset(&hex);
		buf_addhex(&hex, (struct str){ (const char *)u->hashes[i].bytes, u->hashes[i].n });
		jw_str(b, u->hashes[i].algorithm);
		buf_addc(b, ':');
		jw_str(b, buf_str(&hex));
	}
	jw_obj_end(b);
	buf_free(&hex);
}

static void write_again(const struct direct_url *u, struct buf *b)
{
	bool vcs = u->origin == ORIGIN_GIT, url = u->origin == ORIGIN_URL;

	jw_obj(b);
	jw_kv_str(b, S("url"), u->url);
	jw_kv_str(b, S("subdirectory"), u->subdirectory);
	jw_key(b, vcs ? S("vcs_info") : url ? S("archive_info") : S("dir_info"));
	jw_obj(b);
	if (vcs) {
		jw_kv_str(b, S("vcs"), u->vcs);
		jw_kv_str(b, S("commit_id"), u->commit);
		jw_kv_str(b, S("requested_revision"), u->wanted);
	} else if (url) {
		write_hashes(u, b);
	} else {
		jw_kv_bool(b, S("editable"), u->origin == ORIGIN_EDITABLE);
	}
	jw_obj_end(b);
	jw_obj_end(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct direct_url u, again;
	struct diag d = { .err = OK };
	struct arena a;
	struct buf b;

	if (n > 100000)
		return 0;
	arena_init(&a, 64 << 20);
	buf_init(&b, 1 << 20);
	enum err e = direct_url_read((struct str){ (const char *)p, n }, &a, &u, &d);
	CHECK(e == OK || d.err == e);
	if (e == OK) {
		write_again(&u, &b);
		CHECK(b.err == OK && direct_url_read(buf_str(&b), &a, &again, &d) == OK);
		CHECK(again.origin == u.origin && again.n_hashes == u.n_hashes);
		CHECK(str_eq(again.url, u.url) && str_eq(again.commit, u.commit) &&
		      str_eq(again.vcs, u.vcs) && str_eq(again.wanted, u.wanted) &&
		      str_eq(again.subdirectory, u.subdirectory));
		for (unsigned i = 0; i < u.n_hashes; i++)
			CHECK(u.hashes[i].n == again.hashes[i].n &&
			      memcmp(u.hashes[i].bytes, again.hashes[i].bytes, u.hashes[i].n) == 0);
	}
	buf_free(&b);
	arena_done(&a);
	return 0;
}
