/*
 * keeper/vault.h - credentials sealed at rest, in one file that is replaced whole. Opened only by
 * the loader and by `keeper vault`, never by a process that speaks to the network.
 *
 * File: "YETTVLT1", u8 mode, u8[3] 0, u32 ops, u32 memory bytes, salt, str hint, u64 revision, u32
 * count, the root key sealed by the unlocking key; for each entry str name, u8 purpose, i64
 * changed_ms, salt, nonce, str sealed by a subkey of its own, bound to name, purpose and time; last
 * a MAC over all of it.
 */
#ifndef KEEPER_VAULT_H
#define KEEPER_VAULT_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "sys/secret.h"

enum { VAULT_ENTRIES = 1024, VAULT_FILE_MAX = 24 << 20, VAULT_HINT_MAX = 1024 };

/* What unlocks a vault. hint: the key file's path, or the credential's name. */
enum vault_mode { VAULT_PASSPHRASE = 1, VAULT_KEY_FILE, VAULT_CREDENTIAL };

struct vault_entry {
	char name[LIMIT_NAME + 1];
	int64_t changed_ms;
	struct secret value;
};

struct vault {
	enum vault_mode mode;
	char hint[VAULT_HINT_MAX];
	struct seal_cost cost;
	uint64_t revision;
	uint32_t n;
	struct vault_entry *entries; /* sorted by name; room for VAULT_ENTRIES */
};

/* How the key is found: env gives a variable (p NULL: not set) and may be NULL; key_file is used
 * instead of the hint when not NULL; passphrase is used when its p is not NULL. */
struct vault_io {
	struct str (*env)(void *ctx, struct str name);
	void *ctx;
	const char *key_file;
	struct str passphrase;
};

/* vault_open reads and unseals the vault at path. ERR_NOT_FOUND: there is none; ERR_AUTH: wrong key
 * or damaged; ERR_AGAIN: it wants a passphrase and io has none. Release with vault_close, which
 * wipes. */
MUST_USE enum err vault_open(struct vault *v, const char *path, const struct vault_io *io,
			     struct diag *d);
/* vault_read is vault_open on the file's content; name is what messages call it. */
MUST_USE enum err vault_read(struct vault *v, struct str file, const char *name,
			     const struct vault_io *io, struct diag *d);
void vault_close(struct vault *v);

/* vault_new makes an empty one in memory; vault_save seals it under a new root key and replaces the
 * file. */
MUST_USE enum err vault_new(struct vault *v, enum vault_mode mode, const char *hint,
			    struct diag *d);
MUST_USE enum err vault_save(struct vault *v, const char *path, const struct vault_io *io,
			     struct diag *d);

/* vault_find borrows an entry, NULL when there is none. vault_put adds or replaces, vault_remove
 * removes. */
const struct vault_entry *vault_find(const struct vault *v, struct str name);
MUST_USE enum err vault_put(struct vault *v, struct str name, struct str value, int64_t now_ms,
			    struct diag *d);
MUST_USE enum err vault_remove(struct vault *v, struct str name, struct diag *d);

/* vault_name_ok: letters, digits, '.', '_', '-' and '/', 256 at most. */
bool vault_name_ok(struct str name);

/* vault_lookup is struct config_io's vault callback; ctx is the struct vault. */
struct str vault_lookup(void *ctx, struct str name);

/* vault_main is `keeper vault ...`: the command that yett executes (keeper/vault_cmd.c). */
int vault_main(int argc, char **argv);

#endif
