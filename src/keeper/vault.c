/*
 * keeper/vault.c - the sealed file.
 * Input: hostile (a damaged or planted file).   Runs in: loader, keeper vault.
 * Fuzz: fuzz/vault_fuzz.c
 */
#include "keeper/vault.h"

#include "base/ascii.h"
#include "base/rd.h"
#include "sys/fs.h"

#include <assert.h>
#include <string.h>

static const struct str magic = SC("YETTVLT1");
static const struct str mac_context = SC("yett vault file mac");
enum {
	PURPOSE_CREDENTIAL = 1,
	KEY_FILE_MIN = 32,
	KEY_FILE_MAX = 64 << 10,
	ROOT_SEALED = SEAL_KEY + SEAL_TAG
};

/* About a third of a second on a small machine: the number of guesses is the point. */
static const struct seal_cost default_cost = { 3, 128 << 20 };

static struct str bytes(const void *p, size_t n)
{
	return (struct str){ p, n };
}

bool vault_name_ok(struct str name)
{
	if (name.n == 0 || name.n > LIMIT_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!ascii_alnum(c) && c != '.' && c != '_' && c != '-' && c != '/')
			return false;
	}
	return true;
}

/* ---- the unlocking key ---- */

static enum err key_from_file(const char *path, const uint8_t salt[SEAL_SALT],
			      uint8_t out[SEAL_KEY], struct diag *d)
{
	struct buf b;

	buf_init(&b, KEY_FILE_MAX);
	enum err e = fs_read(path, FS_NOFOLLOW | FS_PRIVATE, &b, d);
	if (e == ERR_NOT_FOUND)
		e = diag_set(d, ERR_CONFIG, "the vault's key file '%s' is not there", path);
	if (e == OK && b.n < KEY_FILE_MIN)
		e = diag_set(d, ERR_CONFIG, "the vault's key file '%s' is too short to be a key",
			     path);
	if (e == OK)
		e = seal_from_material(buf_str(&b), salt, out);
	buf_wipe(&b);
	buf_free(&b);
	return e;
}

static struct str io_env(const struct vault_io *io, struct str name)
{
	return io->env ? io->env(io->ctx, name) : (struct str){ NULL, 0 };
}

static enum err unlock(const struct vault *v, const uint8_t salt[SEAL_SALT],
		       const struct vault_io *io, uint8_t out[SEAL_KEY], struct diag *d)
{
	char path[VAULT_HINT_MAX * 2];
	struct str pass = io->passphrase;

	switch (v->mode) {
	case VAULT_KEY_FILE:
		return key_from_file(io->key_file ? io->key_file : v->hint, salt, out, d);
	case VAULT_CREDENTIAL: {
		struct str dir = io_env(io, S("CREDENTIALS_DIRECTORY"));
		if (dir.p == NULL)
			return diag_set(d, ERR_CONFIG,
					"the vault wants the systemd credential '%s', and "
					"CREDENTIALS_DIRECTORY is not set",
					v->hint);
		(void)snprintf(path, sizeof path, "%.*s/%s", FMT(dir), v->hint);
		return key_from_file(path, salt, out, d);
	}
	case VAULT_PASSPHRASE:
	default:
		if (pass.p == NULL)
			pass = io_env(io, S("YETT_VAULT_PASSPHRASE"));
		if (pass.p == NULL || pass.n == 0)
			return diag_set(
				d, ERR_AGAIN,
				"the vault is locked with a passphrase, and none was given: set "
				"YETT_VAULT_PASSPHRASE, or use a key file or a systemd credential");
		return seal_from_passphrase(pass, salt, v->cost, out);
	}
}

/* ---- reading ---- */

static void entry_aad(struct buf *out, struct str name, uint8_t purpose, int64_t changed_ms)
{
	buf_add(out, S("yett vault entry"));
	wr_u8(out, purpose);
	wr_i64(out, changed_ms);
	wr_str(out, name);
}

static enum err open_entry(struct vault *v, struct rd *r, const uint8_t root[SEAL_KEY],
			   struct diag *d)
{
	struct vault_entry *e = &v->entries[v->n];
	struct str name = rd_str(r, LIMIT_NAME);
	uint8_t purpose = rd_u8(r), sub[SEAL_KEY];
	char aad_storage[64 + LIMIT_NAME];
	struct buf aad;

