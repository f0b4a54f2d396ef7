/*
 * keeper/vault_cmd.c - `keeper vault VERB`, which `yett vault VERB` executes: the only program that
 * opens a vault at a person's wish. Secrets come from standard input or from the terminal without
 * echo, never from argv.
 * Input: the operator's.   Runs in: keeper vault.
 */
#include "keeper/vault.h"

#include "codec/jw.h"
#include "config/config.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { PATH_CAP = 1024, IMPORT_MAX = 4 << 20, RANDOM_KEY = 32 };

struct cmdline {
	const char *data, *key_file, *credential, *verb, *name;
	bool json;
	char path[PATH_CAP + 16];
	int lock; /* see hold, or -1 */
	struct buf secret, out; /* secret: a passphrase or a value, wiped at the end */
};

/* ---- asking ---- */

static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };

/* One character of a line; 0: it is over; -1: a signal has come. */
static int next_char(int tty, int signals, char *out)
{
	struct pollfd p[] = { { tty, POLLIN, 0 }, { signals, POLLIN, 0 } };

	if (poll(p, 2, -1) < 0 || p[1].revents != 0)
		return -1;
	return read(tty, out, 1) == 1 && *out != '\n';
}

/* Reads one line from the terminal without showing it. ERR_NOT_FOUND: there is no terminal. What
 * would end us, or stop us, waits until the terminal is as it was. */
