/*
 * tests/unit/egress/provider.h - a scripted provider on loopback: what it does wrong is named by the model
 * in the request's path. One process a connection, blocking, HTTP/1.1, plain or TLS.
 */
#ifndef TESTS_PROVIDER_H
#define TESTS_PROVIDER_H

#include "codec/http1.h"
#include "tls/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
	int fd;
	struct tls *tls;
	unsigned served;
};

static void say(struct peer *p, struct str s)
{
	while (s.n) {
		size_t n = 0;
		if (p->tls) {
			if (tls_write(p->tls, s.p, s.n, &n) != OK)
				_exit(0);
		} else {
			ssize_t w = send(p->fd, s.p, s.n, MSG_NOSIGNAL);
			if (w <= 0)
				_exit(0);
			n = (size_t)w;
		}
		s = str_tail(s, n);
	}
}

static size_t hear(struct peer *p, char *at, size_t cap)
{
	size_t n = 0;

	if (p->tls)
		return tls_read(p->tls, at, cap, &n) == OK ? n : 0;
	ssize_t r = recv(p->fd, at, cap, 0);
	return r > 0 ? (size_t)r : 0;
}

/* abort_now makes the kernel send a reset. */
static void abort_now(struct peer *p)
{
	struct linger now = { 1, 0 };

	(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	_exit(0);
}

static void say_body(struct peer *p, struct str body, const char *more)
{
	struct buf b;

	buf_init(&b, 64 << 20);
	buf_addf(&b, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r-1\r\nset-cookie: a\r\n"
		     "%scontent-length: %zu\r\n\r\n", more, body.n);
	buf_add(&b, body);
	say(p, buf_str(&b));
	buf_free(&b);
}

static void say_chunks(struct peer *p, int n, useconds_t pause)
{
	char chunk[100];

	say(p, S("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"));
	for (int i = 0; i < n; i++) {
		int len = snprintf(chunk, sizeof chunk, "c\r\ndata: %04d\n\n\r\n", i);
		say(p, (struct str){ chunk, (size_t)len });
		if (pause)
			(void)usleep(pause);
	}
	say(p, S("0\r\nx: y\r\n\r\n"));
}

/* perform answers one request. */
static void perform(struct peer *p, struct str model, struct str head, struct str body)
{
#define IS(name) str_eq(model, S(name))
	if (IS("echo"))
		say_body(p, body, "");
	else if (IS("head"))
		say_body(p, head, "");
	else if (IS("chunks"))
		say_chunks(p, 100, 0);
	else if (IS("trickle"))
		say_chunks(p, 20, 2000);
	else if (IS("interim")) {
		say(p, S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"));
		say_body(p, S("after"), "");
	} else if (IS("close")) {
		say(p, S("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
		if (p->tls)
			tls_close_notify(p->tls);
		_exit(0);
	} else if (IS("cut")) {
		say(p, S("HTTP/1.1 200 OK\r\n\r\nuntil the cut"));
		abort_now(p);
	} else if (IS("short")) {
		say(p, S("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"));
		_exit(0);
	} else if (IS("midchunk")) {
		say(p, S("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n9\r\nhal"));
		_exit(0);
	} else if (IS("nolast")) {
		say(p, S("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"));
		_exit(0);
	} else if (IS("badchunk"))
		say(p, S("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n"));
	else if (IS("both"))
		say(p, S("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"));
	else if (IS("garbage"))
		say(p, S("SSH-2.0-OpenSSH_9\r\n"));
	else if (IS("redirect"))
		say(p, S("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"));
	else if (IS("gzip"))
		say_body(p, S("xx"), "content-encoding: gzip\r\n");
	else if (IS("huge"))
		say(p, S("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"));
	else if (IS("extra")) {
		say(p, S("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
			 "content-length: 4\r\n\r\nevil"));
	} else if (IS("reset"))
		abort_now(p);
	else if (IS("never"))
		(void)pause();
	else if (IS("stall")) {
		say(p, S("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthen nothing"));
		(void)pause();
	} else if (IS("stale")) {
		/* Answers the first request of a connection and hangs up on the second. */
		if (p->served)
			_exit(0);
		say_body(p, S("first"), "");
	} else if (IS("429"))
		say(p, S("HTTP/1.1 429 Slow Down\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\n{}"));
	else if (IS("big")) {
		static char megabyte[1 << 20];
		for (size_t i = 0; i < sizeof megabyte; i++)
			megabyte[i] = (char)('a' + i % 23);
		say_body(p, (struct str){ megabyte, sizeof megabyte }, "");
	} else
		say_body(p, S("unknown model"), "");
#undef IS
}

static struct str model_of(struct str path)
{
	size_t at = str_find(path, S("/models/"));
	struct str rest, s = at == SIZE_MAX ? S("echo") : str_tail(path, at + 8);

	return str_cut(s, ':', &rest);
}

/* converse serves one connection to its end. */
static void converse(struct peer *p)
{
	static char in[4 << 20];
	static struct http1_head h;
	size_t n = 0;

	for (;;) {
		const char *why = "";
		enum err e = http1_request(&h, (struct str){ in, n }, 0, &why);
		if (e != OK && e != ERR_AGAIN) {
			say(p, S("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"));
			_exit(0);
		}
		bool early = e == OK && str_eq(model_of(h.path), S("early"));
		if (early) {
			say(p, S("HTTP/1.1 401 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"));
			(void)usleep(20000);
			_exit(0);
		}
		if (e == OK && n >= h.head_bytes + h.content_length) {
			struct str whole = { in, n };
			perform(p, model_of(h.path), str_head(whole, h.head_bytes),
				str_head(str_tail(whole, h.head_bytes), (size_t)h.content_length));
			p->served++;
			n = 0;
		}
		size_t got = hear(p, in + n, sizeof in - n);
		if (got == 0)
			_exit(0);
		n += got;
	}
}

/* provider_start forks a server and gives its port. */
__attribute__((unused)) static uint16_t provider_start(struct tls_server *tls, pid_t *out_pid)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr *sa = (struct sockaddr *)(void *)&a;

	if (s < 0 || bind(s, sa, n) != 0 || listen(s, 64) != 0 || getsockname(s, sa, &n) != 0)
		abort();
	*out_pid = fork();
	if (*out_pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGCHLD, SIG_IGN);
		(void)signal(SIGPIPE, SIG_IGN);
		for (;;) {
			struct peer p = { .fd = accept(s, NULL, NULL) };
			if (p.fd < 0)
				_exit(1);
			if (fork() == 0) {
				(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
				(void)close(s);
				p.tls = tls ? tls_accept(tls, p.fd) : NULL;
				if (p.tls && tls_handshake(p.tls, NULL) != OK)
					_exit(0);
				converse(&p);
			}
			(void)close(p.fd);
		}
	}
	(void)close(s);
	return ntohs(a.sin_port);
}

/* make_cert makes a self-signed certificate for the names, and its key, as PEM. days < 0: it is expired. */
static void make_cert(const char *names, int days, struct buf *cert, struct buf *key)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509V3_CTX ctx;
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	long n;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -864000);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 86400L * days);
	(void)X509_set_pubkey(x, k);
	(void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	(void)X509_set_issuer_name(x, subject);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
	(void)X509_add_ext(x, san, -1);
	X509_EXTENSION_free(san);
	(void)X509_sign(x, k, EVP_sha256());
	(void)PEM_write_bio_X509(out, x);
	n = BIO_get_mem_data(out, &p);
	buf_add(cert, (struct str){ p, (size_t)n });
	BIO_free(out);
	out = BIO_new(BIO_s_mem());
	(void)PEM_write_bio_PrivateKey(out, k, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(out, &p);
	buf_add(key, (struct str){ p, (size_t)n });
	BIO_free(out);
	X509_free(x);
	EVP_PKEY_free(k);
}

#endif
