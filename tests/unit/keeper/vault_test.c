/*
 * tests/unit/keeper/vault_test.c
 * Proves T-17.
 */
#include "codec/utf8.h"
#include "keeper/vault.h"

#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

static char dir[] = "/tmp/yett-vault-XXXXXX";
static char path[64], key_path[64];
static struct diag d;

static void write_file(const char *name, const char *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	(void)close(fd);
}

static size_t read_file(const char *name, char *out, size_t cap)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, out, cap);

	CHECK(n > 0);
	(void)close(fd);
	return n > 0 ? (size_t)n : 0;
}

CASE(begin)
{
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof path, "%s/vault", dir);
	(void)snprintf(key_path, sizeof key_path, "%s/key", dir);
	write_file(key_path, "0123456789abcdef0123456789abcdef\n", 33);
}

CASE(passphrase)
{
	struct vault v;
	struct vault_io io = { .passphrase = S("correct horse") };

	CHECK(vault_open(&v, path, &io, &d) == ERR_NOT_FOUND && str_find(str_z(d.text), S("yett vault init")) != SIZE_MAX);
	CHECK(vault_new(&v, VAULT_PASSPHRASE, "", &d) == OK);
	v.cost = (struct seal_cost){ 1, 8 << 20 };
	CHECK(vault_put(&v, S("openai"), S("sk-one"), 1, &d) == OK);
	CHECK(vault_put(&v, S("anthropic"), S("sk-two"), 2, &d) == OK);
	CHECK(vault_put(&v, S("openai"), S("sk-three"), 3, &d) == OK);
	CHECK(vault_put(&v, S("bad name"), S("x"), 3, &d) == ERR_SYNTAX);
	CHECK(vault_put(&v, S("empty"), S(""), 3, &d) == ERR_LIMIT);
	CHECK(vault_save(&v, path, &io, &d) == OK);
	vault_close(&v);

	CHECK(vault_open(&v, path, &io, &d) == OK && v.n == 2 && v.revision == 1);
	CHECK_STR(vault_lookup(&v, S("openai")), S("sk-three"));
	CHECK_STR(vault_lookup(&v, S("anthropic")), S("sk-two"));
	CHECK(vault_lookup(&v, S("none")).p == NULL);
	CHECK(vault_remove(&v, S("none"), &d) == ERR_NOT_FOUND && vault_remove(&v, S("anthropic"), &d) == OK);
	/* Another passphrase from now on. */
	io.passphrase = S("other");
	CHECK(vault_save(&v, path, &io, &d) == OK);
	vault_close(&v);
	CHECK(vault_open(&v, path, &io, &d) == OK && v.n == 1 && v.revision == 2);
	vault_close(&v);
	io.passphrase = S("correct horse");
	CHECK(vault_open(&v, path, &io, &d) == ERR_AUTH && strstr(d.text, "wrong passphrase") != NULL);
	io.passphrase = (struct str){ NULL, 0 };
	CHECK(vault_open(&v, path, &io, &d) == ERR_AGAIN);
	CHECK(chmod(path, 0644) == 0 && vault_open(&v, path, &io, &d) == ERR_DENIED);
	CHECK(unlink(path) == 0);
}

