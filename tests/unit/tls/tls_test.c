/*
 * tests/unit/tls/tls_test.c - both sides against each other over a socket pair, non-blocking.
 * Proves T-11.
 */
#include "tls/tls.h"

#include "../check.h"
#include "../egress/provider.h"

#include <fcntl.h>

static struct buf cert, key, other_cert, other_key, expired_cert, expired_key;
static struct tls_server *server;
static struct tls *c, *s;
static int fds[2];

static void close_both(void)
{
	tls_free(c);
	tls_free(s);
	(void)close(fds[0]);
	(void)close(fds[1]);
	c = s = NULL;
}

/* shake lets both sides go on in turns; *out_client is how it ended for the client. */
static enum err shake(struct tls_client *client, struct tls_server *to, const char *host, struct tls_session *kept)
{
	enum err ec = ERR_AGAIN, es = ERR_AGAIN;
	struct diag d;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		abort();
	c = tls_connect(client, fds[0], str_z(host), kept);
	s = tls_accept(to, fds[1]);
	CHECK(c && s);
	for (int i = 0; i < 20 && (ec == ERR_AGAIN || es == ERR_AGAIN); i++) {
		if (ec == ERR_AGAIN)
			ec = tls_handshake(c, &d);
		if (ec != OK && ec != ERR_AGAIN)
			break;
		if (es == ERR_AGAIN)
			es = tls_handshake(s, &d);
	}
	CHECK(ec != OK || es == OK);
	return ec;
}

static struct tls_client *client_of(struct str ca, bool http2)
{
	struct tls_client_opts o = { .ca_pem = ca, .http2 = http2 };
	struct diag d;

	return tls_client_new(&o, &d);
}

CASE(begin)
{
	struct diag d;

	(void)signal(SIGPIPE, SIG_IGN);
	struct buf *all[] = { &cert, &key, &other_cert, &other_key, &expired_cert, &expired_key };
	for (size_t i = 0; i < 6; i++)
		buf_init(all[i], 1 << 20);
	CHECK(tls_prepare(&d) == OK);
	make_cert("DNS:localhost,DNS:*.example.test,IP:127.0.0.1", 10, &cert, &key);
	make_cert("DNS:localhost", 10, &other_cert, &other_key);
	make_cert("DNS:localhost", -1, &expired_cert, &expired_key);
	server = tls_server_new(buf_str(&cert), buf_str(&key), &d);
	CHECK(server != NULL);
	CHECK(tls_server_new(buf_str(&cert), buf_str(&other_key), &d) == NULL && d.err == ERR_CONFIG);
	CHECK(tls_server_new(S("nonsense"), buf_str(&key), &d) == NULL);
	CHECK(client_of(S("nonsense"), false) == NULL && client_of(S(""), false) == NULL);
}

CASE(talk)
{
	struct tls_client *client = client_of(buf_str(&cert), true);
	char in[20000];
	size_t n = 0;

	CHECK(shake(client, server, "localhost", NULL) == OK);
	CHECK(!tls_is_http2(c) && !tls_is_http2(s));
	CHECK(tls_read(s, in, sizeof in, &n) == ERR_AGAIN && !tls_wants_write(s));
	CHECK(tls_write(c, "hello", 5, &n) == OK && n == 5);
	CHECK(tls_read(s, in, 3, &n) == OK && n == 3 && tls_pending(s));
	CHECK(tls_read(s, in, sizeof in, &n) == OK && n == 2 && !tls_pending(s));
	CHECK(tls_write(s, "answer", 6, &n) == OK);
	CHECK(tls_read(c, in, sizeof in, &n) == OK && n == 6 && memcmp(in, "answer", 6) == 0);
	CHECK(tls_read(c, in, sizeof in, &n) == ERR_AGAIN);
	tls_close_notify(s);
	CHECK(tls_read(c, in, sizeof in, &n) == OK && n == 0);
	close_both();

	/* An end without close_notify is told apart: it may be an attacker's. */
	CHECK(shake(client, server, "localhost", NULL) == OK);
	CHECK(tls_write(s, "part", 4, &n) == OK);
	(void)shutdown(fds[1], SHUT_RDWR);
	CHECK(tls_read(c, in, sizeof in, &n) == OK && n == 4);
	CHECK(tls_read(c, in, sizeof in, &n) == ERR_NOT_FOUND);
	close_both();
	tls_client_free(client);
}

