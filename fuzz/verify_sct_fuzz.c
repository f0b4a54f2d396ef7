/*
 * fuzz/verify_sct_fuzz.c - lists of signed certificate timestamps.
 * Oracle: a second reader: OpenSSL reads what we read, and finds the same logs and times in it.
 */
#include "fuzz/verify.h"

#include <openssl/ct.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sct scts[LIMIT_SCTS];
	struct diag d = { 0 };
	unsigned count, found = 0;

	if (sct_list_read((struct str){ (const char *)p, n }, scts, &count, &d) != OK) {
		CHECK(d.text[0] != '\0');
		return 0;
	}
	const unsigned char *at = p;
	STACK_OF(SCT) *list = o2i_SCT_LIST(NULL, &at, n);
	for (int i = 0; i < sk_SCT_num(list); i++) {
		const SCT *s = sk_SCT_value(list, i);
		unsigned char *id;
		if (SCT_get_version(s) != SCT_VERSION_V1)
			continue;
		CHECK(found < count && SCT_get_timestamp(s) == scts[found].ms);
		CHECK(SCT_get0_log_id(s, &id) == scts[found].log_id.n);
		CHECK(memcmp(id, scts[found].log_id.p, 32) == 0);
		CHECK(SCT_get0_signature(s, &id) == scts[found].signature.n);
		found++;
	}
	/* OpenSSL refuses a list for hashes that it does not know; that is left to the check of the signature. */
	CHECK(list == NULL || found == count);
	SCT_LIST_free(list);
	return 0;
}
