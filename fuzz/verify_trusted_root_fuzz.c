/*
 * fuzz/verify_trusted_root_fuzz.c - trusted roots.
 * Oracle: each log and authority of one that is taken has what verification relies on, and reading it again
 * gives as many.
 */
#include "fuzz/verify.h"

static struct trusted_root root, again;

static void check_logs(const struct trusted_log *logs, unsigned n)
{
	CHECK(n <= LIMIT_TRUSTED);
	for (unsigned i = 0; i < n; i++) {
		CHECK(logs[i].key.key != NULL && logs[i].url.n != 0 && logs[i].hint.n == 4);
		CHECK(logs[i].id.n >= 4 && logs[i].valid.from_ms <= logs[i].valid.to_ms);
	}
}

static void check_authorities(const struct authority *list, unsigned n)
{
	CHECK(n <= LIMIT_TRUSTED);
	for (unsigned i = 0; i < n; i++) {
		CHECK(list[i].n_certs >= 1 && list[i].n_certs <= LIMIT_BUNDLE_CERTS && list[i].certs[0] != NULL);
		CHECK(list[i].valid.from_ms <= list[i].valid.to_ms);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, 8 << 20);
	if (trusted_root_parse(&root, in, &a, &d) == OK) {
		check_logs(root.logs, root.n_logs);
		check_logs(root.ctlogs, root.n_ctlogs);
		check_authorities(root.cas, root.n_cas);
		check_authorities(root.tsas, root.n_tsas);
		CHECK(trusted_root_parse(&again, in, &a, &d) == OK);
		CHECK(again.n_logs == root.n_logs && again.n_cas == root.n_cas && again.n_skipped == root.n_skipped);
		trusted_root_done(&again);
	} else {
		CHECK(d.text[0] != '\0');
	}
	trusted_root_done(&root);
	arena_done(&a);
	return 0;
}
