/*
 * tests/system/fetching/main.c - calls cli/fetch.h for tests/system/test_fetch.py.
 *
 *	fetching release|previous ECO NAME VERSION    file, version, checked or not, bytes, first bytes
 *	fetching listing ECO NAME                     a line for each file
 */
#include "cli/fetch.h"
#include "sys/fs.h"

#include <stdio.h>
#include <unistd.h>

static int fail(enum err e, const struct diag *d)
{
	fprintf(stderr, "%s\n", diag_text(d));
	return err_exit(e);
}

static void tell(const struct listing_file *f)
{
	printf("%.*s %.*s %.*s %lld%s\n", FMT(f->name), FMT(f->version), FMT(f->hash.algorithm),
	       (long long)f->uploaded_s, f->yanked ? " yanked" : "");
}

int main(int argc, char **argv)
{
	struct fetched got = { .fd = -1 };
	struct diag d = { .err = OK };
	struct listing l;
	struct arena a;
	struct str map;

	if (argc < 4)
		return 64;
	arena_init(&a, 512 << 20);
	enum ecosystem eco = argv[2][0] == 'n' ? ECO_NPM : ECO_PYPI;
	struct str name = str_z(argv[3]), version = str_z(argc > 4 ? argv[4] : "");
	if (argv[1][0] == 'l') {
		enum err e = fetch_listing(eco, name, &a, &l, &d);
		for (size_t i = 0; e == OK && i < l.n; i++)
			tell(&l.files[i]);
		arena_done(&a);
		return e == OK ? 0 : fail(e, &d);
	}
	enum err e = argv[1][0] == 'r' ? fetch_release(eco, name, version, &a, &got, &d)
				       : fetch_previous(eco, name, version, &a, &got, &d);
	if (e == OK)
		e = fs_map(got.fd, FETCH_ARTIFACT_MAX, &map, &d);
	if (e != OK)
		return fail(e, &d);
	tell(&got.file);
	printf("%s %zu %.*s\n", got.hash_checked ? "checked" : "unchecked", map.n,
	       (int)(map.n < 20 ? map.n : 20), map.p);
	fs_unmap(map);
	(void)close(got.fd);
	arena_done(&a);
	return 0;
}
