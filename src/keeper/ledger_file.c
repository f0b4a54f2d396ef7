/*
 * keeper/ledger_file.c - files of the audit log.
 * Runs in: keeper.
 */
#include "keeper/ledger_file.h"

#include "codec/base64.h"
#include "sys/fs.h"
#include "sys/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 1024 };
static const struct str key_magic = SC("yett-audit-key-1 ");

enum err ledger_dir(const char *path, int *out_fd, struct diag *d)
{
	TRY(fs_mkdirs(path, d));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return diag_set(d, ERR_EXISTS, "another gate uses '%s'", path);
	}
	*out_fd = fd;
	return OK;
}

/* Makes the directories above path; each one may be there. */
static void make_parents(int dir, const char *path)
{
	char part[256];

	for (size_t i = 0; path[i] && i < sizeof part; i++) {
		part[i] = path[i];
		if (path[i] != '/')
			continue;
		part[i] = '\0';
		(void)mkdirat(dir, part, 0700);
		part[i] = '/';
	}
}

static enum err failed(struct diag *d, const char *path)
{
	return diag_set(d, ERR_BUSY, "cannot write '%s' of the audit log: %s", path,
			strerror(errno));
}

static enum err write_file(int dir, const char *path, struct str content, bool sync)
{
	const int how = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	AUTO(fd_closep) int fd = openat(dir, path, how, 0600);

	if (fd < 0 && errno == ENOENT) {
		make_parents(dir, path);
		fd = openat(dir, path, how, 0600);
	}
	return fd < 0 || fs_write_all(fd, content) != OK || (sync && fdatasync(fd) != 0) ? ERR_BUSY
											 : OK;
}

enum err ledger_write(int dir, const char *path, struct str content, struct diag *d)
{
	return write_file(dir, path, content, false) == OK ? OK : failed(d, path);
}

static enum err rename_into(int dir, const char *from, const char *path)
{
	if (renameat(dir, from, dir, path) == 0)
		return OK;
	if (errno != ENOENT)
		return ERR_BUSY;
	make_parents(dir, path);
	return renameat(dir, from, dir, path) == 0 ? OK : ERR_BUSY;
}

enum err ledger_replace(int dir, const char *name, struct str content, struct diag *d)
{
	char temp[64];

	(void)snprintf(temp, sizeof temp, "%s.tmp", name);
	if (write_file(dir, temp, content, true) != OK || rename_into(dir, temp, name) != OK ||
	    fsync(dir) != 0)
		return failed(d, name);
	return OK;
}

static const char *spare_name(int level, char *out, size_t cap)
{
	(void)snprintf(out, cap, "spare.%d", level + 1);
	return out;
}

enum err ledger_partial(int dir, const char *path, int level, struct str content, struct diag *d)
{
	char spare[32];

	(void)spare_name(level, spare, sizeof spare);
	if (write_file(dir, spare, content, true) != OK)
		return failed(d, path);
	if (rename_into(dir, spare, path) == OK)
		return OK;
	/* Landlock's first version forbids every rename between directories. */
	if (errno != EXDEV && errno != EACCES)
		return failed(d, path);
	return write_file(dir, path, content, true) == OK ? OK : failed(d, path);
}

enum err ledger_read(int dir, const char *path, struct buf *out)
{
	return fs_read_at(dir, path, FS_NOFOLLOW, out, NULL);
}

void ledger_retire(int dir, const char *path, int level)
{
	char parent[256], spare[32];
	const char *slash = strrchr(path, '/');

	if (renameat(dir, path, dir, spare_name(level, spare, sizeof spare)) != 0)
		(void)unlinkat(dir, path, 0);
	if (slash == NULL || (size_t)(slash - path) >= sizeof parent)
		return;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	(void)unlinkat(dir, parent, AT_REMOVEDIR);
}

/* "yett-audit-key-1 ORIGIN BASE64\n" */
static enum err parse_key(struct str text, struct sign_key *out, char *origin, size_t cap)
{
	char storage[SIGN_SEED + 3];
	struct str rest, name;
	struct buf seed;

	if (!str_has_prefix(text, key_magic) || text.p[text.n - 1] != '\n')
		return ERR_SYNTAX;
	name = str_cut(str_tail(str_head(text, text.n - 1), key_magic.n), ' ', &rest);
	buf_fixed(&seed, storage, sizeof storage);
	if (name.n == 0 || name.n >= cap || base64_decode(&seed, rest, BASE64_STD) != OK ||
	    seed.n != SIGN_SEED)
		return ERR_SYNTAX;
	memcpy(origin, name.p, name.n);
	origin[name.n] = '\0';
	enum err e = sign_key_from(out, (const uint8_t *)seed.p);
	secret_wipe(storage, sizeof storage);
	return e;
}

static enum err make_key(const char *path, struct diag *d)
{
	char storage[KEY_FILE_MAX];
	uint8_t seed[SIGN_SEED], id[8];
	struct buf b;

	if (secret_random(seed, sizeof seed) != OK || secret_random(id, sizeof id) != OK)
		return diag_set(d, ERR_SYS, "no random bytes");
	buf_fixed(&b, storage, sizeof storage);
	buf_add(&b, key_magic);
	buf_add(&b, S("yett.local/"));
	buf_addhex(&b, (struct str){ (const char *)id, sizeof id });
	buf_addc(&b, ' ');
	base64_encode(&b, (struct str){ (const char *)seed, sizeof seed }, BASE64_STD);
	buf_addc(&b, '\n');
	enum err e = b.err == OK ? fs_write(path, buf_str(&b), 0600, d) : b.err;
	secret_wipe(storage, sizeof storage);
	secret_wipe(seed, sizeof seed);
	return e;
}

enum err ledger_key(int dir, const char *path, struct sign_key *out, char *out_origin, size_t cap,
		    struct diag *d)
{
	char storage[KEY_FILE_MAX];
	struct buf b;

	buf_fixed(&b, storage, sizeof storage);
	enum err e = fs_read(path, FS_NOFOLLOW | FS_PRIVATE, &b, d);
	if (e == ERR_NOT_FOUND) {
		if (faccessat(dir, "checkpoint", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return diag_set(d, ERR_CONFIG,
					"the audit log's key '%s' is gone; restore it, or move the "
					"log away to begin a new one",
					path);
		TRY(make_key(path, d));
		e = fs_read(path, FS_NOFOLLOW | FS_PRIVATE, &b, d);
	}
	if (e == OK && parse_key(buf_str(&b), out, out_origin, cap) != OK)
		e = diag_set(d, ERR_CONFIG, "'%s' is no key of an audit log", path);
	secret_wipe(storage, sizeof storage);
	return e;
}

enum err ledger_public(int dir, const struct note_key *k, struct diag *d)
{
	char storage[512], old_storage[512];
	struct buf want, old;

	buf_fixed(&want, storage, sizeof storage);
	buf_fixed(&old, old_storage, sizeof old_storage);
	note_key_encode(k, &want);
	buf_addc(&want, '\n');
	if (ledger_read(dir, "audit.pub", &old) == OK && str_eq(buf_str(&old), buf_str(&want)))
		return OK;
	return ledger_replace(dir, "audit.pub", buf_str(&want), d);
}