	e->changed_ms = rd_i64(r);
	struct str salt = rd_bytes(r, SEAL_SALT), nonce = rd_bytes(r, SEAL_NONCE);
	struct str sealed = rd_str(r, LIMIT_SECRET + SEAL_TAG);
	if (r->err != OK || purpose != PURPOSE_CREDENTIAL || !vault_name_ok(name) ||
	    sealed.n < SEAL_TAG ||
	    (v->n > 0 && str_cmp(str_z(v->entries[v->n - 1].name), name) >= 0))
		return ERR_SYNTAX;
	memcpy(e->name, name.p, name.n);
	e->name[name.n] = '\0';
	TRY(secret_alloc(&e->value, sealed.n - SEAL_TAG, d));
	v->n++; /* vault_close frees it from here on */
	buf_fixed(&aad, aad_storage, sizeof aad_storage);
	entry_aad(&aad, name, purpose, e->changed_ms);
	seal_subkey(root, name, (const uint8_t *)salt.p, sub);
	enum err err = seal_open(sub, (const uint8_t *)nonce.p, buf_str(&aad), sealed, e->value.at);
	secret_wipe(sub, sizeof sub);
	return err;
}

static bool mac_ok(const uint8_t root[SEAL_KEY], struct str file)
{
	static const uint8_t no_salt[SEAL_SALT];
	uint8_t key[SEAL_KEY];

	seal_subkey(root, mac_context, no_salt, key);
	bool ok = seal_mac_ok(key, str_head(file, file.n - SEAL_MAC),
			      (const uint8_t *)file.p + file.n - SEAL_MAC);
	secret_wipe(key, sizeof key);
	return ok;
}

static enum err read_head(struct vault *v, struct rd *r, struct str *out_salt, uint32_t *out_count)
{
	bool known = str_eq(rd_bytes(r, magic.n), magic);
	uint8_t mode = rd_u8(r);
	struct str zero = rd_bytes(r, 3), hint;

	v->cost.ops = rd_u32(r);
	v->cost.mem_bytes = rd_u32(r);
	*out_salt = rd_bytes(r, SEAL_SALT);
	hint = rd_str(r, VAULT_HINT_MAX - 1);
	v->revision = rd_u64(r);
	*out_count = rd_u32(r);
	if (r->err != OK || !known || mode < VAULT_PASSPHRASE || mode > VAULT_CREDENTIAL ||
	    memcmp(zero.p, "\0\0\0", 3) != 0 || *out_count > VAULT_ENTRIES ||
	    (hint.n && memchr(hint.p, 0, hint.n) != NULL))
		return ERR_SYNTAX;
	v->mode = (enum vault_mode)mode;
	memcpy(v->hint, hint.p ? hint.p : "", hint.n);
	v->hint[hint.n] = '\0';
	return OK;
}

static enum err unseal(struct vault *v, struct str file, const struct vault_io *io, struct diag *d)
{
	struct rd r = rd_from(str_head(file, file.n - SEAL_MAC));
	uint8_t key[SEAL_KEY], root[SEAL_KEY];
	struct str salt;
	uint32_t count;

	TRY(read_head(v, &r, &salt, &count));
	struct str head = str_head(file, (size_t)(r.p - (const uint8_t *)file.p));
	struct str nonce = rd_bytes(&r, SEAL_NONCE), sealed = rd_bytes(&r, ROOT_SEALED);
	if (r.err != OK)
		return r.err;
	TRY(unlock(v, (const uint8_t *)salt.p, io, key, d));
	enum err e = seal_open(key, (const uint8_t *)nonce.p, head, sealed, root);
	secret_wipe(key, sizeof key);
	TRY(e);
	if (!mac_ok(root, file))
		e = ERR_SYNTAX;
	for (uint32_t i = 0; e == OK && i < count; i++)
		e = open_entry(v, &r, root, d);
	secret_wipe(root, sizeof root);
	return e == OK ? rd_end(&r) : e;
}

static enum err alloc(struct vault *v, struct diag *d)
{
	*v = (struct vault){ .entries = calloc(VAULT_ENTRIES, sizeof *v->entries) };
	return v->entries ? OK : diag_set(d, ERR_NOMEM, "out of memory");
}

enum err vault_read(struct vault *v, struct str file, const char *name, const struct vault_io *io,
		    struct diag *d)
{
	struct diag why = { 0 };

