/*
 * fuzz/pyc_fuzz.c - headers of compiled Python. Oracles: what is bound by hash to a source is
 * current for it; nothing is foreign whose hash is checked or that is bound by time; what a name
 * gives is its own beginning.
 */
#include "inspect/pyc.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, tag = { NULL, 0 };
	struct pyc h;

	struct str name = pyc_source(in, &tag);
	CHECK(name.n == 0 || (name.p == in.p && name.n + 1 + tag.n + 4 <= n));
	if (pyc_read(in, &h) != OK)
		return 0;
	struct str text = str_tail(in, PYC_HEAD);
	enum pyc_state s = pyc_judge(&h, h.mtime, h.size, text);
	if (!h.hashed)
		CHECK(s == PYC_CURRENT && pyc_judge(&h, h.mtime + 1LL, h.size, text) == PYC_STALE);
	else
		CHECK(s != PYC_FOREIGN || !h.checked);
	return 0;
}
