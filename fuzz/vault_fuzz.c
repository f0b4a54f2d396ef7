/*
 * fuzz/vault_fuzz.c - a planted vault file.
 * Oracle: without the key nothing opens, whatever the file says. Files that ask for a passphrase
 * are skipped: Argon2id would be all that is measured.
 */
#include "fuzz/fuzz.h"

#include "keeper/vault.h"
#include "sys/fs.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char name[] = "/tmp/yett-fuzz-key-XXXXXX", key[32];
	static int fd = -1;
	struct vault_io io = { .key_file = key };
	struct vault v;
	struct diag d;

	if (fd < 0) {
		fd = mkstemp(name);
		CHECK(fd >= 0 && unlink(name) == 0); /* nothing stays when this is killed */
		(void)snprintf(key, sizeof key, "/proc/self/fd/%d", fd);
		CHECK(fs_write_all(fd, S("0123456789abcdef0123456789abcdef")) == OK);
	}
	if (n > 8 && p[8] == VAULT_PASSPHRASE)
		return 0;
	CHECK(vault_read(&v, (struct str){ (const char *)p, n }, "fuzz", &io, &d) != OK);
	return 0;
}