CASE(a_full_socket)
{
	struct tls_client *client = client_of(buf_str(&cert), false);
	static char out[1 << 20], in[1 << 20];
	size_t sent = 0, got = 0, n = 0;
	bool blocked = false;

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (char)(i * 31 >> 3);
	CHECK(shake(client, server, "localhost", NULL) == OK);
	while (got < sizeof out) {
		while (sent < sizeof out) {
			enum err e = tls_write(c, out + sent, sizeof out - sent, &n);
			if (e != OK) {
				CHECK(e == ERR_AGAIN && tls_wants_write(c));
				blocked = true;
				break;
			}
			sent += n;
		}
		if (tls_read(s, in + got, sizeof in - got, &n) != OK)
			break;
		got += n;
	}
	CHECK(blocked && got == sizeof out && memcmp(in, out, got) == 0);
	close_both();
	tls_client_free(client);
}

CASE(names_are_checked)
{
	struct tls_client *client = client_of(buf_str(&cert), false);
	static const struct {
		const char *host;
		enum err want;
	} rows[] = {
		{ "localhost", OK }, { "127.0.0.1", OK }, { "a.example.test", OK },
		{ "example.test", ERR_DENIED }, { "a.b.example.test", ERR_DENIED }, { "other", ERR_DENIED },
		{ "127.0.0.2", ERR_DENIED }, { "::1", ERR_DENIED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(shake(client, server, rows[i].host, NULL) == rows[i].want);
		close_both();
	}
	CHECK(tls_connect(client, 0, S(""), NULL) == NULL);
	tls_client_free(client);
}

CASE(strangers_and_old_ones_are_refused)
{
	struct tls_client *stranger = client_of(buf_str(&other_cert), false);
	struct tls_client *old = client_of(buf_str(&expired_cert), false);
	struct diag d;
	struct tls_server *expired = tls_server_new(buf_str(&expired_cert), buf_str(&expired_key), &d);

	CHECK(shake(stranger, server, "localhost", NULL) == ERR_DENIED);
	close_both();
	CHECK(expired && shake(old, expired, "localhost", NULL) == ERR_DENIED);
	close_both();
	tls_server_free(expired);
	tls_client_free(stranger);
	tls_client_free(old);
}

CASE(resumption)
{
	struct tls_client *client = client_of(buf_str(&cert), false);
	struct tls_session kept = { NULL };
	char in[10];
	size_t n;

	CHECK(shake(client, server, "localhost", &kept) == OK);
	CHECK(tls_read(c, in, sizeof in, &n) == ERR_AGAIN); /* takes in the tickets */
	CHECK(kept.kept != NULL);
	close_both();
	CHECK(shake(client, server, "localhost", &kept) == OK);
	close_both();
	/* A session does not vouch for another name. */
	CHECK(shake(client, server, "other", &kept) == ERR_DENIED);
	close_both();
	tls_session_drop(&kept);
	CHECK(kept.kept == NULL);
	tls_client_free(client);
}

CASE(garbage)
{
	struct diag d;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		abort();
	s = tls_accept(server, fds[1]);
	CHECK(write(fds[0], "GET / HTTP/1.1\r\n\r\n", 18) == 18);
	CHECK(tls_handshake(s, &d) == ERR_UPSTREAM);
	c = NULL;
	close_both();
}

CASE(end)
{
	struct buf *all[] = { &cert, &key, &other_cert, &other_key, &expired_cert, &expired_key };

	for (size_t i = 0; i < 6; i++)
		buf_free(all[i]);
	tls_server_free(server);
}

TESTS(CASE_ROW(begin), CASE_ROW(talk), CASE_ROW(a_full_socket), CASE_ROW(names_are_checked),
      CASE_ROW(strangers_and_old_ones_are_refused), CASE_ROW(resumption), CASE_ROW(garbage), CASE_ROW(end))