static enum err ask(const char *prompt, struct buf *out, struct diag *d)
{
	AUTO(fd_closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios was, quiet;
	sigset_t held, before;
	int got;
	char c;

	if (tty < 0 || tcgetattr(tty, &was) != 0)
		return diag_set(d, ERR_NOT_FOUND,
				"there is no terminal to ask on: set "
				"YETT_VAULT_PASSPHRASE, or lock the vault with --key-file");
	(void)sigemptyset(&held);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		(void)sigaddset(&held, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	AUTO(fd_closep) int signals = signalfd(-1, &held, SFD_CLOEXEC);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	enum err e = fs_write_all(tty, str_z(prompt));
	buf_reset(out);
	while ((got = next_char(tty, signals, &c)) > 0)
		buf_addc(out, c);
	if (e == OK)
		e = fs_write_all(tty, S("\n"));
	(void)tcsetattr(tty, TCSAFLUSH, &was);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (got < 0)
		return diag_set(d, ERR_SYS, "the question was interrupted");
	return e == OK ? out->err : e;
}

static enum err read_stdin(struct buf *out, struct diag *d)
{
	for (;;) {
		char *at = buf_room(out, 4096);
		ssize_t n = at ? read(STDIN_FILENO, at, 4096) : -1;
		if (n < 0)
			return diag_set(d, at ? ERR_SYS : ERR_LIMIT,
					"cannot read standard input, or it is too long");
		if (n == 0)
			return OK;
		buf_grew(out, (size_t)n);
	}
}

/* A credential: typed, or what standard input holds without its last newline. */
static enum err read_value(struct cmdline *c, struct diag *d)
{
	buf_reset(&c->secret);
	TRY(isatty(STDIN_FILENO) ? ask("credential: ", &c->secret, d) : read_stdin(&c->secret, d));
	while (c->secret.n &&
	       (c->secret.p[c->secret.n - 1] == '\n' || c->secret.p[c->secret.n - 1] == '\r'))
		c->secret.n--;
	return c->secret.n ? OK : diag_set(d, ERR_USAGE, "the credential is empty");
}

static struct str env_of(void *ctx, struct str name)
{
	char z[128];

	(void)ctx;
	if (name.n >= sizeof z)
		return (struct str){ NULL, 0 };
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	const char *v = getenv(z);
	return v ? str_z(v) : (struct str){ NULL, 0 };
}

static struct vault_io io_of(const struct cmdline *c, const struct buf *passphrase)
{
	return (struct vault_io){ .env = env_of,
				  .key_file = c->key_file,
				  .passphrase = passphrase->n ? buf_str(passphrase)
							      : (struct str){ NULL, 0 } };
}

/* Opens the vault; asks for the passphrase where one is wanted and the environment has none. */
static enum err open_vault(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	struct vault_io io = io_of(c, pass);
	enum err e = vault_open(v, c->path, &io, d);

	if (e != ERR_AGAIN)
		return e;
	struct diag no_tty;
	if (ask("vault passphrase: ", pass, &no_tty) != OK)
		return e; /* d says what else would do */
	io = io_of(c, pass);
	return vault_open(v, c->path, &io, d);
}

static enum err new_passphrase(struct buf *pass, struct diag *d)
{
	struct str given = env_of(NULL, S("YETT_VAULT_NEW_PASSPHRASE"));
	struct buf again;

	if (given.p == NULL)
		given = env_of(NULL, S("YETT_VAULT_PASSPHRASE"));
	buf_reset(pass);
	if (given.p && given.n) {
		buf_add(pass, given);
		return pass->err;
	}
	TRY(ask("new passphrase: ", pass, d));
	if (pass->n < 8)
		return diag_set(d, ERR_USAGE, "a passphrase has 8 characters or more");
	buf_init(&again, LIMIT_SECRET);
	enum err e = ask("once more: ", &again, d);
	if (e == OK && !str_eq(buf_str(pass), buf_str(&again)))
		e = diag_set(d, ERR_USAGE, "the two differ");
	buf_wipe(&again);
	buf_free(&again);
	return e;
}

/* A key file is made where there is none. */
static enum err need_key_file(const char *path, struct diag *d)
{
	uint8_t raw[RANDOM_KEY];
	char storage[2 * RANDOM_KEY + 2];
	struct buf b;

	if (access(path, F_OK) == 0)
		return OK;
	if (secret_random(raw, sizeof raw) != OK)
		return diag_set(d, ERR_SYS, "no random bytes");
	buf_fixed(&b, storage, sizeof storage);
	buf_addhex(&b, (struct str){ (const char *)raw, sizeof raw });
	buf_addc(&b, '\n');
	enum err e = fs_write(path, buf_str(&b), 0600, d);
	secret_wipe(storage, sizeof storage);
	secret_wipe(raw, sizeof raw);
	return e;
}

/* ---- verbs ---- */

/* Sets how a new or re-keyed vault is unlocked, as the options say. */
static enum err choose_lock(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	char full[PATH_CAP];
	const char *hint = c->credential ? c->credential : "";
	struct vault made;

	buf_wipe(pass);
	if (c->credential && (strchr(c->credential, '/') || c->credential[0] == '\0'))
		return diag_set(d, ERR_USAGE, "a credential's name has no slash");
	if (c->key_file) {
		TRY(need_key_file(c->key_file, d));
		/* The gate finds it again from wherever it is started. */
		if (c->key_file[0] == '/')
			hint = c->key_file;
		else if (getcwd(full, sizeof full) == NULL ||
			 strlen(full) + strlen(c->key_file) + 2 > sizeof full)
			return diag_set(d, ERR_SYS, "the key file's path is too long");
		else {
			size_t n = strlen(full);
			(void)snprintf(full + n, sizeof full - n, "/%s", c->key_file);
			hint = full;
		}
	} else if (!c->credential)
		TRY(new_passphrase(pass, d));
	enum vault_mode mode = c->key_file     ? VAULT_KEY_FILE
			       : c->credential ? VAULT_CREDENTIAL
					       : VAULT_PASSPHRASE;
	TRY(vault_new(&made, mode, hint, d));
	/* The entries move over; the rest is the new one's. */
	struct vault_entry *empty = made.entries;
	made.entries = v->entries;
	made.n = v->n;
	made.revision = v->revision;
	*v = made;
	if (v->entries == NULL)
		v->entries = empty;
	else
		free(empty);
	return OK;
}

static enum err save(struct cmdline *c, struct vault *v, const struct buf *pass, struct diag *d)
{
	struct vault_io io = io_of(c, pass);

	return vault_save(v, c->path, &io, d);
}

/* Of two commands that change the vault at once one waits for the other, from reading the file to
 * replacing it: its copy would be without what the other has put in. The lock ends with us. */
static enum err hold(struct cmdline *c, struct diag *d)
{
	c->lock = open(c->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->lock < 0 && errno == ENOENT)
		return OK; /* nor is there a vault, which is said with what to do */
	if (c->lock >= 0 && flock(c->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		fputs("yett: waiting for another command that changes the vault\n", stderr);
	if (c->lock < 0 || flock(c->lock, LOCK_EX) != 0)
		return diag_set(d, ERR_SYS, "cannot lock '%s': %s", c->data, strerror(errno));
	return OK;
}

static enum err open_to_change(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	TRY(hold(c, d));
	return open_vault(c, v, pass, d);
}

static enum err do_init(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	TRY(fs_mkdirs(c->data, d));
	TRY(hold(c, d));
	if (access(c->path, F_OK) == 0)
		return diag_set(d, ERR_EXISTS, "there is a vault at '%s' already", c->path);
	TRY(choose_lock(c, v, pass, d));
	TRY(save(c, v, pass, d));
	if (!c->json)
		buf_addf(&c->out, "a vault was made at '%s'\n", c->path);
	return OK;
}

static enum err do_add(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	TRY(open_to_change(c, v, pass, d));
	if (vault_find(v, str_z(c->name)))
		return diag_set(d, ERR_EXISTS,
				"the vault has '%s' already; replace it: yett vault rotate %s",
				c->name, c->name);
	TRY(read_value(c, d));
	TRY(vault_put(v, str_z(c->name), buf_str(&c->secret), (int64_t)(clock_wall_ns() / 1000000),
		      d));
	TRY(save(c, v, pass, d));
	if (!c->json)
		buf_addf(&c->out,
			 "'%s' is in the vault; name it in the configuration: api_key: vault/%s\n",
			 c->name, c->name);
	return OK;
}

static enum err do_list(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	char text[CLOCK_TEXT];

	TRY(open_vault(c, v, pass, d));
	if (c->json) {
		jw_obj(&c->out);
		jw_key(&c->out, S("entries"));
		jw_arr(&c->out);
	}
	for (uint32_t i = 0; i < v->n; i++) {
		struct str changed = clock_format(v->entries[i].changed_ms / 1000, text);
		if (c->json) {
			jw_obj(&c->out);
			jw_kv_str(&c->out, S("name"), str_z(v->entries[i].name));
			jw_kv_str(&c->out, S("changed"), changed);
			jw_obj_end(&c->out);
		} else
			buf_addf(&c->out, "%-40s %.*s\n", v->entries[i].name, FMT(changed));
	}
	if (c->json) {
		jw_arr_end(&c->out);
		jw_obj_end(&c->out);
		buf_addc(&c->out, '\n');
	}
	return OK;
}

static enum err do_rotate(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	const char *key_file = c->key_file;

	if (c->name) {
		TRY(open_to_change(c, v, pass, d));
		if (vault_find(v, str_z(c->name)) == NULL)
			return diag_set(d, ERR_NOT_FOUND, "the vault has no '%s'", c->name);
		TRY(read_value(c, d));
		TRY(vault_put(v, str_z(c->name), buf_str(&c->secret),
			      (int64_t)(clock_wall_ns() / 1000000), d));
		return save(c, v, pass, d);
	}
	c->key_file =
		NULL; /* the options name the new lock; the old one is found by its own hint */
	TRY(open_to_change(c, v, pass, d));
	c->key_file = key_file;
	/* The new passphrase is asked for: the environment holds the old one. */
	(void)unsetenv("YETT_VAULT_PASSPHRASE");
	TRY(choose_lock(c, v, pass, d));
	return save(c, v, pass, d);
}

static enum err do_remove(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	TRY(open_to_change(c, v, pass, d));
	TRY(vault_remove(v, str_z(c->name), d));
	return save(c, v, pass, d);
}

/* "NAME=VALUE" lines; empty ones and those that begin with '#' are passed over. */
static enum err import_lines(struct cmdline *c, struct vault *v, struct str text, struct diag *d)
{
	int64_t now = (int64_t)(clock_wall_ns() / 1000000);
	unsigned line = 0, n = 0;

	while (text.n) {
		struct str rest, value, one = str_trim(str_cut(text, '\n', &rest));
		text = rest;
		line++;
		if (one.n && one.p[one.n - 1] == '\r')
			one.n--;
		if (one.n == 0 || one.p[0] == '#')
			continue;
		if (str_has_prefix(one, S("export ")))
			one = str_tail(one, 7);
		struct str name = str_trim(str_cut(one, '=', &value));
		value = str_trim(value);
		if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
		    value.p[value.n - 1] == value.p[0])
			value = str_head(str_tail(value, 1), value.n - 2);
		struct diag why = { 0 };
		if (vault_put(v, name, value, now, &why) != OK)
			return diag_set(d, why.err, "line %u: %s", line, diag_text(&why));
		n++;
	}
	if (!c->json)
		buf_addf(&c->out, "%u credentials are in the vault\n", n);
	return OK;
}

static struct str env_any(void *ctx, struct str name)
{
	(void)ctx;
	/* Only literals are wanted: every other credential counts as present, and no endpoint is
	 * changed. */
	if (str_find(name, S("BASE")) != SIZE_MAX || str_find(name, S("URL")) != SIZE_MAX ||
	    str_find(name, S("HOST")) != SIZE_MAX || str_find(name, S("ENDPOINT")) != SIZE_MAX)
		return (struct str){ NULL, 0 };
	return S("sk-not-needed-for-import");
}

static enum err read_config(void *ctx, const char *path, struct buf *out, struct diag *d)
{
	(void)ctx;
	return fs_read(path, 0, out, d);
}

/* A LiteLLM configuration: its literal keys go into the vault, and what can now change is named. */
static enum err import_config(struct cmdline *c, struct vault *v, struct diag *d)
{
	const struct config_io io = { .env = env_any, .vault = env_any, .read = read_config };
	struct config cfg = { 0 };
	struct arena arena;
	char header[32];
	unsigned n = 0;

	arena_init(&arena, 256 << 20);
	enum err e = config_load(c->name, &io, &arena, &cfg, d);
	for (uint32_t i = 0; e == OK && i < cfg.n_secrets; i++) {
		const struct config_secret *s = &cfg.secrets[i];
		struct str name = s->name;
		if (s->source != SOURCE_LITERAL || s->line == 0)
			continue;
		(void)snprintf(header, sizeof header, "header-line%u", s->line);
		if (name.n == 0)
			name = str_z(header);
		e = vault_put(v, name, s->value, (int64_t)(clock_wall_ns() / 1000000), d);
		if (e == OK && !c->json)
			buf_addf(&c->out, "%.*s:%u: write vault/%.*s instead of the key%s\n",
				 FMT(s->file), s->line, FMT(name),
				 s->places > 1 ? ", and where the same key stands again" : "");
		n++;
	}
	for (uint32_t i = 0; e == OK && !c->json && i < cfg.n_notes; i++) {
		const struct config_note *note = &cfg.notes[i];
		if (note->status == CONFIG_MANUAL &&
		    str_eq(note->path, S("general_settings.master_key")))
			buf_addf(&c->out, "%.*s:%u: the master key: %.*s\n", FMT(note->file),
				 note->line, FMT(note->why));
	}
	arena_wipe(&arena);
	if (e == OK && n == 0 && !c->json)
		buf_add(&c->out, S("the file holds no provider's literal key\n"));
	return e;
}

static enum err do_import(struct cmdline *c, struct vault *v, struct buf *pass, struct diag *d)
{
	struct str file = str_z(c->name ? c->name : "-");
	struct buf text;

	TRY(open_to_change(c, v, pass, d));
	if (str_has_suffix(file, S(".yaml")) || str_has_suffix(file, S(".yml")))
		TRY(import_config(c, v, d));
	else {
		buf_init(&text, IMPORT_MAX);
		enum err e =
			str_eq(file, S("-")) ? read_stdin(&text, d) : fs_read(c->name, 0, &text, d);
		if (e == OK)
			e = import_lines(c, v, buf_str(&text), d);
		buf_wipe(&text);
		buf_free(&text);
		TRY(e);
	}
	return save(c, v, pass, d);
}

/* ---- the command ---- */

static const struct verb {
	const char *name;
	bool needs_name, may_name;
	enum err (*run)(struct cmdline *, struct vault *, struct buf *, struct diag *);
} verbs[] = {
	{ "init", false, false, do_init },  { "add", true, true, do_add },
	{ "list", false, false, do_list },  { "rotate", false, true, do_rotate },
	{ "remove", true, true, do_remove }, { "import", false, true, do_import },
};

static enum err parse(struct cmdline *c, int argc, char **argv, const struct verb **out,
		      struct diag *d)
{
	for (int i = 1; i < argc; i++) {
		const char **value = strcmp(argv[i], "--data") == 0 ? &c->data :
				     strcmp(argv[i], "--key-file") == 0 ? &c->key_file :
				     strcmp(argv[i], "--credential") == 0 ? &c->credential : NULL;
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else if (value && i + 1 < argc)
			*value = argv[++i];
		else if (argv[i][0] == '-' && argv[i][1] != '\0')
			return diag_set(d, ERR_USAGE, "vault does not take '%s'", argv[i]);
		else if (c->verb == NULL)
			c->verb = argv[i];
		else if (c->name == NULL)
			c->name = argv[i];
		else
			return diag_set(d, ERR_USAGE,
					"too many arguments; a credential never stands among them");
	}
	*out = NULL;
	for (size_t i = 0; c->verb && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, c->verb) == 0)
			*out = &verbs[i];
	if (*out == NULL || c->data == NULL || strlen(c->data) >= PATH_CAP)
		return diag_set(d, ERR_USAGE,
				"vault init|add|list|rotate|remove|import, with --data DIR");
	if (((*out)->needs_name && c->name == NULL) || (!(*out)->may_name && c->name))
		return diag_set(d, ERR_USAGE, "vault %s %s", c->verb,
				(*out)->needs_name ? "NAME" : "takes no name");
	(void)snprintf(c->path, sizeof c->path, "%s/vault", c->data);
	return OK;
}

int vault_main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	struct cmdline c = { .lock = -1 };
	const struct verb *verb = NULL;
	struct vault v = { 0 };
	struct diag d = { 0 };
	struct buf pass;

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	buf_init(&c.secret, LIMIT_SECRET + 4096);
	buf_init(&c.out, 1 << 20);
	buf_init(&pass, LIMIT_SECRET);
	enum err e = parse(&c, argc, argv, &verb, &d);
	if (e == OK)
		e = verb->run(&c, &v, &pass, &d);
	if (e == OK && c.json && c.out.n == 0)
		buf_add(&c.out, S("{\"ok\":true}\n"));
	if (e != OK) {
		fprintf(stderr, "yett: %s\n", diag_text(&d));
		if (c.json && c.out.n == 0) {
			jw_obj(&c.out);
			jw_kv_str(&c.out, S("error"), str_z(diag_text(&d)));
			jw_obj_end(&c.out);
			buf_addc(&c.out, '\n');
		}
	}
	if (fs_write_all(STDOUT_FILENO, buf_str(&c.out)) != OK && e == OK)
		e = ERR_SYS;
	vault_close(&v);
	fd_closep(&c.lock);
	buf_wipe(&pass);
	buf_free(&pass);
	buf_wipe(&c.secret);
	buf_free(&c.secret);
	buf_free(&c.out);
	return err_exit(e);
}