CASE(every_byte_counts)
{
	struct vault v;
	struct vault_io io = { 0 };
	static char file[4096], work[4097];

	CHECK(vault_new(&v, VAULT_KEY_FILE, key_path, &d) == OK);
	CHECK(vault_put(&v, S("a"), S("sk-secret-value"), 1, &d) == OK);
	CHECK(vault_put(&v, S("b/c"), S("other"), 1, &d) == OK);
	CHECK(vault_save(&v, path, &io, &d) == OK);
	vault_close(&v);
	size_t n = read_file(path, file, sizeof file);
	CHECK(memmem(file, n, "sk-secret", 9) == NULL);
	for (size_t i = 0; i < n; i++) {
		memcpy(work, file, n);
		work[i] = (char)(work[i] ^ (1 << (i % 8)));
		write_file(path, work, n);
		CHECK(vault_open(&v, path, &io, &d) != OK);
		CHECK(utf8_plain(str_z(d.text))); /* it quotes what the file says of its key */
	}
	for (size_t i = 0; i < n; i++) {
		write_file(path, file, i);
		CHECK(vault_open(&v, path, &io, &d) != OK);
	}
	memcpy(work, file, n);
	work[n] = 0;
	write_file(path, work, n + 1);
	CHECK(vault_open(&v, path, &io, &d) != OK);
	write_file(path, file, n);
	CHECK(vault_open(&v, path, &io, &d) == OK && v.n == 2);
	vault_close(&v);
	write_file(key_path, "0123456789abcdef0123456789abcdeF\n", 33);
	CHECK(vault_open(&v, path, &io, &d) == ERR_AUTH && strstr(d.text, "wrong key") != NULL);
	CHECK(chmod(key_path, 0644) == 0 && vault_open(&v, path, &io, &d) == ERR_DENIED);
	CHECK(unlink(key_path) == 0 && vault_open(&v, path, &io, &d) == ERR_CONFIG);
}

static struct str env(void *ctx, struct str name)
{
	return str_eq(name, S("CREDENTIALS_DIRECTORY")) ? str_z(ctx) : (struct str){ NULL, 0 };
}

CASE(credential)
{
	struct vault v;
	struct vault_io io = { .env = env, .ctx = dir };

	write_file(key_path, "0123456789abcdef0123456789abcdef\n", 33);
	CHECK(chmod(key_path, 0400) == 0);
	CHECK(vault_new(&v, VAULT_CREDENTIAL, "key", &d) == OK && vault_put(&v, S("a"), S("b"), 1, &d) == OK);
	CHECK(vault_save(&v, path, &io, &d) == OK);
	vault_close(&v);
	CHECK(vault_open(&v, path, &io, &d) == OK && v.n == 1);
	vault_close(&v);
	io.env = NULL;
	CHECK(vault_open(&v, path, &io, &d) == ERR_CONFIG);
}

static bool echoes(int tty)
{
	struct termios t = { 0 };

	CHECK(tcgetattr(tty, &t) == 0);
	return (t.c_lflag & ECHO) != 0;
}

CASE(an_interrupt_gives_the_terminal_back)
{
	char name[64], said[256], data[] = "--data", verb[] = "init", vault[] = "vault";
	char *argv[] = { vault, data, dir, verb, NULL };
	size_t n = 0;
	ssize_t got;
	int status = 0, terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0 &&
	      ptsname_r(terminal, name, sizeof name) == 0);
	(void)unlink(path);
	int tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(tty >= 0 && echoes(tty));
	pid_t pid = fork();
	if (pid == 0) {
		(void)signal(SIGINT, SIG_DFL); /* what runs in the background has it ignored */
		(void)setsid();
		_exit(ioctl(tty, TIOCSCTTY, 0) != 0 ? 99 : vault_main(4, argv));
	}
	struct pollfd p = { terminal, POLLIN, 0 };
	while (poll(&p, 1, 30000) == 1 && (got = read(terminal, said + n, sizeof said - 1 - n)) > 0) {
		n += (size_t)got;
		said[n] = '\0';
		if (strstr(said, "passphrase: ") != NULL)
			break;
	}
	CHECK(!echoes(tty) && write(terminal, "secr\003", 5) == 5);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	CHECK(echoes(tty));
	(void)close(tty);
	(void)close(terminal);
}

CASE(end)
{
	(void)unlink(path);
	(void)unlink(key_path);
	CHECK(rmdir(dir) == 0);
}

TESTS(CASE_ROW(begin), CASE_ROW(passphrase), CASE_ROW(every_byte_counts), CASE_ROW(credential),
      CASE_ROW(an_interrupt_gives_the_terminal_back), CASE_ROW(end))