	TRY(alloc(v, d));
	enum err e = file.n > magic.n + SEAL_MAC ? unseal(v, file, io, &why) : ERR_SYNTAX;
	if (e == OK)
		return OK;
	if (why.text[0])
		e = diag_set(d, e, "%s", why.text);
	else if (e == ERR_AUTH && v->n == 0)
		e = diag_set(d, e,
			     v->mode == VAULT_PASSPHRASE ? "wrong passphrase for the vault '%s'"
							 : "wrong key for the vault '%s'",
			     name);
	else
		e = diag_set(d, ERR_SYNTAX, "the vault '%s' is damaged", name);
	vault_close(v);
	return e;
}

enum err vault_open(struct vault *v, const char *path, const struct vault_io *io, struct diag *d)
{
	struct buf b;

	*v = (struct vault){ 0 };
	buf_init(&b, VAULT_FILE_MAX);
	enum err e = fs_read(path, FS_NOFOLLOW | FS_PRIVATE, &b, d);
	if (e == ERR_NOT_FOUND) {
		const char *name = strrchr(path, '/');
		e = diag_set(d, e,
			     "there is no vault at '%s'; make one: yett vault init --data '%.*s'",
			     path, name ? (int)(name - path) : 1, name ? path : ".");
	}
	if (e == OK)
		e = vault_read(v, buf_str(&b), path, io, d);
	buf_free(&b);
	return e;
}

void vault_close(struct vault *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		secret_free(&v->entries[i].value);
	free(v->entries);
	*v = (struct vault){ 0 };
}

/* ---- changing ---- */

enum err vault_new(struct vault *v, enum vault_mode mode, const char *hint, struct diag *d)
{
	if (strlen(hint) >= sizeof v->hint)
		return diag_set(d, ERR_LIMIT, "'%s' is too long", hint);
	TRY(alloc(v, d));
	v->mode = mode;
	memcpy(v->hint, hint, strlen(hint) + 1);
	if (mode == VAULT_PASSPHRASE)
		v->cost = default_cost;
	return OK;
}

/* The place of name: *out_found says whether it is there. */
static uint32_t place(const struct vault *v, struct str name, bool *out_found)
{
	uint32_t i = 0;

	while (i < v->n && str_cmp(str_z(v->entries[i].name), name) < 0)
		i++;
	*out_found = i < v->n && str_eq(str_z(v->entries[i].name), name);
	return i;
}

const struct vault_entry *vault_find(const struct vault *v, struct str name)
{
	bool found;
	uint32_t i = place(v, name, &found);

	return found ? &v->entries[i] : NULL;
}

enum err vault_put(struct vault *v, struct str name, struct str value, int64_t now_ms,
		   struct diag *d)
{
	struct secret s;
	bool found;
	uint32_t i = place(v, name, &found);

	if (!vault_name_ok(name))
		return diag_set(d, ERR_SYNTAX,
				"a name holds letters, digits, '.', '_', '-' and '/', 256 at most");
	if (value.n == 0 || value.n > LIMIT_SECRET)
		return diag_set(d, ERR_LIMIT, "a credential has 1 to %d bytes", (int)LIMIT_SECRET);
	if (!found && v->n == VAULT_ENTRIES)
		return diag_set(d, ERR_LIMIT, "the vault is full");
	TRY(secret_alloc(&s, value.n, d));
	memcpy(s.at, value.p, value.n);
	if (found)
		secret_free(&v->entries[i].value);
	else {
		memmove(&v->entries[i + 1], &v->entries[i], (v->n - i) * sizeof v->entries[0]);
		memcpy(v->entries[i].name, name.p, name.n);
		v->entries[i].name[name.n] = '\0';
		v->n++;
	}
	v->entries[i].value = s;
	v->entries[i].changed_ms = now_ms;
	return OK;
}

enum err vault_remove(struct vault *v, struct str name, struct diag *d)
{
	bool found;
	uint32_t i = place(v, name, &found);

	if (!found)
		return diag_set(d, ERR_NOT_FOUND, "the vault has no '%.*s'", FMT(name));
	secret_free(&v->entries[i].value);
	v->n--;
	memmove(&v->entries[i], &v->entries[i + 1], (v->n - i) * sizeof v->entries[0]);
	return OK;
}

/* ---- writing ---- */

static void seal_into(struct buf *out, const uint8_t key[SEAL_KEY], const uint8_t nonce[SEAL_NONCE],
		      struct str aad, struct str plain)
{
	char *at = buf_room(out, plain.n + SEAL_TAG);

	if (at == NULL)
		return;
	seal_put(key, nonce, aad, plain, (uint8_t *)at);
	buf_grew(out, plain.n + SEAL_TAG);
}

static void put_entry(struct buf *out, const struct vault_entry *e, const uint8_t root[SEAL_KEY],
		      const uint8_t random[SEAL_SALT + SEAL_NONCE])
{
	char aad_storage[64 + LIMIT_NAME];
	uint8_t sub[SEAL_KEY];
	struct str name = str_z(e->name);
	struct buf aad;

	buf_fixed(&aad, aad_storage, sizeof aad_storage);
	entry_aad(&aad, name, PURPOSE_CREDENTIAL, e->changed_ms);
	seal_subkey(root, name, random, sub);
	wr_str(out, name);
	wr_u8(out, PURPOSE_CREDENTIAL);
	wr_i64(out, e->changed_ms);
	wr_bytes(out, bytes(random, SEAL_SALT + SEAL_NONCE));
	wr_u32(out, (uint32_t)(e->value.n + SEAL_TAG));
	seal_into(out, sub, random + SEAL_SALT, buf_str(&aad), bytes(e->value.at, e->value.n));
	secret_wipe(sub, sizeof sub);
}

static enum err encode(struct vault *v, struct buf *out, const uint8_t key[SEAL_KEY],
		       const uint8_t salt[SEAL_SALT])
{
	static const uint8_t no_salt[SEAL_SALT];
	uint8_t root[SEAL_KEY], random[SEAL_SALT + SEAL_NONCE], mac[SEAL_MAC];

	if (secret_random(root, sizeof root) != OK || secret_random(random, sizeof random) != OK)
		return ERR_SYS;
	buf_add(out, magic);
	wr_u8(out, (uint8_t)v->mode);
	buf_add(out, bytes("\0\0\0", 3));
	wr_u32(out, v->cost.ops);
	wr_u32(out, v->cost.mem_bytes);
	wr_bytes(out, bytes(salt, SEAL_SALT));
	wr_str(out, str_z(v->hint));
	wr_u64(out, v->revision + 1);
	wr_u32(out, v->n);
	size_t head = out->n;
	wr_bytes(out, bytes(random, SEAL_NONCE));
	seal_into(out, key, random, str_head(buf_str(out), head), bytes(root, sizeof root));
	enum err e = out->err;
	for (uint32_t i = 0; e == OK && i < v->n; i++) {
		e = secret_random(random, sizeof random);
		if (e == OK)
			put_entry(out, &v->entries[i], root, random);
	}
	seal_subkey(root, mac_context, no_salt, random); /* reuses the room: a MAC key fits it */
	static_assert(sizeof random >= SEAL_KEY, "room for a key");
	seal_mac(random, buf_str(out), mac);
	wr_bytes(out, bytes(mac, sizeof mac));
	secret_wipe(root, sizeof root);
	secret_wipe(random, sizeof random);
	return e == OK ? out->err : e;
}

enum err vault_save(struct vault *v, const char *path, const struct vault_io *io, struct diag *d)
{
	uint8_t key[SEAL_KEY], salt[SEAL_SALT];
	struct buf b;

	/* A new salt and root each time: an old file and a guessed passphrase say nothing about
	 * this one. */
	if (secret_random(salt, sizeof salt) != OK)
		return diag_set(d, ERR_SYS, "no random bytes");
	TRY(unlock(v, salt, io, key, d));
	buf_init(&b, VAULT_FILE_MAX);
	enum err e = encode(v, &b, key, salt);
	secret_wipe(key, sizeof key);
	e = e == OK ? fs_write(path, buf_str(&b), 0600, d)
		    : diag_set(d, e, "cannot seal the vault");
	if (e == OK)
		v->revision++;
	buf_free(&b);
	return e;
}

struct str vault_lookup(void *ctx, struct str name)
{
	const struct vault_entry *e = vault_find(ctx, name);

	return e ? (struct str){ (const char *)e->value.at, e->value.n } : (struct str){ NULL, 0 };
}
